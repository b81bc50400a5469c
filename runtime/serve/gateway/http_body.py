"""The body of a request over HTTP: plain, of a known length or in chunks, never larger than it may be."""

from __future__ import annotations

import asyncio

from aiohttp import HttpVersion11
from aiohttp.web_request import BaseRequest

from sess.runtime.serve.gateway.limits import MOST_CHUNKS, WITHIN
from sess.runtime.serve.gateway.refusal import Reason, Refusal, invalid


async def take_body(request: BaseRequest, most: int) -> bytes:
    """Return the whole body; a Refusal by its headers where they say enough.

    None is read that is compressed: a request is small, and a few bytes of another may stand for millions.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(Reason.ENCODED, "a body is read plain: send it without `Content-Encoding`", "content encoding")
    is_chunked, length = "Transfer-Encoding" in request.headers, request.content_length
    if length is None and not is_chunked:
        raise Refusal(Reason.NO_LENGTH, "the request has no `Content-Length`", "no length")
    if length is not None and length > most:
        raise Refusal(Reason.TOO_LARGE, f"the body has {length:,} bytes, it may have {most:,}", "body too large")
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # curl waits a second for it
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(WITHIN):
            return await (_chunks(request, most) if length is None else _exactly(request, length))
    except TimeoutError:
        raise Refusal(Reason.TOO_SLOW, f"the body did not come within {WITHIN:.0f} s", "slow body") from None


async def _exactly(request: BaseRequest, length: int) -> bytes:
    try:
        # An empty body is one that no stream was made for.
        return await request.content.readexactly(length) if length else b""
    except asyncio.IncompleteReadError:
        raise invalid("the body ends early", "short body") from None


async def _chunks(request: BaseRequest, most: int) -> bytes:
    """Return a body that comes in chunks, as proxies send one whose length they weren't told."""
    body, count = bytearray(), 0
    while not request.content.at_eof():
        part, is_end = await request.content.readchunk()
        body += part
        count += is_end
        if len(body) > most:
            raise Refusal(Reason.TOO_LARGE, f"the body may have {most:,} bytes", "body too large")
        if count > MOST_CHUNKS:
            raise Refusal(Reason.TOO_LARGE, f"the body may come in {MOST_CHUNKS:,} chunks", "too many chunks")
    return bytes(body)
