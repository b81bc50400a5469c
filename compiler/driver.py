"""From a path to a checked graph and a program: read the files, parse them, run the passes, lower."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sess.compiler import codes
from sess.compiler.diagnostics import Diagnostic, Label, Reporter, Severity, TooManyFindings
from sess.compiler.failures import Misused
from sess.compiler.frames import deep
from sess.compiler.graph import CheckedGraph
from sess.compiler.lexer import LARGEST_TEXT
from sess.compiler.parse import parse
from sess.compiler.passes import run
from sess.compiler.passes.context import Context, Inputs, Override
from sess.compiler.project import Project, read_file
from sess.compiler.registry import registry
from sess.compiler.schema import Schema
from sess.compiler.schema_reader import read_schema
from sess.compiler.source import Source, Span
from sess.compiler.tree import (
    Definition,
    Expression,
    ImportStatement,
    Literal,
    ParamStatement,
    SchemaStatement,
    Spec,
    Word,
)

if TYPE_CHECKING:
    from sess.compiler.plans import Program

MOST_FINDINGS = 200
MOST_IMPORTS = 100
_PATH_KEYS = ("train", "valid", "test", "catalogue")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The switches of `check` and `compile` that change a spec; paths are relative to the working directory."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    schema: Path | None = None
    epochs: int | None = None
    seed: int | None = None
    memory: int | None = None
    """The bytes that training may need before a check warns."""
    text: str | None = None
    """The spec's text where it doesn't come from a file (`-`)."""
    overlay: Mapping[Path, str] = field(default_factory=dict)
    """Texts of schemas and imports that an editor hasn't saved, by their real paths."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. `graph` is None if there is no schema to check against.

    `base` is the folder that the data paths of the program are relative to.
    """

    source: Source
    base: Path
    spec: Spec
    diagnostics: tuple[Diagnostic, ...]
    graph: CheckedGraph | None
    schema: bytes
    catalogue_schema: bytes | None
    imports: tuple[Spec, ...]
    hidden: tuple[Diagnostic, ...] = ()
    """The warnings that comments hide."""

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(each.code.severity is Severity.ERROR for each in self.diagnostics)

    @property
    def program(self) -> Program | None:
        """The program, lowered when it is asked for; None if there is any error."""
        from sess.compiler.lower.program import lower  # a check alone needs no plans

        if self.graph is None or self.has_errors:
            return None
        with deep():
            return lower(self.graph, registry())


def check_spec(path: Path, options: CheckOptions | None = None) -> Checked:
    """Check a spec; what is wrong with it is in the findings."""
    return _compile(path, options or CheckOptions(), is_compiling=False)


def compile_spec(path: Path, options: CheckOptions | None = None) -> Checked:
    """Check a spec that is to be compiled: it needs training data too."""
    return _compile(path, options or CheckOptions(), is_compiling=True)


@dataclass(frozen=True, slots=True)
class _SchemaFile:
    """A schema as read, with its own bytes."""

    schema: Schema
    content: bytes


def _compile(path: Path, options: CheckOptions, *, is_compiling: bool) -> Checked:
    reporter = Reporter(MOST_FINDINGS)
    source = _source(path, options)
    try:
        with deep():
            return _checked(path, source, options, reporter, is_compiling=is_compiling)
    except TooManyFindings:
        message = f"there are more than {MOST_FINDINGS} findings; no others are looked for"
        last = reporter.diagnostics[-1].span
        found = (*reporter.diagnostics, Diagnostic(codes.TOO_LARGE, message, Span(last.source, last.end, last.end)))
        return Checked(source, path.parent, Spec(source, ()), found, None, b"", None, ())


def _checked(path: Path, source: Source, options: CheckOptions, reporter: Reporter, *, is_compiling: bool) -> Checked:
    spec = parse(source, reporter)
    project = Project.of(path, options.overlay)
    imports = _imports(spec, path, project, reporter)
    files = [(path, spec), *imports]
    events, catalogue = _schemas(files, project, options, reporter)
    graph: CheckedGraph | None = None
    if events is None:
        from sess.compiler.without_columns import check_without_columns

        inputs = Inputs(spec, tuple(each for _, each in imports), _overrides(path, options, reporter))
        check_without_columns(inputs, reporter)
    else:
        ctx = Context(reporter, registry(), events.schema, catalogue.schema if catalogue else None, is_compiling)
        ctx = ctx if options.memory is None else replace(ctx, memory=options.memory)
        overrides = _overrides(path, options, reporter)
        graph = run(Inputs(spec, tuple(each for _, each in imports), overrides), ctx)
    kept, hidden = _heeded(reporter.diagnostics, files)
    return Checked(
        source, path.parent, spec, kept, graph, events.content if events else b"",
        catalogue.content if catalogue else None, tuple(each for _, each in imports), hidden,
    )  # fmt: skip


def _heeded(
    found: tuple[Diagnostic, ...], files: Sequence[tuple[Path, Spec]]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Return the findings without those that comments hide, and the hidden ones."""
    sources = [spec.source for _, spec in files]
    if not any("sess:" in source.text for source in sources):
        return found, ()
    from sess.compiler.suppressions import heed

    heeded = heed(sources[0], sources, found)
    return heeded.kept, heeded.hidden


def _source(path: Path, options: CheckOptions) -> Source:
    """Return the text of a spec that the command line names; Misused if it can't be read."""
    if options.text is not None:
        return Source(str(path), options.text.removeprefix("\ufeff"), options.text.startswith("\ufeff"))
    reporter = Reporter()
    found = read_file(path, str(path), Span(Source(str(path), ""), 0, 0), "spec", reporter)
    if found is None:
        raise Misused(reporter.diagnostics[0].message)
    return Source(str(path), found[0].text, found[0].has_mark)


def _imports(spec: Spec, path: Path, project: Project, reporter: Reporter) -> list[tuple[Path, Spec]]:
    """Return the imported files in the order of the text, each once; imports of imports follow their importer."""
    found: list[tuple[Path, Spec]] = []
    seen = {path.resolve(): Span(spec.source, 0, 0)}
    characters = [len(spec.source.text)]

    def follow(file: Path, tree: Spec, chain: tuple[Path, ...]) -> None:
        for statement in tree.statements:
            if not isinstance(statement, ImportStatement):
                continue
            target = file.parent / str(statement.path.value)
            resolved = target.resolve()
            if resolved in chain:
                message = f"the import `{statement.path.value}` leads back to itself"
                reporter.error(codes.BAD_IMPORT, message, statement.path.span)
                continue
            if resolved in seen:
                continue
            if len(seen) > MOST_IMPORTS:
                message = f"more than {MOST_IMPORTS} files are imported"
                reporter.error(codes.TOO_LARGE, message, statement.path.span)
                return
            seen[resolved] = statement.path.span
            read = project.read(str(statement.path.value), file, statement.path.span, "import", reporter)
            if read is not None:
                characters.append(len(read[0].text))
                if sum(characters) > LARGEST_TEXT:
                    message = f"spec and imports have more than {LARGEST_TEXT:,} characters together"
                    reporter.error(codes.TOO_LARGE, message, statement.path.span)
                    return
                inner = parse(read[0], reporter)
                found.append((target, inner))
                follow(target, inner, (*chain, resolved))

    follow(path, spec, (path.resolve(),))
    return found


def _schemas(
    files: Sequence[tuple[Path, Spec]], project: Project, options: CheckOptions, reporter: Reporter
) -> tuple[_SchemaFile | None, _SchemaFile | None]:
    """Return the schemas of the events and of the catalogue; None where there is none to read (reported)."""
    statements: dict[bool, tuple[Path, SchemaStatement]] = {}
    for path, spec in files:
        for statement in spec.statements:
            if isinstance(statement, SchemaStatement):
                if statement.is_catalogue in statements:
                    what = "catalogue's schema" if statement.is_catalogue else "schema"
                    first, own = statements[statement.is_catalogue][1].span, files[0][1].source
                    is_imported = first.source == own != statement.span.source
                    at, other = (first, statement.span) if is_imported else (statement.span, first)
                    labels = [Label(other, "imported" if is_imported else "first here")]
                    reporter.error(codes.GIVEN_TWICE, f"the {what} is given twice", at, labels=labels)
                    continue
                statements[statement.is_catalogue] = (path, statement)
    given = options.schema or (Path(options.overrides["schema"]) if "schema" in options.overrides else None)
    catalogue = _schema(statements.get(True), project, reporter)
    if given is not None:
        if not given.is_file():
            raise Misused(f"the schema `{given}` {'is a folder' if given.is_dir() else 'does not exist'}")
        text = Source("--schema", str(given))
        read = read_file(given, str(given), Span(text, 0, len(text.text)), "schema", reporter)
        schema = read_schema(read[0], reporter) if read else None
        return (_SchemaFile(schema, read[1]) if read and schema else None), catalogue
    if False not in statements:
        source = files[0][1].source
        has_import = any(isinstance(each, ImportStatement) for each in files[0][1].statements)
        if not reporter.has_syntax_errors and not (reporter.has_errors and has_import):
            at = Span(source, 0, min(1, len(source.text)))
            named = next(
                (each for each in files[0][1].statements if not isinstance(each, (Definition, ParamStatement))), None
            )
            reporter.error(
                codes.NO_SCHEMA, "there is no `schema`", named.span if named else at, help='add `schema "schema.pbtxt"`'
            )
        return None, catalogue
    return _schema(statements[False], project, reporter), catalogue


def _schema(found: tuple[Path, SchemaStatement] | None, project: Project, reporter: Reporter) -> _SchemaFile | None:
    if found is None:
        return None
    path, statement = found
    read = project.read(str(statement.path.value), path, statement.path.span, "schema", reporter)
    schema = read_schema(read[0], reporter) if read else None
    return _SchemaFile(schema, read[1]) if read and schema else None


def _overrides(path: Path, options: CheckOptions, reporter: Reporter) -> dict[str, Override]:
    given = {key: value for key, value in options.overrides.items() if key != "schema"}
    if options.epochs is not None:
        given["train.epochs"] = str(options.epochs)
    if options.seed is not None:
        given["train.seed"] = str(options.seed)
    found: dict[str, Override] = {}
    for key, value in given.items():
        text = Source("--set", f"{key}={value}")
        word = Word(key, Span(text, 0, len(key)))
        at = Span(text, len(key) + 1, len(text.text))
        section, _, inner = key.partition(".")
        if section == "data" and inner in _PATH_KEYS:
            expression: Expression | None = Literal(_relative(value.strip('"'), path), at)
        else:
            expression = _expression(key, value, reporter)
        if expression is not None:
            found[key] = Override(word, expression)
    return found


def _relative(value: str, path: Path) -> str:
    """Return a path of the command line relative to the spec's folder; URLs and absolute paths stay as they are."""
    if "://" in value or Path(value).is_absolute():
        return value
    return os.path.relpath(value, path.parent)


def _expression(key: str, value: str, reporter: Reporter) -> Expression | None:
    """Parse the value of `--set` as the language would; None if it can't be (reported)."""
    head = f"param {key.replace('.', '_')} = "
    spec = parse(Source("--set", f"{head}{value}"), reporter)
    statement = spec.statements[0] if spec.statements else None
    return statement.value if isinstance(statement, ParamStatement) else None
