"""Training on histories: the features join the table, and what they add is measured honestly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.fakes.features import MemoryBuilds
from tests.fakes.histories import MemoryRows
from tests.fakes.machine import CountingClock
from tests.fakes.tables import MemoryContracts
from tests.fakes.training import MakeWorld, World, loans, settings

from scorewright.core.contracts import Column, ColumnType, Contract
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.features import (
    AsOf,
    Feature,
    FeatureLibrary,
    FeatureSet,
    TableLink,
    parse,
)
from scorewright.core.tables import infer_contract
from scorewright.flows.events import Note, ignore
from scorewright.flows.features.attach import ProjectFeatures
from scorewright.flows.features.build import BuildTools
from scorewright.flows.lift import ALL, ALONE, histories_lift
from scorewright.flows.ports import TableFile, TableSource
from scorewright.flows.report import training_report
from scorewright.flows.train import prepare

FEATURES = {
    "late_share": "share(payments, days_late > 0)",
    "payments_count": "count(payments)",
    "noise_mean": "mean(noise, value)",
    "debt_by_late": "debt * late_share",
}
SET = FeatureSet("mine", tuple(Feature(name, parse(text)) for name, text in FEATURES.items()))
LIBRARY = FeatureLibrary(
    (
        TableLink("payments", None, "id", None, AsOf(("day",))),
        TableLink("noise", None, "id", None, AsOf(("day",))),
    ),
    (SET,),
)
PAYMENTS = Contract(
    "payments",
    (
        Column("id", ColumnType.TEXT),
        Column("day", ColumnType.INTEGER),
        Column("days_late", ColumnType.INTEGER),
    ),
)
NOISE = Contract(
    "noise",
    (
        Column("id", ColumnType.TEXT),
        Column("day", ColumnType.INTEGER),
        Column("value", ColumnType.NUMBER),
    ),
)


def histories(frame: pl.DataFrame, seed: int = 3) -> dict[str, pl.DataFrame]:
    """Payments that are late more often where the loan went bad, and noise."""
    rng = np.random.default_rng(seed)
    ids = frame["id"].to_numpy().repeat(6)
    bad = frame["bad"].to_numpy().repeat(6)
    late = rng.random(len(ids)) < 0.25 + 0.2 * bad
    day = -rng.integers(1, 900, len(ids))
    return {
        "payments": pl.DataFrame({"id": ids, "day": day, "days_late": late.astype(np.int64) * 9}),
        "noise": pl.DataFrame({"id": ids, "day": day, "value": rng.normal(size=len(ids))}),
    }


def project_features(frame: pl.DataFrame, below: dict[str, pl.DataFrame]) -> ProjectFeatures:
    contracts = MemoryContracts()
    sources = {}
    for name in ("loans", "payments", "noise"):
        path = Path(f"/project/contracts/{name}.toml")
        sources[name] = TableSource(TableFile(name, (f"/project/{name}.parquet",)), path)
    contracts.save(PAYMENTS, sources["payments"].contract_path)
    contracts.save(NOISE, sources["noise"].contract_path)

    def never() -> Any:
        pytest.fail("so few rows need no engine")

    tools = BuildTools(
        rows=MemoryRows({"loans": frame, **below}),
        builds=MemoryBuilds(),
        engine=never,
        clock=CountingClock(),
        notify=ignore,
    )
    return ProjectFeatures(LIBRARY, sources, contracts, tools)


def relational(world: World, below: dict[str, pl.DataFrame] | None = None) -> World:
    made = project_features(world.frame, below or histories(world.frame))
    world.tools = replace(world.tools, features=made)
    return world


CHOSEN: dict[str, Any] = {
    "features": {"files": ["features.toml"], "set": "mine"},
    "leakage": {"max_iv": 3.0},
}


def test_features_of_histories_become_inputs_and_travel_in_the_bundle(world: MakeWorld) -> None:
    here = relational(world(loans(400)))

    result = here.train(settings(**CHOSEN))

    assert set(FEATURES) <= set(result.bundle.space.names)
    assert result.bundle.features is not None
    assert set(result.bundle.features.names) == set(FEATURES)
    golden = result.bundle.golden[0]
    assert set(golden.values).isdisjoint(FEATURES)
    assert set(golden.tables) == {"payments", "noise"}
    assert len(golden.tables["payments"]) == 6


def test_a_row_from_the_future_stops_the_training_with_table_key_and_date(
    world: MakeWorld,
) -> None:
    here = world(loans(300))
    below = histories(here.frame)
    planted = pl.DataFrame({"id": ["A00007"], "day": [4], "days_late": [0]})
    below["payments"] = pl.concat([below["payments"], planted])

    with pytest.raises(FindingsError) as refusal:
        relational(here, below).train(settings(**CHOSEN))

    assert refusal.value.code == "features-future-rows"
    for word in ("payments", "A00007", "day = 4"):
        assert word in refusal.value.message
    assert not here.run_log.runs


CALLS = Contract("calls", (Column("id", ColumnType.TEXT), Column("day", ColumnType.INTEGER)))


def collected(world: World, as_of: AsOf | None) -> World:
    """Collection calls: for most loans that went bad, and for a few of the others."""
    below = histories(world.frame)
    bad = world.frame["bad"].to_numpy()
    is_called = np.random.default_rng(4).random(len(bad)) < np.where(bad == 1, 0.8, 0.04)
    ids = world.frame["id"].to_numpy()[is_called]
    below["calls"] = pl.DataFrame({"id": ids, "day": np.full(len(ids), -5)})
    made = project_features(world.frame, below)
    path = Path("/project/contracts/calls.toml")
    source = TableSource(TableFile("calls", ("/project/calls.parquet",)), path)
    made.contracts.save(CALLS, path)
    features = (*SET.features, Feature("calls_count", parse("count(calls)")),
                Feature("calls_share", parse("calls_count / payments_count")))  # fmt: skip
    library = FeatureLibrary(
        (*LIBRARY.links, TableLink("calls", None, "id", None, as_of)),
        (FeatureSet("mine", features),),
    )
    made = replace(made, library=library, sources={**made.sources, "calls": source})
    world.tools = replace(world.tools, features=made)
    return world


STRICT: dict[str, Any] = {**CHOSEN, "leakage": {"max_iv": 1.0}}


def test_a_leak_from_a_history_without_dates_stops_the_training(world: MakeWorld) -> None:
    # Given calls after the decision, in a table that nothing proves to be older
    here = collected(world(loans(400)), None)

    with pytest.raises(FindingsError) as refusal:
        here.train(settings(**STRICT))

    assert refusal.value.code == "leakage-findings"
    found = {(f["code"], f["subject"]) for f in refusal.value.details["findings"]}
    assert {("LEAK-002", "calls_count"), ("LEAK-002", "calls_share")} <= found
    assert not here.run_log.runs
    # And it is said beforehand
    (said,) = [e.message for e in here.events if isinstance(e, Note) and "FEAT-005" in e.message]
    assert said == (
        "FEAT-005 calls: No date says when a row became known, so nothing proves that it was "
        "before the decision."
    )


def test_a_strong_feature_of_proved_rows_is_said_and_stops_nothing(world: MakeWorld) -> None:
    here = collected(world(loans(400)), AsOf(("day",)))

    here.train(settings(**STRICT))

    notes = [e.message for e in here.events if isinstance(e, Note)]
    assert any("LEAK-002 calls_count" in n and "dates were proved" in n for n in notes)
    assert not any("FEAT-005" in n for n in notes)


def test_loans_without_an_outcome_are_left_out_and_said(world: MakeWorld) -> None:
    frame = loans(400).with_columns(
        pl.when(pl.int_range(pl.len()) < 25).then(None).otherwise(pl.col("bad")).alias("bad")
    )
    here = relational(world(frame), histories(loans(400)))
    known = infer_contract(loans(400), table="loans", key="id", target="bad", bad_value="1")
    columns = tuple(replace(c, nullable=True) if c.name == "bad" else c for c in known.columns)
    contract = replace(known, columns=columns)
    here.tools.contracts.save(contract, Path("/project/contracts/loans.toml"))

    result = here.train(settings(**CHOSEN))

    assert len(result.validated.prepared.y) == 375
    assert any(isinstance(e, Note) and "25 of 400" in e.message for e in here.events)


def test_lift_finds_the_table_that_helps_and_not_the_noise(world: MakeWorld) -> None:
    here = relational(world(loans(1200)))
    source = TableSource(TableFile("loans", ("/project/loans.parquet",)), Path("/c/loans.toml"))

    lift = histories_lift(prepare(settings(**CHOSEN), source, here.tools), ignore)

    rows = {row.tables: row for row in lift.rows}
    assert list(rows) == [ALONE, "payments", "noise", ALL]
    assert rows["payments"].added > 0.03
    assert rows["payments"].p_value < 0.01
    assert abs(rows["noise"].added) < 0.03
    assert rows["noise"].p_value > 0.05
    assert rows[ALL].features == rows[ALONE].features + len(FEATURES)
    assert rows["payments"].features == rows[ALONE].features + 3
    for row in lift.rows:
        assert row.low < row.auc < row.high


def test_lift_of_a_project_without_histories_is_refused(world: MakeWorld) -> None:
    here = world(loans(300))
    source = TableSource(TableFile("loans", ("/project/loans.parquet",)), Path("/c/loans.toml"))

    with pytest.raises(UsageError, match="declares no features"):
        histories_lift(prepare(settings(), source, here.tools), ignore)


def test_the_report_shows_what_the_histories_add(world: MakeWorld) -> None:
    here = relational(world(loans(400)))
    result = here.train(settings(**CHOSEN))
    lift = histories_lift(result.validated.prepared, ignore)

    names = [section.id for section in training_report(result, lift).sections]

    assert names[-1] == "lift"
    assert "lift" not in [section.id for section in training_report(result).sections]


def test_training_twice_gives_the_same_model(world: MakeWorld) -> None:
    first = relational(world(loans(300))).train(settings(**CHOSEN))
    second = relational(world(loans(300))).train(settings(**CHOSEN))

    assert first.bundle.model_digest == second.bundle.model_digest


def test_the_record_of_the_data_holds_no_secret_of_its_address(world: MakeWorld) -> None:
    here = world(loans(300))
    address = "postgresql://risk:CANARY@db.example/loans"
    table = TableFile("loans", (address,), relation="loans", shown="postgresql://db.example/loans")
    source = TableSource(table, Path("/c/loans.toml"))

    prepared = prepare(settings(**CHOSEN), source, here.tools)

    assert prepared.source == "postgresql://db.example/loans"
