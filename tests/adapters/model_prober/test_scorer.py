"""Tables scored in the child: the same numbers as here, or why there are none."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from tests.adapters.model_prober.models import (
    NAMES,
    catboost_model,
    lightgbm_model,
    table,
    xgboost_model,
)

from scorewright.adapters.model_prober import ChildScorer
from scorewright.flows.store.backfill_ports import ModelFacts, ModelFile, ScoredTable


@pytest.fixture
def frame() -> pl.DataFrame:
    return table(80, seed=2)


def test_scores_are_those_of_the_library(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(tmp_path / "t.parquet")
    shuffled = frame.select("debt", "default", "income", "age").rename({"default": "gone_bad"})
    shuffled.write_csv(tmp_path / "t.csv")
    (tmp_path / "model.txt").write_bytes(lightgbm_model())
    model = ModelFile("lightgbm", tmp_path / "model.txt")
    booster = lgb.Booster(model_str=lightgbm_model().decode())
    expected = booster.predict(frame.select(NAMES).to_numpy(), num_threads=1)
    with ChildScorer() as scorer:
        first = scorer.score(model, tmp_path / "t.parquet", "")
        second = scorer.score(model, tmp_path / "t.csv", "gone_bad")
        untold = scorer.score(model, tmp_path / "t.csv", "")
    assert isinstance(first, ScoredTable)
    assert isinstance(second, ScoredTable)
    np.testing.assert_array_equal(first.p, expected)
    np.testing.assert_array_equal(second.p, expected)
    assert first.y.tolist() == frame["default"].to_list()
    assert first.keys is not None
    assert first.keys.to_list() == frame["id"].to_list()
    assert second.keys is None
    assert untold == "it has no column of outcomes; a parameter 'target' would name it"


def test_names_come_from_the_signature(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_parquet(tmp_path / "t.parquet")
    (tmp_path / "model.ubj").write_bytes(xgboost_model())
    model = ModelFile("xgboost", tmp_path / "model.ubj", ("f0", "f1", "f2"))
    inputs = ", ".join(f'{{"type": "double", "name": "{name}"}}' for name in NAMES)
    with ChildScorer() as scorer:
        refused = scorer.score(model, tmp_path / "t.parquet", "")
        (tmp_path / "MLmodel").write_text(f"signature:\n  inputs: '[{inputs}]'\n")
        scored = scorer.score(model, tmp_path / "t.parquet", "")
    assert refused == "it lacks columns that the model reads: f0, f1, f2"
    assert isinstance(scored, ScoredTable)
    assert len(scored.p) == frame.height


def test_catboost_says_what_no_text_does(tmp_path: Path, frame: pl.DataFrame) -> None:
    (tmp_path / "model.cbm").write_bytes(catboost_model())
    frame.write_parquet(tmp_path / "t.parquet")
    model = ModelFile("catboost", tmp_path / "model.cbm")
    with ChildScorer() as scorer:
        facts, scored = scorer.facts(model), scorer.score(model, tmp_path / "t.parquet", "")
        absent = scorer.facts(ModelFile("catboost", tmp_path / "no.cbm"))
    assert isinstance(facts, ModelFacts)
    assert tuple(facts.importance) == NAMES
    assert facts.params["iterations"] == 8
    assert facts.params["depth"] == 3
    assert isinstance(scored, ScoredTable)
    assert 0.0 <= scored.p.min() <= scored.p.max() <= 1.0
    assert absent == "no.cbm is not there"


def test_tables_that_do_not_fit_are_refused(tmp_path: Path, frame: pl.DataFrame) -> None:
    (tmp_path / "model.txt").write_bytes(lightgbm_model())
    model = ModelFile("lightgbm", tmp_path / "model.txt")
    text = frame.with_columns(age=pl.lit("old"))
    one = frame.with_columns(default=pl.lit(0))
    three = frame.with_columns(default=pl.int_range(pl.len()) % 3)
    cases = {
        "text.parquet": (text, "how its text column age became a number is not known"),
        "one.parquet": (one, "all its rows have the outcome 0"),
        "three.parquet": (three, "its column default holds other outcomes than 0 and 1"),
    }
    with ChildScorer() as scorer:
        for name, (content, reason) in cases.items():
            content.write_parquet(tmp_path / name)
            assert scorer.score(model, tmp_path / name, "") == reason
        (tmp_path / "x.parquet").write_bytes(b"PAR1")
        answer = scorer.score(model, tmp_path / "x.parquet", "")
    assert answer == "x.parquet cannot be read as a table"
