"""The control socket: publish, roll back and ask for the state of a running server; one JSON object a line each way."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

from sess.compiler.failures import Failure, Misused, RunFailed
from sess.runtime.serve.gateway.log import Log
from sess.runtime.serve.supervisor import Supervisor

LONGEST_LINE = 64 * 1024
ANSWERS_WITHIN = 600.0  # seconds: a candidate is loaded and proven before the answer


class Control:
    """Listens on a Unix socket that only its owner may use."""

    def __init__(self, supervisor: Supervisor, log: Log) -> None:
        self._supervisor, self._log = supervisor, log
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def start(self, path: Path) -> None:
        """Listen; RunFailed if a living server has the socket, one that a dead server left is taken."""
        if path.exists() and not path.is_socket():
            raise Misused(f"`{path}` is there and is no socket", "name another with `--control`")
        if path.exists() and _is_alive(path):
            raise RunFailed(f"a running server has the control socket `{path}`", "name another with `--control`")
        path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._talk, str(path), limit=LONGEST_LINE)
        except OSError as error:
            raise RunFailed(
                f"the control socket `{path}` can't be made: {error.strerror or error}", "name another"
            ) from None
        finally:
            os.umask(mask)
        self._path = path

    async def stop(self) -> None:
        """Take no more commands, and remove the socket."""
        if self._server is not None:
            self._server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(await reader.readline())
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Failure as error:
            answer = {"ok": False, "message": error.message, "help": error.help, "exit_code": error.exit_code}
        except Exception as error:
            self._log.event("bug", of="control", error=f"{type(error).__name__}: {error}")
            answer = {"ok": False, "message": "the server failed on this command", "help": "", "exit_code": 4}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            said = json.loads(line)
            command = said["do"]
        except (ValueError, KeyError, TypeError):
            raise Misused("the command is no JSON object with `do`") from None
        match command:
            case "publish" if isinstance(said.get("artifact"), str):
                return {"ok": True, "message": await self._supervisor.publish(Path(said["artifact"]))}
            case "rollback":
                return {"ok": True, "message": await self._supervisor.rollback()}
            case "status":
                staged = self._supervisor.staged
                return {"ok": True, "message": f"{staged.program.name} {staged.digest[:12]} is served"}
        raise Misused(f"there is no command `{str(command)[:32]}`")


def tell(path: Path, **command: str) -> str:
    """Send a command to a running server and return what it did; a Failure with its words if it refused."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWERS_WITHIN)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps(command).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline() or b"null")
        except (OSError, ValueError):
            message = f"no server answers at the control socket `{path}`"
            raise RunFailed(message, "name the socket of a running `sess serve` with `--control`") from None
    if answer is None:
        raise RunFailed("the server ended before it answered", "look at its log")
    if not answer["ok"]:
        failure = Misused if answer.get("exit_code") == Misused.exit_code else RunFailed
        raise failure(answer["message"], answer["help"])
    return str(answer["message"])


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
