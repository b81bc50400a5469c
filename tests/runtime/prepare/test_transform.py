"""What is served transforms as NVTabular does: the copied array code against the saved workflow, on real rows."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.plans import Role, WorkflowPlan
from sess.runtime.prepare.fitted import fitted_transform
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.prepare.values import to_raw
from sess.runtime.progress import Silent
from sess.runtime.steps import operations as operations_module
from sess.runtime.steps import transform as transform_module
from tests.runtime.prepare.conftest import Prepare, plan_of, prepare_spec, tree, write_small


def prepared_columns(plan: WorkflowPlan) -> list[str]:
    return [column.name for column in plan.columns if column.ops]


def by_nvtabular(folder: Path, table: pa.Table) -> dict[str, np.ndarray]:
    """Return what the saved workflow makes of rows."""
    import dask
    from merlin.io import Dataset
    from nvtabular import Workflow

    workflow = Workflow.load(str(folder / "nvtabular"))
    with dask.config.set(scheduler="synchronous"):
        frame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        found = workflow.transform(Dataset(frame, npartitions=1)).to_ddf().compute()
    return {name: found[name].to_numpy() for name in found.columns}


def assert_equal(folder: Path, table: pa.Table, names: list[str]) -> None:
    served = fitted_transform(folder)
    fitted = by_nvtabular(folder, table.select(names))
    for name in names:
        mine = served.apply(name, to_raw(table.column(name)))
        np.testing.assert_array_equal(mine, fitted[name].astype(mine.dtype), err_msg=name)
        assert len(np.unique(mine)) > 1, name


@pytest.mark.shared
@pytest.mark.parametrize(("spec", "file"), [("movies", "ml100k/events"), ("beauty_sasrec", "beauty/events")])
def test_real_events_transform_as_nvtabular_does(shared: Path, tmp_path: Path, spec: str, file: str) -> None:
    checked = compile_spec(shared / "specs" / f"{spec}.sess")
    assert checked.program is not None
    plan = checked.program.workflow
    prepare(plan, checked.base, tmp_path, Silent())
    assert_equal(tmp_path, pq.read_table(shared / "data" / f"{file}.parquet"), prepared_columns(plan))


@pytest.mark.shared
def test_a_held_out_day_of_real_clicks_transforms_as_nvtabular_does(shared: Path, tmp_path: Path) -> None:
    for file in (shared / "data" / "yoochoose100k").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "quickstart.sess").write_text((shared / "specs" / "quickstart.sess").read_text())
    prepared = prepare_spec(tmp_path / "quickstart.sess", tmp_path / "out")
    assert len(prepared.train.keys) == 17_794
    assert_equal(tmp_path / "out", pq.read_table(tmp_path / "test.parquet"), ["item_id"])


def shop(rows: int = 500) -> dict[str, object]:
    """Return events with nulls of every kind."""
    draw = np.random.default_rng(2)
    prices = np.exp(draw.normal(3, 2, rows)).astype(np.float32)
    prices[::11] = np.nan
    shelves = draw.choice(np.array(["", "tea", "Möbel", None, "a/b", "'; --"], object), rows)
    items = draw.zipf(1.5, rows) % 60 + 2**55
    session = np.sort(draw.integers(0, 80, rows))
    ages = (20.0 + session % 40).astype(np.float32)
    ages[session % 5 == 0] = np.nan
    bought = [None if at % 3 else int(item) for at, item in zip(session, items, strict=True)]
    return {
        "session": session, "time": np.arange(rows), "item": items, "price": prices,
        "shelf": pa.array(shelves, pa.string()), "age": ages, "bought": pa.array(bought, pa.int64()),
    }  # fmt: skip


@pytest.mark.parametrize(
    "price",
    [
        "standardize",
        "log1p >> standardize",
        "clip(5, 100) >> log1p >> standardize",
        "fill(7.5) >> clip(lo=1) >> standardize",
    ],
)
def test_numbers_transform_as_nvtabular_does(tmp_path: Path, price: str) -> None:
    table = pa.table(shop())
    overrides = f"  price = {price}\n  item = categorify(min_count=2)\n  shelf = categorify(max_size=6)"
    options = {"definitions": "domain products = item + bought", "overrides": overrides}
    spec = write_small(tmp_path / "data", {"train.parquet": table}, **options)  # type: ignore[arg-type]
    prepare_spec(spec, tmp_path / "out")
    assert_equal(tmp_path / "out", table, prepared_columns(plan_of(spec)))


def test_the_prepared_sessions_are_what_the_served_code_makes_of_raw_ones(tmp_path: Path) -> None:
    overrides = "  shelf = categorify(min_count=100, buckets=5)\n  item = categorify(min_count=3, buckets=4)"
    spec = write_small(tmp_path / "data", {"train.parquet": pa.table(shop())}, overrides=overrides)
    prepared = prepare_spec(spec, tmp_path / "out")
    served = fitted_transform(tmp_path / "out")
    checked = 0
    for column in plan_of(spec).columns:
        raw = prepared.train.raw_steps if column.role is Role.STEP else prepared.train.raw_session
        done = prepared.train.steps if column.role is Role.STEP else prepared.train.session
        if column.ops:
            np.testing.assert_array_equal(served.apply(column.name, raw[column.name]), done[column.name])
            checked += 1
    assert checked == 5


def test_an_unseen_value_has_the_code_of_the_unseen(small: Prepare, tmp_path: Path) -> None:
    small(shop())
    served = fitted_transform(tmp_path / "prepared")
    assert served.apply("item", np.array([1, -1, 2**63 - 1])).tolist() == [2, 2, 2]
    assert served.apply("shelf", np.array(["new", b"new", None, b"tea", "tea"], object)).tolist()[:3] == [2, 2, 1]
    assert served.apply("shelf", np.array([b"tea"], object)) == served.apply("shelf", np.array(["tea"], object))
    assert served.apply("item", np.zeros(0, np.int64)).shape == (0,)


def test_what_was_saved_loads_equal_and_saves_the_same_bytes(small: Prepare, tmp_path: Path) -> None:
    made = small(shop(), data="  split = leave_one_out()")
    loaded = Prepared.load(tmp_path / "prepared")
    assert loaded.facts == made.facts
    for name in ("train", "valid", "test"):
        left, right = getattr(made, name), getattr(loaded, name)
        for part in ("steps", "session", "raw_steps", "raw_session"):
            assert getattr(left, part).keys() == getattr(right, part).keys()
            for column, values in getattr(left, part).items():
                again = getattr(right, part)[column]
                assert values.dtype == again.dtype
                np.testing.assert_array_equal(values, again)
    loaded.save(tmp_path / "again")
    before = tree(tmp_path / "prepared")
    assert all(before[name] == content for name, content in tree(tmp_path / "again").items())


def test_the_served_files_import_only_numpy_and_the_standard_library() -> None:
    for module in (transform_module, operations_module):
        found = ast.parse(Path(module.__file__).read_text())
        names = {
            (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in found.body
            if isinstance(node, (ast.Import, ast.ImportFrom)) and not getattr(node, "level", 0)
        }
        assert {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) == {"numpy"}
