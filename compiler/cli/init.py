"""`sess init`: a schema and a spec for data of which nothing is written down yet, and why they are as they are."""

from __future__ import annotations

from pathlib import Path

import click

from sess.compiler.cli.options import backend, lacking
from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.failures import Misused
from sess.compiler.starter.from_schema import plan_of
from sess.compiler.starter.profile import Profile
from sess.compiler.starter.roles import Roles, Said, choose
from sess.compiler.starter.schema_text import printable, schema_text
from sess.compiler.starter.spec_text import Plan, identifier, keep_for, spec_text
from sess.compiler.starter.tags import Tagged, tagged

SCHEMA = "schema.pbtxt"


@click.command("init")
@click.argument("data", metavar="[DATA]", required=False, type=click.Path())
@click.option("--from-schema", "schema", metavar="FILE", help="Write a spec for this Merlin schema; no data is read.")
@click.option("-o", "--output", default=".", metavar="DIR", help="Gets schema.pbtxt and the spec (default: here).")
@click.option("--name", metavar="NAME", help="What the spec is called (default: like the data).")
@click.option("--item", metavar="COLUMN", help="The column of the items' ids.")
@click.option("--session", metavar="COLUMN", help="The column that tells sessions apart.")
@click.option("--time", metavar="COLUMN", help="The column that orders events.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
def command(
    data: str | None, schema: str | None, output: str, name: str | None, item: str | None, session: str | None,
    time: str | None, *, force: bool,
) -> int:  # fmt: skip
    """Look at parquet or csv files, guess what their columns mean, and write a schema and a spec that checks."""
    if (data is None) == (schema is None):
        raise Misused("say what to look at, either DATA or `--from-schema FILE`", "such as `sess init clicks.parquet`")
    out, said = Path(output), Said(item, session, time)
    if schema is not None:
        files = _from_schema(Path(schema), out, name, said)
    else:
        assert data is not None
        files = _from_data(Path(data), out, name, said)
    spec = _write(out, files, is_forced=force)
    return _checked(spec)


def _from_data(data: Path, out: Path, name: str | None, said: Said) -> dict[str, str]:
    """Return the texts by file name, after saying what was guessed."""
    try:
        profile, sessions = backend().look(data, out, lambda profile: _key(choose(profile, said)))
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    roles = choose(profile, said)
    columns = tagged(profile, roles, sessions)
    _say(profile, columns)
    used = [each for each in columns if set(each.tags) & {"categorical", "continuous", "embedding"}]
    steps = any("sequence" in each.tags and each.column != roles.item.column for each in used)
    plan = Plan(
        name=identifier(name or _stem(data)), schema=SCHEMA, item=roles.item.column.name,
        session=roles.session.column.name if roles.session and roles.is_events else None,
        time=roles.time.column.name if roles.time else None, unit=roles.unit, steps=steps,
        context=any("context" in each.tags for each in used), files=profile.files, keep=keep_for(sessions.typical),
        is_of_users=roles.is_of_users, columns=[each.column.name for each in columns],
    )  # fmt: skip
    return {SCHEMA: schema_text(columns), f"{plan.name}.sess": spec_text(plan)}


def _from_schema(path: Path, out: Path, name: str | None, said: Said) -> dict[str, str]:
    from sess.compiler.schema_file import load_schema

    found, content = load_schema(path)
    text = content.decode()
    own = "schema.json" if text.lstrip().startswith("{") else SCHEMA
    is_there = path.absolute().parent == out.absolute()
    plan = plan_of(found, identifier(name or _stem(path)), path.name if is_there else own, said)
    click.echo(
        f"data: `sess synth {path} -o {out}` writes some, or put your own files under `train/` and `valid/`", err=True
    )
    files = {f"{plan.name}.sess": spec_text(plan)}
    return files if is_there else {own: text, **files}


def _key(roles: Roles) -> tuple[str, bool]:
    """Return the column that sessions are told apart by, and whether it is the list of their items."""
    if roles.is_events and roles.session is not None:
        return roles.session.column.name, False
    return roles.item.column.name, True


def _stem(path: Path) -> str:
    """Return what a path is called: the folder's name for the files that every folder has."""
    stem = path.name.partition(".")[0]
    is_common = stem.lower() in {"train", "events", "data", "schema", "clicks", "interactions", "*", ""}
    return path.absolute().parent.name if is_common else stem


def _say(profile: Profile, columns: tuple[Tagged, ...]) -> None:
    """Print what was guessed of every column, and why."""
    of = (
        ""
        if profile.of_rows == profile.rows
        else f" of {profile.of_rows:,}"
        if profile.of_rows
        else " (there are more)"
    )
    click.echo(f"{profile.rows:,} rows{of} of {profile.files.train}\n")
    shown = [printable(each.column.name) for each in columns]
    width = max(len(each) for each in shown)
    tags = [", ".join(each.tags).upper() or "–" for each in columns]
    middle = max(len(each) for each in tags)
    for name, tag, each in zip(shown, tags, columns, strict=True):
        click.echo(f"  {name:<{width}}  {tag:<{middle}}  {printable(each.reason)}")
    click.echo()


def _write(out: Path, files: dict[str, str], *, is_forced: bool) -> Path:
    """Write all files or none; return the spec's path."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        there = [name for name in files if (out / name).exists()]
        if there and not is_forced:
            names = " and ".join(f"`{out / name}`" for name in there)
            raise Misused(
                f"{names} {'is' if len(there) == 1 else 'are'} there already", "say `--force` to replace, or `-o DIR`"
            )
        for name, text in files.items():
            beside = out / f".{name}.partial"
            beside.write_text(text, encoding="utf-8")
            beside.replace(out / name)
    except OSError as error:
        raise Misused(f"nothing can be written into `{out}`: {error.strerror}") from None
    return out / next(name for name in files if name.endswith(".sess"))


def _checked(spec: Path) -> int:
    """Say what the check of the new spec finds, and what comes next."""
    from sess.compiler.cli.options import clean

    clean(check_spec(spec, CheckOptions()))
    click.echo(f"wrote {spec}; next: `sess check {spec} --data`, `sess compile {spec} -o build/{spec.stem}`")
    return 0
