"""A policy with a band refers, and one with segments decides by the application's own rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.fakes.serving import service_on

from scorewright.core.decision import Rule
from scorewright.entry.service import create_app
from scorewright.flows.ports import Clock
from scorewright.flows.verify_bundle import Deployment


def _ask(deployment: Deployment, clock: Clock, values: dict[str, Any]) -> dict[str, Any]:
    app = create_app(service_on(deployment, clock))
    with TestClient(app) as client:
        answer: dict[str, Any] = client.post("/predict", json={"features": values}).json()
        schema = client.get("/openapi.json").json()["components"]["schemas"]["Decision"]
    assert set(schema["required"]) <= set(answer) <= set(schema["properties"])
    assert answer["decision"] in schema["properties"]["decision"]["enum"]
    return answer


@pytest.mark.parametrize(
    ("below", "above", "decision"),
    [(0.0, 0.01, "refer"), (-0.01, 0.02, "approve"), (0.02, 0.0, "decline")],
)
def test_a_pd_in_the_band_is_referred(
    deployment: Deployment, clock: Clock, below: float, above: float, decision: str
) -> None:
    # Given a band that begins or ends at the PD of an application
    row = deployment.loaded.bundle.golden[0]
    low, high = row.pd - below, row.pd + above
    policy = replace(deployment.policy, threshold=low, refer_from=low, refer_to=high)
    # When it is scored
    answer = _ask(replace(deployment, policy=policy), clock, dict(row.values))
    # Then a PD at the lower end is referred, at the upper declined, below approved
    assert answer["pd"] == row.pd
    assert answer["decision"] == decision
    assert answer["refer"] == {"from": low, "to": high}
    assert answer["threshold"] == low


def test_a_segment_is_decided_by_its_own_rule(deployment: Deployment, clock: Clock) -> None:
    # Given a rule for one channel that declines everybody, and a lax common one
    rules = {"web": Rule(0.0)}
    policy = replace(deployment.policy, threshold=1.0, segment_column="channel", segments=rules)
    changed = replace(deployment, policy=policy)
    values = dict(deployment.loaded.bundle.golden[0].values)
    # When the same applicant comes by either way, then each way has its rule
    web = _ask(changed, clock, {**values, "channel": "web"})
    branch = _ask(changed, clock, {**values, "channel": "branch"})
    assert (web["decision"], web["threshold"]) == ("decline", 0.0)
    assert (branch["decision"], branch["threshold"]) == ("approve", 1.0)
    assert web["segment"] == {"column": "channel", "value": "web"}
    assert "refer" not in web


def test_a_plain_policy_answers_as_before(deployment: Deployment, clock: Clock) -> None:
    answer = _ask(deployment, clock, dict(deployment.loaded.bundle.golden[0].values))
    assert not {"refer", "segment"} & set(answer)
