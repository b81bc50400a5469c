"""Names that TensorFlow and Keras take: a column may be called anything, a layer or a tensor may not."""

from __future__ import annotations

import re


def scope_name(name: str) -> str:
    """Return a name with a dot for each letter that a scope can't have, or not as its first; two names may give one."""
    return re.sub(r"^[_-]|[^A-Za-z0-9_.-]", ".", name)
