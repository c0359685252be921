"""Inspecting, proving and loading a bundle that reads histories."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.bundles import ROOT, MemoryBundles
from tests.fakes.raw_applications import plan, raw

from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.scoring import Scorer, check_golden
from scorewright.flows.ports import Proof
from scorewright.flows.verify_bundle import inspect_bundle, load_for_serving


class WholeProver:
    """A `Prover` that reads the bundle back and scores its golden rows from their histories."""

    def __init__(self, bundles: MemoryBundles) -> None:
        self._bundles = bundles

    def prove(self, directory: Path) -> Proof:
        """Compare the golden rows."""
        bundle = self._bundles.read(directory)
        model = Learners().get(bundle.learner).load(bundle.model_files, bundle.space)
        largest = check_golden(Scorer.of(bundle, model), bundle.golden)
        return Proof(directory.name, len(bundle.golden), largest, 0.1)


def test_the_report_names_plan_and_histories(dummy_bundle: Bundle) -> None:
    # Given a bundle with histories and one without
    store = MemoryBundles([])
    with_histories, plain = store.publish(raw().bundle), store.publish(dummy_bundle)
    # When they are inspected
    report = inspect_bundle(store, with_histories.name)
    # Then the first names its plan, the second has none
    assert report.feature_plan == plan().digest
    assert ("histories", "payments, loans, inquiries") in report.pairs()
    document = json.loads(json.dumps(report.to_dict()))
    assert document["feature_plan"] == plan().digest
    assert document["histories"] == ["payments", "loans", "inquiries"]
    other = inspect_bundle(store, plain.name)
    assert other.to_dict()["feature_plan"] is None
    assert "feature plan" not in dict(other.pairs())


def test_serving_computes_the_features(policy_for: Callable[..., Policy]) -> None:
    # Given a published bundle with its policy
    here = raw()
    store = MemoryBundles([])
    digest = store.publish(here.bundle).name
    _, policy = store.publish_policy(policy_for(here.bundle))
    # When it is loaded for serving
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    deployment = load_for_serving(
        store, WholeProver(store), Learners(), digest, now=now, policy_file=ROOT / policy.name
    )
    # Then its scorer takes raw applications
    own, below = here.applications[5]
    assert abs(deployment.scorer.score_application(own, below) - here.pds[5]) <= 1e-12
