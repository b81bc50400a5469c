"""Settings that must agree with each other and lie in their range: the sections, after every key was read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sess.compiler import codes
from sess.compiler.diagnostics import Label
from sess.compiler.passes.build import Built
from sess.compiler.passes.context import Context
from sess.compiler.passes.keys import place_of
from sess.compiler.tree import Expression, SectionName

# Releases of Triton. The steps that every repository holds are written in Python 3.10; the images before have an older
# one. What is exported is the same for all from there on, so that a release newer than these needs no new sess.
_OLDEST, _LAST_TENSORFLOW, _NEWEST = (23, 5), (25, 2), (26, 10)


def has_valid(built: Built) -> bool:
    """Whether the data has a valid split."""
    data = built.facts.data
    if data.split is None:
        return bool(data.valid)
    return data.split.name == "leave_one_out" or bool(data.split.params.get("valid"))


def check_settings(built: Built, ctx: Context) -> None:
    """Report settings that contradict each other."""
    _check_data(built, ctx)
    _check_train(built, ctx)
    _check_serve(built, ctx)


def _value(built: Built, section: SectionName, key: str) -> Expression | None:
    """Return the expression of a key; None if it isn't given."""
    entry = built.facts.resolved.sections[section].get(key)
    return entry.value if entry else None


def _check_data(built: Built, ctx: Context) -> None:
    data, resolved = built.facts.data, built.facts.resolved
    is_unsure = SectionName.DATA in resolved.unsure or ctx.reporter.has_syntax_errors
    if ctx.is_compiling and not data.train and not is_unsure:
        helps = 'add `data { train = "train/*.parquet" }`'
        message = f"`{resolved.name.text}` names no training data"
        ctx.reporter.error(codes.NO_TRAINING_DATA, message, resolved.name.span, help=helps)
    objective = built.train.objective
    shortest = _value(built, SectionName.DATA, "min_length")
    if shortest is not None and built.facts.data.min_length < 2 and objective is not None:
        message = "`min_length` of `data` is at least 2 where steps are predicted, not 1"
        ctx.reporter.error(codes.OUT_OF_RANGE, message, shortest.span)
    context = _value(built, SectionName.DATA, "context")
    if (
        data.context == "last_step"
        and context is not None
        and objective is not None
        and objective.name not in ("last", "random")
    ):
        message = f"`last_step` takes values from the future of what `{objective.name}` asks for"
        helps = "use `objective = last`, or leave `context` out"
        ctx.reporter.error(codes.CONTEXT_AND_OBJECTIVE, message, context.span, help=helps)
    split = _value(built, SectionName.DATA, "split")
    if split is not None and data.split is not None and data.split.name == "by_time":
        if built.facts.time is None:
            message = "`by_time` needs a time, and no column is one"
            ctx.reporter.error(codes.SPLIT_AND_FILES, message, split.span, help="use `by_session()`")
        elif not any(data.split.params.get(name) for name in ("valid", "test")):
            message = "`by_time` divides nothing: it lacks `valid` and `test`"
            ctx.reporter.error(codes.MISSING_ARGUMENT, message, split.span, help="write `by_time(valid=7d, test=7d)`")
    if split is not None and data.split is not None and data.split.name == "by_session":
        shares = [float(str(data.split.params[name])) for name in ("valid", "test")]
        if min(shares) < 0 or sum(shares) >= 1:
            message = f"the shares of `by_session` leave nothing to train on: {shares[0]:g} + {shares[1]:g}"
            ctx.reporter.error(codes.OUT_OF_RANGE, message, split.span)


def _check_train(built: Built, ctx: Context) -> None:
    batch, tokens = (_value(built, SectionName.TRAIN, key) for key in ("batch", "tokens"))
    if batch is not None and tokens is not None:
        labels = [Label(batch.span, "sessions a batch")]
        message = "a batch is so many sessions or so many tokens, not both"
        ctx.reporter.error(codes.BATCH_AND_TOKENS, message, tokens.span, label="steps a batch", labels=labels)
    stop = _value(built, SectionName.TRAIN, "stop")
    is_sure = SectionName.DATA not in built.facts.resolved.unsure and not ctx.reporter.has_syntax_errors
    has_none = bool(built.facts.data.train) and not has_valid(built)
    if stop is not None and built.train.stop is not None and is_sure and has_none:
        message = "there is no valid split to stop on"
        helps = "add `valid = …` or `split = …` to `data`, or leave `stop` out"
        ctx.reporter.error(codes.NOTHING_TO_STOP_ON, message, stop.span, help=helps)


def _check_serve(built: Built, ctx: Context) -> None:
    serve, evaluate = built.serve, built.evaluate
    exclude = _value(built, SectionName.EVALUATE, "exclude")
    if exclude is not None and evaluate.exclude is not None and set(evaluate.exclude) != set(serve.exclude):
        served = _value(built, SectionName.SERVE, "exclude")
        labels = [Label(served.span, "served so")] if served else []
        message = "what is evaluated isn't what is served: `exclude` differs"
        ctx.reporter.error(codes.EXCLUDE_DIFFERS, message, exclude.span, labels=labels)
    platform = _value(built, SectionName.SERVE, "platform")
    if platform is not None:
        _check_triton(platform, serve.platform.params, ctx)


def _check_triton(platform: Expression, params: Mapping[str, object], ctx: Context) -> None:
    version, backend = str(params.get("version")), params.get("backend")
    if backend == "python" and params.get("device") == "gpu":
        message = "the python backend runs the model on the CPU"
        helps = "use `backend=onnx`, or leave `device` out"
        ctx.reporter.error(codes.IMPOSSIBLE_PLATFORM, message, place_of(platform, "device", position=2), help=helps)
    found = re.fullmatch(r"(\d\d)\.(\d\d)", version)
    release = (int(found[1]), int(found[2])) if found else (0, 0)
    place, helps = place_of(platform, "version"), ""
    if not 1 <= release[1] <= 12:
        message = f'a release of Triton is written like "24.10", not "{version}"'
    elif release < _OLDEST:
        message = f"Triton {version} can't run the served steps: its Python is older than 3.10"
        helps = f"use {_shown(_OLDEST)} or a newer release"
    elif release > _NEWEST:
        message = f"Triton {version} is no release that is known here: the newest is {_shown(_NEWEST)}"
        helps = "name that one: what is exported is the same for newer releases"
    elif backend == "tensorflow" and release > _LAST_TENSORFLOW:
        message = f"Triton {version} has no tensorflow backend: it ended with {_shown(_LAST_TENSORFLOW)}"
        place, helps = platform.span, "use `backend=python`, or an older release"
    else:
        return
    ctx.reporter.error(codes.IMPOSSIBLE_PLATFORM, message, place, help=helps)


def _shown(release: tuple[int, int]) -> str:
    return f"{release[0]}.{release[1]:02}"
