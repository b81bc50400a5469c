"""Compressed content, unpacked within a limit: a few bytes may stand for millions."""

from __future__ import annotations

import zlib

from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid

ENCODINGS = ("gzip", "deflate")
_GZIP_OR_ZLIB = 47  # window bits that let zlib find out which it is


def unpack(packed: bytes, most: int) -> bytes:
    """Return the content, without ever holding more than `most` bytes of it."""
    reader = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        content = reader.decompress(packed, most + 1)
    except zlib.error:
        raise invalid("the request is not compressed as it says", "bad compression") from None
    if len(content) > most:
        raise Refusal(Reason.TOO_LARGE, f"the request may have {most:,} bytes, unpacked", "body too large")
    if not reader.eof or reader.unused_data:
        raise invalid("the compressed request ends early, or goes on behind its end", "bad compression")
    return content
