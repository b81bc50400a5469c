"""The specs that are given compile on their real data, verify through a real Triton, and answer a query by hand."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sess.runtime.serve.triton import choose_port

SESS = Path(sys.executable).with_name("sess")
SESSIONS = 400
CONTEXT = {"movies": ["rating=4", "age=30", "gender=F", "occupation=writer"]}  # what its model reads beside the item
GIVEN = {"quickstart": "yoochoose100k", "movies": "ml100k", "beauty_sasrec": "beauty"}


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.triton
@pytest.mark.parametrize("name", GIVEN)
def test_a_given_spec_compiles_verifies_and_answers(name: str, shared: Path, tmp_path: Path) -> None:
    spec, item = lay_out(name, shared, tmp_path)
    done = sess("compile", str(spec), "-o", str(tmp_path / "out"), "--epochs", "1")
    assert "trained model, SavedModel and Triton agree" in done.stderr
    with served(tmp_path / "out") as url:
        context = [f"--context={each}" for each in CONTEXT.get(name, [])]
        answer = json.loads(sess("query", url, "--session", str(item), "-k", "5", "--json", *context).stdout)
    best = answer[next(iter(answer))]
    scores = [each["score"] for each in best]
    assert name == "quickstart" or str(item) not in {str(each["id"]) for each in best}  # the others leave out the seen
    assert len(best) == 5 and scores == sorted(scores, reverse=True)


def lay_out(name: str, shared: Path, folder: Path) -> tuple[Path, int]:
    """Return a spec beside a part of its data, laid out as in the shared folder, and a real item."""
    source = shared / "data" / GIVEN[name]
    data, specs = folder / "data" / GIVEN[name], folder / "specs"
    specs.mkdir()
    (folder / "sess.toml").touch()  # the root of the project: the specs reach their data from beside it
    data.mkdir(parents=True)
    for file in source.glob("*.parquet"):
        events = pq.read_table(file)
        if "timestamp" in events.schema.names or "step" in events.schema.names:
            session = events.schema.names[0]
            events = events.filter(pc.is_in(events[session], pc.unique(events[session])[:SESSIONS]))
            item = events["item_id"][0].as_py()
        pq.write_table(events, data / file.name)
    shutil.copy(source / "schema.pbtxt", data)
    home = data if name == "quickstart" else specs  # its files stand beside it
    return Path(shutil.copy(shared / "specs" / f"{name}.sess", home)), item


@contextmanager
def served(artifact: Path) -> Iterator[str]:
    """Serve an artifact by the command; give its address once it is ready."""
    http, grpc = (choose_port(None, "127.0.0.1") for _ in range(2))
    command = [SESS, "serve", str(artifact), "--http-port", str(http), "--grpc-port", str(grpc)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(300):
            assert server.poll() is None, server.communicate()[1]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{http}/v2/health/ready", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(1)
        yield f"http://127.0.0.1:{http}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


def sess(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command; it must end well."""
    done = subprocess.run([SESS, *arguments], capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stdout + done.stderr
    return done
