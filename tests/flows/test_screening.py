"""The shuffled-label control: silent on clean data, loud where a learner sees the outcome."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from scorewright.adapters.learners import Learners
from scorewright.core.contracts import Column, ColumnType, Contract, Use
from scorewright.core.project import DataSettings, ProjectSettings, Settings, TableSettings
from scorewright.flows.ports import FitTask, FittedModel, Learner
from scorewright.flows.screening import find_leaks, learning_table


def settings(seed: int = 1) -> Settings:
    return Settings(
        project=ProjectSettings(name="noise", seed=seed),
        tables={"noise": TableSettings(files="noise.csv")},
        data=DataSettings(table="noise", target="bad"),
    )


def noise(rows: int, seed: int) -> tuple[pl.DataFrame, Contract]:
    """Return columns that know nothing of the outcome."""
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": rng.normal(size=rows),
            "bad": (rng.random(rows) < 0.3).astype(np.int64),
        }
    )
    columns = (
        Column("a", ColumnType.NUMBER),
        Column("b", ColumnType.NUMBER),
        Column("bad", ColumnType.INTEGER, use=Use.MONITORING),
    )
    return frame, Contract("noise", columns, target="bad", bad_value="1")


class Peeping:
    """A learner that looks the outcome up wherever the row comes from."""

    def __init__(self, table: npt.NDArray[np.float64], y: npt.NDArray[np.int8]) -> None:
        self._known = {row.tobytes(): float(label) for row, label in zip(table, y, strict=True)}

    def predict(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.array([self._known[row.tobytes()] for row in x])


def test_noise_raises_no_alarm() -> None:
    learner = Learners().get("logistic")
    alarms = 0
    for seed in range(60):
        chosen = settings(seed)
        frame, contract = noise(200, seed)
        table = learning_table(chosen, frame, contract)
        found = find_leaks(chosen, table, learner, learner.parameters({}, seed))
        alarms += any(f.code == "LEAK-005" for f in found.open)
    assert alarms == 0


def test_a_learner_that_sees_the_outcome_raises_the_alarm() -> None:
    # The control cannot see how: it only sees that shuffled outcomes are known all the same.
    chosen = settings()
    frame, contract = noise(400, 3)
    table = learning_table(chosen, frame, contract)
    learner = _PeepingLearner()

    found = find_leaks(chosen, table, learner, {})

    assert [f.code for f in found.open] == ["LEAK-005"]


class _PeepingLearner:
    """Ranks by the mean outcome of everything it was ever shown, validation rows included."""

    name = "peeping"
    model_type = "dummy"
    supports_monotone = False

    def parameters(self, overrides: object, seed: int) -> dict[str, object]:
        return {}

    def weight_ratio(self, params: object, y: object) -> float:
        return 1.0

    def fit(self, task: FitTask) -> FittedModel:
        # The arrays handed to a learner are slices of the caller's; a leak is anything that gets
        # at the rest. Here: the labels of the frame that called.
        import inspect

        caller = inspect.stack()[1].frame.f_locals
        model: FittedModel = Peeping(caller["table"].x, caller["y"])  # type: ignore[assignment]  # only predict is used
        return model

    def load(self, files: object, space: object) -> FittedModel:
        raise NotImplementedError


_: type[Learner] = _PeepingLearner
