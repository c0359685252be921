"""The quick look finds exactly the columns in which the slow one finds a failure."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.tables.rules import break_rules
from scorewright.core.tables.suspects import suspects

CONTRACT = Contract(
    table="t",
    columns=(
        Column("key", ColumnType.TEXT, nullable=False),
        Column("income", ColumnType.NUMBER, minimum=0.0, maximum=10.0),
        Column("age", ColumnType.INTEGER, nullable=False, minimum=18),
        Column("flag", ColumnType.BOOLEAN, nullable=False),
        Column("kind", ColumnType.CATEGORY, categories=("a", "b")),
        Column("free", ColumnType.NUMBER),
    ),
    key="key",
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.none() | st.sampled_from("uvwxyz"),
            "income": st.none() | st.floats(-1.0, 11.0),
            "age": st.none() | st.integers(16, 20),
            "flag": st.none() | st.booleans(),
            "kind": st.none() | st.sampled_from("abc"),
            "free": st.none() | st.floats(allow_nan=False),
        }
    ),
    max_size=4,
)
SCHEMA = {
    "key": pl.String, "income": pl.Float64, "age": pl.Int64,
    "flag": pl.Boolean, "kind": pl.String, "free": pl.Float64,
}  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_the_suspects_are_those_with_a_failure(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    found = {failure.column for failure in break_rules(frame, CONTRACT, unique_key=True)}
    # A key that is missing twice is looked at, and only its missing cells are told.
    assert found == set(suspects(frame, CONTRACT))
