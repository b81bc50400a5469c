"""Random specs, each checked, drawn, compiled, verified and asked odd sessions: what breaks where blocks meet.

    python -m tests.benchmarks.combinations SEED COUNT [--triton SHARE] [--shop DIR]

Every spec has a number from SEED on, and is the same whenever it is drawn. Prints a line a spec, what was found with
the whole spec, and the counts of what `check` refused. Ends with 1 if anything was found.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from sess.compiler.backend import CompileOptions, Stage
from sess.compiler.cli.compile import files_of
from sess.compiler.cli.graph import ENDINGS, drawn
from sess.compiler.diagnostics import Reporter, Severity
from sess.compiler.driver import Checked, CheckOptions, check_spec, compile_spec
from sess.compiler.failures import Failure
from sess.compiler.format import format_source
from sess.compiler.registry import registry
from sess.compiler.report.paint import Paint
from sess.compiler.report.program import render
from sess.runtime.backend import Runtime
from tests.benchmarks.drawn_shop import open_shop
from tests.benchmarks.drawn_specs import draw_spec
from tests.benchmarks.odd_sessions import odd_answers

SAID = re.compile(
    r"(prepare|train|evaluate|export|verify|index|epoch|split|domain|table)\b.*"
    r"|`\w+` (differs|has|never|takes) .*|`\w+`: (.* events in|left out) .*"
    r"|WARNING:tensorflow:.* triggered tf.function retracing.*"  # so many models in one process
)


def main(arguments: list[str]) -> int:
    """Try the specs of a range of numbers; return 1 if anything was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--triton", type=float, default=0.1, help="which share a real Triton serves, too")
    parser.add_argument("--shop", type=Path)
    given = parser.parse_args(arguments)
    refused: Counter[str] = Counter()
    tried = found = 0
    with tempfile.TemporaryDirectory(prefix="combinations-") as folder:
        shop = given.shop or Path(folder)
        if not given.shop:
            open_shop(shop)
        for number in range(given.seed, given.seed + given.count):
            started = time.monotonic()
            world, text = draw_spec(number)
            with_triton = Random(number).random() < given.triton
            why, problems = _try(shop / world, number, text, with_triton=with_triton)
            seconds = time.monotonic() - started
            if why:
                refused[why] += 1
                print(f"{number} {world}: refused, {why}", flush=True)
                continue
            tried += 1
            print(f"{number} {world}: {seconds:.1f} s{', by Triton' if with_triton else ''}", flush=True)
            if problems:
                found += 1
                print(f"FOUND {number}\n{text}", *problems, "-" * 80, sep="\n", flush=True)
    print(f"{tried} specs tried, {sum(refused.values())} refused, something found in {found}")
    for why, count in refused.most_common():
        print(f"  {count:4} {why}")
    return int(found > 0)


def _try(base: Path, number: int, text: str, *, with_triton: bool) -> tuple[str, list[str]]:
    """Return why the checker refused a spec ("" if it didn't), and what is wrong with all that follows."""
    spec = base / f"drawn_{number}.sess"
    spec.write_text(text)
    out = Path(tempfile.mkdtemp(prefix=f"drawn-{number}-")) / "out"
    problems: list[str] = []
    try:
        with _heard(problems):
            checked = compile_spec(spec, CheckOptions(epochs=1))
            errors = [each for each in checked.diagnostics if each.code.severity is Severity.ERROR]
            if errors:
                return f"{errors[0].code.number} {errors[0].message}", problems
            _show(checked, spec, problems)
            assert checked.program is not None
            until = Stage.VERIFY if with_triton else Stage.EXPORT
            Runtime().compile(checked.program, files_of(checked), CompileOptions(out, until))
            problems += odd_answers(out, with_triton=with_triton)
    except Failure as failure:
        problems.append(f"failed: {failure.shown}")
    except Exception:  # whatever a spec can break is to be told
        problems.append(traceback.format_exc())
    finally:
        shutil.rmtree(out.parent, ignore_errors=True)
        spec.unlink()
        _forget()
    return "", problems


def _show(checked: Checked, spec: Path, problems: list[str]) -> None:
    """Draw and print a spec in every form; what `fmt` makes of it must be the same program."""
    assert checked.program is not None and checked.graph is not None
    render(checked.graph, checked.program, registry(), Paint(is_on=False))
    for form in sorted(set(ENDINGS.values())):
        drawn(checked, form)
    formatted = format_source(checked.source, Reporter())
    again = check_spec(spec, CheckOptions(epochs=1, text=formatted))
    if again.program != checked.program:
        problems.append("fmt changes the program")


@contextmanager
def _heard(problems: list[str]) -> Iterator[None]:
    """Add every line on stderr that isn't progress to what is wrong."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines = file.read().decode(errors="replace").splitlines()
            problems += [f"said: {line}" for line in lines if line.strip() and not SAID.fullmatch(line)][:20]


def _forget() -> None:
    import keras

    keras.backend.clear_session()
    gc.collect()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
