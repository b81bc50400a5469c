"""The one door to the templates of pictures: everything that comes from a spec is escaped."""

from __future__ import annotations

from importlib import resources


def render(template: str, **values: object) -> str:
    """Return a template of this folder filled in, with XML escaping."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sess.compiler.draw", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(template).render(**values)


def text_of(name: str) -> str:
    """Return a file of this folder as it is."""
    return resources.files("sess.compiler.draw").joinpath(name).read_text(encoding="utf-8")
