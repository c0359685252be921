"""Whether a sample holds training rows: without keys, with new keys, with coarse columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from tests.fakes.training import World, loans, settings
from tests.flows.policy.environment import SAMPLE, Office

from scorewright.adapters.mlflow_store import load_conventions
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.flows.events import Note
from scorewright.flows.policy import FitWish, PolicyFit, fit_policy

KEYLESS = {"key": None}


class Bank:
    """A project of any table, and a sample that is held against it."""

    def __init__(self, frame: pl.DataFrame, **data: Any) -> None:
        validation = data.pop("validation", {})
        self.settings: Settings = settings(
            data=data,
            learner={"name": "logistic", "params": {}},
            leakage={"shuffle_control": False},
            validation=validation,
        )
        self.office = Office(World(frame, load_conventions()))
        self.office.world.train(self.settings)

    def fit(self, sample: pl.DataFrame) -> PolicyFit:
        return fit_policy(self.settings, FitWish(sample=SAMPLE), self.office.tools(sample))

    def refused(self, sample: pl.DataFrame) -> UsageError:
        with pytest.raises(UsageError) as caught:
            self.fit(sample)
        return caught.value

    @property
    def notes(self) -> str:
        return " ".join(e.message for e in self.office.world.events if isinstance(e, Note))


def _coarse(rows: int, seed: int, levels: int = 12) -> pl.DataFrame:
    """Applicants of few kinds: nearly all of them repeat another's columns."""
    return loans(rows, seed).with_columns(
        (pl.col("income") * levels / 6).round(), (pl.col("debt") * levels / 6).round()
    )


def _some(rows: int, seed: int = 8) -> pl.DataFrame:
    """Applicants of whom about one in twenty repeats another's columns."""
    return loans(rows, seed).with_columns(pl.col("income").round(2), pl.col("debt").round(1))


def _shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sample(fraction=1.0, shuffle=True, seed=1)


@pytest.mark.parametrize("made", [loans, _coarse, _some], ids=["fine", "coarse", "between"])
@pytest.mark.parametrize("change", [lambda f: f, _shuffled], ids=["same", "shuffled"])
def test_the_training_table_is_no_sample_whatever_its_columns(made: Any, change: Any) -> None:
    frame = made(900, 5).drop("id")
    bank = Bank(frame, **KEYLESS)
    error = bank.refused(change(frame))
    assert (error.code, error.details["rows"]) == ("policy-training-rows", 900)


def test_the_training_table_under_new_keys_is_no_sample() -> None:
    frame = _coarse(900, 5)
    renamed = _shuffled(frame).with_columns(pl.col("id").str.replace("A", "Z"))
    assert Bank(frame).refused(renamed).code == "policy-training-rows"


def test_training_rows_are_found_where_some_repeat_each_other() -> None:
    # Given a table without a key, more than one row in a hundred of which repeats another
    frame = _some(2_000, 5).drop("id")
    repeated = 1.0 - frame.drop("bad").n_unique() / frame.height
    assert 0.01 < repeated < 0.2
    bank = Bank(frame, **KEYLESS)
    # When new applicants come, then what they share by chance is let pass
    fresh = _some(600, 77).drop("id")
    assert bank.fit(fresh).fitted.role == "policy_sample"
    # When 1 in 7 of them is a training row, then they are refused
    mixed = pl.concat([fresh, frame.sample(100, seed=2)])
    error = bank.refused(mixed)
    assert error.code == "policy-training-rows"
    assert 80 <= error.details["by_content"] <= 140


@pytest.mark.parametrize("seed", range(5))
def test_chance_alone_is_seldom_refused(seed: int) -> None:
    bank = Bank(_some(1_500, 100 + seed).drop("id"), **KEYLESS)
    assert bank.fit(_some(900, 200 + seed).drop("id")).analysis.rows == 900


def test_coarse_columns_without_a_key_are_not_taken_on_trust() -> None:
    # Given a table nothing of which tells one row from another
    bank = Bank(_coarse(900, 5, levels=4).drop("id"), **KEYLESS)
    error = bank.refused(_coarse(700, 77, levels=4).drop("id"))
    assert error.code == "policy-training-unknown"
    assert "no key" in error.message


def test_coarse_columns_with_a_key_are_told_apart_by_it_alone() -> None:
    frame = _coarse(900, 5, levels=4)
    bank = Bank(frame)
    fresh = _coarse(700, 77, levels=4).with_columns(pl.col("id").str.replace("A", "B"))
    assert bank.fit(fresh).analysis.rows == 700
    assert "only keys tell" in bank.notes
    assert bank.refused(pl.concat([fresh, frame.head(3)])).details["by_key"] == 3


def test_a_table_that_lost_its_training_rows_proves_nothing() -> None:
    # Given a table without a key that was replaced after the training
    frame = loans(900, 5).drop("id")
    bank = Bank(frame, **KEYLESS)
    fresh = loans(700, 77).drop("id")
    bank.office.world.frame = loans(900, 6).drop("id")
    error = bank.refused(fresh)
    assert error.code == "policy-training-unknown"
    assert "does not hold the training rows any more" in error.message
    # When it has grown, then it still holds them
    bank.office.world.frame = pl.concat([frame, loans(50, 9).drop("id")])
    assert bank.fit(fresh).analysis.rows == 700


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    days = [date(2025, 6, 30) - timedelta(days=int(1.5 * i)) for i in range(frame.height)]
    return frame.with_columns(pl.Series("decided", days))


def test_the_sample_and_the_table_count_the_rows_a_training_counts() -> None:
    # Given a training that left out loans younger than a year
    frame = _dated(loans(900, 5))
    rules = {"scheme": "stratified", "performance_months": 12}
    bank = Bank(frame, decision_date="decided", validation=rules)
    # When a policy is fitted on a sample, young loans are left out of it as well
    sample = _dated(loans(900, 77)).with_columns(pl.col("id").str.replace("A", "B"))
    fit = bank.fit(sample)
    old = sample.filter(pl.col("decided") <= date(2024, 6, 30))
    assert fit.analysis.rows == old.height < 900
    assert fit.analysis.bads == old["bad"].sum()
    # And the table is read as it was trained on: rows in their places, young ones left out
    asked = bank.settings.model_copy(
        update={"policy": bank.settings.policy.model_copy(update={"segment": "job"})}
    )
    by_run = fit_policy(asked, FitWish(), bank.office.tools())
    kept = frame.filter(pl.col("decided") <= date(2024, 6, 30))
    assert sorted(by_run.fitted.data.segments["job"]) == sorted(kept["job"].to_list())


def test_a_sample_whose_loans_are_all_young_is_refused_by_its_own_name() -> None:
    rules = {"scheme": "stratified", "performance_months": 12, "as_of": date(2025, 6, 30)}
    bank = Bank(_dated(loans(900, 5)), decision_date="decided", validation=rules)
    young = loans(700, 77).with_columns(
        pl.col("id").str.replace("A", "B"), pl.lit(date(2025, 6, 1)).alias("decided")
    )
    error = bank.refused(young)
    assert error.code == "labels-immature"
    assert error.message.startswith("The sample 'sample'")


def test_a_file_that_cannot_be_read_is_not_looked_for_in_the_settings() -> None:
    bank = Bank(loans(900, 5))

    class Torn:
        def read(self, table: Any) -> pl.DataFrame:
            text = f"Set encoding under [tables.{table.name}] in scorewright.toml."
            raise UsageError("The file is torn.", remedy=text, code="table-encoding")

    tools = replace(bank.office.tools(), reader=Torn())
    with pytest.raises(UsageError) as caught:
        fit_policy(bank.settings, FitWish(sample=SAMPLE), tools)
    assert caught.value.code == "table-encoding"
    assert "[tables" not in caught.value.remedy
    assert "--sample" in caught.value.remedy
