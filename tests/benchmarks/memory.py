"""Peak memory of the stages of a build by the rows of its data, each in a process of its own.

usage: python tests/benchmarks/memory.py [ROWS=200000] [TIMES=10] [SPEC=specs/quickstart.sess]
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPECS = Path(__file__).resolve().parents[2] / "specs"
STAGES = ("prepare", "train", "evaluate")


def main() -> None:
    """Print the peaks of both sizes, stage by stage, and their ratios."""
    if sys.argv[1:2] == ["stage"]:
        run_stage(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    times = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    spec = Path(sys.argv[3]) if len(sys.argv) > 3 else SPECS / "quickstart.sess"
    with tempfile.TemporaryDirectory() as folder:
        few, many = (measured(spec, size, Path(folder) / str(size)) for size in (rows, rows * times))
    print(f"peak resident memory in MiB at {rows:,} and {rows * times:,} rows of {spec.stem}:")
    for stage in STAGES:
        (less, fast), (more, slow) = few[stage], many[stage]
        print(f"  {stage}: {less:.0f}, {more:.0f}, ratio {more / less:.2f}; {slow / fast:.1f} times as long")


def measured(spec: Path, rows: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Return peak (MiB) and seconds by stage on synthetic data of so many rows."""
    data = folder / "data"
    synth = ("-m", "sess.compiler.cli.main", "synth", str(SPECS / "shop.pbtxt"), "-o", str(data), "--rows", str(rows))
    subprocess.run([sys.executable, *synth], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.copy(spec, data)
    found: dict[str, tuple[float, float]] = {}
    for stage in STAGES:
        command = [sys.executable, __file__, "stage", str(data / spec.name), str(folder), stage]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        peak, seconds = map(float, done.stdout.split()[-2:])
        found[stage] = (peak, seconds)
    return found


def run_stage(spec: Path, out: Path, stage: str) -> None:
    """Run one stage of one epoch; print its peak in MiB, the imports with it, and its seconds without them."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from sess.compiler.driver import CheckOptions, compile_spec
    from sess.runtime.evaluate.run import evaluate
    from sess.runtime.prepare.prepared import Prepared
    from sess.runtime.prepare.run import prepare
    from sess.runtime.progress import Silent
    from sess.runtime.train.run import train

    program = compile_spec(spec, CheckOptions(epochs=1)).program
    assert program is not None
    started = time.perf_counter()
    if stage == "prepare":
        prepare(program.workflow, spec.parent, out / "prepare", Silent())
    elif stage == "train":
        train(program, Prepared.load(out / "prepare"), out / "train", Silent())
    else:
        evaluate(program, Prepared.load(out / "prepare"), out / "train" / "weights.npz", Silent())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.perf_counter() - started)


if __name__ == "__main__":
    main()
