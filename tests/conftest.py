"""Fixtures of more than one floor: a small real bundle with its policy, and a store for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from tests.fakes.policies import policy_of

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle, GoldenRow
from scorewright.core.calibration import Calibration, Platt
from scorewright.core.contracts import Column, ColumnType, Contract, UnknownPolicy, Use
from scorewright.core.decision import Policy
from scorewright.core.matrix import Feature, FeatureSpace
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FitTask, FittedModel

# No test is timed: a busy machine must not fail one.
settings.register_profile("scorewright", deadline=None)
settings.load_profile("scorewright")

PURPOSES = ("car", "home", "study")
CHANNELS = ("branch", "web")


@pytest.fixture(scope="session")
def contract() -> Contract:
    """Every kind of feature, and columns that are none."""
    return Contract(
        table="applications",
        columns=(
            Column("application", ColumnType.TEXT, nullable=False),
            Column("income", ColumnType.NUMBER, nullable=False, minimum=0.0, unit="USD"),
            Column("age", ColumnType.INTEGER, minimum=18, maximum=100, description="At decision."),
            Column("employed", ColumnType.BOOLEAN),
            Column("purpose", ColumnType.CATEGORY, categories=PURPOSES),
            Column(
                "channel",
                ColumnType.CATEGORY,
                categories=CHANNELS,
                nullable=False,
                unknown=UnknownPolicy.REJECT,
            ),
            Column("sex", ColumnType.CATEGORY, categories=("f", "m"), use=Use.MONITORING),
            Column("bad", ColumnType.INTEGER, nullable=False),
        ),
        key="application",
        target="bad",
        bad_value="1",
    )


@pytest.fixture(scope="session")
def space() -> FeatureSpace:
    """The model's inputs, in another order than the contract's columns."""
    return FeatureSpace(
        (
            Feature("purpose", PURPOSES),
            Feature("age"),
            Feature("income"),
            Feature("employed"),
            Feature("channel", CHANNELS),
        )
    )


def applications(n: int) -> list[dict[str, Any]]:
    """Return n valid applications as JSON values, some of them missing."""
    rng = np.random.default_rng(7)
    return [
        {
            "income": float(np.round(rng.lognormal(10, 0.5), 2)),
            "age": int(rng.integers(18, 80)) if rng.random() > 0.1 else None,
            "employed": bool(rng.random() < 0.7) if rng.random() > 0.1 else None,
            "purpose": str(rng.choice(PURPOSES)) if rng.random() > 0.1 else None,
            "channel": str(rng.choice(CHANNELS)),
        }
        for _ in range(n)
    ]


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """400 valid applications."""
    return applications(400)


@pytest.fixture(scope="session")
def model(space: FeatureSpace, rows: list[dict[str, Any]]) -> FittedModel:
    """A logistic regression on them."""
    x = np.vstack([space.row(row) for row in rows])
    bad = np.nan_to_num(x[:, 1], nan=40.0) < 35
    noise = np.random.default_rng(11).random(len(x)) < 0.2
    learner = Learners().get("logistic")
    task = FitTask(x, (bad ^ noise).astype(np.int8), space, learner.parameters({}, 42))
    return learner.fit(task)


@pytest.fixture(scope="session")
def bundle(
    contract: Contract, space: FeatureSpace, model: FittedModel, rows: list[dict[str, Any]]
) -> Bundle:
    """A complete bundle with eight golden rows."""
    calibration = Calibration(omega=1.5, calibrator=Platt(intercept=-0.3, slope=0.9))
    scorer = Scorer(model, space, calibration, contract)
    return Bundle(
        name="demo_logistic",
        model_type="logistic",
        learner="logistic",
        run_id="0123456789abcdef0123456789abcdef",
        data_version="demo@3f2a9c",
        created_at="2026-11-21T00:00:00+00:00",
        library_versions={"numpy": np.__version__},
        contract=contract,
        space=space,
        calibration=calibration,
        model_files=model.files(),
        reference={"schema_version": 1},
        golden=tuple(GoldenRow(row, scorer.score_row(row)) for row in rows[:8]),
        metrics={"roc_auc": 0.71},
    )


@pytest.fixture(scope="session")
def dummy_bundle(bundle: Bundle) -> Bundle:
    """The same with the dummy learner, whose child process starts quickly."""
    prior = 0.25
    calibration = Calibration(1.0, Platt(0.0, 1.0))
    model = (
        Learners()
        .get("dummy")
        .load({"dummy.json": b'{"prior":0.25,"schema_version":1}'}, bundle.space)
    )
    pd = float(calibration.apply(np.array([prior]))[0])
    return replace(
        bundle,
        learner="dummy",
        model_type="dummy",
        calibration=calibration,
        model_files=model.files(),
        golden=tuple(GoldenRow(row.values, pd) for row in bundle.golden),
    )


@pytest.fixture(scope="session")
def tree_bundle(bundle: Bundle) -> Bundle:
    """The same with a model of LightGBM, two trees."""
    space = bundle.space
    x = np.random.default_rng(3).integers(0, 2, (200, len(space.features))).astype(np.float64)
    learner = Learners().get("lgbm")
    task = FitTask(x, x[:, 1].astype(np.int8), space, learner.parameters({"n_estimators": 2}, 1))
    model = learner.fit(task)
    scorer = Scorer(model, space, bundle.calibration, bundle.contract)
    golden = tuple(GoldenRow(r.values, scorer.score_row(r.values)) for r in bundle.golden)
    return replace(bundle, learner="lgbm", model_files=model.files(), golden=golden)


@pytest.fixture(scope="session")
def policy_for() -> Callable[..., Policy]:
    """The function that makes a policy for a bundle."""
    return policy_of


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    """An empty key ring."""
    return KeyRing(tmp_path / "keys")


@pytest.fixture
def store(tmp_path: Path, keys: KeyRing) -> DiskBundles:
    """An empty store."""
    return DiskBundles(tmp_path / "bundles", keys)


@pytest.fixture
def deployed_folder(
    store: DiskBundles, dummy_bundle: Bundle, policy_for: Callable[..., Policy], tmp_path: Path
) -> Path:
    """A folder with a deployed bundle."""
    digest = store.publish(dummy_bundle).name
    _, policy = store.publish_policy(policy_for(dummy_bundle))
    store.activate(digest, policy.name, datetime(2026, 11, 21, tzinfo=UTC))
    return tmp_path
