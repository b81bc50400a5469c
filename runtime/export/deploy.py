"""What takes an artifact beyond one machine: a container file, manifests for clusters, and gRPC's protocol."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import version
from pathlib import Path

from sess.compiler.plans import Program
from sess.runtime.export.templates import render

FILES = ("Containerfile", "deployment.yaml", "kserve.yaml", "kustomization.yaml")
PROTOCOL = "inference.proto"  # for clients in any language
LONGEST_NAME = 63  # letters, of a label of DNS
TAG = "1"  # of the first image of an artifact


def write_deployment(program: Program, folder: Path) -> None:
    """Write the files; they say nothing of the machine, and depend on the spec and on this version alone."""
    folder.mkdir(exist_ok=True)
    serving = program.serving
    name = cluster_name(serving.name)
    values = {
        "name": name, "spec": serving.name, "image": f"{name}:{TAG}", "tag": TAG, "version": version("sess"),
        "backend": serving.backend, "release": serving.platform.rpartition(" ")[2],
        "is_gpu": serving.backend != "python" and serving.device == "gpu",
        "has_index": serving.index.name != "exact",
    }  # fmt: skip
    for file in FILES:
        text = render(f"{file}.jinja", **values)
        (folder / file).write_text(text, encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name(PROTOCOL), folder / PROTOCOL)


def cluster_name(spec: str) -> str:
    """Return a spec's name as a cluster takes it: small letters, digits and inner hyphens, a letter first."""
    plain = re.sub(r"[^a-z0-9]+", "-", spec.lower()).strip("-")
    named = plain if plain[:1].isalpha() else f"sess-{plain}"
    return named[:LONGEST_NAME].rstrip("-")
