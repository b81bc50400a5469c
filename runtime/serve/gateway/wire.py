"""Tensors as they travel: JSON values, or bytes in little-endian order, to numpy and back; nothing is trusted."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.runtime.serve.gateway.contract import Input, Limits
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid

Array = NDArray[Any]  # of the dtype that the signature gives the tensor
LENGTH = struct.Struct("<I")

_TYPES: dict[str, frozenset[type]] = {
    "i": frozenset({int}),
    "u": frozenset({int}),
    "f": frozenset({int, float}),
    "b": frozenset({bool}),
    "O": frozenset({str}),
}
_WANTS = {"i": "whole numbers", "u": "whole numbers", "f": "numbers", "b": "true or false", "O": "texts"}


def count_of(tensor: Input, shape: Sequence[object], limits: Limits) -> int:
    """Return how many values a shape says; a Refusal before anything is allocated for it."""
    if any(type(size) is not int for size in shape):
        raise invalid(f"`{tensor.name}` has a shape of other than whole numbers", "bad shape")
    rank = len(tensor.shape)
    if len(shape) != rank:
        raise invalid(f"`{tensor.name}` has rank {len(shape)}, it must have rank {rank}", "wrong rank")
    sizes = [size for size in shape if isinstance(size, int)]
    if min(sizes) < 0:
        raise invalid(f"`{tensor.name}` has shape {str(sizes)[:64]}, a size must not be negative", "bad shape")
    if sizes[1:] != list(tensor.shape[1:]):
        message = f"`{tensor.name}` has vectors of {str(sizes[1])[:64]} numbers, they must have {tensor.shape[1]}"
        raise invalid(message, "bad shape")
    count = math.prod(sizes)
    if count > limits.values:
        message = f"`{tensor.name}` has shape {str(sizes)[:64]}, a request may hold {limits.values:,} values"
        raise Refusal(Reason.TOO_LARGE, message, "too many values")
    if tensor.beyond is not None and sizes[0] - tensor.beyond > limits.sessions:
        held = sizes[0] - tensor.beyond
        message = f"`{tensor.name}` holds {held:,} sessions, a request may hold {limits.sessions:,}"
        raise invalid(message, "too many sessions")
    return count


def shaped(tensor: Input, values: Array) -> Array:
    """Return flat values in the tensor's own rank: vectors are rows."""
    return values if len(tensor.shape) == 1 else values.reshape(-1, *tensor.shape[1:])


def from_json(tensor: Input, data: object, count: int) -> Array:
    """Return the array of a list of JSON values."""
    if not isinstance(data, list):
        raise invalid(f"`{tensor.name}` has no list as its `data`", "bad data")
    if len(tensor.shape) > 1 and any(type(each) is list for each in data):
        data = _flat(tensor, data)
    if len(data) != count:
        raise invalid(f"`{tensor.name}` holds {len(data)} values, its shape says {count}", "shape and data differ")
    kind = tensor.dtype.kind
    wrong = set(map(type, data)) - _TYPES[kind]
    if wrong:
        place = next(i for i, value in enumerate(data) if type(value) in wrong)
        raise invalid(f"`{tensor.name}`: value {place} is no {tensor.datatype}; it holds {_WANTS[kind]}", "bad value")
    if kind == "O":
        return _texts(tensor, data)
    if kind in "iu" and data:  # numpy 1 takes what is out of a narrow range as another number
        low, high = np.iinfo(tensor.dtype).min, np.iinfo(tensor.dtype).max
        if min(data) < low or max(data) > high:
            place = next(i for i, value in enumerate(data) if not low <= value <= high)
            raise invalid(f"`{tensor.name}`: value {place} is out of the range of {tensor.datatype}", "bad value")
    try:
        if kind == "f":
            with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as that
                return np.array(data, np.float64).astype(tensor.dtype)
        return np.array(data, tensor.dtype)
    except OverflowError:  # a whole number of hundreds of digits
        raise invalid(
            f"`{tensor.name}` holds a number that is out of the range of {tensor.datatype}", "bad value"
        ) from None


def _flat(tensor: Input, rows: Sequence[Any]) -> list[Any]:
    """Return the numbers of vectors that are written one by one, which the protocol allows beside one flat list."""
    width = tensor.shape[1]
    place = next((i for i, row in enumerate(rows) if type(row) is not list or len(row) != width), None)
    if place is not None:
        raise invalid(f"`{tensor.name}`: row {place} is no list of {width} numbers", "bad data")
    return [value for row in rows for value in row]


def from_bytes(tensor: Input, raw: memoryview, count: int) -> Array:
    """Return the array of raw bytes."""
    if tensor.dtype.kind == "O":
        return _texts_of_bytes(tensor, raw, count)
    wanted = count * tensor.dtype.itemsize
    if len(raw) != wanted:
        raise invalid(f"`{tensor.name}` has {len(raw)} bytes, its shape says {wanted}", "shape and data differ")
    if tensor.dtype.kind == "b" and any(byte > 1 for byte in raw):
        raise invalid(f"`{tensor.name}` holds bytes that are neither 0 nor 1", "bad value")
    return np.frombuffer(raw, tensor.dtype)


def to_bytes(array: Array) -> bytes:
    """Return an array as raw bytes; text with its length before it."""
    if array.dtype.kind != "O":
        return np.ascontiguousarray(array).tobytes()
    texts = [value if isinstance(value, bytes) else str(value).encode() for value in array.ravel().tolist()]
    return b"".join(LENGTH.pack(len(text)) + text for text in texts)


def datatype_of(array: Array) -> str:
    """Return the protocol's name of an array's dtype."""
    if array.dtype.kind in "Ob":
        return {"O": "BYTES", "b": "BOOL"}[array.dtype.kind]
    stem = {"f": "FP", "i": "INT", "u": "UINT"}[array.dtype.kind]
    return f"{stem}{array.dtype.itemsize * 8}"


def json_of(datatype: str, shape: Sequence[int], raw: bytes) -> list[Any]:
    """Return an answer's raw bytes as a flat list of JSON values."""
    if datatype == "BYTES":
        found, at = [], 0
        for _ in range(math.prod(shape)):
            (length,) = LENGTH.unpack_from(raw, at)
            found.append(raw[at + 4 : at + 4 + length].decode("utf-8", "replace"))
            at += 4 + length
        return found
    listed: list[Any] = _numbers(datatype, raw).tolist()
    return listed


def array_of(datatype: str, shape: Sequence[int], raw: bytes) -> Array:
    """Return an answer's raw bytes as an array; text as objects."""
    if datatype != "BYTES":
        return _numbers(datatype, raw).reshape(shape)
    texts = np.empty(math.prod(shape), object)
    texts[:] = json_of(datatype, shape, raw)
    return texts.reshape(shape)


def _numbers(datatype: str, raw: bytes) -> Array:
    dtype = {"FP": "f", "INT": "i", "UINT": "u"}.get(datatype.rstrip("0123456789"), "")
    return np.frombuffer(raw, "?" if datatype == "BOOL" else f"<{dtype}{int(datatype.lstrip('FPINTU')) // 8}")


def _texts(tensor: Input, values: Sequence[str]) -> Array:
    texts = np.empty(len(values), object)
    for i, value in enumerate(values):
        try:
            texts[i] = value.encode()
        except UnicodeEncodeError:
            raise invalid(f"`{tensor.name}`: value {i} is no Unicode text", "bad value") from None
    return texts


def _texts_of_bytes(tensor: Input, raw: memoryview, count: int) -> Array:
    if count * LENGTH.size > len(raw):
        raise invalid(f"`{tensor.name}` has {len(raw)} bytes, too few for {count} texts", "shape and data differ")
    texts, at = np.empty(count, object), 0
    for i in range(count):
        if at + LENGTH.size > len(raw):
            raise invalid(f"`{tensor.name}` ends before text {i}", "shape and data differ")
        (length,) = LENGTH.unpack_from(raw, at)
        at += LENGTH.size
        if at + length > len(raw):
            raise invalid(f"`{tensor.name}`: text {i} says {length:,} bytes, {len(raw) - at:,} are left", "bad value")
        texts[i] = bytes(raw[at : at + length])
        at += length
    if at != len(raw):
        raise invalid(f"`{tensor.name}` has {len(raw) - at:,} bytes behind its last text", "shape and data differ")
    return texts
