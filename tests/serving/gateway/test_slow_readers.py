"""Who asks over HTTP/1.1 and doesn't read the answer is not waited for; who reads slowly is."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.web_request import BaseRequest

from sess.runtime.serve.gateway import limits
from sess.runtime.serve.gateway.http_connection import HttpConnection
from sess.runtime.serve.gateway.listening import Door
from tests.serving.gateway.conftest import free_port

LONG = 16 * 2**20  # bytes, more than the kernel keeps for both sides


async def ask(server: web.Server, *, reads: bool) -> int:
    """Ask for a long answer; return how many bytes come, reading them at once or when the server has given up."""
    door, port = Door(lambda: HttpConnection(server, lambda _: web.Response())), free_port()
    await door.open("127.0.0.1", port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    while not reads and not server.connections:
        await asyncio.sleep(0.01)
    while not reads and server.connections:
        await asyncio.sleep(0.01)
    found = 0
    while said := await reader.read(2**16):
        found += len(said)
        await asyncio.sleep(0)
    await door.shut()
    return found


@pytest.mark.parametrize("reads", [True, False])
def test_an_answer_is_whole_for_who_reads_it(reads: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_: BaseRequest) -> web.Response:
        return web.Response(body=bytes(LONG))

    async def run() -> int:
        return await ask(web.Server(answer), reads=reads)

    monkeypatch.setattr(limits, "WITHIN", 30.0 if reads else 0.05)
    assert (asyncio.run(run()) > LONG) is reads
