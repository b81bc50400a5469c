"""Named arrays in one .npz file, as `numpy.load` reads it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays to disk, down to its plates; OSError where it is full.

    `numpy.savez` leaves its file open then, and what Python says when it closes it can't be caught.
    """
    with path.open("wb") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, values in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, values, allow_pickle=False)  # type: ignore[no-untyped-call]
        file.flush()
        os.fsync(file.fileno())
