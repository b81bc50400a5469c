"""The command `sess`: a command's module is imported when it runs, failures become exit codes, bugs become files."""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path

import click

from sess.compiler.failures import Failure
from sess.compiler.frames import deep

COMMANDS = {
    "init": "look at data, and write a schema and a spec for it",
    "check": "say what is wrong with specs, and what to write instead",
    "fmt": "write specs in their one form, comments kept",
    "graph": "draw the typed graph",
    "render": "print a spec with every default and derived step",
    "breaking": "say what a spec would break that runs today",
    "diff": "say what changed between two specs or artifacts",
    "blocks": "list every block, or show one",
    "explain": "say what a code means, with a wrong and a right example",
    "rules": "list every code of a finding",
    "compile": "prepare, train, evaluate, export and verify",
    "evaluate": "print the metrics of an artifact",
    "serve": "serve an artifact by a real Triton",
    "publish": "swap a running server to another artifact",
    "rollback": "swap a running server back",
    "query": "ask a server or an artifact for recommendations",
    "verify": "prove that trained model, SavedModel and Triton agree",
    "synth": "write a click stream for a schema",
    "lsp": "serve editors: findings while typing, hover, completion",
    "doctor": "say what of the environment works",
    "completion": "print what a shell needs to complete `sess`",
}
BUG, INTERRUPTED = 101, 130


class _Commands(click.Group):
    """Subcommands by name; `--help` needs none of their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of the name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"sess.compiler.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that runs, and its defaults in the project's own file."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None:
            from sess.compiler.cli.config import defaults

            ctx.default_map = defaults(self, ctx, name, Path.cwd())
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from what is known without importing."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:  # noqa: FBT001 - click's own signature
    if is_asked:
        from importlib.metadata import version

        click.echo(f"sess {version('sess')}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def sess() -> None:
    """Compile session-based recommenders: one .sess file, and everything else is derived from it."""


def main() -> None:
    """Run a command and exit with its code."""
    with deep():
        sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command; return its exit code."""
    # A file's name may be no UTF-8, and a terminal may know fewer letters than a spec: neither ends a run.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = sess.main(args=arguments, prog_name="sess", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.Abort:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return 2
    except Failure as failure:
        print(failure.shown, file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone; what Python flushes at exit must not raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        return _report_bug()


def _report_bug() -> int:
    import tempfile
    import traceback

    handle, name = tempfile.mkstemp(prefix="sess-bug-", suffix=".txt")
    with os.fdopen(handle, "w", errors="backslashreplace") as file:
        file.write(f"sess {' '.join(sys.argv[1:])}\n\n{traceback.format_exc()}")
    last = traceback.format_exception_only(*sys.exc_info()[:2])[-1].strip()
    print(f"error: this is a bug in sess: {last[:300]}", file=sys.stderr)
    print(f"help: please report it with {name}", file=sys.stderr)
    return BUG


if __name__ == "__main__":
    main()
