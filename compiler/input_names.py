"""Names of what the model reads or trains with that no column of the data is called."""

from __future__ import annotations


def raw_name(column: str) -> str:
    """Return the name under which the model reads a column as the data has it, beside its prepared values."""
    return f"{column}.raw"


def length_of(group: str) -> str:
    """Return the name of the input that says how many steps of a group a session has: `T(searches)`."""
    return f"T({group})"


def before_of(group: str) -> str:
    """Return the name of the training tensor that says how many steps of a group came before each predicted one."""
    return f"before({group})"
