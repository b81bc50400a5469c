"""What the commands ask of a back end: the door between compiler and runtime (entry point `sess.backends`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from sess.compiler.block import JsonValue
from sess.compiler.plans import Program, WorkflowPlan
from sess.compiler.starter.profile import Profile, SessionProfile


class Stage(StrEnum):
    """The stages of `compile`, in order."""

    PREPARE = "prepare"
    TRAIN = "train"
    EVALUATE = "evaluate"
    EXPORT = "export"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class SpecFiles:
    """What an artifact keeps of its spec: the canonical text, the graph, and the schemas as the user has them.

    `base` is the folder that the data paths of the plans are relative to.
    """

    base: Path
    text: str
    graph: Mapping[str, JsonValue]
    schema: bytes
    catalogue_schema: bytes | None


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """The switches of `sess compile`; `skip` is the share of data files that may be left out as unreadable."""

    out: Path
    until: Stage = Stage.VERIFY
    resume: bool = False
    parent: Path | None = None
    skip: float = 0.0


@dataclass(frozen=True, slots=True)
class SynthOptions:
    """The switches of `sess synth`."""

    schema: Path
    out: Path
    rows: int
    seed: int = 1
    noise: float = 0.25
    order: str = "planted"
    items: int | None = None


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The switches of `sess serve`; a port of None is a free one, `control` None is `DIR.sock`.

    `drain` is for how many seconds requests are still taken after a signal, while `ready` says no; `is_direct` is
    Triton without the gateway.
    """

    artifact: Path
    http_port: int | None = 8000
    grpc_port: int | None = 8001
    metrics_port: int | None = None
    host: str = "127.0.0.1"
    control: Path | None = None
    max_sessions: int = 4096
    max_values: int = 1_048_576
    max_bytes: int = 16 * 1024 * 1024
    drain: float = 1.0
    has_spare: bool = True
    is_direct: bool = False
    logs_requests: bool = False
    relays: bool = False


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """The switches of `sess query`; `columns` are further columns by name, one value or one a step, as text."""

    target: str
    session: tuple[str, ...]
    k: int | None = None
    head: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    is_grpc: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One line of an answer."""

    id: int | str
    score: float
    title: str | None = None


class Fault(StrEnum):
    """What can be wrong with the files of a key of `data`."""

    NO_FILE = "no file"
    UNREADABLE = "unreadable"
    NO_COLUMN = "no column"
    WRONG_DTYPE = "wrong dtype"
    NO_ROWS = "no rows"


@dataclass(frozen=True, slots=True)
class DataFault:
    """One thing that is wrong with the files of a pattern that `data` gives for a key; `column` None: not with one."""

    fault: Fault
    key: str
    pattern: str
    message: str
    help: tuple[str, ...] = ()
    column: str | None = None


class Backend(Protocol):
    """The runtime, as the commands see it; every method raises Failure for what a user must know."""

    def synth(self, options: SynthOptions) -> Mapping[str, JsonValue]:
        """Write a click stream; return its counts."""

    def look(
        self, data: Path, out: Path, key_of: Callable[[Profile], tuple[str, bool]]
    ) -> tuple[Profile, SessionProfile]:
        """Return what data tells; `key_of` chooses the sessions' key, or else the list of items."""

    def compile(self, program: Program, files: SpecFiles, options: CompileOptions) -> Mapping[str, JsonValue]:
        """Build the artifact; return its metrics and stages."""

    def inspect(self, workflow: WorkflowPlan, base: Path) -> tuple[DataFault, ...]:
        """Return what the footers of the data files say against the plan; no rows are read."""

    def evaluate(self, artifact: Path, data: tuple[str, ...]) -> Mapping[str, JsonValue]:
        """Return metrics by split, head or baseline, and metric."""

    def tell(self, control: Path, **command: str) -> str:
        """Send a command to a running server; return what it did."""

    def serve(self, options: ServeOptions) -> int:
        """Serve until a signal; return the exit code."""

    def query(self, options: QueryOptions) -> Mapping[str, tuple[Recommendation, ...]]:
        """Ask a server or the artifact; return recommendations (or one score) per head."""

    def verify(self, artifact: Path, rows: int) -> Mapping[str, JsonValue]:
        """Compare trained model, SavedModel and Triton on real rows; raise RunFailed where they differ."""
