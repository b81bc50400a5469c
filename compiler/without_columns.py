"""What can be said of a spec whose schema can't be read: the mistakes that are mistakes whatever its columns are."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler import codes
from sess.compiler.diagnostics import Reporter
from sess.compiler.passes import run
from sess.compiler.passes.context import Context, Inputs
from sess.compiler.registry import registry
from sess.compiler.schema import Schema
from sess.compiler.tree import Section, SectionName, Spec

_KEPT = frozenset({
    codes.UNKNOWN_BLOCK, codes.UNKNOWN_ARGUMENT, codes.MISSING_ARGUMENT, codes.WRONG_VALUE, codes.REPEATED_ARGUMENT,
    codes.GIVEN_TWICE, codes.UNKNOWN_KEY, codes.NO_SPEC, codes.OUTSIDE_SPACE, codes.WRONG_KIND, codes.OUT_OF_RANGE,
    codes.BAD_IMPORT, codes.UNKNOWN_OVERRIDE, codes.MISSING_INPUT, codes.CYCLE, codes.BATCH_AND_TOKENS,
    codes.IMPOSSIBLE_PLATFORM,
})  # fmt: skip


def check_without_columns(inputs: Inputs, reporter: Reporter) -> None:
    """Report what is wrong whatever the columns are: which words, arguments and keys there are needs no schema."""
    quiet = Reporter()
    for each in reporter.diagnostics:
        quiet.report(each)
    schema = Schema(inputs.spec.source, ())
    plain, *others = map(_without_prepare, (inputs.spec, *inputs.imports))
    ctx = Context(quiet, registry(), schema, schema, is_compiling=False)
    run(Inputs(plain, tuple(others), inputs.overrides), ctx)
    for each in quiet.diagnostics:
        if each.code in _KEPT:
            reporter.report(each)


def _without_prepare(spec: Spec) -> Spec:
    """Return a file without its `prepare` section, where a word may be a column or an operation."""
    kept = (each for each in spec.statements if not (isinstance(each, Section) and each.name is SectionName.PREPARE))
    return replace(spec, statements=tuple(kept))
