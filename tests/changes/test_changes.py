"""`diff`: every change is found, and said to concern whom it does."""

from __future__ import annotations

import json
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sess.compiler.changes import Change, Impact, changes
from sess.compiler.cli.main import run
from sess.compiler.codec import encode
from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.failures import Misused
from sess.compiler.plans import Program
from sess.compiler.references import read_reference
from sess.compiler.server_metadata import code_of

SPEC = """\
spec shop
schema "shop.pbtxt"
columns item = tag(ITEM_ID)
table items = embedding(item, dim=16)
encoder query = features(item) >> gru(units=16)
head click = query >> categorical(item, tied=items)
data { keep = last(20) }
train { objective = next }
serve { top_k = 20 }
"""


def program(text: str, root: Path) -> Program:
    """Return the program of a text."""
    found = check_spec(root / "specs/shop.sess", CheckOptions(text=text)).program
    assert found is not None
    return found


def of(old: str, new: str, root: Path) -> list[tuple[Impact, str]]:
    """Return impacts and rules of what a replacement in the spec changes."""
    assert old in SPEC
    found = changes(program(SPEC, root), program(SPEC.replace(old, new), root))
    return [(each.impact, each.rule) for each in found]


@pytest.mark.parametrize(
    ("old", "new", "worst", "rule"),
    [
        ("spec shop", "spec store", Impact.WIRE, "name-changed"),
        ("head click", "head next_click", Impact.WIRE, "output-removed"),
        ("encoder query = features(item)", "encoder query = features(item + price)", Impact.WIRE, "input-added"),
        ("top_k = 20", "top_k = 10", Impact.WIRE, "top-k-lowered"),
        ("top_k = 20", "accept = [k]", Impact.WIRE, "input-removed"),
        ("top_k = 20", "on_unknown = error", Impact.WIRE, "serve-on-unknown-changed"),
        ("dim=16", "dim=16, init=0.1", Impact.RETRAIN, "table-changed"),
        ("gru(units=16)", "gru(units=16, layers=2)", Impact.RETRAIN, "block-changed"),
        ("tied=items", "tied=items, label_smoothing=0.1", Impact.RETRAIN, "head-changed"),
        ("last(20)", "last(30)", Impact.RETRAIN, "data-keep-changed"),
        ("objective = next", "objective = last", Impact.RETRAIN, "train-objective-changed"),
        ("objective = next", "objective = next seed = 2", Impact.RETRAIN, "train-seed-changed"),
        ("top_k = 20", "exclude = [seen]", Impact.BEHAVIOUR, "serve-exclude-changed"),
        ("top_k = 20", "top_k = 50", Impact.BEHAVIOUR, "top-k-raised"),
        ("top_k = 20", "batch = dynamic(max=8)", Impact.SAFE, "serve-batch-changed"),
    ],
)
def test_the_worst_of_a_change_comes_first(old: str, new: str, worst: Impact, rule: str, root: Path) -> None:
    found = of(old, new, root)
    assert found[0][0] is worst
    assert (worst, rule) in found


def test_layout_and_order_change_nothing(root: Path) -> None:
    lines = SPEC.splitlines()
    assert changes(program(SPEC, root), program("\n\n".join(reversed(lines)), root)) == ()


def test_no_message_says_what_did_not_change(root: Path) -> None:
    found = changes(program(SPEC, root), program(SPEC.replace("gru(units=16)", "lstm(units=16)"), root))
    assert found == (
        Change(Impact.RETRAIN, "block-changed", "query", "the block `query` is another one",
               "gru(units=16, layers=1, dropout=0)", "lstm(units=16, layers=1, dropout=0)", ("query",)),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """Return a git repository whose first commit has a spec that imports another."""
    (tmp_path / "shop.pbtxt").write_text((root / "specs/shop.pbtxt").read_text())
    (tmp_path / "common.sess").write_text('schema "shop.pbtxt"\n')
    (tmp_path / "shop.sess").write_text(SPEC.replace('schema "shop.pbtxt"', 'import "common.sess"'))
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q", "-b", "main"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    return tmp_path


def test_a_commit_is_read_with_what_its_spec_names(folder: Path) -> None:
    spec = folder / "shop.sess"
    spec.write_text(spec.read_text().replace("top_k = 20", "top_k = 10"))
    (folder / "common.sess").unlink()
    (folder / "shop.pbtxt").rename(folder / "other.pbtxt")
    spec.write_text(spec.read_text().replace('import "common.sess"', 'schema "other.pbtxt"'))
    found = changes(read_reference("git:main", spec).program, read_reference(str(spec)).program)
    assert [each.rule for each in found] == ["top-k-lowered"]


def test_an_artifact_is_read_by_its_graph(folder: Path) -> None:
    spec = folder / "shop.sess"
    built = folder / "built"
    built.mkdir()
    (built / "graph.json").write_text(json.dumps({"program": encode(read_reference(str(spec)).program)}))
    assert changes(read_reference(str(built)).program, read_reference(str(spec)).program) == ()


@pytest.mark.parametrize("written", ["git:nowhere", "git:", "git:--output=x", "missing.sess", "."])
def test_what_can_not_be_read_is_a_misuse(written: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(Misused):
        read_reference(written, folder / "shop.sess")


def test_the_command_lists_changes_under_whom_they_concern(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = folder / "other.sess"
    other.write_text(SPEC.replace("top_k = 20", "top_k = 10").replace("units=16", "units=16, layers=2"))
    assert run(["diff", str(folder / "shop.sess"), str(other)]) == 0
    out = capsys.readouterr().out
    assert out.index("WIRE") < out.index("top_k") < out.index("RETRAIN") < out.index("`query`")
    assert "+ gru(units=16, layers=2, dropout=0)" in out


def test_breaking_points_at_the_line_and_exits_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = folder / "shop.sess"
    spec.write_text(spec.read_text().replace("top_k = 20", "top_k = 10"))
    assert run(["breaking", str(spec), "--against", "git:main", "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (finding["code"], finding["name"], finding["severity"]) == ("WIRE", "top-k-lowered", "error")
    assert spec.read_text().splitlines()[finding["range"]["start"]["line"] - 1] == "serve { top_k = 10 }"


def test_breaking_finds_only_what_it_is_asked_for(folder: Path) -> None:
    spec = folder / "shop.sess"
    spec.write_text(spec.read_text().replace("units=16", "units=16, layers=2"))
    assert run(["breaking", str(spec), "--against", "git:main"]) == 1
    assert run(["breaking", str(spec), "--against", "git:main", "--only", "wire"]) == 0


def test_breaking_asks_a_server_for_its_tensors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = folder / "shop.sess"
    serving = read_reference(str(spec)).program.serving
    metadata = {
        "name": "shop",
        "inputs": [{"name": each.name, "datatype": code_of(each.dtype), "shape": [-1]} for each in serving.request],
        "outputs": [
            {"name": each.name, "datatype": code_of(each.dtype), "shape": [-1, -1]} for each in serving.answers[:2]
        ],
    }

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(metadata).encode()
            self.send_response(200 if self.path == "/v2/models/shop" else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert run(["breaking", str(spec), "--against", url]) == 0
        spec.write_text(spec.read_text().replace("features(item)", "features(item + category)"))
        assert run(["breaking", str(spec), "--against", url]) == 1
        assert "a request must have the input `category__values`" in capsys.readouterr().out
        spec.write_text(spec.read_text().replace("spec shop", "spec other"))
        assert run(["breaking", str(spec), "--against", url]) == 2
        server.shutdown()


def test_set_changes_both_sides(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    for name, keep in (("a.sess", "last(20)"), ("b.sess", "last(30)")):
        (tmp_path / name).write_text(SPEC.replace("last(20)", keep))
    specs = [str(tmp_path / "a.sess"), str(tmp_path / "b.sess")]
    assert run(["diff", *specs]) == 0
    assert "30" in capsys.readouterr().out
    assert run(["diff", *specs, "--set", "data.keep=last(40)"]) == 0
    assert capsys.readouterr() == ("", "nothing changed\n")
