"""The runtime behind the commands: each method imports its own part when it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from sess.compiler.backend import (
    CompileOptions,
    DataFault,
    QueryOptions,
    Recommendation,
    ServeOptions,
    SpecFiles,
    SynthOptions,
)
from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.plans import Program, WorkflowPlan
from sess.compiler.starter.profile import Profile, SessionProfile
from sess.runtime.progress import progress
from sess.runtime.quiet import keep_quiet, quietly


class Runtime:
    """The back end that builds with NVTabular, Keras on TensorFlow, and Triton."""

    def __init__(self) -> None:
        keep_quiet()

    def synth(self, options: SynthOptions) -> Mapping[str, JsonValue]:
        """Write a click stream; return its counts."""
        from sess.compiler.schema_file import load_schema
        from sess.runtime.synth.stream import Order
        from sess.runtime.synth.write import synthesize

        schema, content = load_schema(options.schema)
        summary = synthesize(
            schema, content, options.out, options.rows, options.seed, options.noise, Order(options.order), options.items
        )
        counts = encode(summary)
        assert isinstance(counts, dict)
        return counts

    def look(
        self, data: Path, out: Path, key_of: Callable[[Profile], tuple[str, bool]]
    ) -> tuple[Profile, SessionProfile]:
        """Return what data tells of its columns and sessions."""
        from sess.runtime.look.look import look

        return look(data, out, key_of)

    def compile(self, program: Program, files: SpecFiles, options: CompileOptions) -> Mapping[str, JsonValue]:
        """Build the artifact; return its metrics and stages."""
        from sess.runtime.build.compile import compile_program

        return compile_program(program, files, options, progress())

    def inspect(self, workflow: WorkflowPlan, base: Path) -> tuple[DataFault, ...]:
        """Return what the footers of the data files say against the plan; no rows are read."""
        from sess.runtime.prepare.footers import inspect

        return inspect(workflow, base)

    def evaluate(self, artifact: Path, data: tuple[str, ...]) -> Mapping[str, JsonValue]:
        """Return metrics by split, head or baseline, and metric."""
        from sess.runtime.artifact import open_artifact

        opened = open_artifact(artifact)
        if not data:
            return opened.metrics
        quietly("nvtabular")  # which imports TensorFlow, too
        from sess.runtime.evaluate.files import evaluate_files

        return evaluate_files(opened, data, progress())

    def tell(self, control: Path, **command: str) -> str:
        """Send a command to a running server; return what it did."""
        from sess.runtime.serve.control import tell

        return tell(control, **command)

    def serve(self, options: ServeOptions) -> int:
        """Serve until a signal; return the exit code."""
        from sess.runtime.serve.run import serve

        return serve(options)

    def query(self, options: QueryOptions) -> Mapping[str, tuple[Recommendation, ...]]:
        """Ask a server or the artifact; return recommendations per head."""
        from sess.runtime.serve.query import query

        return query(options)

    def verify(self, artifact: Path, rows: int) -> Mapping[str, JsonValue]:
        """Compare trained model, SavedModel and Triton on real rows; raise RunFailed where they differ."""
        quietly("tensorflow")
        from sess.runtime.verify.run import verify

        return verify(artifact, rows, progress())
