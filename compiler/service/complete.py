"""Completion: what could stand at the cursor, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sess.compiler.block import (
    Entry,
    HeadName,
    Kind,
    MetricWord,
    Pipe,
    Selection,
    SliceName,
    TableName,
    TowerName,
)
from sess.compiler.schema import Dtype
from sess.compiler.sections import KEYS
from sess.compiler.selectors import has_tag
from sess.compiler.service.analysis import Analysis
from sess.compiler.service.cursor import Cursor, State, cursor_at
from sess.compiler.service.describe import of_parameter
from sess.compiler.service.keywords import KEYWORDS
from sess.compiler.service.places import SLICES, choice_of
from sess.compiler.service.suggestions import (
    Sort,
    Suggestion,
    column_names,
    columns,
    definitions,
    domain_names,
    entries,
    metrics,
    params,
    selections,
)
from sess.compiler.service.wanted import Wanted, wanted
from sess.compiler.signature import (
    Hint,
    Missing,
    Parameter,
    describe,
    members,
    origin,
    parameters,
    plain,
    value_text,
    words,
)
from sess.compiler.tags import written
from sess.compiler.tree import Kind as Keyword
from sess.compiler.tree import SectionName
from sess.compiler.types import Level


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions, and where the word begins that they would replace."""

    start: int
    suggestions: tuple[Suggestion, ...]


def complete(analysis: Analysis, text: str, offset: int) -> Completion:
    """Return what could stand at an offset of a text; `analysis` may be of the text a moment before."""
    cursor = cursor_at(text, offset)
    found: dict[str, Suggestion] = {}
    for each in _suggestions(cursor, analysis):
        found.setdefault(each.label, each)
    folder = cursor.prefix.rfind("/") + 1 if cursor.state is State.STRING else 0  # a path is completed part by part
    return Completion(cursor.start + folder, tuple(found.values()))


def _suggestions(cursor: Cursor, analysis: Analysis) -> Iterator[Suggestion]:
    match cursor.state:
        case State.STATEMENT:
            for word, keyword in KEYWORDS.items():
                sort = Sort.SECTION if word in set(SectionName) else Sort.STATEMENT
                yield Suggestion(word, sort, keyword.form, keyword.about, keyword.snippet)
        case State.KEY if cursor.section is not None:
            yield from _keys(cursor.section, analysis)
        case State.STRING:
            yield from _strings(cursor, analysis)
        case State.SPACE if not cursor.frames:
            for word in ("uniform", "log", "range"):
                yield Suggestion(word, Sort.WORD, "a search space", snippet=f"{word}($1, $2)")
        case State.VALUE:
            yield from _values(cursor, wanted(cursor, analysis.registry), analysis)


def _keys(section: SectionName, analysis: Analysis) -> Iterator[Suggestion]:
    given = {
        entry.key.text
        for statement in analysis.checked.spec.statements
        if getattr(statement, "name", None) is section
        for entry in getattr(statement, "entries", ())
    }
    if section is SectionName.PREPARE:
        for name in (*column_names(analysis), *domain_names(analysis)):
            if name not in given:
                yield Suggestion(name, Sort.COLUMN, snippet=f"{name} = $0")
        return
    for each in parameters(KEYS[section]):
        if each.name not in given:
            about = of_parameter(each, f"the section `{section.value}`")
            yield Suggestion(each.name, Sort.KEY, _default(each), about, f"{each.name} = $0")


def _strings(cursor: Cursor, analysis: Analysis) -> Iterator[Suggestion]:
    frame = cursor.frames[-1] if cursor.frames else None
    if frame and frame.word == "column":
        yield from columns(analysis, column_names(analysis))
    if cursor.keyword in ("schema", "import") and cursor.state is State.STRING:
        endings = (".pbtxt", ".json") if cursor.keyword == "schema" else (".sess",)
        folder = analysis.checked.base / cursor.prefix.rpartition("/")[0]
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            if path.suffix in endings or path.is_dir():
                yield Suggestion(path.name, Sort.FILE, snippet=path.name)


def _values(cursor: Cursor, want: Wanted, analysis: Analysis) -> Iterator[Suggestion]:
    if want.selector:
        yield from _selected(want, analysis)
        return
    if want.entry is not None and want.frame is not None and want.frame.label is None and not cursor.is_stage:
        is_open = cursor.frames[-1].opener == "("
        yield from _arguments(want.entry, want.frame.labels) if is_open else ()
    if want.hint is not None and not cursor.is_stage:
        yield from _of_hint(want.hint, analysis)
        return
    if cursor.section is SectionName.PREPARE:
        yield from entries(analysis, Kind.PREPARE)
        yield from () if cursor.is_stage else columns(analysis, column_names(analysis))
        return
    yield from _expressions(cursor, want, analysis)


def _expressions(cursor: Cursor, want: Wanted, analysis: Analysis) -> Iterator[Suggestion]:
    """Suggest what can be the value of a definition, fill a port, or follow `>>`."""
    keyword = cursor.keyword if not cursor.frames else ""
    if keyword in (Keyword.COLUMNS, Keyword.SEQUENCE, Keyword.DOMAIN):
        yield from selections(analysis)
    elif keyword == Keyword.TABLE:
        yield from entries(analysis, Kind.TABLE)
    elif keyword == "param":
        yield from (Suggestion(word, Sort.WORD) for word in ("true", "false"))
    elif cursor.is_stage:
        heads = (Kind.HEAD,) if keyword == Keyword.HEAD else ()
        yield from (each for each in definitions(analysis, Keyword.LET) if analysis.type_of(each.label) is None)
        yield from entries(analysis, *heads, Kind.ENCODER, Kind.SHAPE, Kind.DENSE)
    else:
        yield from definitions(analysis, Keyword.LET, Keyword.ENCODER, Keyword.TABLE)
        baselines = (Kind.BASELINE,) if keyword == Keyword.HEAD else ()
        yield from entries(analysis, Kind.FEATURES, Kind.SHAPE, *baselines, Kind.DENSE, Kind.ENCODER)
        yield from definitions(analysis, Keyword.COLUMNS, Keyword.SEQUENCE)


def _selected(want: Wanted, analysis: Analysis) -> Iterator[Suggestion]:
    schema = analysis.schema
    if want.frame is not None and want.frame.label == "of":
        yield from (Suggestion(word, Sort.WORD) for word in ("events", "catalogue"))
    elif want.selector == "tag" and schema is not None:
        tags = {written(tag) for column in schema.columns for tag in column.tags}
        compound = {f"{tag}_ID" for tag in ("USER", "ITEM", "SESSION") if {tag, "ID"} <= tags}
        for tag in sorted(tags | compound):
            having = [each.name for each in schema.columns if has_tag(each, tag)]
            if having:
                yield Suggestion(tag, Sort.TAG, ", ".join(having[:6]))
    elif want.selector == "dtype":
        yield from (Suggestion(word, Sort.WORD) for word in ("int", "float", "string", "bool", "datetime"))
        yield from (Suggestion(each.value, Sort.WORD) for each in Dtype if each is not Dtype.DATETIME)
    elif want.selector == "column":
        for each in columns(analysis, column_names(analysis)):
            yield Suggestion(f'"{each.label}"', Sort.COLUMN, each.detail, each.about)


def _arguments(entry: Entry[Any], given: Iterable[str]) -> Iterator[Suggestion]:
    for each in parameters(entry.Params):
        if each.name not in given:
            about = of_parameter(each, f"`{entry.name}`")
            yield Suggestion(f"{each.name}=", Sort.ARGUMENT, _default(each), about)


def _default(parameter: Parameter) -> str:
    return "must be given" if parameter.default is Missing.REQUIRED else value_text(parameter.default)


def _of_hint(hint: Hint, analysis: Analysis) -> Iterator[Suggestion]:
    """Suggest what a parameter may be."""
    yield from (Suggestion(word, Sort.WORD) for word in words(hint) if word != "none")
    kind = choice_of(hint)
    if kind is not None:
        yield from entries(analysis, kind)
    bases = [plain(member) for member in members(hint)]
    for base in bases:
        if base is Selection:
            yield from selections(analysis)
        elif base in (TableName, TowerName):
            yield from definitions(analysis, Keyword.TABLE, *([Keyword.LET] if base is TowerName else []))
        elif base is HeadName:
            yield from definitions(analysis, Keyword.HEAD)
        elif base is Pipe:
            yield from definitions(analysis, Keyword.LET)
            yield from entries(analysis, Kind.DENSE, Kind.ENCODER, Kind.SHAPE)
        elif base is bool:
            yield from (Suggestion(word, Sort.WORD) for word in ("true", "false"))
        elif base is MetricWord:
            yield from metrics(analysis)
        elif base is SliceName:
            yield from (Suggestion(word, Sort.WORD) for word in SLICES)
            levels = analysis.facts.levels if analysis.facts else {}
            yield from columns(analysis, [name for name, level in levels.items() if level is Level.SESSION])
        elif isinstance(base, type) and base in (int, float, str):
            yield from params(analysis)
        elif origin(base) is tuple:
            yield Suggestion("[]", Sort.WORD, describe(base), snippet="[$1]")
    if "none" in words(hint):
        yield Suggestion("none", Sort.WORD)
