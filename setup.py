"""Map the three top folders to the packages `sess.compiler`, `sess.grammar` and `sess.runtime`."""

from setuptools import find_packages, setup

TOPS = ("compiler", "grammar", "runtime")
# The grammar, what it says of mistakes, and what pictures and an artifact's files are made from.
DATA = ("*.lark", "*.toml", "*.jinja", "*.proto", "*.html", "*.css", "*.js", "py.typed")


def packages_below(top: str) -> list[str]:
    """Return the installed names of a top folder and every package inside it."""
    inner = [name for name in find_packages(top) if name != "package" and not name.startswith("package.")]
    return [f"sess.{top}", *(f"sess.{top}.{name}" for name in inner)]


setup(
    packages=["sess", "sess.testing", *(name for top in TOPS for name in packages_below(top))],
    package_dir={
        "sess": "compiler/package",
        "sess.testing": "compiler/package/testing",
        **{f"sess.{top}": top for top in TOPS},
    },
    include_package_data=False,  # MANIFEST.in is for the source distribution: it holds the extensions of editors too
    package_data={"": list(DATA), "sess.compiler": ["explain/*.md"], "sess.runtime.serve.dashboards": ["*.json"]},
)
