"""Run the command of a page or case as the command line would, and return its findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sess.compiler.data_findings import data_findings
from sess.compiler.diagnostics import Diagnostic, Reporter
from sess.compiler.driver import CheckOptions, check_spec, compile_spec
from sess.compiler.format import format_source
from sess.compiler.source import Source
from sess.compiler.unformatted import unformatted
from sess.runtime.backend import Runtime

Run = Callable[[Path, Sequence[str]], tuple[Diagnostic, ...]]


@pytest.fixture(scope="session")
def findings() -> Run:
    """Return a function of a spec and a command such as `sess check spec.sess --set train.epochs=3`."""
    return _findings


def _findings(spec: Path, command: Sequence[str]) -> tuple[Diagnostic, ...]:
    program, name, _, *switches = command
    assert program == "sess" and name in ("check", "compile", "fmt")
    if name == "fmt":
        assert switches == ["--check"]
        source = Source(str(spec), spec.read_text(encoding="utf-8"))
        fresh = format_source(source, Reporter())
        return () if fresh is None or fresh == source.text else (unformatted(source, fresh),)
    is_reading = "--data" in switches
    switches = [each for each in switches if each != "--data"]
    pairs = list(zip(switches[::2], switches[1::2], strict=True))
    assert all(switch == "--set" for switch, _ in pairs)
    options = CheckOptions(overrides=dict(value.split("=", 1) for _, value in pairs))
    checked = (compile_spec if name == "compile" else check_spec)(spec, options)
    if not is_reading:
        return checked.diagnostics
    assert checked.program is not None
    faults = Runtime().inspect(checked.program.workflow, checked.base)
    return (*checked.diagnostics, *data_findings(checked, faults, options.overrides))
