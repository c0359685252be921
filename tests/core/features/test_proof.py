"""The as-of proof: planted rows of the future are found, counted and named."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from tests.core.features.ground import RELATIONS, feature

from scorewright.core.errors import FindingsError
from scorewright.core.features import (
    AsOfProof,
    compile_plan,
    merge_proofs,
    prove_as_of,
    refuse_future,
    with_entity,
)

PLAN = compile_plan(
    RELATIONS,
    [feature("a", "mean(months, balance)"), feature("b", "count(visits)"),
     feature("c", "count(notes)")],
)  # fmt: skip
DECIDED = date(2024, 5, 10)


def tables(**changed: dict[str, list[Any]]) -> dict[str, pl.DataFrame]:
    """Two applications with clean histories; some tables given anew."""
    rows: dict[str, dict[str, list[Any]]] = {
        "applications": {"id": [1, 2], "decided": [DECIDED, DECIDED]},
        "loans": {"loan": [10, 20, 90], "id": [1, 2, 9], "days": [-5, -1, 7]},
        "months": {"loan": [10, 20, 90], "month": [-1, -3, 4], "balance": [1.0, 2.0, 3.0]},
        "visits": {
            "id": [1, 2],
            "day": [date(2024, 5, 9), date(2020, 1, 1)],
            "left": [datetime(2024, 5, 9, 23, 59), None],  # noqa: DTZ001 - as in tables
        },
        "notes": {"id": [1], "text": ["x"]},
    }
    frames = {name: pl.DataFrame(columns) for name, columns in {**rows, **changed}.items()}
    return {**frames, **with_entity(PLAN, frames)}


def proof_of(table: str, **changed: dict[str, list[Any]]) -> AsOfProof:
    proofs = {p.table: p for p in prove_as_of(PLAN, tables(**changed))}
    return proofs[table]


def test_clean_tables_are_proved_and_rows_of_nobody_do_not_count() -> None:
    proofs = prove_as_of(PLAN, tables())
    assert [(p.table, p.rows, p.future, p.undated, p.columns) for p in proofs] == [
        ("loans", 2, 0, 0, ("days",)),
        ("months", 2, 0, 0, ("month",)),
        ("visits", 2, 0, 0, ("day", "left")),
        ("notes", 1, 0, 0, ()),
    ]
    assert all(p.is_clean for p in proofs)
    refuse_future(proofs)


@pytest.mark.parametrize(("day", "future"), [(-1, 0), (0, 1), (30, 1)])
def test_days_and_months_count_from_the_decision(day: int, future: int) -> None:
    loans: dict[str, list[Any]] = {"loan": [10, 20], "id": [1, 2], "days": [day, -1]}
    assert proof_of("loans", loans=loans).future == future
    months: dict[str, list[Any]] = {"loan": [10, 20], "month": [-1, day], "balance": [1.0, 2.0]}
    assert proof_of("months", months=months).future == future


@pytest.mark.parametrize(
    ("day", "left", "future", "column"),
    [
        (date(2024, 5, 9), None, 0, ""),
        (DECIDED, None, 1, "day"),
        (date(2025, 1, 1), None, 1, "day"),
        (date(2024, 5, 9), datetime(2024, 5, 10, 0, 0), 1, "left"),  # noqa: DTZ001
    ],
)
def test_dates_are_compared_with_the_decision(
    day: date, left: datetime | None, future: int, column: str
) -> None:
    proof = proof_of("visits", visits={"id": [2], "day": [day], "left": [left]})
    assert (proof.future, proof.undated) == (future, 0)
    assert [o.column for o in proof.offenders] == [column] * future
    assert all((o.key, o.decision) == ("2", "2024-05-10") for o in proof.offenders)


def test_rows_and_decisions_without_a_date_prove_nothing() -> None:
    loans: dict[str, list[Any]] = {"loan": [10, 20], "id": [1, 2], "days": [None, -1]}
    proof = proof_of("loans", loans=loans)
    assert (proof.future, proof.undated) == (0, 1)
    assert proof.offenders[0].date == "missing"

    applications: dict[str, list[Any]] = {"id": [1, 2], "decided": [DECIDED, None]}
    proof = proof_of("visits", applications=applications)
    assert (proof.future, proof.undated) == (0, 1)
    assert proof.offenders[0].decision == "missing"


def test_the_refusal_names_table_key_and_dates() -> None:
    visits: dict[str, list[Any]] = {
        "id": [2, 1, 1],
        "day": [date(2024, 6, 1), date(2024, 7, 1), date(2024, 1, 1)],
        "left": [None, None, None],
    }
    proofs = prove_as_of(PLAN, tables(visits=visits))
    with pytest.raises(FindingsError) as caught:
        refuse_future(proofs)
    assert caught.value.code == "features-future-rows"
    assert caught.value.message == (
        "2 of 3 rows of table 'visits' lie in the future of their decision; the first: "
        "application 1, day = 2024-07-01, decision 2024-05-10."
    )
    assert "[tables.visits]" in (caught.value.remedy or "")
    assert [proof["table"] for proof in caught.value.details["proofs"]] == ["visits"]


def test_the_refusal_of_undated_rows_says_so() -> None:
    loans: dict[str, list[Any]] = {"loan": [10, 20], "id": [1, 2], "days": [None, -3]}
    proofs = prove_as_of(PLAN, tables(loans=loans))
    with pytest.raises(FindingsError, match="1 of 2 rows of table 'loans' have no date"):
        refuse_future(proofs)


def test_parts_make_the_whole_and_the_saved_form_is_read_back() -> None:
    visits: dict[str, list[Any]] = {
        "id": [1, 1, 1, 2, 2, 2, 2],
        "day": [date(2024, 6, n) for n in range(1, 8)],
        "left": [None] * 7,
    }
    all_rows = tables(visits=visits)
    whole = prove_as_of(PLAN, all_rows)
    parts = []
    for key in (1, 2):
        mine = {
            name: frame.filter(pl.col("id" if name == "applications" else "__entity") == key)
            for name, frame in all_rows.items()
        }
        parts.append(prove_as_of(PLAN, mine))
    merged = merge_proofs(parts)
    assert merged == whole
    assert [len(p.offenders) for p in merged] == [0, 0, 5, 0]
    for proof in merged:
        assert AsOfProof.from_dict(json.loads(json.dumps(proof.to_dict()))) == proof
