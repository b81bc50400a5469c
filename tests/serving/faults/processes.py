"""The processes of a server, by the kernel's own word: its Tritons, their stubs, and what they leave behind."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

STUB = "triton_python_backend_stub"
SERVER = "tritonserver"


def family(process: int) -> dict[int, str]:
    """Return the command lines of all descendants of a process, in the order in which they began."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found: dict[int, str] = {}
    for each in sorted(parents):
        above = each
        while above in parents and above != process:
            above = parents[above]
        if above == process and each != process:
            found[each] = command_of(each)
    return found


def command_of(process: int) -> str:
    """Return a process' command line; empty if there is none."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for doesn't."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def servers_of(process: int) -> list[int]:
    """Return the Tritons of a server, the oldest first."""
    return [each for each, command in family(process).items() if f"/bin/{SERVER} " in command]


def stubs_of(triton: int) -> list[int]:
    """Return the stubs of a Triton's steps."""
    return [each for each, command in family(triton).items() if STUB in command]


def left_behind(process: int) -> list[Path]:
    """Return the shared memory and the scratch folders that bear a process' name."""
    return [
        path for root in ("/dev/shm", tempfile.gettempdir()) for path in Path(root).glob(f"sess-triton-{process}-*")
    ]


def environments_of(process: int) -> list[Path]:
    """Return the folders of the python backends that a server knows as its own."""
    return [path.readlink() for each in left_behind(process) for path in each.glob("environment")]


def wait_until_gone(processes: list[int], within: float) -> list[int]:
    """Wait until processes ended; return those that didn't."""
    ends = time.monotonic() + within
    while time.monotonic() < ends and any(map(is_alive, processes)):
        time.sleep(0.05)
    return [each for each in processes if is_alive(each)]
