"""One application in, one decision out, with everything needed to know who decided."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.fakes.serving import service_on

from scorewright.core.bundles import Bundle
from scorewright.core.scoring import RawModel, Scorer
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment

Floats = npt.NDArray[np.float64]


def test_golden_rows_come_back_as_promised(client: TestClient, bundle: Bundle) -> None:
    for row in bundle.golden:
        answer = client.post("/predict", json={"features": dict(row.values)})
        assert answer.status_code == 200
        assert answer.json()["pd"] == row.pd
        assert answer.json()["decision"] == ("decline" if row.pd >= 0.3 else "approve")


def test_answer_names_model_policy_and_request(client: TestClient, deployment: Deployment) -> None:
    # Given one application with ids of the caller
    bundle = deployment.loaded.bundle
    values = dict(bundle.golden[0].values)
    # When it is scored
    answer = client.post(
        "/predict",
        json={"application_id": "A-1.x_2", "features": values},
        headers={"X-Request-ID": "trace-7"},
    )
    # Then the answer is exactly this
    decision_id = answer.json()["decision_id"]
    assert re.fullmatch(r"d[0-9]{8}", decision_id)
    assert answer.json() == {
        "decision_id": decision_id,
        "request_id": "trace-7",
        "application_id": "A-1.x_2",
        "pd": bundle.golden[0].pd,
        "decision": "decline" if bundle.golden[0].pd >= 0.3 else "approve",
        "threshold": 0.3,
        "confidence": abs(bundle.golden[0].pd - 0.3),
        "variant": "champion",
        "policy": {"id": "demo_default", "version": 1, "digest": deployment.policy.digest},
        "model": {
            "name": "demo_logistic",
            "run_id": bundle.run_id,
            "bundle": bundle.manifest().digest,
            "model_digest": bundle.model_digest,
        },
        "flags": {"unknown_category": [], "out_of_range": [], "stale_bundle": None},
    }
    assert answer.headers["X-Request-ID"] == "trace-7"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "a/b", "é", "<script>"])
def test_bad_request_ids_are_replaced(client: TestClient, bundle: Bundle, sent: str) -> None:
    answer = client.post(
        "/predict",
        json={"features": dict(bundle.golden[0].values)},
        headers={b"X-Request-ID": sent.encode("utf-8")},
    )
    made = answer.json()["request_id"]
    assert str(uuid.UUID(made)) == made == answer.headers["X-Request-ID"]


@given(order=st.permutations(["income", "age", "employed", "purpose", "channel"]), index=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_of_features_changes_nothing(
    client: TestClient, bundle: Bundle, order: list[str], index: st.DataObject
) -> None:
    row = index.draw(st.sampled_from(bundle.golden))
    answer = client.post("/predict", json={"features": {n: row.values[n] for n in order}})
    assert answer.json()["pd"] == row.pd


def test_unlisted_category_is_flagged_and_taken_as_missing(
    client: TestClient, bundle: Bundle
) -> None:
    values = dict(bundle.golden[0].values)
    flagged = client.post("/predict", json={"features": values | {"purpose": "yacht"}})
    missing = client.post("/predict", json={"features": values | {"purpose": None}})
    assert flagged.json()["flags"]["unknown_category"] == ["purpose"]
    assert flagged.json()["pd"] == missing.json()["pd"]
    assert "yacht" not in flagged.text


def test_integer_written_as_float_and_minus_zero(client: TestClient, bundle: Bundle) -> None:
    values = dict(bundle.golden[0].values) | {"age": 40, "income": 0}
    same = [
        client.post("/predict", json={"features": values | change}).json()["pd"]
        for change in ({}, {"age": 40.0}, {"income": -0.0})
    ]
    assert len(set(same)) == 1


def test_pd_at_the_threshold_is_declined(
    deployment: Deployment, bundle: Bundle, clock: Clock
) -> None:
    # Given thresholds at, and just above, one application's PD
    row = bundle.golden[0]
    decided = []
    for threshold in (row.pd, float(np.nextafter(row.pd, 1))):
        policy = replace(deployment.policy, threshold=threshold)
        app = create_app(service_on(replace(deployment, policy=policy), clock))
        # When it is scored
        answer = TestClient(app).post("/predict", json={"features": dict(row.values)})
        decided.append(answer.json()["decision"])
    # Then equality declines
    assert decided == ["decline", "approve"]


class Nothing:
    """A model that gives no probability."""

    def predict(self, x: Floats) -> Floats:
        """Return NaN."""
        return np.full(len(x), np.nan)


class Breaks:
    """A model that fails in a way nobody thought of."""

    def predict(self, x: Floats) -> Floats:
        """Fail with the secret in the message."""
        raise RuntimeError(f"secret {x.tolist()}")


@pytest.mark.parametrize(
    ("broken", "code"), [(Nothing(), "score-not-finite"), (Breaks(), "internal")]
)
def test_fault_of_the_model_is_told_without_details(
    deployment: Deployment, bundle: Bundle, clock: Clock, broken: RawModel, code: str
) -> None:
    # Given a service whose model fails
    scorer: Scorer = replace(deployment.scorer, model=broken)
    app = create_app(service_on(replace(deployment, scorer=scorer), clock))
    client = TestClient(app, raise_server_exceptions=False)
    # When an application is scored
    answer = client.post("/predict", json={"features": dict(bundle.golden[0].values)})
    # Then the answer is a problem with a code and a request id, and nothing else leaks
    assert answer.status_code == 500
    assert answer.json()["code"] == code
    assert answer.json()["request_id"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "secret" not in answer.text
    assert str(bundle.golden[0].values["income"]) not in answer.text
