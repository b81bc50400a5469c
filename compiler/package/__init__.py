"""sess: a compiler for session-based recommenders; what Python users call, each part imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sess.compiler.block import JsonValue
    from sess.compiler.driver import Checked
    from sess.runtime.client.client import Client as Client
    from sess.runtime.client.errors import BadRequest as BadRequest
    from sess.runtime.client.errors import Failed as Failed
    from sess.runtime.client.errors import NotFound as NotFound
    from sess.runtime.client.errors import NotReady as NotReady
    from sess.runtime.client.errors import ServingError as ServingError
    from sess.runtime.client.errors import Timeout as Timeout
    from sess.runtime.client.errors import TooLarge as TooLarge
    from sess.runtime.recommend import Recommender

__all__ = ["Client", "check", "compile", "load"]

ERRORS = ("BadRequest", "Failed", "NotFound", "NotReady", "ServingError", "Timeout", "TooLarge")

AnyPath = str | PathLike[str]


def check(path: AnyPath, *, sets: Mapping[str, str] | None = None) -> Checked:
    """Check a spec; `.diagnostics` says what is wrong. `sets` are changes as `--set` makes them."""
    from sess.compiler.driver import CheckOptions, check_spec

    return check_spec(Path(path), CheckOptions(dict(sets or {})))


def compile(
    path: AnyPath,
    out: AnyPath,
    *,
    sets: Mapping[str, str] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
) -> Mapping[str, JsonValue]:
    """Build an artifact; return metrics and stages. ValueError with all findings if the spec is wrong."""
    from sess.compiler.backend import CompileOptions
    from sess.compiler.cli.compile import files_of
    from sess.compiler.cli.options import backend
    from sess.compiler.driver import CheckOptions, compile_spec
    from sess.compiler.report import concise

    checked = compile_spec(Path(path), CheckOptions(dict(sets or {}), epochs=epochs, seed=seed))
    if checked.has_errors or checked.program is None:
        raise ValueError(concise.render(checked.diagnostics))
    return backend().compile(checked.program, files_of(checked), CompileOptions(Path(out)))


def load(path: AnyPath) -> Recommender:
    """Return an artifact that recommends in process: `load(dir).recommend([[12, 45, 9]], k=10)`."""
    from sess.runtime.quiet import keep_quiet, quietly

    keep_quiet()
    quietly("tensorflow")
    from sess.runtime.recommend import Recommender

    return Recommender.load(Path(path))


def __getattr__(name: str) -> Any:  # the attributes that cost an import
    if name == "Client":
        from sess.runtime.client.client import Client

        return Client
    if name in ERRORS:
        from sess.runtime.client import errors

        return getattr(errors, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("sess")
    raise AttributeError(name)
