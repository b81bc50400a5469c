"""A Merlin schema as pbtxt, each column under a comment that says why it has its tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sess.compiler.schema import Dtype
from sess.compiler.starter.tags import Tagged

_SIZES = {Dtype.STRING: None, Dtype.DATETIME: 64}


def schema_text(columns: Iterable[Tagged]) -> str:
    """Return the file's text."""
    head = "# Guessed from the data by `sess init`: change what it got wrong, this file is yours.\n"
    return "\n".join([head, *(_feature(each) for each in columns)])


def _feature(each: Tagged) -> str:
    head = (f"# {printable(each.reason)}", "feature {", f"  name: {_quoted(each.column.name)}")
    return "\n".join([*head, *_type(each.dtype), *_count(each), *_annotation(each), "}", ""])


def _quoted(text: str) -> str:
    """Return a string of protobuf's text format: UTF-8 as it is, what isn't printable as the octal of its bytes."""
    found = ""
    for letter in text:
        if letter in '"\\':
            found += f"\\{letter}"
        elif letter.isprintable():
            found += letter
        else:
            found += "".join(f"\\{byte:03o}" for byte in letter.encode())
    return f'"{found}"'


def printable(text: str) -> str:
    """Return text on one line, without what a terminal or a comment would act on."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _type(dtype: Dtype) -> Iterator[str]:
    """Yield the type; Merlin writes none for a time."""
    if dtype is not Dtype.DATETIME:
        yield f"  type: {'INT' if dtype.is_integer else 'FLOAT' if dtype.is_float else 'BYTES'}"


def _count(each: Tagged) -> Iterator[str]:
    if each.column.is_list:
        length = each.column.length
        yield f"  value_count {{ min: {length} max: {length} }}" if length else "  value_count { }"


def _annotation(each: Tagged) -> Iterator[str]:
    yield "  annotation {"
    for tag in each.tags:
        yield f'    tag: "{tag}"'
    yield "    extra_metadata {"
    yield "      [type.googleapis.com/google.protobuf.Struct] {"
    for key, value in _properties(each):
        yield f'        fields {{ key: "{key}" value {{ {value} }} }}'
    yield from ("      }", "    }", "  }")


def _properties(each: Tagged) -> Iterator[tuple[str, str]]:
    """Yield what Merlin's `TensorflowMetadata` keeps of a column beside its type."""
    column, dtype = each.column, each.dtype
    size = _SIZES[dtype] if dtype in _SIZES else int(dtype.value.lstrip("uintfloa"))
    if size is not None:
        yield "dtype_item_size", f"number_value: {size}"
    is_ragged = column.is_list and column.length is None
    yield "is_list", f"bool_value: {str(column.is_list).lower()}"
    yield "is_ragged", f"bool_value: {str(is_ragged).lower()}"
