"""The wheel and the source distribution build, hold what they must, and work on their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from email.parser import Parser
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LEFT_OUT = {".venv", ".git", "build", "dist"}
DATA = (".lark", ".toml", ".jinja", ".proto", ".html", ".css", ".js")


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from a copy of the tree, offline; return the folder they are in."""
    folder = tmp_path_factory.mktemp("dist")
    tree = shutil.copytree(root, folder / "tree", ignore=_left_out(root), symlinks=True)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "out"), str(tree)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def test_the_wheel_holds_every_module_and_every_data_file(built: Path, root: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == _expected(root)


def test_the_wheel_declares_its_extras_and_entry_points(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        metadata = Parser().parsestr(_text(wheel, "METADATA"))
        points = _text(wheel, "entry_points.txt")
        licences = [name for name in wheel.namelist() if name.endswith("LICENSE")]
    assert set(metadata.get_all("Provides-Extra", [])) == {"train", "serve", "lsp", "gpu", "test", "dev"}
    assert "sess = sess.compiler.cli.main:main" in points
    assert "[sess.backends]" in points
    assert licences


def test_the_source_distribution_holds_what_a_packager_needs(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.py", "Makefile", "LICENSE", "README.md", "requirements.lock", "grammar/sess.lark"} <= held
    assert {"specs/quickstart.sess", "specs/shop.pbtxt", "tests/conftest.py", "compiler/package/__init__.py"} <= held
    assert not {name for name in held if "__pycache__" in name}


def test_the_wheel_works_beside_its_light_dependencies_alone(built: Path, root: Path, tmp_path: Path) -> None:
    """Install offline: the wheel by pip, its declared dependencies as links to the ones that are here."""
    python = _environment(tmp_path / "clean")
    _run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(next(built.glob("*.whl"))))
    site = next((tmp_path / "clean" / "lib").glob("python*/site-packages"))
    for package in _closure():
        _link(package, site)
    _check_works(python, root, tmp_path)


@pytest.mark.registry
def test_a_plain_install_brings_no_tensorflow_and_checks(built: Path, root: Path, tmp_path: Path) -> None:
    python = _environment(tmp_path / "clean")
    _run(python, "-m", "pip", "install", "--quiet", str(next(built.glob("*.whl"))))
    listed = _run(python, "-m", "pip", "list", "--format=freeze").casefold()
    assert not [name for name in ("tensorflow", "keras", "numpy", "pandas", "nvtabular") if f"{name}==" in listed]
    _check_works(python, root, tmp_path)


def _left_out(root: Path) -> Callable[[str, list[str]], set[str]]:
    """Leave out what commands write: `build` at the top is that, `runtime/build` is code."""

    def names(folder: str, found: list[str]) -> set[str]:
        top = LEFT_OUT if Path(folder) == root else set()
        return {
            name for name in found if name in top or name == "__pycache__" or name.endswith((".egg-info", "_cache"))
        }

    return names


def _expected(root: Path) -> set[str]:
    """Return the installed names of all that the three folders hold; what editors install is no part of the wheel."""
    held = {"sess/__init__.py", "sess/py.typed"}
    held |= {f"sess/testing/{path.name}" for path in (root / "compiler" / "package" / "testing").glob("*.py")}
    for top in ("compiler", "grammar", "runtime"):
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            is_left_out = "__pycache__" in name or name.startswith(("compiler/package/", "grammar/editor/"))
            if (path.suffix in (".py", *DATA) or "dashboards/" in name) and not is_left_out:
                held.add(f"sess/{name}")
    return held | {f"sess/compiler/explain/{path.name}" for path in (root / "compiler" / "explain").glob("*.md")}


def _environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def _check_works(python: Path, root: Path, folder: Path) -> None:
    shutil.copy(root / "specs" / "shop.pbtxt", folder / "schema.pbtxt")
    spec = shutil.copy(root / "specs" / "quickstart.sess", folder)
    sess = python.with_name("sess")
    _run(sess, "check", str(spec))
    _run(sess, "graph", str(spec), "-o", str(folder / "graph.svg"))
    assert (folder / "graph.svg").read_text().startswith("<svg")
    broken = Path(spec).with_name("broken.sess")
    broken.write_text(Path(spec).read_text().replace("tag(ITEM_ID)", "tag(NOBODY)"))
    done = subprocess.run([sess, "check", str(broken)], capture_output=True, text=True, env=_clean(), cwd=folder)
    assert (done.returncode, "error[S420]" in done.stdout) == (1, True), done.stdout + done.stderr


def _closure() -> list[Distribution]:
    """Return what `sess` needs without extras, and what that needs."""
    found: dict[str, Distribution] = {}
    asked = [Requirement(line) for line in distribution("sess").requires or []]
    while asked:
        each = asked.pop()
        if each.name in found or (each.marker and not each.marker.evaluate({"extra": ""})):
            continue
        found[each.name] = distribution(each.name)
        asked += [Requirement(line) for line in found[each.name].requires or []]
    return [found[name] for name in sorted(found)]


def _link(package: Distribution, site: Path) -> None:
    """Show a package of this environment in another one; several packages share `google`, so its insides are linked."""
    for top in {file.parts[: 2 if file.parts[0] == "google" else 1] for file in package.files or []}:
        target = site.joinpath(*top)
        if top[0] not in ("..", "__pycache__") and not target.exists():
            target.parent.mkdir(exist_ok=True)
            target.symlink_to(Path(str(package.locate_file(""))).joinpath(*top))


def _text(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(next(each for each in wheel.namelist() if each.endswith(f".dist-info/{name}"))).decode()


def _run(program: Path, *arguments: str) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env=_clean())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHON", "PYTEST"))}
