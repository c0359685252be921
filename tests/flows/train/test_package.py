"""What is deployed of a model that reads histories: its plan, and golden rows that are raw."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from tests.fakes.raw_applications import (
    FEATURES,
    RELATIONS,
    FrameHistories,
    Raw,
    feature_table,
    frames,
    plan,
    raw,
)
from tests.fakes.training import settings

from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle
from scorewright.core.decision import CostMatrix, cost_curve
from scorewright.core.features import Feature, RequestContract, compile_plan, parse
from scorewright.core.matrix import FeatureSpace, to_matrix
from scorewright.core.scoring import Scorer, check_golden
from scorewright.flows.train.package import HEADLINE, make_bundle
from scorewright.flows.train.tools import Prepared, Relational, Validated

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def here() -> Raw:
    return raw()


def _validated(here: Raw, **changes: Any) -> Validated:
    """Return what training hands on, with nothing in it that packaging does not read."""
    table = feature_table(here.applications)
    nothing = cast("Any", None)
    prepared = Prepared(
        settings=settings(),
        contract=here.bundle.contract,
        frame=table,
        space=here.space,
        x=to_matrix(table, here.space),
        y=np.zeros(table.height, dtype=np.int8),
        keys=table["application"],
        plan=nothing,
        data_version="raw@1",
        data_digest="1",
        source="raw",
        learner=Learners().get("logistic"),
        params={},
        leakage=nothing,
        sampler=nothing,
        bench=nothing,
        relational=Relational(plan(), FrameHistories(frames(here.applications)), "1"),
    )
    y = (np.arange(len(here.pds)) % 3 == 0).astype(np.int8)
    curve = cost_curve(y, here.pds, CostMatrix())
    assessment = SimpleNamespace(
        y=y,
        deployed=here.bundle.calibration,
        pd=here.pds,
        curve=curve,
        best=curve.best(),
        chosen_threshold=curve.best().threshold,
        bayes=0.1,
        interval=None,
        metrics=dict.fromkeys(HEADLINE, 0.5),
    )
    return Validated(
        prepared=replace(prepared, **changes),
        out_of_fold=nothing,
        assessment=cast("Any", assessment),
        final=here.model,
        monotone=(),
    )


def test_the_plan_goes_with_the_model(here: Raw) -> None:
    # Given a plan that declares more than the model uses
    more = [Feature(name, parse(text)) for name, text in FEATURES.items()]
    more.append(Feature("unused", parse("max(inquiries, month)")))
    histories = FrameHistories(frames(here.applications))
    relational = Relational(compile_plan(RELATIONS, more), histories, "1")
    # When the bundle is made, then it holds what the model uses
    bundle = make_bundle(_validated(here, relational=relational), "run", NOW, {})
    assert bundle.features is not None
    assert bundle.features.digest == plan().digest
    assert bundle.contract == here.bundle.contract


def test_golden_rows_are_raw_and_prove_the_whole_way(here: Raw) -> None:
    # Given a bundle of 300 applications
    bundle = make_bundle(_validated(here), "run", NOW, {})
    # When it is written and read, then its golden rows span the PDs the batch gave
    again = Bundle.from_files(bundle.manifest(), bundle.files())
    assert len(again.golden) == 20
    pds = [row.pd for row in again.golden]
    assert pds[0] == pytest.approx(here.pds.min(), abs=1e-12)
    assert pds[-1] == pytest.approx(here.pds.max(), abs=1e-12)
    assert check_golden(Scorer.of(again, here.model), again.golden) == 0.0
    # And they hold raw columns and rows, JSON-ready, that the service takes
    contract = RequestContract(plan(), here.space.names)
    for row in again.golden:
        assert set(row.values) == {"decided", "income", "age", "purpose"}
        assert set(row.tables) <= {"loans", "payments", "inquiries"}
        assert all(None not in r.values() for rows in row.tables.values() for r in rows)
        assert contract.check(row.values, row.tables, today=date(1990, 1, 1)).problems == ()
    json.dumps([row.to_dict() for row in bundle.golden])
    assert any(row.tables.get("payments") for row in again.golden)


def test_a_model_of_the_application_alone_gets_no_plan(here: Raw) -> None:
    # Given a model that uses none of the features, though they are declared
    own = FeatureSpace(tuple(f for f in here.space.features if f.name in ("income", "age")))
    x = to_matrix(feature_table(here.applications), own)
    learner = Learners().get("dummy")
    model = learner.load({"dummy.json": b'{"prior":0.25,"schema_version":1}'}, own)
    validated = replace(_validated(here, space=own, x=x, learner=learner), final=model)
    # When the bundle is made, then it is a plain one
    bundle = make_bundle(validated, "run", NOW, {})
    assert bundle.features is None
    assert "feature_plan.json" not in bundle.files()
    assert all(not row.tables for row in bundle.golden)
