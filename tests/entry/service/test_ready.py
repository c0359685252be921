"""Whether to send requests here, how each part is, and what Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright.core.bundles import Bundle
from scorewright.core.project import ChallengerSettings, LogSettings, ServeSettings
from scorewright.entry.service import create_app
from scorewright.entry.service.running import Running
from scorewright.flows.ports import Clock
from scorewright.flows.serve import Chosen, LogState, Resources, Service, SyncState
from scorewright.flows.verify_bundle import Deployment


@dataclass
class Around:
    """What the machine around says."""

    note: SyncState | None = None

    def sync(self) -> SyncState | None:
        return self.note

    def resources(self) -> Resources:
        return Resources(150_000_000, 20, 1024, 4, 10**10)


class Down(MemoryLog):
    """A log that is down."""

    def state(self) -> LogState:
        return LogState("down", "the disk is full", 7, 3, 2, 1_795_000_000_000_000, "sqlite:///x")


def _note(*, ok: bool = True, age: float = 2.0, good: float | None = None) -> SyncState:
    cause = "" if ok else "no answer"
    return SyncState("2026-11-21T12:59:58+00:00", ok, cause, "m@champion", "7", age, good)


@pytest.fixture
def service(deployment: Deployment, clock: Clock) -> Service:
    return service_on(deployment, clock)


def test_ready_only_while_it_takes_requests(service: Service) -> None:
    running = Running()
    client = TestClient(create_app(service, running))
    # Given a worker that starts
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["causes"]) == (503, ["starting"])
    assert answer.headers["Retry-After"] == "1"
    with client:
        # When it takes requests, then it is ready
        ready: dict[str, Any] = {"status": "ready", "causes": [], "sync_age_seconds": None}
        assert client.get("/ready").json() == ready
        # When it was told to stop, then it is not, but it lives
        running.stopping = True
        stopping = {"status": "not-ready", "causes": ["stopping"], "sync_age_seconds": None}
        assert client.get("/ready").json() == stopping
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("policy", "status"), [("required", 503), ("spool", 503), ("best_effort", 200)]
)
def test_a_log_that_is_down_makes_it_unready_where_decisions_must_be_kept(
    deployment: Deployment, clock: Clock, policy: Any, status: int
) -> None:
    settings = ServeSettings(log=LogSettings(policy=policy))
    with TestClient(create_app(service_on(deployment, clock, log=Down(), settings=settings))) as c:
        assert c.get("/ready").status_code == status
        assert c.get("/health/database").json() == {
            "status": "down",
            "cause": "the disk is full",
            "policy": policy,
            "written": 7,
            "spooled": 3,
            "dropped": 2,
            "last_written_seconds_ago": 266000.0,
            "location": "sqlite:///x",
        }


def test_the_sync_is_told_with_its_age(service: Service) -> None:
    page = "/health/mlflow"
    assert TestClient(create_app(service)).get(page).json()["status"] == "not-used"
    for note, status in ((_note(good=2.0), "ok"), (_note(ok=False, good=900.0), "degraded")):
        around = replace(service, surroundings=Around(note))
        with TestClient(create_app(around)) as client:
            told = client.get(page).json()
            ready = client.get("/ready")
        assert (told["status"], told["age_seconds"], told["version"]) == (status, 2.0, "7")
        assert told["good_age_seconds"] == note.good_age_seconds
        # And whoever probes sees how long the registry was not followed; that is no cause
        assert ready.status_code == 200
        assert ready.json()["sync_age_seconds"] >= note.good_age_seconds


def test_a_registry_that_was_never_followed_well_has_no_age(service: Service) -> None:
    around = replace(service, surroundings=Around(_note(ok=False)))
    with TestClient(create_app(around)) as client:
        assert client.get("/health/mlflow").json()["good_age_seconds"] is None
        assert client.get("/ready").json()["sync_age_seconds"] is None


@pytest.mark.parametrize("why", ["", "not compared with models:/m@champion since yesterday"])
def test_an_old_bundle_is_flagged_in_answers(service: Service, bundle: Bundle, why: str) -> None:
    with TestClient(create_app(replace(service, stale=lambda: why))) as client:
        answer = client.post("/predict", json={"features": dict(bundle.golden[0].values)})
    assert answer.json()["flags"]["stale_bundle"] == (why or None)


def test_resources(service: Service) -> None:
    told = TestClient(create_app(replace(service, surroundings=Around()))).get("/health/resources")
    assert told.json() == {
        "status": "ok",
        "requests_in_work": 1,
        "memory_bytes": 150_000_000,
        "open_files": 20,
        "open_files_limit": 1024,
        "threads": 4,
        "disk_free_bytes": 10**10,
    }


def test_prometheus_reads_names_with_units(service: Service, bundle: Bundle) -> None:
    # Given a service that answered, and whose challengers count something
    counted = {"shadow_dropped": lambda: 3}
    around = replace(service, surroundings=Around(_note()), figures=counted)
    client = TestClient(create_app(around))
    client.post("/predict", json={"features": dict(bundle.golden[0].values)})
    client.get("/nothing/of/the/kind")
    # When its figures are read
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    found = {
        sample.name: sample
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    # Then they are there, under names with units
    for name, value in {
        "scorewright_log_written_total": 1,
        "scorewright_log_dropped_total": 0,
        "scorewright_log_spooled": 0,
        "scorewright_swaps_total": 0,
        "scorewright_refused_bundles_total": 0,
        "scorewright_shadow_dropped_total": 3,
        "scorewright_bundle_age_seconds": 3600,
        "scorewright_sync_age_seconds": 2,
        "scorewright_requests_in_work": 1,
        "scorewright_request_seconds_count": 1,
    }.items():
        assert found[name].value == value, name
    assert found["scorewright_bundle_info"].labels["bundle"] == bundle.manifest().digest
    # And a page that is none makes no label of its own
    paths = {
        sample.labels["path"]
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if "path" in sample.labels
    }
    assert paths == {"/predict", "other"}


def test_the_curve_of_the_deployed_model(service: Service, deployment: Deployment) -> None:
    client = TestClient(create_app(service))
    answer = client.get("/metrics/threshold")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-threshold-curve")
    # Given a bundle that holds its curve
    curve = {"points": [{"threshold": 0.1, "cost": 3.0}]}
    loaded = deployment.loaded
    held = replace(loaded.bundle, reference={**loaded.bundle.reference, "decision_curve": curve})
    deployed = replace(deployment, loaded=replace(loaded, bundle=held))
    told = TestClient(create_app(service_on(deployed, service.clock))).get("/metrics/threshold")
    assert told.json()["curve"] == curve
    assert told.json()["policy"]["threshold"] == 0.3


def test_the_summary_is_that_of_the_log(service: Service, bundle: Bundle) -> None:
    client = TestClient(create_app(service))
    client.post("/predict", json={"features": dict(bundle.golden[0].values)})
    counts = client.get("/metrics/summary").json()["counts"]
    assert sum(counts["decision"].values()) == 1


def test_the_summary_checks_the_split(
    deployment: Deployment,
    clock: Clock,
    bundle: Bundle,
    record_property: Callable[[str, object], None],
) -> None:
    # Given a service whose challenger should answer a half, and never does
    wish = ChallengerSettings(bundle="abcdef", share=0.5)
    service = service_on(deployment, clock, settings=ServeSettings(challengers={"b": wish}))
    service = replace(service, choose=lambda champion, *_: Chosen(champion, propensity=0.5))
    client = TestClient(create_app(service))
    features = dict(bundle.golden[0].values)
    # When forty applicants ask
    for number in range(40):
        client.post("/predict", json={"application_id": f"A-{number}", "features": features})
    # Then the split is told to be off
    split = client.get("/metrics/summary").json()["split"]
    assert split["applicants"] == {"champion": 40, "b": 0}
    assert split["is_off"]
    assert split["p_value"] < 1e-6
    record_property("guarantee", "split: an arm of one half that never answers is told after 40")


def test_without_a_split_there_is_nothing_to_check(service: Service) -> None:
    assert TestClient(create_app(service)).get("/metrics/summary").json()["split"] is None
