"""Merlin's schema files: our reader and Merlin's own agree, and what is wrong is said at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.compiler.diagnostics import Reporter
from sess.compiler.schema import Dtype, Schema
from sess.compiler.schema_reader import read_schema
from sess.compiler.source import Source

SHARED = ["data/beauty", "data/lastfm", "data/ml100k", "data/diginetica", "data/yoochoose100k"]


def read(text: str) -> tuple[Schema | None, Reporter]:
    """Return a schema and what was found."""
    reporter = Reporter()
    return read_schema(Source("schema.pbtxt", text), reporter), reporter


def codes(text: str) -> list[str]:
    """Return the codes that a text gets."""
    return [each.code.number for each in read(text)[1].diagnostics]


def assert_as_merlin_reads(path: Path) -> None:
    """Compare names, tags, dtypes and lists with `merlin.schema`."""
    io = pytest.importorskip("merlin.schema.io.tensorflow_metadata")
    theirs = io.TensorflowMetadata.from_proto_text_file(path.parent, path.name).to_merlin_schema()
    ours, reporter = read(path.read_text())
    assert ours is not None and not reporter.diagnostics
    assert list(ours.names) == list(theirs.column_schemas)
    for column in ours.columns:
        other = theirs[column.name]
        assert column.tags == {getattr(tag, "value", tag).lower() for tag in other.tags}
        assert column.is_list == other.is_list
        name = other.dtype.name
        assert column.dtype.value == ("string" if name in ("str", "string", "object", "unknown") else name)


def test_the_shop_schema_is_read_as_merlin_reads_it(root: Path) -> None:
    assert_as_merlin_reads(root / "specs" / "shop.pbtxt")


@pytest.mark.shared
@pytest.mark.parametrize("folder", SHARED)
def test_real_schemas_are_read_as_merlin_reads_them(shared: Path, folder: str) -> None:
    assert_as_merlin_reads(shared / folder / "schema.pbtxt")


def test_json_and_text_of_one_schema_are_the_same(root: Path) -> None:
    io = pytest.importorskip("merlin.schema.io.tensorflow_metadata")
    path = root / "specs" / "shop.pbtxt"
    as_json = io.TensorflowMetadata.from_proto_text_file(path.parent, path.name).to_json()
    from_text, from_json = read(path.read_text())[0], read(as_json)[0]
    assert from_text is not None and from_json is not None
    assert from_text.columns == from_json.columns


def test_compound_tags_stand_for_their_parts() -> None:
    schema, _ = read('feature { name: "i" type: INT annotation { tag: "ITEM_ID" } }')
    assert schema is not None
    assert schema.columns[0].tags == {"item", "id"}
    assert schema.columns[0].dtype is Dtype.INT64


def test_a_domain_that_is_categorical_tags_its_column() -> None:
    schema, _ = read('feature { name: "i" type: INT int_domain { name: "d" max: 9 is_categorical: true } }')
    assert schema is not None
    (column,) = schema.columns
    assert (column.domain, column.domain_max, column.tags) == ("d", 9, {"categorical"})


@pytest.mark.parametrize(("counts", "length"), [("min: 3 max: 3", 3), ("min: 0 max: 9", None)])
def test_value_counts_make_a_list_of_fixed_or_free_length(counts: str, length: int | None) -> None:
    schema, _ = read(f'feature {{ name: "v" type: FLOAT value_count {{ {counts} }} }}')
    assert schema is not None
    assert (schema.columns[0].is_list, schema.columns[0].length) == (True, length)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "S406"),
        ("feature { name: ", "S401"),
        ("feature { name: 'a' } }", "S401"),
        ("feature { type: INT }", "S401"),
        ('feature { name: "a" } feature { name: "a" }', "S403"),
        ('feature { name: "a" annotation { tag: "categorical" tag: "continuous" } }', "S407"),
        ("{ not json", "S401"),
        ("\x00\x01", "S401"),
        ("a { " * 5000, "S401"),
        ('{"feature": ' + "[" * 100_000, "S401"),
    ],
)
def test_what_is_no_schema_gets_a_finding(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_a_repeated_column_points_at_both_places() -> None:
    _, reporter = read('feature { name: "a" }\nfeature { name: "a" }')
    (found,) = reporter.diagnostics
    assert (found.span.first.line, found.labels[0].span.first.line) == (2, 1)


def test_a_huge_schema_is_refused_at_once() -> None:
    assert codes("feature { name: 'a' }" * 500_000) == ["S401"]


NESTED = """
feature {{ name: "deep" type: INT {counts} annotation {{ extra_metadata {{
  [type.googleapis.com/google.protobuf.Struct] {{ {dims} }}
}} }} }}
"""
DIMS = """
fields { key: "_dims" value { list_value {
  values { null_value: NULL_VALUE }
  values { list_value { values { number_value: 0 } values { null_value: NULL_VALUE } } }
  values { list_value { values { number_value: 3 } values { number_value: 3 } } }
} } }
fields { key: "dtype_item_size" value { number_value: 64 } }
"""


def test_a_shape_of_three_dimensions_is_a_list_of_lists_as_merlin_reads_it(tmp_path: Path) -> None:
    text = NESTED.format(counts="", dims=DIMS)
    (tmp_path / "deep.pbtxt").write_text(text)
    assert_as_merlin_reads(tmp_path / "deep.pbtxt")
    schema, _ = read(text)
    assert schema is not None
    (column,) = schema.columns
    assert (column.is_list, column.is_nested, column.length, column.inner) == (True, True, None, 3)


def test_counts_inside_counts_are_a_list_of_lists_in_both_forms() -> None:
    text, _ = read(
        NESTED.format(counts="value_counts { value_count { max: 9 } value_count { min: 2 max: 2 } }", dims="")
    )
    counts = '{"valueCount": [{"max": "9"}, {"min": "2", "max": "2"}]}'
    json, _ = read(f'{{"feature": [{{"name": "deep", "type": "INT", "valueCounts": {counts}}}]}}')
    assert text is not None and json is not None
    assert text.columns == json.columns
    assert (text.columns[0].is_nested, text.columns[0].length, text.columns[0].inner) == (True, None, 2)
