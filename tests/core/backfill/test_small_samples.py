"""However few and odd the rows are, a run never stops the plan."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.backfill.test_run import run

from scorewright.core.audit import predictions_of
from scorewright.core.backfill import NativeModel


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from([0.0, 1e-300, 0.1, 0.25, 0.5, 1.0]),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=12,
    ),
    has_folds=st.booleans(),
)
def test_any_rows_give_a_backfill(rows: list[tuple[int, float, int]], has_folds: bool) -> None:
    frame = pl.DataFrame(rows, schema=["y", "p", "fold"], orient="row")
    stored = predictions_of("predictions.csv", frame if has_folds else frame.drop("fold"))
    made = run(stored=stored)
    documents = [content for name, content in made.files.items() if name.endswith(".json")]
    assert bool(documents) == any(0.0 < p < 1.0 for _, p, _ in rows)  # others are decisions
    for content in documents:
        assert isinstance(content, bytes)
        json.loads(content)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from([0.0, 1.5]), min_size=1))
def test_any_model_gives_a_table(importance: dict[str, float]) -> None:
    made = run(model=NativeModel("lgbm", importance))
    assert "feature_importance.csv" in made.files
