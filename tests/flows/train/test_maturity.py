"""Loans too young for their outcome stay out of training, and the run says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.fakes.tables import MemoryContracts, MemoryReader
from tests.fakes.training import MakeWorld, loans, settings

from scorewright.adapters.learners import Learners
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.core.tables import infer_contract
from scorewright.flows.check_project import check_project
from scorewright.flows.events import Event, Note, ignore
from scorewright.flows.ports import TableFile, TableSource
from scorewright.flows.screening import counted_rows

ROWS = 600
LAST = date(2025, 6, 30)


def dated(frame: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return applications of two and a half years, one in every day or two."""
    frame = loans(ROWS) if frame is None else frame
    days = [LAST - timedelta(days=int(1.5 * i)) for i in range(frame.height)]
    return frame.with_columns(pl.Series("decided", days))


def chosen(months: int | None = 12, **validation: Any) -> Settings:
    more = {"scheme": "stratified", "bootstrap": 20, "performance_months": months}
    return settings(
        data={"decision_date": "decided"},
        validation=more | validation,
        leakage={"shuffle_control": False},
    )


def _notes(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, Note)]


def test_young_loans_are_left_out_good_and_bad_alike(world: MakeWorld) -> None:
    # Given a table whose outcomes were read on the newest decision date
    here = world(dated())
    # When
    result = here.train(chosen())
    # Then exactly the loans decided a year before are learned from
    old = here.frame.filter(pl.col("decided") <= date(2024, 6, 30))
    prepared = result.validated.prepared
    assert prepared.frame["id"].to_list() == old["id"].to_list()
    assert prepared.y.sum() == old["bad"].sum()
    assert 0 < old.height < here.frame.height
    # And the user, the description and the parameters tell it
    (told,) = [note for note in _notes(here.events) if "too young" in note]
    assert f"{here.frame.height - old.height:,} of 600 rows, decided from 2024-07-01 on" in told
    assert "are too young" in here.run.start.description
    params = here.run.params
    assert (params["performance_months"], params["label_as_of"]) == (12, "2025-06-30")
    assert params["n_rows"] == old.height


def test_the_figures_are_those_of_a_table_without_the_young(world: MakeWorld) -> None:
    # Given the same table, once with its young loans and once without
    whole, cut = world(dated()), world(dated().filter(pl.col("decided") <= date(2024, 6, 30)))
    # When
    one = whole.train(chosen()).metrics
    two = cut.train(chosen(None)).metrics
    # Then
    assert {k: v for k, v in one.items() if k != "training_seconds"} == {
        k: v for k, v in two.items() if k != "training_seconds"
    }


def test_early_bads_do_not_enter_before_goods_of_the_same_age() -> None:
    # Given outcomes that are empty for young goods, while young bads are known already
    frame = dated()
    young = frame["decided"] > date(2024, 6, 30)
    known = pl.when(young & (frame["bad"] == 0)).then(None).otherwise(pl.col("bad"))
    loose = infer_contract(
        frame, table="loans", key="id", target="bad", bad_value="1", as_of="decided"
    )
    columns = tuple(replace(c, nullable=True) if c.name == "bad" else c for c in loose.columns)
    contract = replace(loose, columns=columns)
    # When
    table, rates = frame.with_columns(bad=known), []
    for months in (12, None):
        rows, _ = counted_rows(chosen(months), table, contract, ignore)
        rates.append(float(rows["bad"].to_numpy().mean()))
    # Then
    assert rates[0] == float(frame.filter(~young)["bad"].to_numpy().mean())
    assert rates[1] > 1.2 * rates[0]


def test_out_of_time_are_the_newest_of_the_loans_that_count(world: MakeWorld) -> None:
    here = world(dated())
    prepared = here.train(chosen(scheme="out_of_time")).validated.prepared
    decided = prepared.frame["decided"]
    assert decided.filter(pl.Series(prepared.plan.is_oot)).max() == decided.max()
    assert max(decided.to_list()) <= date(2024, 6, 30)


def test_without_a_window_nothing_is_left_out_and_a_lone_as_of_is_told(world: MakeWorld) -> None:
    here = world(dated())
    result = here.train(chosen(None, as_of=date(2025, 1, 1)))
    assert len(result.validated.prepared.y) == ROWS
    assert "performance_months" not in here.run.params
    assert any("leaves nothing out" in note for note in _notes(here.events))


def _no_dates(frame: pl.DataFrame) -> tuple[pl.DataFrame, Settings]:
    more = chosen().model_dump(exclude_unset=True) | {"data": {"table": "loans", "target": "bad"}}
    return frame.drop("decided"), Settings.model_validate(more)


def test_a_window_without_dates_is_refused(world: MakeWorld) -> None:
    frame, wanted = _no_dates(dated())
    here = world(frame)
    with pytest.raises(UsageError, match="younger than 12 months") as caught:
        here.train(wanted)
    assert caught.value.code == "decision-date-missing"
    assert here.run_log.runs == []


@pytest.mark.parametrize(
    ("months", "as_of", "words"),
    [
        (12, date(2022, 1, 1), "No loan is old enough"),
        # One of each class is the least; the oldest loans of this table are all good.
        (1, date(2023, 2, 20), "all have the same outcome"),
    ],
)
def test_where_nothing_or_one_class_is_left_nothing_is_trained(
    world: MakeWorld, months: int, as_of: date, words: str
) -> None:
    frame = dated().sort("decided")
    bad = np.where(np.arange(ROWS) < 60, 0, frame["bad"].to_numpy())
    here = world(frame.with_columns(bad=pl.Series(bad)))
    with pytest.raises(UsageError, match=words) as caught:
        here.train(chosen(months, as_of=as_of))
    assert caught.value.code == "labels-immature"
    assert caught.value.remedy
    assert here.run_log.runs == []


def test_data_check_judges_the_rows_that_count_and_says_so() -> None:
    # Given a leak that is only in loans too young to count
    frame = dated()
    young = frame["decided"] > date(2024, 6, 30)
    noise = pl.Series("paid", np.random.default_rng(1).normal(size=ROWS))
    late = frame.with_columns(paid=pl.when(young).then(frame["bad"] * 9.0).otherwise(noise))
    events: list[Event] = []
    # When
    source = TableSource(TableFile("loans", ("/p/loans.parquet",)), Path("/p/loans.toml"))
    reader, contracts = MemoryReader({"loans": late}), MemoryContracts()
    found = check_project(chosen(), [source], reader, contracts, Learners(), events.append)
    # Then
    assert found.is_clean
    assert any("too young" in note for note in _notes(events))


def test_repeats_give_one_figure_per_fold_and_repeat(world: MakeWorld) -> None:
    # Given three folds, dealt twice
    once, twice = world(), world()
    plain = {"scheme": "stratified", "bootstrap": 20, "folds": 3}
    quiet = {"shuffle_control": False}
    # When
    one = once.train(settings(validation=plain, leakage=quiet))
    two = twice.train(settings(validation=plain | {"repeats": 2}, leakage=quiet))
    # Then every figure has 3 x 2 values, the first three as without repeats
    for name in ("roc_auc", "ks", "brier"):
        history = twice.run.histories[f"fold_{name}"]
        assert len(history) == len(twice.run.histories[f"train_fold_{name}"]) == 6
        assert history[:3] == once.run.histories[f"fold_{name}"]
        assert set(history[3:]).isdisjoint(history[:3])
        assert two.metrics[f"mean_{name}"] == pytest.approx(np.mean(history))
        assert two.metrics[f"std_{name}"] == pytest.approx(np.std(history, ddof=1))
    assert twice.run.params["cv_repeats"] == 2
    # And predictions, threshold and model are those of the first dealing
    assert one.metrics["roc_auc"] == two.metrics["roc_auc"]
    assert one.bundle.model_digest == two.bundle.model_digest
