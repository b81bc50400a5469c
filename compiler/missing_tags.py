"""What is said of a tag that no column has: which there are, and which column has its name and lacks it."""

from __future__ import annotations

from collections.abc import Iterable

from sess.compiler import codes
from sess.compiler.diagnostics import Fix, Label, Reporter
from sess.compiler.misspelt import respelling
from sess.compiler.schema import Column, Schema
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.tags import written
from sess.compiler.tree import Literal


def report_no_tag(
    word: Literal, schema: Schema, helps: Iterable[str], fixes: tuple[Fix, ...], reporter: Reporter
) -> None:
    """Report a tag of a selection that no column of the schema has."""
    tag, present = str(word.value), sorted({written(tag) for column in schema.columns for tag in column.tags})
    column, labels = of_that_name(tag, schema), []
    said = [*helps]
    if column is not None:
        labels = [untagged(column, tag)]
        said += [f'tag it in the schema, or name it: `column("{column.name}")`']
    if any(each.lower() == tag.lower() for each in present):
        said += ["a custom tag is written as in the schema, capitals too"]
    said += [*did_you_mean(tag, present), f"the schema has the tags {listing(present)}"]
    message = f"no column has the tag `{tag}`"
    fixes = fixes or respelling(tag, word.span, present)
    reporter.error(codes.EMPTY_SELECTION, message, word.span, labels=labels, help=said, fixes=fixes)


def of_that_name(tag: str, schema: Schema) -> Column | None:
    """Return the column that is called like a tag, such as `item_id`; None if none is."""
    return next((column for column in schema.columns if column.name.lower() == tag.lower()), None)


def untagged(column: Column, tag: str) -> Label:
    """Return the label of a column that has a tag's name alone."""
    return Label(column.span, f"has the name, and not the tag `{written(tag.lower())}`")
