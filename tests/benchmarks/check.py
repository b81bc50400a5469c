"""What a cold check costs beside an import of networkx, and what each of 500 specs costs in one run.

Run it by `python tests/benchmarks/check.py [PAIRS]`; the lines it prints belong into RESULTS.md. Bytecode is compiled
first, as an installed package has it. Pairs alternate, so that a busy machine is as busy for one as for the other.
"""

from __future__ import annotations

import compileall
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPECS = 500
CHECK = [sys.executable, "-m", "sess.compiler.cli.main", "check"]
IMPORT = [sys.executable, "-c", "import networkx"]


def main() -> None:
    """Print both."""
    for folder in ("compiler", "grammar"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    spec = str(ROOT / "specs" / "xlnet_masked.sess")
    taken = [(*_run([*CHECK, spec]), *_run(IMPORT)) for _ in range(pairs)]
    wall = statistics.median(check / other for check, _, other, _ in taken)
    cpu = statistics.median(check / other for _, check, _, other in taken)
    check, other = (min(each[i] for each in taken) for i in (1, 3))
    print(f"cold check beside `import networkx`, median of {pairs} pairs: wall {wall:.2f}, CPU {cpu:.2f} times as long")
    print(f"  least CPU: check {check * 1e3:.0f} ms, import {other * 1e3:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "schema.pbtxt").write_text((ROOT / "specs" / "shop.pbtxt").read_text(encoding="utf-8"))
        text = Path(spec).read_text(encoding="utf-8")
        names = [str(base / f"s{i}.sess") for i in range(SPECS)]
        for i, name in enumerate(names):
            Path(name).write_text(text.replace("dim = 64", f"dim = {64 + 8 * (i % 7)}"), encoding="utf-8")
        seconds, used = _run([*CHECK, *names])
    print(f"{SPECS} specs in one run: {seconds / SPECS * 1e3:.1f} ms each, {used / SPECS * 1e3:.1f} ms of CPU")


def _run(command: list[str]) -> tuple[float, float]:
    """Return the wall and CPU seconds of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), done.stderr
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
