"""The words that begin a statement, with their form and one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keyword:
    """A statement: its form, what it is, and a snippet whose `$1`, `$2` are to be filled in."""

    form: str
    about: str
    snippet: str


KEYWORDS: Mapping[str, Keyword] = {
    "spec": Keyword('spec NAME ["title"]', "names the recommender: its artifact and its ensemble", "spec ${1:name}"),
    "schema": Keyword(
        'schema "FILE" [for catalogue]', "the Merlin schema of the data, pbtxt or JSON", 'schema "${1:schema.pbtxt}"'
    ),
    "import": Keyword('import "FILE"', "definitions and section entries of another file", 'import "${1:common.sess}"'),
    "param": Keyword(
        "param NAME = VALUE [in SPACE]",
        "a value that `--set` changes and a sweep searches",
        "param ${1:name} = ${2:64}",
    ),
    "columns": Keyword("columns NAME = SELECTION", "columns of the schema", "columns ${1:name} = tag(${2:ITEM_ID})"),
    "sequence": Keyword(
        "sequence NAME = SELECTION", "step columns that are a group with a length of its own", "sequence ${1:name} = $2"
    ),
    "domain": Keyword("domain NAME = SELECTION", "columns that share a vocabulary", "domain ${1:name} = $2"),
    "table": Keyword(
        "table NAME = embedding(COLUMNS)",
        "a trained vector for every item of a domain",
        "table ${1:items} = embedding(${2:item}, dim=${3:64})",
    ),
    "let": Keyword("let NAME = EXPRESSION", "names a vector or a pipe", "let ${1:x} = $2"),
    "encoder": Keyword(
        "encoder NAME = EXPRESSION",
        "reads the session; exported and served on its own",
        "encoder ${1:query} = $2",
    ),
    "head": Keyword(
        "head NAME = EXPRESSION", "what is predicted", "head ${1:click} = ${2:query} >> categorical(${3:item})"
    ),
    "data": Keyword("data { key = value … }", "where the data is, and how rows become sessions", "data {\n  $0\n}"),
    "prepare": Keyword(
        "prepare { column = operations … }", "what is done to columns instead of the derived", "prepare {\n  $0\n}"
    ),
    "train": Keyword("train { key = value … }", "how the model is trained", "train {\n  objective = ${1:next}$0\n}"),
    "evaluate": Keyword("evaluate { key = value … }", "what is measured, and beside what", "evaluate {\n  $0\n}"),
    "serve": Keyword("serve { key = value … }", "what is served, and how", "serve {\n  $0\n}"),
}
