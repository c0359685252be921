"""Whatever the sampling, the PDs of a trained model are honest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.fakes.training import World, settings

from scorewright.adapters.mlflow_store import load_conventions
from scorewright.resources import __file__ as resources

TABLE = Path(resources).parent / "datasets" / "credit_data.parquet"

TREES = {"n_estimators": 60, "learning_rate": 0.1, "num_leaves": 7}
ACCEPTED = [
    {"code": "LEAK-002", "column": "Seniority", "reason": "Years in the job, as applied for."}
]


@pytest.fixture(scope="module")
def applications() -> pl.DataFrame:
    """Real applications with gaps and categories; thinned to one bad in six."""
    frame = pl.read_parquet(TABLE).rename({"Status": "bad"})
    frame = frame.with_columns(id=pl.int_range(frame.height))
    bads = pl.col("bad") == "bad"
    return frame.filter(~bads | (pl.col("id") % 2 == 0))


@pytest.mark.parametrize(
    "sampling", ["none", "balanced", "undersample", "smote", "smote_undersample"]
)
def test_mean_pd_is_the_base_rate_and_the_slope_is_one(
    applications: pl.DataFrame, sampling: str
) -> None:
    # Given
    world = World(applications, load_conventions())
    base_rate = (applications["bad"] == "bad").sum() / applications.height
    # When it is trained on re-balanced rows
    result = world.train(
        settings(
            data={"bad_value": "bad"},
            learner={"sampling": sampling, "params": TREES},
            validation={"bootstrap": 0},
            leakage={"shuffle_control": False, "accept": ACCEPTED},
        )
    )
    # Then the figures are those of an honest PD
    assert world.run.start.tags["sampling_strategy"] == sampling
    metrics = result.metrics
    assert metrics["mean_pd"] == pytest.approx(base_rate, rel=0.01)
    assert 0.9 <= metrics["cox_slope"] <= 1.1
    assert metrics["roc_auc"] > 0.75
    # And so are those of the deployed model, here on rows it was fitted on
    validated = result.validated
    pd = validated.assessment.deployed.apply(validated.final.predict(validated.prepared.x))
    assert float(np.mean(pd)) == pytest.approx(base_rate, rel=0.05)
