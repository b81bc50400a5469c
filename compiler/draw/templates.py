"""The one door to jinja2 templates of pictures: everything that comes from a spec is escaped."""

from __future__ import annotations


def render(template: str, **values: object) -> str:
    """Return a template of this folder filled in, with XML escaping."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sess.compiler.draw", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(template).render(**values)
