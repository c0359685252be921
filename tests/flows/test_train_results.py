"""What training deploys: policy, golden rows, signs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.fakes.run_log import MemoryRunLog
from tests.fakes.training import MakeWorld, settings

from scorewright.core.decision import Policy
from scorewright.flows.summary import summary_rows


def test_the_policy_is_a_document_of_its_own_that_nobody_has_approved_yet(
    world: MakeWorld,
) -> None:
    # Given, when
    here = world()
    result = here.train(settings())
    # Then it binds the model it was made for and says where the threshold comes from
    (policy,) = here.policies
    assert policy == result.policy
    assert policy.approver is None
    assert policy.data_role == "out_of_fold"
    assert policy.model_digest == result.bundle.model_digest
    assert policy.bundle == result.bundle_digest
    assert policy.calibration_digest == result.bundle.calibration.digest
    assert policy.owner == "risk"
    assert policy.threshold == result.metrics["optimal_threshold"]
    assert Policy.from_bytes(here.run.files["policy.json"]) == policy
    # And the model knows nothing of it
    assert not [name for name in result.bundle.files() if "policy" in name]
    assert here.train(settings(), run_log=MemoryRunLog([])).policy.version == 2


def test_the_bayes_threshold_can_be_the_policy(world: MakeWorld) -> None:
    here = world()
    result = here.train(settings(policy={"method": "bayes"}))
    assert result.policy.threshold == pytest.approx(1 / 11)
    assert result.policy.method == "bayes"
    assert result.metrics["business_cost"] == result.metrics["cost_at_bayes_threshold"]


def test_the_bundle_holds_no_figure_that_follows_from_a_threshold(world: MakeWorld) -> None:
    result = world().train(settings())
    held = set(json.loads(result.bundle.files()["metrics.json"]))
    assert {"roc_auc", "ks", "brier", "cox_slope"} <= held
    assert not {n for n in held if any(w in n for w in ("cost", "rate", "threshold", "profit"))}
    assert result.policy.evidence["business_cost"] == result.metrics["business_cost"]


def test_the_summary_says_what_the_policy_does_and_which_costs_decided(world: MakeWorld) -> None:
    plain = dict(summary_rows(world().train(settings())))
    assert plain["threshold"].startswith("decline at PD >= ")
    assert "matrix" not in plain["cost"]
    policy = {"refer": [0.01, 0.02], "loans": {"exposure": "income", "margin": "debt"}}
    result = world().train(settings(policy=policy))
    said = dict(summary_rows(result))
    assert said["threshold"].startswith(f"refer from {result.policy.refer_from:.4f}, decline from ")
    assert "by the matrix 10 to 1" in said["cost"]
    assert result.policy.evidence["decided_by"] == "cost_matrix"


def test_golden_rows_cover_the_range_and_reproduce(world: MakeWorld) -> None:
    # Given
    here = world()
    bundle = here.train(settings()).bundle
    # When the whole table is scored with the bytes of the bundle
    scores = np.sort(here.scores())
    golden = [row.pd for row in bundle.golden]
    # Then the golden rows are among them, from the least to the greatest
    assert len(golden) == 20
    assert golden == sorted(golden)
    assert golden[0] == pytest.approx(scores[0], abs=1e-12)
    assert golden[-1] == pytest.approx(scores[-1], abs=1e-12)
    # And hold nothing but what the model reads
    assert {name for row in bundle.golden for name in row.values} == {"income", "debt", "job"}


def test_declared_signs_are_kept_by_every_row_and_told(world: MakeWorld) -> None:
    # Given
    here = world()
    # When
    result = here.train(settings(learner={"monotone": {"income": -1, "debt": 1}}))
    # Then the PD of every applicant falls with income
    x = result.validated.prepared.x.copy()
    column = list(result.validated.prepared.space.names).index("income")
    steps = []
    for income in (-2.0, -1.0, 0.0, 1.0, 2.0):
        x[:, column] = income
        steps.append(result.validated.final.predict(x))
    assert (np.diff(steps, axis=0) <= 0).all()
    assert (np.diff(steps, axis=0) < 0).any()
    metadata = json.loads(here.run.files["model_metadata.json"])
    assert {p["feature"]: p["violations"] for p in metadata["monotone_proofs"]} == {
        "income": 0, "debt": 0,
    }  # fmt: skip
    assert json.loads(here.run.params["monotone_constraints"]).count(0) == 1


def test_the_bundle_holds_the_curve_of_its_thresholds_but_no_choice(world: MakeWorld) -> None:
    curve = world().train(settings()).bundle.reference["decision_curve"]
    assert [point["at"] for point in curve["points"]] == [n / 100 for n in range(1, 100)]
    assert "costs" in curve
    # A model artifact holds no threshold: neither the one chosen nor one computed.
    assert not {"chosen", "method", "exact_optimum", "bayes_threshold"} & set(curve)
    assert "threshold" not in json.dumps(curve)
