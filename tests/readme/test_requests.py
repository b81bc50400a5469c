"""The README's requests are answered by the model that they ask, compiled and served as it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from tritonclient.grpc import service_pb2 as messages

from sess.compiler.cli.main import run
from sess.compiler.driver import compile_spec
from tests.serving.conftest import built
from tests.serving.gateway.conftest import serve, stop

pytestmark = pytest.mark.triton


@dataclass(frozen=True)
class Served:
    """Where the README's reader stands while the quickstart is served, and the shell scripts with its real ports."""

    folder: Path
    scripts: list[str]


@pytest.fixture(scope="module")
def served(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The quickstart on a little of its data; its weights are drawn, not trained."""
    base = tmp_path_factory.mktemp("readme") / "shop"
    assert run(["synth", str(root / "specs" / "shop.pbtxt"), "-o", str(base), "--rows", "1500"]) == 0
    spec = Path(shutil.copy(root / "specs" / "quickstart.sess", base))
    program = compile_spec(spec).program
    assert program is not None
    schema = (base / "schema.pbtxt").read_text()
    (base / "build").mkdir()
    artifact = built(base, program, "build/quickstart", seed=1, spec=spec.read_text(), schema=schema)
    gateway = serve(artifact, base / "quickstart.sock", "--no-spare", "--drain", "0")
    text = (root / "README.md").read_text().replace(":8000", f":{gateway.http}").replace(":8001", f":{gateway.grpc}")
    yield Served(base, re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    stop(gateway)


def script(served: Served, command: str) -> str:
    """Return the script that begins with a command."""
    (found,) = [each for each in served.scripts if each.startswith(f"{command} ")]
    return found


def answered(served: Served, command: str) -> str:
    """Run a script where the reader stands; return what it prints."""
    words = ["sh", "-ec", script(served, command)]
    return subprocess.run(words, cwd=served.folder, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_is_answered(served: Served) -> None:
    said = answered(served, "curl")
    metadata, end = json.JSONDecoder().raw_decode(said)
    answer = json.loads(said[end:])
    assert [each["name"] for each in metadata["outputs"]] == ["click.ids", "click.scores"]
    assert [(each["name"], each["shape"]) for each in answer["outputs"]] == [
        ("click.ids", [1, 5]), ("click.scores", [1, 5]),
    ]  # fmt: skip


def test_what_grpcurl_sends_is_answered(served: Served) -> None:
    words = shlex.split(script(served, "grpcurl").replace("\\\n", " "))
    *switches, address, method = words[1:]
    given = dict(zip(switches[1::2], switches[2::2], strict=True))
    assert switches[0] == "-plaintext" and (served.folder / given["-proto"]).is_file()
    request = json_format.Parse(given["-d"], messages.ModelInferRequest())
    with grpc.insecure_channel(address) as channel:
        answer: Any = channel.unary_unary(f"/{method}")(request.SerializeToString(), timeout=30)
    outputs = messages.ModelInferResponse.FromString(answer).outputs
    assert [(each.name, list(each.shape)) for each in outputs] == [("click.ids", [1, 5]), ("click.scores", [1, 5])]


@pytest.mark.skipif(shutil.which("grpcurl") is None, reason="grpcurl is not installed")
def test_grpcurl_is_answered(served: Served) -> None:
    assert [each["name"] for each in json.loads(answered(served, "grpcurl"))["outputs"]] == [
        "click.ids",
        "click.scores",
    ]
