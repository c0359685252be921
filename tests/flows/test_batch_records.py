"""Rows of a file as rows of the log: what one application logs, made for thousands at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.batches import KEEPING

from scorewright.adapters.decision_log.rows import COLUMNS as ROW
from scorewright.adapters.decision_log.rows import record_of, row_of, rows_of
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.decision_log import DecisionBlock, Keeping
from scorewright.core.scoring import Scorer
from scorewright.core.tables import check_frame
from scorewright.flows.batch_lines import OURS, OUTSIDE, UNKNOWN, flagged
from scorewright.flows.batch_records import SUBJECT, Recorder
from scorewright.flows.ports import FittedModel, LoadedBundle
from scorewright.flows.serve import BatchOrder, Variant
from scorewright.flows.verify_bundle import Deployment

NAMES = (*ROW, "document")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDER = BatchOrder("b1", "c", "t", "2026-11-21T12:00:00+00:00", {}, "b", "{}", "p@1")
COLUMNS = {
    "income": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "age": st.none() | st.integers(-(2**53), 2**53),
    "employed": st.none() | st.booleans(),
    "purpose": st.none() | st.text(),
}
TYPES = {"income": pl.Float64, "age": pl.Int64, "employed": pl.Boolean, "purpose": pl.String}
OWN = {
    f"{OURS}decision_id": st.text("0123456789abcdef-", min_size=1, max_size=20),
    f"{OURS}pd": st.floats(0.0, 1.0),
    f"{OURS}decision": st.sampled_from(["approve", "refer", "decline"]),
    f"{OURS}threshold": st.floats(0.0, 1.0),
    UNKNOWN: st.none() | st.just("purpose"),
    OUTSIDE: st.none() | st.just("age\0income"),
    SUBJECT: st.none() | st.text(max_size=5),
}
KEEPINGS = [
    KEEPING,
    replace(KEEPING, columns={"income": "hashed", "age": "none"}),
    replace(KEEPING, default="hashed", columns={"purpose": "full"}),
    replace(KEEPING, default="none"),
]


@pytest.fixture
def deployment(bundle: Bundle, model: FittedModel, policy_for: Callable[..., Policy]) -> Deployment:
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    return Deployment(
        LoadedBundle(bundle.manifest(), bundle, model), policy_for(bundle), scorer, NOW
    )


def _block(deployment: Deployment, rows: list[dict[str, Any]], keeping: Keeping) -> DecisionBlock:
    texts = dict.fromkeys((f"{OURS}decision_id", f"{OURS}decision", UNKNOWN, OUTSIDE, SUBJECT))
    numbers = dict.fromkeys((f"{OURS}pd", f"{OURS}threshold"), pl.Float64)
    schema = {**TYPES, **dict.fromkeys(texts, pl.String), **numbers}
    frame = pl.DataFrame(rows, schema=schema)
    return Recorder(ORDER, Variant.of(deployment), keeping, None).records(frame, NOW)


@pytest.mark.parametrize("keeping", KEEPINGS, ids=["full", "mixed", "hashed", "none"])
@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({**COLUMNS, **OWN}), max_size=4))
def test_a_block_holds_what_each_row_alone_would(
    deployment: Deployment, keeping: Keeping, rows: list[dict[str, Any]]
) -> None:
    # Given rows as they were scored
    block = _block(deployment, rows, keeping)
    # Then each keeps its values, or what the settings leave of them
    assert [record.inputs for record in block] == [
        keeping.values({name: row[name] for name in COLUMNS}) for row in rows
    ]
    for record, row in zip(block, rows, strict=True):
        subject = row[SUBJECT]
        assert record.subject == (None if subject is None else keeping.key.pseudonym(subject))
        assert record.pd == row[f"{OURS}pd"]
        assert record.flags["unknown_category"] == ([row[UNKNOWN]] if row[UNKNOWN] else [])
        assert record.flags["out_of_range"] == (["age", "income"] if row[OUTSIDE] else [])
    # And written together they are read as they are when written one by one
    together = [record_of(dict(zip(NAMES, row, strict=True))) for row in rows_of(block)]
    alone = [record_of(dict(zip(NAMES, row_of(record), strict=True))) for record in block]
    assert together == alone == list(block)
    # Of whole numbers and others alike: 5 stays 5, and 5.0 stays 5.0
    for one, other in zip(together, block, strict=True):
        assert list(map(type, one.inputs.values())) == list(map(type, other.inputs.values()))


def test_rows_outside_the_models_rows_are_flagged_by_column(deployment: Deployment) -> None:
    # Given ranges, and values below, within, above and missing
    contract = deployment.loaded.bundle.contract.for_scoring(with_key=False)
    rows = [
        {"income": i, "age": a, "employed": True, "purpose": "car", "channel": "web"}
        for i, a in ((1.0, 40), (None, 40), (50_000.0, None), (1e9, 90), (1_000.0, 20))
    ]
    report = check_frame(pl.DataFrame(rows), contract)
    ranges = (("income", 1_000.0, 60_000.0), ("age", 20.0, 60.0), ("elsewhere", 0.0, 0.0))
    variant = replace(Variant.of(deployment), ranges=ranges)
    # Then what lies outside is named, in the order of the ranges
    found = flagged(report, variant)[OUTSIDE].to_list()
    expected = [
        "\0".join(variant.out_of_range(row)) or None for row in report.frame.iter_rows(named=True)
    ]
    assert found == expected == ["income", None, None, "income\0age", None]
    assert np.all(flagged(report, replace(variant, ranges=()))[OUTSIDE].is_null().to_numpy())
