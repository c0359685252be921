"""The table of points among a run's artifacts."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from scorewright.flows.ports import HasPointsTable
from scorewright.flows.train.record import _points_table


class Plain:
    def predict(self, x: Any) -> Any:
        return x

    def files(self) -> Mapping[str, bytes]:
        return {}

    def importance(self) -> Mapping[str, float]:
        return {}

    def loss_history(self) -> Sequence[float]:
        return ()


class Card(Plain):
    def table(self) -> Sequence[Mapping[str, Any]]:
        return [
            {"feature": "", "bin": "base", "categories": None, "from": None, "points": 500.0},
            {
                "feature": "grade",
                "bin": "A, B",
                "categories": ["A", "B"],
                "from": None,
                "points": 12.0,
            },
            {"feature": "age", "bin": ">= 30", "categories": None, "from": 30.0, "points": 7.5},
        ]


def test_a_model_without_points_adds_nothing() -> None:
    assert not isinstance(Plain(), HasPointsTable)
    assert _points_table(Plain()) == {}


def test_a_card_is_logged_for_programs_and_for_spreadsheets() -> None:
    files = _points_table(Card())
    assert set(files) == {"scorecard.csv", "scorecard.json"}
    assert json.loads(files["scorecard.json"])["rows"] == list(Card().table())
    frame = pl.read_csv(io.BytesIO(files["scorecard.csv"]))
    assert frame.columns == ["feature", "bin", "categories", "from", "points"]
    assert frame["points"].to_list() == [500.0, 12.0, 7.5]
    assert json.loads(frame["categories"][1]) == ["A", "B"]
