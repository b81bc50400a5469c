"""Digests: of files and of plans; and the versions of what else results depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sess.compiler.codec import dumps

CHUNK = 1 << 20
# The packages on which the results of each stage depend, beside those of the stages before it.
PREPARING = ("sess", "nvtabular", "merlin-core", "numpy", "pandas", "pyarrow")
TRAINING = ("tensorflow", "keras")
EXPORTING = ("onnx", "onnxruntime", "tf2onnx", "usearch")
SERVING = ("nvidia-pytriton", "tritonclient")


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def of_value(*values: object) -> str:
    """Return the SHA-256 of plain data or plans, through their canonical JSON."""
    return hashlib.sha256(dumps(values).encode()).hexdigest()


def of_files(root: Path, *, leave_out: Iterable[str] = ()) -> dict[str, str]:
    """Return the digest of every file below a folder by its relative path; `leave_out` are names at the top."""
    skipped = set(leave_out)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    names = ((path, path.relative_to(root)) for path in files)
    return {name.as_posix(): of_file(path) for path, name in names if name.parts[0] not in skipped}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of packages; those not installed are left out."""
    found: dict[str, str] = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
