"""A port, and closing it without resetting anyone: connections are first not begun any more, then all are taken."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
from collections.abc import Callable

BACKLOG = 1024
HANDSHAKE = 0.1  # seconds, for a connection that has begun to be there
ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux, which the module `socket` doesn't name
# A program of the kernel's packet filter, which sees the TCP header: code, two jumps and an operand each.
_KEEP_ALL_BUT_SYN = (
    (0x30, 0, 0, 13),  # load the flags
    (0x45, 0, 1, 0x02),  # SYN is set?
    (0x06, 0, 0, 0),  # then drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # else keep all of it
)


class Door:
    """Listens for connections, which a protocol serves, until it is shut."""

    def __init__(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._protocol = protocol
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> None:
        """Listen."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        # Every connection takes it from here: asyncio sets it only where a socket was made for TCP by number.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, sock=self._socket, backlog=BACKLOG
        )

    async def shut(self) -> None:
        """Take no more connections; those that the kernel took already are served, closing would reset them."""
        if self._socket is None or self._server is None:
            return
        begin_no_more(self._socket)
        await asyncio.sleep(HANDSHAKE)
        waiting = accept_all(self._socket)
        self._server.close()
        for connection in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)


def begin_no_more(listening: socket.socket) -> None:
    """Let the kernel drop the first packet of new connections; what has begun goes on to be accepted.

    Between the last `accept` and `close` a connection may still come, which closing would reset. Where there is no such
    filter nothing happens, and that moment stays.
    """
    code = b"".join(struct.pack("HBBI", *each) for each in _KEEP_ALL_BUT_SYN)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HL", len(_KEEP_ALL_BUT_SYN), ctypes.addressof(held))
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)


def accept_all(listening: socket.socket) -> list[socket.socket]:
    """Return the connections that wait to be accepted, of a socket that doesn't block."""
    found: list[socket.socket] = []
    with contextlib.suppress(OSError):  # no more wait
        while True:
            connection = listening.accept()[0]
            connection.setblocking(False)
            found.append(connection)
    return found
