"""Raw applications: the same PD one by one and all together, whatever the order."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.raw_applications import feature_table, raw

from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.errors import IntegrityError, UsageError
from scorewright.core.scoring import Scorer, check_golden
from scorewright.flows.ports import FittedModel


def test_one_by_one_and_all_together_agree() -> None:
    here = raw()
    one = [here.scorer.score_application(own, below) for own, below in here.applications]
    np.testing.assert_allclose(one, here.pds, rtol=0, atol=1e-12)
    assert np.ptp(here.pds) > 0.5


@given(seed=st.integers(0, 10_000), index=st.integers(0, 299))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_and_columns_changes_nothing(seed: int, index: int) -> None:
    # Given an application whose columns, rows and tables are shuffled
    here, rng = raw(), random.Random(seed)
    own, below = here.applications[index]
    turned = {
        name: [dict(rng.sample(list(row.items()), len(row))) for row in rng.sample(rows, len(rows))]
        for name, rows in rng.sample(list(below.items()), len(below))
    }
    shuffled = dict(rng.sample(list(own.items()), len(own)))
    # When it is scored, then the PD is the same, one by one and all together
    pd = here.scorer.score_application(shuffled, turned)
    assert pd == pytest.approx(here.pds[index], abs=1e-12)
    together = here.scorer.score_frame(feature_table([(own, turned)]))
    assert together[0] == pytest.approx(pd, abs=1e-12)


def test_golden_rows_prove_the_features_too() -> None:
    here = raw()
    assert check_golden(here.scorer, here.bundle.golden) <= 1e-12
    # Given golden rows one of whose histories lost a row
    index, row = next(
        (i, r) for i, r in enumerate(here.bundle.golden) if len(r.tables.get("payments", ())) > 2
    )
    fewer = {**row.tables, "payments": row.tables["payments"][1:]}
    rows = [*here.bundle.golden]
    rows[index] = replace(row, tables=fewer)
    # When they are compared, then the difference is found
    with pytest.raises(IntegrityError) as caught:
        check_golden(here.scorer, rows)
    assert caught.value.code == "bundle-golden-mismatch"


@pytest.mark.parametrize(
    "tables", [{"loans": ["x"]}, {"loans": 7}, {"loans": [{"amount": "x"}]}, {"loans": None}]
)
def test_damaged_golden_rows_are_a_mismatch(tables: dict[str, object]) -> None:
    here = raw()
    row = here.bundle.golden[0]
    with pytest.raises(IntegrityError) as caught:
        check_golden(here.scorer, [GoldenRow(row.values, row.pd, tables)])  # type: ignore[arg-type]
    assert caught.value.code == "bundle-golden-mismatch"


def test_tables_for_a_model_without_histories_are_refused(
    bundle: Bundle, model: FittedModel
) -> None:
    scorer = Scorer.of(bundle, model)
    row = bundle.golden[0]
    assert scorer.evaluator is None
    assert scorer.score_application(row.values, {}) == row.pd
    with pytest.raises(UsageError) as caught:
        scorer.score_application(row.values, {"loans": []})
    assert caught.value.code == "tables-unexpected"
