"""Import what greets its users on stderr, without the greeting; whatever fails still shows."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import warnings
from types import ModuleType


def keep_quiet() -> None:
    """Say by environment and filters that only errors of TensorFlow, gRPC, Merlin and dask are wanted."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # Triton is started beside a running gRPC server
    if not os.environ.get("PYTHONWARNINGS"):
        warnings.filterwarnings("ignore", module=r"(merlin|nvtabular|dask|distributed|keras|tensorflow|google)\b.*")
        warnings.filterwarnings("ignore", message=r".*dtype mappings did not load.*")


def quietly(name: str) -> ModuleType:
    """Import a module while stderr goes to a file; the file is shown if the import fails.

    TensorFlow's own libraries log before its log level is read, so only the file descriptor can silence them.
    """
    if name in sys.modules:
        return sys.modules[name]
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            return importlib.import_module(name)
        except Exception:
            file.seek(0)
            os.write(kept, file.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
