"""`sess query`: ask a server, or the artifact in process."""

from __future__ import annotations

import json

import click

from sess.compiler.backend import QueryOptions
from sess.compiler.cli.options import backend, lacking, overrides


@click.command("query")
@click.argument("target", metavar="DIR|URL")
@click.option("--session", required=True, metavar="ID,ID,…", help="The items of the session, oldest first.")
@click.option("-k", type=int, help="How many answers.")
@click.option(
    "--context", "contexts", multiple=True, metavar="COLUMN=VALUE", help="A further column; one value a step: a,b,c."
)
@click.option("--allow", default="", metavar="ID,ID,…", help="Only these items.")
@click.option("--deny", default="", metavar="ID,ID,…", help="None of these items.")
@click.option("--head", metavar="NAME", help="Only this head.")
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def command(
    target: str, session: str, k: int | None, contexts: tuple[str, ...], allow: str, deny: str, head: str | None,
    is_json: bool,  # noqa: FBT001 - click passes by name
) -> int:  # fmt: skip
    """Print the best items of the whole catalogue: rank, id, score, and the title where the catalogue has one."""
    options = QueryOptions(
        target, _ids(session), k, head, overrides(contexts), _ids(allow), _ids(deny), target.startswith("grpc://")
    )
    try:
        answers = backend().query(options)
    except ModuleNotFoundError as error:
        raise lacking(error) from error
    if is_json:
        listed = {
            name: [{"id": each.id, "score": each.score, "title": each.title} for each in found]
            for name, found in answers.items()
        }
        click.echo(json.dumps(listed, ensure_ascii=False))
        return 0
    for name, found in answers.items():
        click.echo(f"{name}:")
        width = max((len(str(each.id)) for each in found), default=0)
        for rank, each in enumerate(found, 1):
            click.echo(f"{rank:>4}  {each.id!s:<{width}}  {each.score:>10.5f}  {each.title or ''}".rstrip())
    return 0


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
