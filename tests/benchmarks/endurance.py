"""What a server must survive, in numbers: swaps, ends and garbage under load; fails at the first thing that is lost.

usage: python -m tests.benchmarks.endurance [swaps=20] [ends=50] [fuzz=10000] [beside=5000] [versions=1]

Without words all of them run. Every server is a real `sess serve` of a small shop, in a process of its own.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from sess.compiler.driver import compile_spec
from sess.compiler.failures import Failure
from sess.runtime.serve.control import tell
from tests.benchmarks.fuzzing import mutated_body, mutated_message
from tests.serving.conftest import SCHEMA, SPEC, built, write_events
from tests.serving.faults.candidates import DAMAGED, FORGED
from tests.serving.faults.load import Load, answer_of
from tests.serving.faults.processes import family, left_behind, wait_until_gone
from tests.serving.forged import damaged, forged
from tests.serving.gateway import test_malformed_grpc as over_grpc
from tests.serving.gateway import test_malformed_http as over_http
from tests.serving.gateway.conftest import Gateway, serve, stop
from tests.serving.gateway.requests import document, message

WANTED = {"swaps": 20, "ends": 50, "fuzz": 10_000, "beside": 5_000, "versions": 1}
DEAD = ("INTERNAL", "UNKNOWN", "UNAVAILABLE", "CANCELLED", "ABORTED", "DEADLINE_EXCEEDED", "DATA_LOSS")
MOST_GROWTH = 50 * 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Shop:
    """Two artifacts of one spec that answer differently."""

    base: Path
    artifact: Path
    other: Path


def main() -> None:
    """Run what the words ask for."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    words = dict(word.split("=") for word in sys.argv[1:])
    counts = {name: int(words[name]) for name in WANTED if name in words} or WANTED
    with tempfile.TemporaryDirectory() as folder:
        shop = build(Path(folder))
        for name, count in counts.items():
            started = time.monotonic()
            said = RUNS[name](shop, count)
            print(f"{name}: {said}, in {time.monotonic() - started:.0f} s", flush=True)


def build(base: Path) -> Shop:
    """Prepare and export the small shop of the tests twice, with weights of their own."""
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "shop.sess").write_text(SPEC)
    write_events(base / "train.parquet", seed=1, sessions=120)
    write_events(base / "valid.parquet", seed=2, sessions=90)
    program = compile_spec(base / "shop.sess").program
    assert program is not None
    return Shop(base, built(base, program, "artifact", seed=1), built(base, program, "next", seed=2))


@contextmanager
def served(shop: Shop, name: str) -> Iterator[Gateway]:
    """Give a server of the first artifact, which must end well."""
    gateway = serve(shop.artifact, shop.base / f"{name}.sock", "--no-spare", "--drain", "0")
    try:
        yield gateway
    finally:
        assert stop(gateway) == 0


def swaps(shop: Shop, count: int) -> str:
    """Publish one artifact after the other under load."""
    with served(shop, "swaps") as gateway:
        answers = {answer_of(gateway)}
        with Load(gateway) as load:
            for i in range(count):
                tell(gateway.control, do="publish", artifact=str((shop.other, shop.artifact)[i % 2]))
                answers.add(answer_of(gateway))
                load.wait_for(20)
        assert load.failures == [], load.failures[:3]
        assert load.given == answers
        assert len(answers) == 2
        return f"{count} swaps, {len(load.answers):,} requests, 0 failed"


def versions(shop: Shop, _count: int) -> str:
    """Publish every kind of bad version under load: each is refused, and nobody sees its answer."""
    with served(shop, "versions") as gateway:
        right, refused = answer_of(gateway), 0
        with Load(gateway) as load:
            for make, kinds in ((forged, FORGED), (damaged, DAMAGED)):
                for name, (change, _) in kinds.items():
                    candidate = make(shop.other, shop.base / f"bad {name}", change)
                    try:
                        tell(gateway.control, do="publish", artifact=str(candidate))
                    except Failure:
                        refused += 1
                    else:
                        raise AssertionError(f"a version {name} was published")
            load.wait_for(20)
        assert load.failures == [], load.failures[:3]
        assert load.given == {right}
        return f"{refused} kinds of bad version refused, {len(load.answers):,} requests, none saw one, 0 failed"


def ends(shop: Shop, count: int) -> str:
    """Send SIGTERM to server after server under load."""
    answered = 0
    for i in range(count):
        gateway = serve(shop.artifact, shop.base / f"ends{i}.sock", "--no-spare", "--drain", "0.2")
        children = list(family(gateway.process.pid))
        with Load(gateway, http=2, grpc=2) as load:
            load.wait_for(30)
            gateway.process.send_signal(signal.SIGTERM)
            assert gateway.process.wait(30) == 0
        assert load.failures == [], load.failures[:3]
        assert not wait_until_gone(children, 2)
        assert left_behind(gateway.process.pid) == []
        answered += len(load.answers)
    return f"{count} ends, {answered:,} requests answered, 0 lost"


def fuzz(shop: Shop, count: int) -> str:
    """Send mutated requests on both protocols; nothing dies, and nothing is answered as a failure of the server."""
    with served(shop, "fuzz") as gateway:
        right, before = answer_of(gateway), family(gateway.process.pid)
        said: Counter[str] = Counter()
        for seed in range(count):
            draw = random.Random(seed)
            if seed % 2:
                raw, headers = mutated_body(draw)
                status, answer = gateway.send("POST", "/v2/models/shop/infer", raw, headers)
                assert status < 500, (seed, status, answer)
                said[str(status)] += 1
            else:
                code, details = gateway.call("ModelInfer", mutated_message(draw))
                assert code not in DEAD, (seed, code, details)
                said[code] += 1
            if seed % 500 == 0:
                assert answer_of(gateway) == right
        assert answer_of(gateway) == right
        assert family(gateway.process.pid) == before
        shown = ", ".join(f"{code} {number:,}" for code, number in said.most_common())
        return f"{count:,} mutated requests, 0 deaths, no 5xx ({shown})"


def beside(shop: Shop, count: int) -> str:
    """Send every kind of garbage of the tests again and again beside good requests."""
    with served(shop, "beside") as gateway:
        kinds = garbage(gateway)
        for send in kinds:  # once before the memory is measured: what is loaded at first use is no leak
            send()
        memory, sent = _memory(gateway), 0
        with Load(gateway) as load:
            while len(load.answers) < count:
                kinds[sent % len(kinds)]()
                sent += 1
        assert load.failures == [], load.failures[:3]
        assert len(load.given) == 1
        growth = _memory(gateway) - memory
        assert growth < MOST_GROWTH, f"{growth / 2**20:.0f} MB"
        return (
            f"{len(load.answers):,} good requests beside {sent:,} of {len(kinds)} kinds of garbage, 0 failed, memory"
            f" {growth / 2**20:+.1f} MB"
        )


def garbage(gateway: Gateway) -> list[Callable[[], object]]:
    """Return what sends each malformed request of the tests."""

    def broken_message(change: Callable[[object], object]) -> Callable[[], object]:
        found = message()
        change(found)
        raw = found.SerializeToString()
        return lambda: gateway.call("ModelInfer", raw)

    def broken_document(change: Callable[[dict[str, object]], object]) -> Callable[[], object]:
        said = document()
        change(said)
        return lambda: gateway.post(said)

    sends = [broken_message(change) for change, _ in over_grpc.CASES.values()]
    sends += [broken_document(change) for change, _ in over_http.DOCUMENTS.values()]
    sends += [lambda raw=raw: gateway.post(raw) for raw in over_http.BODIES.values()]
    draw = random.Random(1)
    mutants = [mutated_message(draw) for _ in range(30)]
    return sends + [lambda raw=raw: gateway.call("ModelInfer", raw) for raw in mutants]


def _memory(gateway: Gateway) -> int:
    """Return the bytes that a server and its children hold."""
    server = psutil.Process(gateway.process.pid)
    return sum(each.memory_info().rss for each in (server, *server.children(recursive=True)))


RUNS: dict[str, Callable[[Shop, int], str]] = {
    "swaps": swaps, "ends": ends, "fuzz": fuzz, "beside": beside, "versions": versions,
}  # fmt: skip

if __name__ == "__main__":
    main()
