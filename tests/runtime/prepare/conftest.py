"""Small data sets as real files, and what the compiler and the preparation make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.plans import WorkflowPlan
from sess.runtime.prepare.prepared import Prepared, Sessions
from sess.runtime.prepare.run import prepare
from sess.runtime.prepare.source import ROWS
from sess.runtime.progress import Silent

Prepare = Callable[..., Prepared]

TAGS = {
    "session": ("INT", ["session", "id"]),
    "time": ("INT", ["time"]),
    "item": ("INT", ["item", "id", "sequence", "categorical"]),
    "price": ("FLOAT", ["sequence", "continuous"]),
    "shelf": ("BYTES", ["sequence", "categorical"]),
    "device": ("BYTES", ["context", "categorical"]),
    "age": ("FLOAT", ["context", "continuous"]),
    "bought": ("INT", ["context", "categorical"]),
    "checkin": ("TYPE_UNKNOWN", ["sequence"]),
    "checkout": ("TYPE_UNKNOWN", ["sequence"]),
    "joined": ("TYPE_UNKNOWN", ["context"]),
    "count": ("INT", ["sequence", "continuous"]),
    "colours": ("BYTES", ["sequence", "categorical"]),
    "tastes": ("INT", ["context", "categorical"]),
    "look": ("FLOAT", ["sequence", "embedding"]),
    "profile": ("FLOAT", ["context", "continuous"]),
}
LENGTHS = {"look": 3, "profile": 2}
SPEC = """
spec small

schema "schema.pbtxt"

columns item_id = tag(ITEM_ID)
columns steps   = tag(SEQUENCE)
columns context = tag(CONTEXT)
{definitions}
table   items = embedding(item, dim=8)

let     x     = {x}
encoder query = x >> mlp([8]) >> sasrec(layers=1, heads=1)
head    click = query >> categorical(item, tied=items)

data {{
  train = {train}
  rows  = {rows}
{data}
}}
prepare {{
{prepare}
}}
train {{ objective = next }}
"""


def schema_text(
    names: list[str], kinds: Mapping[str, str], lists: tuple[str, ...], nested: tuple[str, ...] = ()
) -> str:
    """Return a schema of columns of `TAGS`; `kinds` gives another type, `lists` are of varying length, `nested` too."""
    features = []
    for name in names:
        kind, tags = TAGS[name]
        size = "32" if kinds.get(name, kind) in ("FLOAT", "BYTES") else "64"
        shape = f"bool_value: {'true' if name in lists else 'false'}"
        fixed = LENGTHS.get(name)
        properties = (
            f'fields {{ key: "dtype_item_size" value {{ number_value: {size} }} }} '
            f'fields {{ key: "is_list" value {{ {shape} }} }} fields {{ key: "is_ragged" value {{ {shape} }} }}'
        )
        annotation = " ".join(f'tag: "{tag}"' for tag in tags)
        count = f"value_count {{ min: {fixed} max: {fixed} }}" if fixed else "value_count { }" if name in lists else ""
        if name in nested:
            inner = f"min: {fixed} max: {fixed}" if fixed else ""
            count = f"value_counts {{ value_count {{ }} value_count {{ {inner} }} }}"
        features.append(
            f'feature {{ name: "{name}" {count} type: {kinds.get(name, kind)} annotation {{ {annotation} '
            f"extra_metadata {{ [type.googleapis.com/google.protobuf.Struct] {{ {properties} }} }} }} }}"
        )
    return "\n".join(features)


def write_small(
    base: Path,
    files: Mapping[str, pa.Table],
    *,
    definitions: str = "",
    data: str = "",
    overrides: str = "",
    rows: str = "events(session=session, time=time)",
    train: str = '"train*.parquet"',
    kinds: Mapping[str, str] | None = None,
    lists: tuple[str, ...] = (),
    nested: tuple[str, ...] = (),
    columns: list[str] | None = None,
) -> Path:
    """Write tables, their schema and a spec that reads every column; return the spec's path."""
    base.mkdir(parents=True, exist_ok=True)
    for name, table in files.items():
        pq.write_table(table, base / name)
    names = columns or [name for name in next(iter(files.values())).column_names if name in TAGS]
    (base / "schema.pbtxt").write_text(schema_text(names, kinds or {}, lists, nested))
    has_context = any("context" in TAGS[name][1] for name in names)
    x = "concat(features(steps), broadcast(features(context), to=steps))" if has_context else "features(steps)"
    text = SPEC.format(definitions=definitions, x=x, train=train, rows=rows, data=data, prepare=overrides)
    text = text if has_context else text.replace("columns context = tag(CONTEXT)\n", "")
    (base / "small.sess").write_text(text if overrides else text.replace("prepare {\n\n}\n", ""))
    return base / "small.sess"


def plan_of(spec: Path) -> WorkflowPlan:
    """Return the plan of a spec's preparation."""
    checked = compile_spec(spec)
    assert checked.program is not None, checked.diagnostics
    return checked.program.workflow


def prepare_spec(spec: Path, out: Path, rows: int = ROWS) -> Prepared:
    """Prepare the data of a spec, about so many rows at once."""
    return prepare(plan_of(spec), spec.parent, out, Silent(), rows)


@pytest.fixture
def small(tmp_path: Path) -> Prepare:
    """Return a function that prepares tables: file names to tables, or columns of `train.parquet` by name."""

    def run(files: Mapping[str, object], **options: object) -> Prepared:
        tables = {
            name: value for name, value in files.items() if isinstance(value, pa.Table)
        } or {"train.parquet": pa.table(dict(files))}  # fmt: skip
        spec = write_small(tmp_path / "data", tables, **options)  # type: ignore[arg-type]
        return prepare_spec(spec, tmp_path / "prepared")

    return run


def by_key(sessions: Sessions, values: object) -> dict[object, list[object]]:
    """Return the values of each session by its key."""
    flat = list(values)  # type: ignore[call-overload]
    bounds = sessions.offsets.tolist()
    return {key: flat[bounds[i] : bounds[i + 1]] for i, key in enumerate(sessions.keys.tolist())}


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
