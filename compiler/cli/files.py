"""Files that commands write in place: whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sess.compiler.failures import Misused


def replace_text(path: Path, text: str) -> None:
    """Put a text in the place of a file's, its mode kept, links followed; Misused if that can't be done."""
    target = path.resolve()
    fresh = ""
    try:
        handle, fresh = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
        shutil.copymode(target, fresh)
        Path(fresh).replace(target)
    except OSError as error:
        if fresh:
            Path(fresh).unlink(missing_ok=True)
        raise Misused(f"`{path}` can't be written: {(error.strerror or str(error)).lower()}") from None
