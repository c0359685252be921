"""A deployment of the common bundle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import FittedModel, LoadedBundle
from scorewright.flows.verify_bundle import Deployment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def deployment(bundle: Bundle, model: FittedModel, policy_for: Callable[..., Policy]) -> Deployment:
    scorer = Scorer(model, bundle.space, bundle.calibration, bundle.contract)
    loaded = LoadedBundle(bundle.manifest(), bundle, model)
    return Deployment(loaded, policy_for(bundle), scorer, NOW)
