"""A training epoch of our SASRec beside a plain TensorFlow one, on the same events, in one sitting.

usage: python tests/benchmarks/train_epoch.py [EPOCHS=3]
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared"
PLAIN = SHARED / "bench" / "plain_sasrec.py"
DATA = SHARED / "data" / "beauty"

KEEP, BATCH = 50, 128
SPEC = f"""
spec train_epoch

schema "schema.pbtxt"

columns item = tag(ITEM_ID)
table   items = embedding(item, dim=64)
encoder query = features(item) >> dropout(0.2) >> sasrec(layers=2, heads=2, dropout=0.2)
head    click = query >> categorical(item, tied=items)

data {{
  train = "train.parquet"
  rows  = events(session=user_id, time=step)
  keep  = last({KEEP})
}}
train {{
  objective = next
  batch     = {BATCH}
  epochs    = 1000
}}
"""


def main() -> None:
    """Run both and print their lines and the ratio of their best epochs."""
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    if not PLAIN.is_file() or not (DATA / "events.parquet").is_file():
        print("skipped: the yardstick and its data are not beside this checkout")
        return
    plain = plain_seconds(epochs)
    ours = our_seconds(epochs)
    print(f"plain: {' '.join(f'{s:.1f}' for s in plain)} s an epoch")
    print(f"sess:  {' '.join(f'{s:.1f}' for s in ours)} s an epoch")
    print(f"ratio of the best epochs: {min(ours) / min(plain):.2f}")


def plain_seconds(epochs: int) -> list[float]:
    """Run the yardstick in a process of its own."""
    command = [sys.executable, str(PLAIN), str(DATA / "events.parquet"), str(epochs), str(KEEP), str(BATCH), "packed"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(text.rstrip())
    return [float(found) for found in re.findall(r" ([0-9.]+)s (?:[0-9]|total)", text)]


def our_seconds(epochs: int) -> list[float]:
    """Prepare and train the equal model: the yardstick trains on all but every user's last step, so do we."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from sess.compiler.driver import CheckOptions, compile_spec
    from sess.runtime.prepare.run import prepare
    from sess.runtime.train.run import train

    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        shutil.copy(DATA / "schema.pbtxt", base)
        write_all_but_last(base / "train.parquet")
        (base / "train_epoch.sess").write_text(SPEC)
        checked = compile_spec(base / "train_epoch.sess", CheckOptions(epochs=epochs))
        program = checked.program
        assert program is not None, checked.diagnostics
        clock = Stopwatch()
        prepared = prepare(program.workflow, base, base / "prepared", clock)
        train(program, prepared, base / "trained", clock)
    return [seconds for label, seconds in clock.tasks if label.startswith("epoch")]


def write_all_but_last(path: Path) -> None:
    """Write the events without the last step of every user."""
    import pyarrow.parquet as pq

    table = pq.read_table(DATA / "events.parquet")
    events = table.to_pandas().sort_values(["user_id", "step"], kind="stable")
    kept = events[events.duplicated("user_id", keep="last")]
    pq.write_table(table.schema.empty_table().from_pandas(kept, schema=table.schema, preserve_index=False), path)


class Stopwatch:
    """Progress that prints lines and keeps the seconds of every task."""

    def __init__(self) -> None:
        self.tasks: list[tuple[str, float]] = []

    def say(self, text: str) -> None:
        """Print one line."""
        print(text)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Note]:
        """Time a task and print its last note."""
        note = Note()
        started = time.perf_counter()
        yield note
        seconds = time.perf_counter() - started
        self.tasks.append((label, seconds))
        print(f"{label}: {total} in {seconds:.1f} s, {note.text}")


class Note:
    """The last note of a task."""

    text = ""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Keep the note."""
        self.text = note or self.text


if __name__ == "__main__":
    main()
