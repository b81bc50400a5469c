"""A compiled artifact on disk: its manifest, its program, and whether its files are what the manifest says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sess.compiler.block import JsonValue
from sess.compiler.codec import decode
from sess.compiler.failures import Misused, RunFailed
from sess.compiler.plans import Program
from sess.runtime.build.digest import of_files

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
LOGS = "events"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A directory that `sess compile` made."""

    path: Path
    manifest: Mapping[str, Any]  # JSON: its fields are checked where they are read
    program: Program

    @property
    def metrics(self) -> dict[str, JsonValue]:
        """The metrics that were measured when it was built: split, head or baseline, metric."""
        found: dict[str, JsonValue] = json.loads((self.path / "metrics.json").read_text())
        return found


def open_artifact(path: Path) -> Artifact:
    """Return the artifact; Misused if it isn't one, RunFailed if a file differs from its manifest."""
    manifest = read_manifest(path)
    _check_plain(path)
    found = of_files(path, leave_out=(MANIFEST, LOGS))
    said = manifest["files"]
    for name in sorted(said.keys() | found.keys()):
        if name not in found:
            raise RunFailed(f"`{path / name}` is missing: the artifact is not whole", "compile it again")
        if name not in said:
            raise RunFailed(f"`{path / name}` is not in the manifest: it was put there later", "remove it")
        if said[name] != found[name]:
            raise RunFailed(f"`{path / name}` was changed after it was built", "compile it again")
    graph = json.loads((path / "graph.json").read_text())
    return Artifact(path, manifest, decode(Program, graph["program"]))


def _check_plain(path: Path) -> None:
    """Raise RunFailed if there is anything but files and folders: a link would be what it is when it is followed."""
    for each in sorted(path.rglob("*")):
        if each.is_symlink() or not (each.is_file() or each.is_dir()):
            raise RunFailed(f"`{each}` is neither file nor folder", "an artifact holds no links: compile it again")


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest as it stands; Misused where there is none, RunFailed if it can't be read."""
    if not path.is_dir():
        raise Misused(f"there is no artifact at `{path}`", "make one with `sess compile SPEC -o DIR`")
    try:
        manifest = json.loads((path / MANIFEST).read_text())
        version = manifest["format_version"]
    except FileNotFoundError:
        raise Misused(f"`{path}` has no manifest.json, so it is not an artifact of sess") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise RunFailed(f"the manifest of `{path}` can't be read", "compile it again") from None
    if version != FORMAT_VERSION or not isinstance(manifest.get("files"), dict):
        raise Misused(f"`{path}` has format {version}, this sess reads {FORMAT_VERSION}", "compile it again")
    return dict(manifest)
