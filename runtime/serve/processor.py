"""The processor time of a group of processes, by the kernel's own word: what computes isn't frozen."""

from __future__ import annotations

import os
from pathlib import Path

GROUP, USER, SYSTEM = 2, 11, 12  # fields of /proc/PID/stat behind the command


def seconds_of(group: int) -> float:
    """Return the seconds that the living members of a process group have computed, its leader left out."""
    ticks = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != group:
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            if int(fields[GROUP]) == group:
                ticks += int(fields[USER]) + int(fields[SYSTEM])
    return ticks / os.sysconf("SC_CLK_TCK")
