"""Charts of what a store holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import altair as alt

from scorewright.core.charts import (
    ExperimentRuns,
    RunValue,
    store_runs_chart,
    store_values_chart,
)


def test_runs_are_stacked_by_state_and_told_in_words() -> None:
    given = [ExperimentRuns("small", 1, 0, 0, 0), ExperimentRuns("large", 5, 1, 0, 3)]
    spec = store_runs_chart(given)
    alt.Chart.from_dict(spec)
    assert [row["label"] for row in spec["datasets"]["labels"]] == [
        "5 finished, 1 running, 3 deleted",
        "1 finished",
    ]
    assert sum(row["runs"] for row in spec["datasets"]["bars"]) == 10
    many = store_runs_chart([ExperimentRuns(f"e{n}", n, 0, 0, 0) for n in range(100)])
    assert len(many["datasets"]["labels"]) == 40


def test_values_are_those_of_the_latest_runs() -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    runs = [RunValue(f"r{n}", "e", begin + timedelta(hours=n), n / 5000) for n in range(3000)]
    spec = store_values_chart(runs, "roc_auc")
    alt.Chart.from_dict(spec)
    rows = spec["datasets"]["runs"]
    assert len(rows) == 2000
    assert rows[-1] == {
        "name": "r2999", "experiment": "e", "start": "2026-05-05T23:00:00", "value": 0.5998,
    }  # fmt: skip
