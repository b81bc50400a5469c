"""The extension for VS Code: it names what is there, and its grammar knows the words of the language."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sess.compiler.chunks import DEFINING, KEYWORDS, SECTIONS
from sess.compiler.cli.main import COMMANDS

EDITOR = Path(__file__).parents[2] / "grammar" / "editor"
GRAMMAR = EDITOR / "syntaxes" / "sess.tmLanguage.json"
LOCAL = EDITOR / "node_modules" / ".bin" / "vscode-tmgrammar-test"


@pytest.fixture(scope="module")
def tester(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return vscode-tmgrammar-test: of the folder's own node_modules, else installed beside."""
    if LOCAL.exists():
        return LOCAL
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm")
    wanted = json.loads((EDITOR / "package.json").read_text())["devDependencies"]["vscode-tmgrammar-test"]
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", folder, f"vscode-tmgrammar-test@{wanted}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("npm reaches no package registry within two minutes")
    if done.returncode:
        pytest.skip(f"npm reaches no package registry: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "node_modules" / ".bin" / "vscode-tmgrammar-test"


@pytest.mark.registry
def test_the_grammar_gives_every_word_its_scope(tester: Path) -> None:
    marks = sorted((EDITOR / "syntaxes").glob("*.test.sess"))
    assert marks
    done = subprocess.run([tester, "--grammar", GRAMMAR, *marks], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_keyword_of_the_language_is_in_the_grammar() -> None:
    rules = json.loads(GRAMMAR.read_text())["repository"]
    named = re.search(r"\(([a-z|]+)\)", rules["named"]["match"])
    sections = re.search(r"\(([a-z|]+)\)", rules["section"]["begin"])
    files = re.search(r"\(([a-z|]+)\)", rules["file"]["match"])
    assert named and sections and files
    assert set(named[1].split("|")) == {*DEFINING, "spec"}
    assert set(sections[1].split("|")) == set(SECTIONS)
    assert {*named[1].split("|"), *sections[1].split("|"), *files[1].split("|")} == set(KEYWORDS)


def test_what_the_manifest_names_is_there() -> None:
    manifest = json.loads((EDITOR / "package.json").read_text())
    contributes = manifest["contributes"]
    named = [manifest["main"], contributes["languages"][0]["configuration"], contributes["grammars"][0]["path"]]
    assert [path for path in named if not (EDITOR / path).is_file()] == []
    program, command = contributes["configuration"]["properties"]["sess.command"]["default"]
    assert program == "sess" and command in COMMANDS
    json.loads((EDITOR / "language-configuration.json").read_text())


def test_the_client_is_a_script_that_node_can_read() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run([node, "--check", EDITOR / "client.js"], capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stderr
