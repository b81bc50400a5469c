"""`sess.toml` or `[tool.sess]` in pyproject.toml, found upwards from where a command runs: its defaults."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from sess.compiler.failures import Failure, Misused
from sess.compiler.similar import did_you_mean, listing

SHARED = ("memory",)  # may stand outside of the tables: they mean the same to every command that has them
_PATHS = ("FILE", "DIR", "SOCKET")


def defaults(group: click.Group, ctx: click.Context, runs: str, folder: Path) -> dict[str, dict[str, object]]:
    """Return click's defaults by command and parameter for the command that runs, and what else the file has.

    Misused for a table, switch or value that means nothing, also in tables of other commands.
    """
    found = _nearest(folder)
    if found is None:
        return {}
    path, settings = found
    shown = os.path.relpath(path, folder)
    names = group.list_commands(ctx)
    shared: dict[str, object] = {}
    tables: dict[str, Mapping[str, object]] = {}
    for key, value in settings.items():
        if key in SHARED:
            shared[key] = value
        elif key not in names:
            raise Misused(f"`{shown}` has `{key}`, which is no command and no setting", _help(key, (*names, *SHARED)))
        elif not isinstance(value, dict):
            raise Misused(f"`{shown}` gives `{key}` a value, and it is a command", f"write a table: `[{key}]`")
        else:
            tables[key] = value
    made: dict[str, dict[str, object]] = {}
    for name in dict.fromkeys((*tables, runs)):
        command = group.get_command(ctx, name)
        assert command is not None
        options, own = _options(command), tables.get(name, {})
        unknown = next((key for key in own if key not in options), None)
        if unknown is not None:
            message = f"`{shown}` has `{name}.{unknown}`, and `sess {name}` has no `--{unknown}`"
            raise Misused(message, _help(unknown, options))
        common = {key: value for key, value in shared.items() if key in options and key not in own}
        made[name] = {
            str(options[key].name): _value(options[key], value, where, path, shown)
            for where, key, value in (
                *((key, key, value) for key, value in common.items()),
                *((f"{name}.{key}", key, value) for key, value in own.items()),
            )
        }
    return made


def _nearest(folder: Path) -> tuple[Path, Mapping[str, object]] | None:
    """Return the nearest file and its settings; a pyproject.toml without `[tool.sess]` is passed over."""
    for each in (folder, *folder.parents):
        own = each / "sess.toml"
        if own.is_file():
            return own, _read(own)
        project = each / "pyproject.toml"
        if project.is_file():
            tool = _read(project).get("tool")
            if isinstance(tool, dict) and "sess" in tool:
                if not isinstance(tool["sess"], dict):
                    shown = os.path.relpath(project, folder)
                    raise Misused(f"`{shown}` gives `tool.sess` a value", "write a table: `[tool.sess]`")
                return project, tool["sess"]
    return None


def _read(path: Path) -> Mapping[str, object]:
    """Return what a file holds; nothing if it says nothing of sess, which needs no parser."""
    try:
        if not path.stat().st_size:
            return {}
        content = path.read_bytes()
        if path.name == "pyproject.toml" and b"sess" not in content:
            return {}
        import tomllib

        return tomllib.loads(content.decode("utf-8"))
    except OSError as error:
        raise Misused(f"`{os.path.relpath(path)}` can't be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError as error:  # of TOML, or of UTF-8
        raise Misused(f"`{os.path.relpath(path)}` can't be read as TOML: {error}") from None


def _options(command: click.Command) -> dict[str, click.Option]:
    """Return the options of a command by their long switch."""
    return {
        switch.removeprefix("--"): option
        for option in command.params
        if isinstance(option, click.Option)
        for switch in option.opts
        if switch.startswith("--")
    }


def _value(option: click.Option, value: object, name: str, path: Path, shown: str) -> object:
    """Return a value as the command line would give it; paths are relative to the file that says them."""
    if option.multiple:
        if not isinstance(value, list):
            raise Misused(
                f"`{shown}` gives `{name}` {_written(value)}, and it takes a list", f"write `[{_written(value)}]`"
            )
        return [_single(option, each, name, path, shown) for each in value]
    return _single(option, value, name, path, shown)


def _single(option: click.Option, value: object, name: str, path: Path, shown: str) -> object:
    kinds, wanted = _kinds(option)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise Misused(f"`{shown}` gives `{name}` {_written(value)}, and it takes {wanted}")
    try:
        option.type.convert(value, option, None)
    except click.BadParameter as error:
        raise Misused(f"`{shown}` gives `{name}` {_written(value)}: {error.message.rstrip('.')}") from None
    except Failure as failure:
        raise Misused(f"`{shown}` gives `{name}` {_written(value)}: {failure.message}", failure.help) from None
    is_path = isinstance(value, str) and option.metavar in _PATHS and value != "-" and "://" not in value
    return os.path.relpath(path.parent / str(value)) if is_path else value


def _kinds(option: click.Option) -> tuple[tuple[type, ...], str]:
    """Return the types of TOML that an option takes, and their name."""
    if option.is_flag:
        return (bool,), "`true` or `false`"
    if isinstance(option.type, click.types.IntParamType):
        return (int,), "a whole number"
    if isinstance(option.type, click.types.FloatParamType):
        return (int, float), "a number"
    return (str,), "text"


def _written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _help(word: str, known: Iterable[str]) -> str:
    names = tuple(known)
    return "; ".join(did_you_mean(word, names)) or f"there are {listing(names)}"
