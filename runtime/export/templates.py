"""The jinja2 templates of what is exported, and the filters by which names reach protobuf text, YAML and JSON."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ESCAPED = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def quoted(text: str) -> str:
    """Return text as a string of protobuf text, whatever is in it."""
    letters = (_ESCAPED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in text.encode())
    plain = "".join(letters)
    return f'"{plain}"'


def render(template: str, **values: object) -> str:
    """Return a template of this folder with its values; a value that is missing is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # none of it is HTML: every name goes through `quoted` or `json`
    )
    environment.filters["quoted"] = quoted
    environment.filters["json"] = partial(json.dumps, ensure_ascii=True)  # which is YAML too
    return environment.get_template(template).render(**values)
