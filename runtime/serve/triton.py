"""One Triton server as a child process: started on a repository, watched, stopped without a trace."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sess.compiler.failures import RunFailed
from sess.compiler.quantity import in_bytes
from sess.runtime.serve.installation import environment, lay_out_backends, server
from sess.runtime.serve.leftovers import (
    SHARED_MEMORY,
    environments,
    note,
    owned_prefix,
    remove,
    sweep,
    sweep_the_dead,
)
from sess.runtime.serve.processor import seconds_of
from sess.runtime.serve.staging import link

STARTS_IN = 180.0  # seconds, until all models are loaded
DRAINS_IN = 15  # seconds, for requests that are under way
KEPT_LINES = 200
SHOWN_LINES = 12
PR_SET_PDEATHSIG = 1

# Loaded here, because between fork and exec nothing may load a library.
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a server listens; `metrics` is None where it doesn't say any."""

    http: int
    grpc: int
    metrics: int | None = None


def choose_port(wanted: int | None, host: str) -> int:
    """Return the port that is wanted, or a free one for None; RunFailed if it is in use."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted or 0))
        except OSError as error:
            raise RunFailed(f"port {wanted} of {host} can't be used: {error.strerror}", "choose another port") from None
        port: int = probe.getsockname()[1]
        return port


class Triton:
    """A running server of a repository, or one model of it; leaving the context stops it and removes what it made."""

    def __init__(self, repository: Path, host: str, ports: Ports, *, relays: bool, model: str | None = None) -> None:
        self.host, self.ports = host, ports
        self._lines: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)
        self._relays = relays
        sweep_the_dead()
        self._prefix = owned_prefix()
        self._scratch = Path(tempfile.mkdtemp(prefix=self._prefix))
        self._memory = f"{self._scratch.name}-"
        self._environments = environments()
        try:
            self._process = self._start(repository, model)
        except BaseException:
            remove(self._scratch)
            raise
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Triton:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def http(self) -> str:
        """The address for HTTP."""
        return f"{self.host}:{self.ports.http}"

    @property
    def grpc(self) -> str:
        """The address for gRPC."""
        return f"{self.host}:{self.ports.grpc}"

    def wait_until_loaded(self, is_wanted: threading.Event | None = None) -> None:
        """Return when every model is loaded, or nobody waits any more; RunFailed if one can't be."""
        ends = time.monotonic() + STARTS_IN
        while time.monotonic() < ends:
            self.check()
            if is_wanted is not None and is_wanted.is_set():
                return
            try:
                with urllib.request.urlopen(f"http://{self.http}/v2/health/ready", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RunFailed(f"Triton was not ready after {STARTS_IN:.0f} s", self.last_words())

    def check(self) -> None:
        """Raise RunFailed with its last lines if the server has died."""
        code = self._process.poll()
        if code is None:
            return
        self._reader.join(2)
        if lacks_memory(self._lines):
            size = in_bytes(shutil.disk_usage(SHARED_MEMORY).total)
            raise RunFailed(
                f"Triton has no room in `{SHARED_MEMORY}`, which is {size} in all: every step takes 1 MiB and more",
                "make it larger, a container's by `--shm-size=256m`",
            )
        cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        raise RunFailed(f"Triton ended with {cause}", self.last_words())

    @property
    def is_over(self) -> bool:
        """Whether the server's process has ended."""
        return self._process.poll() is not None

    def computed(self) -> float:
        """Return the seconds that its stubs have computed."""
        return seconds_of(self._process.pid)

    def kill(self) -> None:
        """End the server and its stubs at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def last_word(self) -> str:
        """Return how the server ended, or that it doesn't answer."""
        code = self._process.poll()
        return "it doesn't answer" if code is None else f"it ended with {code}"

    def last_words(self) -> str:
        """Return the last lines of the log, errors first where there are any."""
        lines = list(self._lines)
        errors = [line for line in lines if line.startswith("E") or "rror:" in line]
        return "its last lines:\n" + "\n".join((errors or lines)[-SHOWN_LINES:])

    def stop(self) -> None:
        """Let requests that are under way finish, end the server and its stubs, and remove what they made."""
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(DRAINS_IN + 5)
        self.kill()  # the stubs are in the server's process group
        self._process.wait()
        self._reader.join(2)
        sweep(self._memory)
        remove(self._scratch)

    def _start(self, repository: Path, model: str | None) -> subprocess.Popen[str]:
        backends, models = lay_out_backends(self._scratch), self._scratch / "models"
        link(repository / (model or ""), models / (model or ""))  # stubs write bytecode beside code
        command = [
            str(server() / "bin" / "tritonserver"),
            f"--model-repository={models}",
            f"--backend-directory={backends}",
            f"--http-address={self.host}", f"--http-port={self.ports.http}",
            f"--grpc-address={self.host}", f"--grpc-port={self.ports.grpc}",
            f"--exit-timeout-secs={DRAINS_IN}",
            "--strict-readiness=true",
            "--backend-config=python,shm-default-byte-size=1048576",
            f"--backend-config=python,shm-region-prefix-name={self._memory}",
        ]  # fmt: skip
        if self.ports.metrics is None:
            command.append("--allow-metrics=false")
        else:
            command += [f"--metrics-address={self.host}", f"--metrics-port={self.ports.metrics}"]
        return subprocess.Popen(
            command, env=environment(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip

    def _read(self) -> None:
        assert self._process.stdout is not None
        is_noted = False
        for line in self._process.stdout:
            is_noted = is_noted or note(self._scratch, self._environments)  # it is made before the first line
            self._lines.append(line.rstrip("\n"))
            if self._relays:
                print(f"triton: {line}", end="", file=sys.stderr, flush=True)


def lacks_memory(lines: Iterable[str]) -> bool:
    """Whether a server's log says that shared memory is full."""
    return any("shared memory" in line and "No space left" in line for line in lines)


def _die_with_parent() -> None:
    """Ask Linux to end the server when its supervisor is killed."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
