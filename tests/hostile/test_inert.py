"""A check only reads: Python's audit hook sees every file, process, socket and code object that it asks for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = """
spec inert "import os; os.system('touch canary')"
schema "schema.pbtxt"
import "common.sess"
head click = popular(item_id)
data { train = "https://example.invalid/x.parquet", catalogue = "workflow.pkl" }
"""
WATCH = """
import json, sys
events = []
HEARD = ("open", "exec", "compile", "import", "marshal.loads", "subprocess.", "os.", "socket.", "pickle.find_class",
         "ctypes.", "shutil.", "tempfile.", "urllib.")
def hear(event, arguments):
    if event.startswith(HEARD):
        if event not in ("exec", "marshal.loads", "import", "os.listdir", "os.scandir"):
            place = 1 if event == "compile" else 0  # compile has the source first, then the file's name
            events.append((event, str(arguments[place]) if arguments else ""))
        if event == "open" and arguments[1] is not None and set(str(arguments[1])) & set("wax+"):
            events.append(("write", str(arguments[0])))
sys.addaudithook(hear)
from sess.compiler.cli.main import run
code = run(sys.argv[1:])
print(json.dumps({"code": code, "events": events, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """Return the folder of a spec, and what its check did."""
    folder = tmp_path_factory.mktemp("inert")
    shutil.copy(ROOT / "specs" / "shop.pbtxt", folder / "schema.pbtxt")
    (folder / "sess.toml").write_text("")
    (folder / "spec.sess").write_text(SPEC)
    (folder / "common.sess").write_text("param unused = 1\n")
    command = [sys.executable, "-B", "-c", WATCH, "check", "spec.sess"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return folder, json.loads(done.stdout.splitlines()[-1])


def _arguments(heard: dict[str, object], *events: str) -> list[str]:
    found = heard["events"]
    assert isinstance(found, list)
    return [argument for event, argument in found if event.startswith(events)]


def test_a_check_opens_only_the_project_and_the_interpreters_own(heard: tuple[Path, dict[str, object]]) -> None:
    folder, found = heard
    own = [ROOT, *(Path(path).resolve() for path in {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix})]
    opened = [(folder / path).resolve() for path in _arguments(found, "open")]
    assert {path.name for path in opened if path.is_relative_to(folder)} == {"spec.sess", "schema.pbtxt", "common.sess"}
    strange = [path for path in opened if not any(path.is_relative_to(home) for home in (folder, *own))]
    assert [path for path in strange if not str(path).startswith(("/dev/null", "/proc/", "/usr/lib/locale"))] == []


def test_a_check_writes_nothing(heard: tuple[Path, dict[str, object]]) -> None:
    folder, found = heard
    assert _arguments(found, "write", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "shutil.", "tempfile.") == []
    assert {path.name for path in folder.iterdir()} == {"sess.toml", "spec.sess", "schema.pbtxt", "common.sess"}


def test_a_check_starts_no_process_and_opens_no_socket(heard: tuple[Path, dict[str, object]]) -> None:
    _, found = heard
    starts = (
        "subprocess.",
        "os.system",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.spawn",
        "socket.",
        "ctypes.dlopen",
    )
    assert _arguments(found, *starts) == []


def test_a_check_unpickles_nothing_and_compiles_no_text_of_the_spec(heard: tuple[Path, dict[str, object]]) -> None:
    folder, found = heard
    assert _arguments(found, "pickle.find_class") == []
    compiled = _arguments(found, "compile")
    assert [name for name in compiled if str(folder) in name or "spec.sess" in name] == []


def test_a_check_imports_nothing_heavy(heard: tuple[Path, dict[str, object]]) -> None:
    _, found = heard
    modules = found["modules"]
    assert isinstance(modules, list)
    assert not {"tensorflow", "keras", "numpy", "pandas", "nvtabular", "socket", "subprocess", "ssl"} & set(modules)
