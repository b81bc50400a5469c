"""Read Merlin's schema files, pbtxt or JSON, into our frozen Schema: what Merlin means, without importing Merlin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from sess.compiler import codes
from sess.compiler.block import JsonValue
from sess.compiler.diagnostics import Label, Reporter
from sess.compiler.pbtxt import Message, Unreadable, read
from sess.compiler.schema import Column, Dtype, Schema
from sess.compiler.similar import listing
from sess.compiler.source import Source, Span
from sess.compiler.tags import parts

LARGEST = 4_000_000
MOST_COLUMNS = 10_000

# merlin/schema/tags.py: some tags exclude each other.
COLLIDING = {
    "categorical": ("continuous", "embedding"),
    "continuous": ("categorical", "embedding", "id"),
    "embedding": ("continuous", "categorical", "id"),
}
_INTEGERS = {8: Dtype.INT8, 16: Dtype.INT16, 32: Dtype.INT32, 64: Dtype.INT64}
_FLOATS = {16: Dtype.FLOAT16, 32: Dtype.FLOAT32, 64: Dtype.FLOAT64}
_TYPES = {1: "BYTES", 2: "INT", 3: "FLOAT"}


@dataclass(frozen=True, slots=True)
class _Feature:
    """A feature as either format says it, not yet judged."""

    name: str
    span: Span
    kind: str
    tags: tuple[tuple[str, Span], ...]
    domain: Mapping[str, object]
    value_counts: tuple[tuple[int, int], ...]
    properties: Mapping[str, object]


def read_schema(source: Source, reporter: Reporter) -> Schema | None:
    """Return the schema of a file's text; None if it can't be read (reported)."""
    start = Span(source, 0, min(1, len(source.text)))
    if len(source.text) > LARGEST:
        message = f"the schema has {len(source.text):,} characters, {LARGEST:,} are read"
        reporter.error(codes.SCHEMA_SYNTAX, message, start)
        return None
    try:
        is_json = source.text.lstrip("\ufeff \t\r\n").startswith("{")
        features = list(islice(_from_json(source) if is_json else _from_text(source), MOST_COLUMNS + 1))
        if len(features) > MOST_COLUMNS:
            raise Unreadable(f"it has more than {MOST_COLUMNS:,} columns", features[-1].span)
    except Unreadable as error:
        reporter.error(codes.SCHEMA_SYNTAX, f"the schema can't be read: {error.message}", error.span)
        return None
    if not features:
        helps = "a schema has one `feature { name: … }` a column"
        reporter.error(codes.SCHEMA_EMPTY, "the schema has no columns", start, help=helps)
        return None
    columns: dict[str, Column] = {}
    for feature in features:
        if feature.name in columns:
            label = Label(columns[feature.name].span, "first here")
            message = f"the column `{feature.name}` is there twice"
            reporter.error(codes.SCHEMA_REPEATED, message, feature.span, labels=[label])
            continue
        columns[feature.name] = _column(feature, reporter)
    return Schema(source, tuple(columns.values()))


def _column(feature: _Feature, reporter: Reporter) -> Column:
    """Return the column as Merlin's `_merlin_column` would understand it."""
    tags = {part for tag, _ in feature.tags for part in parts(tag)}
    if feature.domain.get("is_categorical"):
        tags.add("categorical")
    _report_collisions(feature, tags, reporter)
    sizes = _sizes_of(feature)
    name = feature.domain.get("name")
    largest = feature.domain.get("max")
    kept = {key: value for key, value in feature.properties.items() if isinstance(value, (str, float, bool))}
    return Column(
        feature.name, _dtype(feature), frozenset(tags), bool(sizes), feature.span,
        sizes[0] if sizes else None, len(sizes) > 1, sizes[1] if len(sizes) > 1 else None,
        str(name) if name else None, _int(largest) or None if isinstance(largest, (int, float)) else None,
        MappingProxyType(kept),
    )  # fmt: skip


def _report_collisions(feature: _Feature, tags: set[str], reporter: Reporter) -> None:
    for tag in sorted(tags):
        against = sorted(other for other in COLLIDING.get(tag, ()) if other in tags and other > tag)
        if against:
            place = next((span for text, span in feature.tags if text.lower() == tag), feature.span)
            message = f"the column `{feature.name}` can't be `{tag}` and {listing(against)} at once"
            reporter.error(codes.SCHEMA_TAGS, message, place, help="Merlin refuses these tags together: leave one out")


def _dtype(feature: _Feature) -> Dtype:
    size = feature.properties.get("dtype_item_size")
    bits = _int(size) if isinstance(size, (int, float)) else 0
    if feature.kind == "INT":
        return _INTEGERS.get(bits, Dtype.INT64)
    if feature.kind == "FLOAT":
        return _FLOATS.get(bits, Dtype.FLOAT64)
    # Merlin writes no type for strings, booleans and times; of these only times have a size.
    return Dtype.DATETIME if feature.kind != "BYTES" and bits == 64 else Dtype.STRING


def _sizes_of(feature: _Feature) -> tuple[int | None, ...]:
    """Return the length of a row's list and of the lists in it, None where it varies; nothing if a row is one value.

    Shapes go before counts and flags.
    """
    dims = feature.properties.get("_dims")
    if isinstance(dims, (list, tuple)) and dims:
        return tuple(_fixed(size) for size in dims[1:])
    counts = [(least, most) for least, most in feature.value_counts]
    if len(counts) > 1 or any(map(any, counts)):
        return tuple(most or None if least == most else None for least, most in counts)
    return (None,) if feature.properties.get("is_list") else ()


def _fixed(size: object) -> int | None:
    """Return the one number that a dimension of a shape can be, None if it is a range or unknown."""
    if isinstance(size, (list, tuple)):
        size = size[0] if len(size) == 2 and size[0] == size[1] else None
    return _int(size) or None if isinstance(size, (int, float)) else None


def _from_text(source: Source) -> Iterator[_Feature]:
    for feature, span in read(source).messages("feature"):
        names = feature.fields.get("name", [])
        if not names or not isinstance(names[-1].content, str):
            raise Unreadable("a feature has no name", span)
        kind = feature.scalar("type")
        annotation = feature.message("annotation")
        tags = tuple((str(tag.content), tag.span) for tag in annotation.fields.get("tag", ()))
        domain: dict[str, object] = {}
        for key in ("int_domain", "float_domain", "string_domain"):
            inner = feature.message(key)
            domain |= {name: inner.scalar(name) for name in ("name", "min", "max", "is_categorical")
                       if inner.scalar(name) is not None}  # fmt: skip
        if isinstance(feature.scalar("domain"), str):
            domain.setdefault("name", feature.scalar("domain"))
        counts = [inner for inner, _ in feature.messages("value_count")][:1]
        for nested, _ in feature.messages("value_counts"):
            counts = [inner for inner, _ in nested.messages("value_count")]
        properties: dict[str, object] = {}
        for extra, _ in annotation.messages("extra_metadata"):
            for struct in (inner for name in extra.fields if name.startswith("[") for inner, _ in extra.messages(name)):
                properties |= _struct(struct)
        yield _Feature(
            names[-1].content, names[-1].span, _TYPES.get(kind, "") if isinstance(kind, int) else str(kind or ""),
            tags, domain, tuple((_int(each.scalar("min")), _int(each.scalar("max"))) for each in counts), properties,
        )  # fmt: skip


def _struct(struct: Message) -> dict[str, object]:
    return {str(entry.scalar("key")): _struct_value(entry.message("value")) for entry, _ in struct.messages("fields")}


def _struct_value(value: Message) -> object:
    for name in ("number_value", "bool_value", "string_value"):
        if value.scalar(name) is not None:
            return value.scalar(name)
    if "list_value" in value.fields:
        return [_struct_value(inner) for inner, _ in value.message("list_value").messages("values")]
    if "struct_value" in value.fields:
        return _struct(value.message("struct_value"))
    return None


def _from_json(source: Source) -> Iterator[_Feature]:
    start = Span(source, 0, min(1, len(source.text)))
    try:
        content = json.loads(source.text.lstrip("\ufeff"))
    except RecursionError:
        raise Unreadable("it nests too deep", start) from None
    except ValueError as error:
        at = min(getattr(error, "pos", 0), len(source.text) - 1)
        raise Unreadable(str(getattr(error, "msg", error)).lower(), Span(source, at, at + 1)) from None
    features = content.get("feature", []) if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(each, dict) for each in features):
        raise Unreadable("`feature` is no list of columns", start)
    at = 0
    for feature in features:
        name = feature.get("name")
        if not isinstance(name, str):
            raise Unreadable("a feature has no name", start)
        found = re.compile(
            r'"name"\s*:\s*('
            + re.escape(json.dumps(name))
            + "|"
            + re.escape(json.dumps(name, ensure_ascii=False))
            + ")"
        ).search(source.text, at)
        span = Span(source, found.start(1), found.end(1)) if found else start
        at = found.end() if found else at
        yield _json_feature(feature, name, span)


def _json_feature(feature: dict[str, JsonValue], name: str, span: Span) -> _Feature:
    annotation = _object(feature.get("annotation"))
    tags = annotation.get("tag")
    domain: dict[str, object] = {}
    for key in ("intDomain", "floatDomain", "stringDomain", "int_domain", "float_domain", "string_domain"):
        inner = _object(feature.get(key))
        domain |= {word: inner.get(word) for word in ("name", "min", "max") if inner.get(word) is not None}
        domain |= {"is_categorical": True} if inner.get("isCategorical") or inner.get("is_categorical") else {}
    for word in ("min", "max"):
        if word in domain:
            domain[word] = _int(domain[word])
    count, nested = _either(feature, "valueCount", "value_count"), _either(feature, "valueCounts", "value_counts")
    several = _either(_object(nested), "valueCount", "value_count")
    counts = several if isinstance(several, list) else [] if count is None else [count]
    found = tuple((_int(_object(each).get("min")), _int(_object(each).get("max"))) for each in counts)
    extra = annotation.get("extraMetadata", annotation.get("extra_metadata"))
    properties: dict[str, object] = {}
    for each in extra if isinstance(extra, list) else ():
        properties |= _object(each)
    kind = feature.get("type")
    text = _TYPES.get(kind, "") if isinstance(kind, int) else str(kind or "")
    words = tuple((str(tag), span) for tag in tags) if isinstance(tags, list) else ()
    return _Feature(name, span, text, words, domain, found, properties)


def _either(of: dict[str, JsonValue], one: str, other: str) -> JsonValue:
    return of.get(one, of.get(other))


def _object(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _int(value: object) -> int:
    try:
        return int(float(value)) if isinstance(value, (int, float, str)) else 0
    except (ValueError, OverflowError):
        return 0
