"""The Triton that is installed: the real tritonserver of NVIDIA's wheel, laid out so that its python backend starts."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from sess.compiler.failures import Missing
from sess.compiler.plans import ServingPlan

FOLDERS = {"python": "python", "tensorflow": "tensorflow", "onnx": "onnxruntime"}
INSTALL = "pip install 'sess[serve]'"


def server() -> Path:
    """Return the folder of the wheel's server; Missing if it isn't installed."""
    found = importlib.util.find_spec("pytriton")
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        folder = Path(place) / "tritonserver"
        if (folder / "bin" / "tritonserver").is_file():
            return folder
    raise Missing("serving needs Triton, and `nvidia-pytriton` is not installed", INSTALL)


def has_backend(serving: ServingPlan) -> bool:
    """Whether this Triton has the backend that a platform asks for."""
    return (server() / "backends" / FOLDERS[serving.backend]).is_dir()


def require_backend(serving: ServingPlan) -> None:
    """Raise Missing if this Triton doesn't have the backend that a platform asks for."""
    backend, release = serving.backend, serving.platform.rpartition(" ")[2]
    if not has_backend(serving):
        message = f"`platform` asks for the backend `{backend}`, which the Triton that is installed here doesn't have"
        image = f"nvcr.io/nvidia/tritonserver:{release}-py3"
        raise Missing(message, f"serve `triton/` by the image `{image}`, or set `serve.platform` to `backend=python`")


def lay_out_backends(folder: Path) -> Path:
    """Copy the backends to a folder, with the python stub of this interpreter; return where Triton finds them."""
    source = server()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stub = source / "python_backend_stubs" / version / "triton_python_backend_stub"
    if not stub.is_file():
        raise Missing(f"this Triton has no python backend for Python {version}", "use Python 3.11")
    shutil.copytree(source / "backends", folder / "backends")
    shutil.copy(stub, folder / "backends" / "python" / stub.name)
    return folder / "backends"


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which the server and its stubs run.

    The stub takes the first `python3` of PATH (another numpy there corrupts inputs in silence), and it needs the
    libpython of this interpreter. Nothing is written into the repository: compiled bytecode would change an artifact.
    """
    # Beside the package itself, with underscores, stand the libraries that the wheel brings.
    libraries = [str(server().parents[1] / "nvidia_pytriton.libs"), str(sysconfig.get_config_var("LIBDIR"))]
    return {
        **given,
        "LD_LIBRARY_PATH": os.pathsep.join([*libraries, *filter(None, [given.get("LD_LIBRARY_PATH")])]),
        "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), given.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": sys.prefix,
        # Large catalogues are read by threads of ours; those of BLAS would wait by spinning.
        "OPENBLAS_NUM_THREADS": given.get("OPENBLAS_NUM_THREADS", "1"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": given.get("TF_CPP_MIN_LOG_LEVEL", "2"),
    }
