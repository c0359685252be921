"""All applications with late rows are found: as many as the proof counts, however it is split."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.features.ground import RELATIONS, feature

from scorewright.core.features import (
    compile_plan,
    late_keys,
    merge_late,
    prove_as_of,
    with_entity,
)

PLAN = compile_plan(
    RELATIONS,
    [feature("a", "mean(months, balance)"), feature("b", "count(visits)"),
     feature("c", "count(notes)")],
)  # fmt: skip
DECIDED = date(2024, 5, 10)
IDS = 6

_offset = st.none() | st.integers(-3, 2)
_rows = st.lists(st.tuples(st.integers(1, IDS), _offset), max_size=12)


def tables(loans: list[tuple[int, int | None]], visits: list[tuple[int, int | None]],
           undecided: int) -> dict[str, pl.DataFrame]:  # fmt: skip
    """Six applications, of which one may have no date of the decision."""
    decided = [None if i == undecided else DECIDED for i in range(1, IDS + 1)]
    day = [None if off is None else DECIDED + timedelta(days=off) for _, off in visits]
    frames = {
        "applications": pl.DataFrame(
            {"id": list(range(1, IDS + 1)), "decided": decided},
            schema={"id": pl.Int64, "decided": pl.Date},
        ),
        "loans": pl.DataFrame(
            {"loan": list(range(len(loans))), "id": [i for i, _ in loans],
             "days": [off for _, off in loans]},
            schema={"loan": pl.Int64, "id": pl.Int64, "days": pl.Int64},
        ),
        "months": pl.DataFrame(
            {"loan": list(range(len(loans))), "month": [off for _, off in loans],
             "balance": [1.0] * len(loans)},
            schema={"loan": pl.Int64, "month": pl.Int64, "balance": pl.Float64},
        ),
        "visits": pl.DataFrame(
            {"id": [i for i, _ in visits], "day": day, "left": [None] * len(visits)},
            schema={"id": pl.Int64, "day": pl.Date, "left": pl.Datetime("us")},
        ),
        "notes": pl.DataFrame({"id": [1], "text": ["x"]}),
    }  # fmt: skip
    return {"applications": frames["applications"], **with_entity(PLAN, frames)}


@given(_rows, _rows, st.integers(0, IDS), st.integers(0, 12))
def test_taking_the_late_ones_out_leaves_a_clean_proof(
    loans: list[tuple[int, int | None]], visits: list[tuple[int, int | None]], undecided: int,
    cut: int,
) -> None:  # fmt: skip
    ready = tables(loans, visits, undecided)
    late = merge_late(late_keys(PLAN, ready))
    proofs = {proof.table: proof for proof in prove_as_of(PLAN, ready)}
    bad: set[int] = set()
    for found in late:
        proof = proofs[found.table]
        assert found.columns == proof.columns
        assert (len(found.future) > 0) == (proof.future > 0)
        assert (len(found.undated) > 0) == (proof.undated > 0)
        bad |= {*found.future, *found.undated}
    left = {
        name: frame.filter(~pl.col("id" if name == "applications" else "__entity").is_in(bad))
        for name, frame in ready.items()
    }
    assert all(proof.is_clean for proof in prove_as_of(PLAN, left))
    # And rows that come in two parts give the same keys
    parts = [
        part
        for rows in ({n: f[:cut] for n, f in ready.items()}, {n: f[cut:] for n, f in ready.items()})
        for part in late_keys(PLAN, {**rows, "applications": ready["applications"]})
    ]
    again = merge_late(parts)
    assert [(f.table, f.future.to_list(), f.undated.to_list()) for f in again] == [
        (f.table, f.future.to_list(), f.undated.to_list()) for f in late
    ]


def test_only_the_tables_that_are_given_are_looked_at() -> None:
    ready = tables([(2, 1), (3, None), (3, 1)], [(1, 5)], 0)
    (found,) = late_keys(PLAN, {name: ready[name] for name in ("applications", "loans")})
    assert found.table == "loans"
    assert found.future.to_list() == [2, 3]
    assert found.undated.to_list() == [3]


@pytest.mark.parametrize("undecided", [0, 1])
def test_without_a_decision_a_dated_row_has_no_date(undecided: int) -> None:
    ready = tables([], [(1, -1)], undecided)
    (found,) = late_keys(PLAN, {name: ready[name] for name in ("applications", "visits")})
    assert found.undated.to_list() == [1] * undecided
