"""`sess serve` over catalogues of any size: start, memory, answers at 1, 8 and 32 in flight, an open loop, a publish.

usage: python -m tests.benchmarks.serving_scale [ITEMS=100000 ...] [width=64] [index=exact] [keep=FOLDER] [publish=1]

Beside them, in the same rounds, TensorFlow's product and `top_k` and the reading of the item matrix, each alone in a
process: those are what a server adds to. `keep` leaves the artifact of each size in a folder and takes it from there.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.benchmarks.serving_artifact import SHOWN, question, vectors_of, write_artifact
from tests.benchmarks.serving_load import Times, asker, closed, highest_rate

IN_FLIGHT, ROUNDS, SECONDS = (1, 8, 32), 3, 2.0
QUESTIONS = 256
LEAST_LIMIT, TIMES_ALONE = 25.0, 5.0  # ms, and times the p50 of a request alone: what the open loop's p99 is held to


@dataclass(frozen=True, slots=True)
class Running:
    """A server with its address and its control socket."""

    process: psutil.Process
    address: str
    control: Path


def main() -> None:
    """Measure each size."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    words = dict(word.split("=") for word in sys.argv[1:] if "=" in word)
    width, index = int(words.get("width", 64)), words.get("index", "exact")
    for items in [int(word) for word in sys.argv[1:] if word.isdecimal()] or [100_000]:
        with ExitStack() as stack:
            kept = words.get("keep") or stack.enter_context(tempfile.TemporaryDirectory())
            base = Path(kept) / f"{items}_{width}_{index.partition('(')[0]}"
            if not (base / "artifact" / "manifest.json").exists():
                base.mkdir(parents=True, exist_ok=True)
                write_artifact(base, items, width, index)
            print(f"\n{items:,} items of {width} numbers, k={SHOWN}, index = {index}")
            found = json.loads((base / "measured.json").read_text())
            if found:
                size = sum(file.stat().st_size for file in (base / "artifact" / "index").iterdir())
                print(f"  export: {found['click']}, {size / 2**20:,.0f} MiB")
            measure(base, items, is_published=words.get("publish", "1") == "1")


def measure(base: Path, items: int, *, is_published: bool) -> None:
    """Serve an artifact and print what its requests take."""
    started = time.perf_counter()
    with served(base) as running:
        print(f"  ready after {time.perf_counter() - started:.1f} s, {mib(memory(running.process))}")
        draw = np.random.default_rng(1)
        questions = [question(items, draw) for _ in range(QUESTIONS)]
        asyncio.run(ask(running, questions, vectors_of(base / "artifact")))
        print(f"  after the requests {mib(memory(running.process))}")
        if is_published:
            publish(running, base)


async def ask(running: Running, questions: list[bytes], file: Path) -> None:
    """Ask in a closed loop, in turn with what needs no server, and in an open one."""
    import grpc

    async with grpc.aio.insecure_channel(running.address) as channel:
        sent = asker(channel, questions)
        for i in range(20):
            await sent(i)
        alone = {
            "reading the items, one thread": Alone("floor", file, 1),
            "reading the items, all threads": Alone("floor", file, len(os.sched_getaffinity(0))),
            "TensorFlow's product and top_k": Alone("tensorflow", file, 1),
        }
        rounds: dict[int, list[Times]] = {flight: [] for flight in IN_FLIGHT}
        for _ in range(ROUNDS):
            for each in alone.values():
                each.again()
            for flight in IN_FLIGHT:
                rounds[flight].append(await closed(sent, flight, SECONDS))
        medians = {name: each.stop() for name, each in alone.items()}
        floor = min(medians.values())
        for name, each in medians.items():
            print(f"  {name:31} p50 {each:8.2f} ms {each / floor:37.2f}")
        for flight, seen in rounds.items():
            p50, p99, rate = (float(np.median([getattr(each, name) for each in seen])) for name in Times.__slots__)
            print(
                f"  {flight:2} in flight {'':18} p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  {rate:6.0f}/s {p50 / floor:6.2f}"
            )
        limit = max(LEAST_LIMIT, TIMES_ALONE * float(np.median([each.p50 for each in rounds[1]])))
        first = float(np.median([each.rate for each in rounds[8]])) / 2
        rate, seen_at = await highest_rate(sent, limit, first, 2 * SECONDS)
        print(
            f"  open loop: {rate:.0f}/s with p50 {seen_at.p50:.1f} and p99 {seen_at.p99:.1f} ms (at most {limit:.0f})"
        )


class Alone:
    """A process that does one thing again and again while it is told to, and says its median."""

    def __init__(self, what: str, file: Path, threads: int) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.serving_alone", what, str(file)]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads)}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self._medians: list[float] = []
        self._line()

    def again(self) -> None:
        """Measure once more."""
        assert self._process.stdin is not None
        self._process.stdin.write("again\n")
        self._process.stdin.flush()
        self._medians.append(float(self._line()))

    def stop(self) -> float:
        """End it; return the median in ms."""
        self._process.communicate()
        return float(np.median(self._medians))

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def publish(running: Running, base: Path) -> None:
    """Publish an equal artifact of another digest, and print how long that takes and the most memory meanwhile."""
    from sess.runtime.serve.control import tell

    artifact = base / "artifact"
    manifest = artifact / "manifest.json"
    before = manifest.read_text()
    most, is_over = [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.2):
            most[0] = max(most[0], memory(running.process))

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.perf_counter()
    try:
        manifest.write_text(before + "\n")
        tell(running.control, do="publish", artifact=str(artifact))
    finally:
        manifest.write_text(before)
        taken = time.perf_counter() - started
        is_over.set()
        watching.join()
    print(f"  published after {taken:.1f} s, at most {mib(most[0])}")


@contextmanager
def served(base: Path) -> Iterator[Running]:
    """Run `sess serve` without a spare Triton."""
    control = base / "sock"
    command = [sys.executable, "-m", "sess.compiler.cli.main", "serve", str(base / "artifact"), "--no-spare"]
    ports = ["--http-port", "0", "--grpc-port", "0", "--control", str(control)]
    with subprocess.Popen([*command, *ports], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if line.startswith("grpc"))
            yield Running(psutil.Process(process.pid), line.split("grpc://")[1].split("/")[0].strip(), control)
        finally:
            process.send_signal(signal.SIGTERM)


def memory(process: psutil.Process) -> int:
    """Return the bytes of a server and all below it; what processes share counts once."""
    found = 0
    for each in (process, *process.children(recursive=True)):
        try:
            found += each.memory_full_info().pss
        except psutil.Error:
            continue
    return found


def mib(count: Any) -> str:
    """Return bytes in words."""
    return f"{count / 2**20:,.0f} MiB"


if __name__ == "__main__":
    main()
