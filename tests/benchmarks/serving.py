"""Serving beside NVTabular's transform, a one-step TensorFlow ensemble, and the memory's speed, in one sitting.

usage: python -m tests.benchmarks.serving [scan] [ITEMS=10000 ...]

With `scan` only the exact top-k is measured, beside the floor, without any server.

Weights are drawn and every item occurs once: what is measured is time. Each figure of a table comes from rounds that
alternate between the servers, so that a noisy machine is noisy to all of them.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.serving_artifact import SHOWN, STEPS, WIDTH, vectors_of, write_artifact

RIVALS = Path(__file__).parent / "rivals"
HOST = "127.0.0.1"
ROUNDS, REQUESTS, IN_FLIGHT = 6, 60, (1, 8, 32)
DELAY = re.compile(r"max_queue_delay_microseconds: \d+")

QUESTION = (
    ("item_id__values", "INT64", np.arange(STEPS, dtype=np.int64) * 7 + 10**9),
    ("item_id__offsets", "INT32", np.array([0, STEPS], np.int32)),
)

Ask = Callable[[], Any]  # a coroutine of one answer


def main() -> None:
    """Measure each size."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    is_scan = "scan" in sys.argv[1:]
    for items in [int(word) for word in sys.argv[1:] if word.isdecimal()] or [10_000]:
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{items:,} items of {WIDTH} numbers, k={SHOWN}")
            if is_scan:
                vectors = np.random.default_rng(0).normal(size=(items, WIDTH)).astype(np.float32)
                np.save(Path(folder) / "click.npy", vectors)
                scans(Path(folder) / "click.npy", items)
                continue
            artifact = write_artifact(Path(folder), items)
            scans(vectors_of(artifact), items)
            asyncio.run(servers(Path(folder), artifact))


def scans(file: Path, items: int) -> None:
    """Compare our exact top-k with reading the item matrix once, as a product with one vector and as a sum."""
    from sess.runtime.steps.rank import Catalogue, Question

    vectors = np.load(file)
    catalogue = Catalogue.load(file.parent, 3, items, file.name, None)
    state = np.random.default_rng(1).normal(size=(1, WIDTH)).astype(np.float32)
    question = [Question(SHOWN, np.zeros(0, np.int32), None)]
    ways = {
        "exact top-k": lambda: list(catalogue.rank(state, question)),
        "floor: product": lambda: vectors @ state[0],
        "floor: sum": lambda: vectors.sum(),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(max(9, min(200, 20_000_000 // items))):
        for name, run in ways.items():
            started = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - started)
    middle = {name: float(np.median(each)) * 1000 for name, each in taken.items()}
    floor = middle["floor: product"]
    print("  ".join(f"{name} {each:.3f} ms ({each / floor:.2f})" for name, each in middle.items()))


async def servers(base: Path, artifact: Path) -> None:
    """Start all servers and print what each needs at each number of requests in flight."""
    ours = artifact / "triton"
    repositories = {
        "sess": with_delay(ours, base / "sess", 2000),
        "sess, delay 0": with_delay(ours, base / "sess0", 0),
        "(a) NVTabular": nvtabular_rival(artifact, base / "nvtabular_rival"),
        "(b) one step of TensorFlow": one_step_rival(artifact, base / "one_step"),
    }
    with ExitStack() as stack:
        addresses = {name: stack.enter_context(served(folder)) for name, folder in repositories.items()}
        addresses["gateway"] = stack.enter_context(gateway(artifact))
        addresses["behind the gateway"] = addresses["sess"] if delay_of(ours) == 2000 else addresses["sess, delay 0"]
        await compare(addresses)


async def compare(addresses: Mapping[str, str]) -> None:
    """Ask all servers in turn, round by round."""
    import grpc

    channels = {name: grpc.aio.insecure_channel(address) for name, address in addresses.items()}
    asks = {name: asker(channel) for name, channel in channels.items()}
    first = {name: await ask() for name, ask in asks.items()}
    assert all(first.values())
    for flight in IN_FLIGHT:
        taken: dict[str, list[float]] = {name: [] for name in asks}
        rates: dict[str, list[float]] = {name: [] for name in asks}
        for _ in range(ROUNDS):
            for name, ask in asks.items():
                started = time.perf_counter()
                times = await asyncio.gather(*(worker(ask, REQUESTS // flight + 2) for _ in range(flight)))
                rates[name].append(sum(map(len, times)) / (time.perf_counter() - started))
                taken[name] += [each for part in times for each in part]
        best = float(np.median(taken["sess, delay 0"]))
        print(f"{flight} in flight")
        for name, each in taken.items():
            middle, high = np.percentile(np.array(each) * 1000, [50, 99])
            rate, ratio = np.median(rates[name]), float(np.median(each)) / best
            print(f"  {name:28} p50 {middle:7.2f} ms  p99 {high:7.2f} ms  {rate:6.0f}/s  {ratio:5.2f}")
    for channel in channels.values():
        await channel.close()


async def worker(ask: Ask, count: int) -> list[float]:
    """Ask again and again; return the seconds of each answer."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - started)
    return taken


def asker(channel: Any) -> Ask:
    """Return what sends one session over gRPC, bytes in and bytes out: the client costs next to nothing."""
    from tritonclient.grpc import service_pb2 as messages

    from sess.runtime.serve.gateway.rpc import SERVICE

    message = messages.ModelInferRequest(model_name="bench")
    for name, kind, values in QUESTION:
        message.inputs.add(name=name, datatype=kind, shape=values.shape)
        message.raw_input_contents.append(values.tobytes())
    raw = message.SerializeToString()
    call = channel.unary_unary(f"/{SERVICE}/ModelInfer")
    return lambda: call(raw)


def with_delay(repository: Path, folder: Path, delay: int) -> Path:
    """Return a copy of a repository that waits so many microseconds for company."""
    shutil.copytree(repository, folder)
    config = folder / "bench__model" / "config.pbtxt"
    config.write_text(DELAY.sub(f"max_queue_delay_microseconds: {delay}", config.read_text()))
    return folder


def delay_of(repository: Path) -> int:
    """Return how many microseconds a repository waits."""
    found = DELAY.search((repository / "bench__model" / "config.pbtxt").read_text())
    assert found is not None
    return int(found[0].rpartition(" ")[2])


def nvtabular_rival(artifact: Path, folder: Path) -> Path:
    """Return our repository with NVTabular in its prepare step."""
    with_delay(artifact / "triton", folder, 0)
    step = folder / "bench__prepare" / "1"
    shutil.copytree(artifact / "nvtabular", step / "nvtabular")
    shutil.copy(RIVALS / "nvtabular_prepare.py", step / "model.py")
    return folder


def one_step_rival(artifact: Path, folder: Path) -> Path:
    """Return an ensemble of one step that calls the SavedModel."""
    step = folder / "bench__one"
    shutil.copytree(artifact / "triton" / "bench__prepare" / "1", step / "1")
    shutil.copytree(artifact / "model", step / "1" / "model")
    shutil.copy(RIVALS / "one_step.py", step / "1" / "model.py")
    names = ("item_id__values", "TYPE_INT64"), ("item_id__offsets", "TYPE_INT32")
    inputs = ", ".join(f'{{ name: "{name}" data_type: {kind} dims: [-1] }}' for name, kind in names)
    found = ("click.ids", "TYPE_INT64"), ("click.scores", "TYPE_FP32")
    outputs = ", ".join(f'{{ name: "{name}" data_type: {kind} dims: [-1, -1] }}' for name, kind in found)
    signature = f"max_batch_size: 0\ninput [ {inputs} ]\noutput [ {outputs} ]\n"
    (step / "config.pbtxt").write_text(
        f'name: "bench__one"\nbackend: "python"\n{signature}instance_group [ {{ kind: KIND_CPU count: 1 }} ]\n'
    )
    maps = " ".join(f'input_map {{ key: "{name}" value: "{name}" }}' for name, _ in names)
    maps += " ".join(f'output_map {{ key: "{name}" value: "{name}" }}' for name, _ in found)
    (folder / "bench" / "1").mkdir(parents=True)
    (folder / "bench" / "1" / "ensemble").touch()
    (folder / "bench" / "config.pbtxt").write_text(
        f'name: "bench"\nplatform: "ensemble"\n{signature}'
        f'ensemble_scheduling {{ step [ {{ model_name: "bench__one" model_version: -1 {maps} }} ] }}\n'
    )
    return folder


@contextmanager
def served(repository: Path) -> Iterator[str]:
    """Run a Triton and give its address."""
    from sess.runtime.serve.triton import Ports, Triton, choose_port

    with Triton(repository, HOST, Ports(choose_port(None, HOST), choose_port(None, HOST)), relays=False) as triton:
        triton.wait_until_loaded()
        yield triton.grpc


@contextmanager
def gateway(artifact: Path) -> Iterator[str]:
    """Run `sess serve` and give its address."""
    sess = Path(sys.executable).with_name("sess")
    command = [str(sess), "serve", str(artifact), "--http-port", "0", "--grpc-port", "0", "--no-spare"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = next(line for line in process.stdout if line.startswith("grpc"))
            yield address.split("grpc://")[1].split("/")[0]
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
