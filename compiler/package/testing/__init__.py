"""The laws of blocks as tests, for whoever adds a block: `test_squash = laws("squash(units=8)")`.

It is a plug-in of pytest, too: `pytest --sess-laws "squash(units=8)"` tries a block without a file of tests. It needs
the extra `sess[test]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["laws"]


def laws(call: str, kind: str | None = None) -> Callable[..., None]:
    """Return a test of a block, as a spec writes it, for every law that concerns it.

    `kind` is wanted where a name is one of several kinds, such as `laws("last", kind="objective")`. A block of columns
    or of several inputs stands with them: `laws("add(numeric(price), numeric(hour))")`; the columns there are the
    steps' `item_id category price hour timestamp` and the session's `device country`.
    """
    import pytest

    tried = dict(_tried(call, kind))

    @pytest.mark.parametrize("law", list(tried))
    def test_law(law: str) -> None:
        tried[law]()

    return test_law


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--sess-laws`."""
    group = parser.getgroup("sess", "the laws of blocks")
    group.addoption(
        "--sess-laws", action="append", default=[], metavar="CALL", help="try a block, such as 'gru(units=8)'"
    )


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[Any]) -> None:
    """Add a test for every law of every block of `--sess-laws`."""
    calls = config.getoption("--sess-laws")
    if not calls:
        return
    import pytest

    class LawItem(pytest.Item):
        """A law of a block."""

        def __init__(self, law: Callable[[], None], **rest: Any) -> None:
            super().__init__(**rest)
            self.law = law
            self.funcargs: dict[str, Any] = {}  # plug-ins look for the fixtures of whatever runs

        def runtest(self) -> None:
            """Try the law."""
            self.law()

        def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
            """Tell a broken law by its message alone."""
            return str(excinfo.value) if isinstance(excinfo.value, AssertionError) else super().repr_failure(excinfo)

        def reportinfo(self) -> tuple[Any, int | None, str]:
            """Return the law's name as the place."""
            return self.path, None, self.name

    for call in calls:
        items += [LawItem.from_parent(session, name=f"{call}[{name}]", law=law) for name, law in _tried(call, None)]


def _tried(call: str, kind: str | None) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give what tries each law of a block, by name; what can't be tried at all is one test that says why."""
    from functools import partial

    from sess.compiler.block import Kind
    from sess.compiler.failures import Failure
    from sess.runtime.quiet import keep_quiet, quietly

    keep_quiet()
    quietly("tensorflow")
    from sess.testing.laws import LAWS, hold, subjects_of
    from sess.testing.trial import LawBroken

    try:
        subjects = subjects_of(call, Kind(kind) if kind else None)
    except (LawBroken, Failure) as error:
        yield "it checks", partial(_fail, error)
        return
    for subject in subjects:
        for name, law in LAWS.items():
            if law.concerns(subject):
                place = f" in {subject.place}" if len(subjects) > 1 else ""
                yield f"{name}{place}", partial(hold, name, subject)


def _fail(error: Exception) -> None:
    import pytest

    from sess.compiler.failures import Failure

    pytest.fail(error.shown if isinstance(error, Failure) else str(error), pytrace=False)
