"""What a check of each hostile spec costs beside `import networkx`: CPU seconds, ratio, megabytes.

Run it by `python tests/benchmarks/hostile.py`; its last line belongs into RESULTS.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "strategies"))

from bombs import SPECS
from bounded import lay, run, watch


def main() -> None:
    """Print a line for each, and the worst."""
    worst = ("", 0.0, 0.0)
    for name, bomb in SPECS.items():
        with tempfile.TemporaryDirectory() as folder:
            lay(bomb, Path(folder))
            _, _, unit, _ = watch([sys.executable, "-c", "import networkx"], Path(folder))
            code, _, seconds, megabytes = run(Path(folder), "check", "spec.sess")
        print(f"{name:45} exit {code}  {seconds:5.2f} s  {seconds / unit:5.1f}  {megabytes:4.0f} MB")
        worst = max(worst, (name, seconds / unit, megabytes), key=lambda each: each[1])
    print(
        f"{len(SPECS)} specs; the dearest check: {worst[0]}, {worst[1]:.1f} times `import networkx`, {worst[2]:.0f} MB"
    )


if __name__ == "__main__":
    main()
