"""`sess completion`: what a shell needs to complete commands, switches, codes and blocks."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that makes a shell complete `sess`; for bash: `eval "$(sess completion bash)"`."""
    from sess.compiler.cli.main import sess

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(sess, {}, "sess", "_SESS_COMPLETE").source())
    return 0
