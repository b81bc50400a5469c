"""The README says the truth: its specs, its error, its picture and its files are the real ones."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sess.compiler.cli.main import COMMANDS
from sess.compiler.draw import svg
from sess.compiler.draw.sketch import sketch
from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.registry import registry
from sess.compiler.report import text
from sess.compiler.report.paint import Paint


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """Return the README."""
    return (root / "README.md").read_text()


def blocks(readme: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)


def test_its_specs_are_the_files_of_specs(readme: str, root: Path) -> None:
    files = {path.read_text() for path in (root / "specs").glob("*.sess")}
    shown = blocks(readme, "sess")
    assert shown and set(shown) <= files


@pytest.mark.parametrize("name", ["quickstart", "xlnet_masked"])
def test_its_specs_check(root: Path, name: str) -> None:
    checked = check_spec(root / "specs" / f"{name}.sess", CheckOptions(schema=root / "specs" / "shop.pbtxt"))
    assert checked.diagnostics == ()
    assert checked.program is not None


def test_its_block_is_the_file(readme: str, root: Path) -> None:
    assert blocks(readme, "python") == [(root / "compiler/blocks/encoders/gru.py").read_text()]


def test_its_error_is_what_the_mistake_gives(readme: str, root: Path, tmp_path: Path) -> None:
    good = (root / "specs" / "xlnet_masked.sess").read_text()
    (tmp_path / "schema.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    path = tmp_path / "broken.sess"
    path.write_text(good.replace("broadcast(features(context), to=clicks)", "features(context)"))
    said = text.render(check_spec(path).diagnostics, Paint(is_on=False)).replace(str(path), "broken.sess")
    assert said.strip() in readme


def test_its_picture_is_what_graph_draws(root: Path) -> None:
    checked = check_spec(root / "specs" / "xlnet_masked.sess", CheckOptions(schema=root / "specs" / "shop.pbtxt"))
    assert checked.graph is not None
    assert svg.draw(sketch(checked.graph, registry())) == (root / "specs" / "xlnet_masked.svg").read_text()


def test_its_commands_exist(readme: str, root: Path) -> None:
    lines = [line.split("#")[0] for block in blocks(readme, "console") for line in block.splitlines()]
    words = [shlex.split(line) for line in lines if line.strip()]
    assert {line[1] for line in words if line[0] == "sess"} <= set(COMMANDS)
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    assert {line[1] for line in words if line[0] == "make"} <= targets


def test_its_triton_configuration_is_one_that_triton_reads(readme: str, root: Path) -> None:
    model_config = pytest.importorskip("tritonclient.grpc.model_config_pb2")
    from google.protobuf import text_format

    (config,) = blocks(readme, "protobuf")
    read = text_format.Parse(config, model_config.ModelConfig())
    checked = check_spec(root / "specs" / "xlnet_masked.sess", CheckOptions(schema=root / "specs" / "shop.pbtxt"))
    assert checked.program is not None
    assert read.platform == "ensemble"
    assert [tensor.name for tensor in read.input] == [tensor.name for tensor in checked.program.serving.request]


def test_every_link_leads_somewhere(readme: str, root: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    assert [link for link in links if "://" not in link and not (root / link).exists()] == []
