"""A schema that the command line names, for commands that have no spec to report on."""

from __future__ import annotations

from pathlib import Path

from sess.compiler.diagnostics import Reporter
from sess.compiler.failures import Misused
from sess.compiler.schema import Schema
from sess.compiler.schema_reader import read_schema
from sess.compiler.source import Source


def load_schema(path: Path) -> tuple[Schema, bytes]:
    """Return the schema and the file's own bytes; Misused with the first mistake if it can't be used."""
    try:
        content = path.read_bytes()
        text = content.decode()
    except OSError as error:
        raise Misused(f"the schema `{path}` can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Misused(f"the schema `{path}` is not UTF-8") from None
    reporter = Reporter()
    schema = read_schema(Source(str(path), text), reporter)
    if schema is None or reporter.has_errors:
        raise Misused(f"the schema `{path}` has mistakes: {reporter.diagnostics[0].message}")
    return schema, content
