"""Derived columns are the same in the prepared sessions, in the saved NVTabular workflow and in what is served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sess.compiler.plans import Role
from sess.runtime.prepare.fitted import fitted_transform
from sess.runtime.prepare.values import to_raw
from sess.runtime.steps.operations import time_part
from sess.runtime.vocabulary import Vocabulary, file_of
from tests.runtime.prepare.conftest import plan_of, prepare_spec, write_small
from tests.runtime.prepare.test_transform import by_nvtabular

PARTS = ("minute", "hour", "weekday", "day", "week", "month", "year")
DERIVED = """
  hour     = time >> time_parts(hour)
  night    = checkin >> time_parts(weekday)
  nights   = difference(checkout, checkin, unit=1d)
  stays    = difference(checkout, checkin) >> categorify(min_count=2)
  each     = ratio(price, count) >> clip(0, 50) >> standardize
  tier     = ratio(price, count) >> bucketize([1, 10, 100])
  range    = price >> fill(5) >> log1p >> bucketize([1, 2.5])
  shelves  = shelf >> hash(7)
  member   = difference(checkin, joined, unit=1h)
  month    = joined >> time_parts(month)
  again    = nights >> bucketize([1, 3])
  age      = bucketize([25, 40])
  count    = log1p >> standardize
"""


def bookings(rows: int = 400) -> pa.Table:
    """Return bookings with nulls in every column that may have them."""
    draw = np.random.default_rng(4)
    session = np.sort(draw.integers(0, 60, rows))
    checkin = pd.Series(pd.Timestamp("2015-12-20") + pd.to_timedelta(draw.integers(0, 900 * 24, rows), "h"))
    checkout = checkin + pd.to_timedelta(draw.integers(1, 9, rows), "d")
    checkout[::17] = pd.NaT
    price = np.exp(draw.normal(3, 2, rows)).astype(np.float32)
    price[::11] = np.nan
    joined = pd.Series(pd.Timestamp("2001-01-31") + pd.to_timedelta(session * 37, "d"))
    return pa.table(
        {
            "session": session,
            "time": np.arange(rows) * 4567,
            "item": draw.integers(1, 40, rows),
            "price": price,
            "count": draw.integers(0, 5, rows),
            "shelf": draw.choice(np.array(["", "tea", "Möbel", None], object), rows),
            "checkin": pa.array(checkin.to_numpy().astype("datetime64[us]")),
            "checkout": pa.array(checkout, pa.timestamp("us"), from_pandas=True),
            "joined": pa.array(joined.to_numpy().astype("datetime64[us]")),
            "age": (20.0 + session % 40).astype(np.float32),
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("derived")
    spec = write_small(base / "data", {"train.parquet": bookings()}, overrides=DERIVED)
    prepare_spec(spec, base / "out")
    return base


def test_every_derived_column_is_read_by_its_selection(made: Path) -> None:
    columns = {column.name: column for column in plan_of(made / "data" / "small.sess").columns}
    steps = ["hour", "night", "nights", "stays", "each", "tier", "range", "shelves", "member", "again"]
    assert all(columns[name].is_input and columns[name].role is Role.STEP for name in steps)
    assert columns["month"].is_input and columns["month"].role is Role.SESSION
    sources = {"time", "checkin", "checkout", "joined", "price", "count", "shelf"}
    assert {name for name, column in columns.items() if column.is_source} == sources


def test_what_is_served_equals_the_saved_workflow_of_nvtabular(made: Path) -> None:
    table = bookings()
    served = fitted_transform(made / "out")
    inputs = [column for column in plan_of(made / "data" / "small.sess").columns if column.ops]
    roots = [name for name in table.column_names if name != "session"]
    fitted = by_nvtabular(made / "out", table.select(roots))
    for column in inputs:
        mine = served.apply(column.name, served.raw(column.name, lambda name: to_raw(table.column(name))))
        np.testing.assert_array_equal(mine, fitted[column.name].astype(mine.dtype), err_msg=column.name)
        assert len(np.unique(mine)) > 1, column.name


def test_the_prepared_sessions_hold_what_is_served_for_a_request(made: Path) -> None:
    spec = made / "data" / "small.sess"
    prepared = prepare_spec(spec, made / "again").train
    served = fitted_transform(made / "again")
    steps = np.diff(prepared.offsets)
    checked = 0
    for column in plan_of(spec).columns:
        if not column.is_input:
            continue
        is_step = column.role is not Role.SESSION

        def find(name: str, is_step: bool = is_step) -> np.ndarray:  # type: ignore[type-arg] # of any dtype
            if name in prepared.raw_steps:
                return prepared.raw_steps[name]
            return np.repeat(prepared.raw_session[name], steps) if is_step else prepared.raw_session[name]

        done = (prepared.steps if is_step else prepared.session)[column.name]
        mine = served.apply(column.name, served.raw(column.name, find))
        np.testing.assert_array_equal(mine, done, err_msg=column.name)
        checked += 1
    assert checked == 16


def test_a_request_holds_the_columns_of_the_data_and_not_the_derived_ones(made: Path) -> None:
    from sess.compiler.driver import compile_spec

    program = compile_spec(made / "data" / "small.sess").program
    assert program is not None
    asked = {tensor.column for tensor in program.serving.request if tensor.column}
    assert asked == {"time", "item", "price", "count", "shelf", "checkin", "checkout", "joined", "age"}
    assert program.serving.request[0].column == "time"


def test_intervals_begin_at_their_boundary_and_a_null_is_none_of_them(made: Path) -> None:
    served = fitted_transform(made / "out")
    ages = np.array([24.9, 25, 39, 40, 1e9, np.nan], np.float32)
    known = Vocabulary.load(made / "out" / file_of("age"), 3).values
    values = {code: int(value) for code, value in enumerate(known, 3)}
    codes = served.apply("age", ages).tolist()
    assert [values.get(code) for code in codes] == [0, 1, 1, 2, 2, None]
    assert codes[-1] == 1


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_times_are_those_of_pandas(part: str) -> None:
    draw = np.random.default_rng(5)
    seconds = np.concatenate([draw.integers(-(2**33), 2**33, 3000), [-1, 0, 1, 951_782_400, 1_230_768_000]])
    stamps = pd.Series(pd.to_datetime(seconds, unit="s"))
    wanted = stamps.dt.isocalendar().week if part == "week" else getattr(stamps.dt, part)
    for unit, factor in {"s": 1, "ms": 1_000, "us": 1_000_000}.items():
        np.testing.assert_array_equal(time_part(seconds * factor, part, unit), wanted.to_numpy(np.float64))
    np.testing.assert_array_equal(time_part(seconds + 0.75, part, "s"), wanted.to_numpy(np.float64))


def test_a_time_beyond_the_calendar_has_no_parts() -> None:
    times = np.array([2**63 - 1, -(2**63), 0], np.int64)
    assert np.isnan(time_part(times, "year", "s")).tolist() == [True, True, False]


def test_a_target_may_be_computed(tmp_path: Path) -> None:
    overrides = "  nights = difference(checkout, checkin) >> categorify\n"
    spec = write_small(tmp_path / "data", {"train.parquet": bookings()}, overrides=overrides)
    spec.write_text(spec.read_text().replace("data {", "head stay = query >> categorical(nights)\n\ndata {", 1))
    prepared = prepare_spec(spec, tmp_path / "out")
    assert sorted(prepared.vocabularies["nights"].values) == [1, 2, 3, 4, 5, 6, 7, 8]
    is_null = prepared.train.steps["nights"] == 1
    assert is_null.sum() == len(range(0, 400, 17))
