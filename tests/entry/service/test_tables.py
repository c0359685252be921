"""Raw applications over HTTP: the features are computed here, and everything else is as ever."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.fakes.raw_applications import Raw, Row, Tables, plan, raw
from tests.fakes.serving import service_on

from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.features import MAX_ROWS
from scorewright.entry.service import create_app
from scorewright.flows.ports import LoadedBundle
from scorewright.flows.verify_bundle import Deployment

JSON = {"Content-Type": "application/json"}
SINCE = datetime(2026, 11, 21, 12, tzinfo=UTC)
#: Stands where a value stands; must never come back.
SENT = "Zx9Value"


class NoonClock:
    """A clock that stands at noon."""

    def now(self) -> datetime:
        """Return one hour after the deployment."""
        return SINCE + timedelta(hours=1)

    def elapsed(self) -> float:
        """Return nothing."""
        return 0.0


@pytest.fixture(scope="module")
def here() -> Raw:
    return raw()


@pytest.fixture(scope="module")
def relational(here: Raw, policy_for: Callable[..., Policy]) -> Iterator[TestClient]:
    """A client of the model that reads histories; an exception in the service fails the test."""
    bundle = here.bundle
    loaded = LoadedBundle(bundle.manifest(), bundle, here.model)
    deployment = Deployment(loaded, policy_for(bundle), here.scorer, SINCE)
    with TestClient(create_app(service_on(deployment, NoonClock()))) as client:
        yield client


def full(here: Raw) -> tuple[Row, Tables]:
    """Return an application with rows in every table."""
    return copy.deepcopy(next(a for a in here.applications if all(a[1].values())))


def send(client: TestClient, own: Any, below: Any, **more: Any) -> Any:
    return client.post("/predict", json={"features": own, "tables": below, **more})


def test_api_batch_and_golden_rows_agree(relational: TestClient, here: Raw) -> None:
    # Given raw applications, when each is sent
    for (own, below), expected in zip(here.applications[:80], here.pds, strict=False):
        answer = send(relational, own, below, application_id="A-1")
        # Then the PD is that of the whole table
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["pd"] == pytest.approx(expected, abs=1e-12)
        assert document["decision"] == ("decline" if document["pd"] >= 0.3 else "approve")
        assert document["application_id"] == "A-1"
        assert document["flags"] == {
            "unknown_category": [],
            "out_of_range": [],
            "stale_bundle": None,
            "orphan_rows": {},
            "assumed_decision_date": None,
        }
    # And that of the golden rows
    for row in here.bundle.golden:
        answer = send(relational, dict(row.values), dict(row.tables))
        assert answer.json()["pd"] == pytest.approx(row.pd, abs=1e-12)


@given(seed=st.integers(0, 1000), index=st.integers(0, 299))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_changes_nothing(relational: TestClient, here: Raw, seed: int, index: int) -> None:
    rng = random.Random(seed)
    own, below = here.applications[index]
    turned = {
        name: [dict(rng.sample(list(row.items()), len(row))) for row in rng.sample(rows, len(rows))]
        for name, rows in rng.sample(list(below.items()), len(below))
    }
    answer = send(relational, dict(rng.sample(list(own.items()), len(own))), turned)
    assert answer.json()["pd"] == pytest.approx(here.pds[index], abs=1e-12)


def test_flags_say_what_was_taken_otherwise(relational: TestClient, here: Raw) -> None:
    own, below = full(here)
    below["loans"][0]["status"] = SENT
    below["payments"].append({"loan": 1, "days": -1, "due": 1.0})
    del own["decided"]
    answer = send(relational, own, below)
    assert answer.json()["flags"] == {
        "unknown_category": ["tables.loans.status"],
        "out_of_range": [],
        "stale_bundle": None,
        "orphan_rows": {"payments": 1},
        "assumed_decision_date": "2026-11-21",
    }
    assert SENT not in answer.text


@pytest.mark.parametrize(
    ("table", "column", "value", "code"),
    [
        ("loans", "granted", "2031-01-01", "future-row"),
        ("loans", "granted", None, "undated-row"),
        ("loans", "amount", SENT, "type"),
        ("payments", "days", 3, "future-row"),
        ("payments", "color", SENT, "unknown-column"),
    ],
)
def test_faults_in_rows_are_named_where_they_are(
    relational: TestClient, here: Raw, table: str, column: str, value: Any, code: str
) -> None:
    own, below = full(here)
    below[table][0][column] = value
    answer = send(relational, own, below)
    assert (answer.status_code, answer.json()["code"]) == (422, "contract-violated")
    (problem,) = answer.json()["errors"]
    assert (problem["field"], problem["code"]) == (f"tables.{table}[0].{column}", code)
    assert "2031" not in answer.text
    assert SENT not in answer.text


def test_duplicates_unknown_tables_and_too_many_rows(relational: TestClient, here: Raw) -> None:
    own, below = full(here)
    twice = {**below, "loans": [*below["loans"], below["loans"][0]]}
    (problem,) = send(relational, own, twice).json()["errors"]
    assert problem["code"] == "duplicate-key"
    (problem,) = send(relational, own, {**below, "laons": []}).json()["errors"]
    assert "did you mean loans?" in problem["expected"]
    many = [{"month": -1}] * (MAX_ROWS + 1)
    (problem,) = send(relational, own, {**below, "inquiries": many}).json()["errors"]
    assert (problem["field"], problem["code"]) == ("tables", "too-many-rows")


def test_as_many_rows_as_are_allowed(relational: TestClient, here: Raw) -> None:
    # Given a body of more than a megabyte, when it is sent, then it is answered
    own, below = full(here)
    room = MAX_ROWS - sum(map(len, below.values()))
    more = [{"month": -(number % 30), "channel": "web"} for number in range(room)]
    answer = send(relational, own, {**below, "inquiries": [*below["inquiries"], *more]})
    assert answer.status_code == 200, answer.text
    assert 0 <= answer.json()["pd"] <= 1


def test_the_body_may_be_longer_but_not_endless(relational: TestClient, here: Raw) -> None:
    own, below = full(here)
    text = json.dumps({"features": own, "tables": below})
    padded = text + " " * (8_000_000 - len(text))
    assert relational.post("/predict", content=padded, headers=JSON).status_code == 200
    answer = relational.post("/predict", content=padded + " ", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize("tables", [[], "x", 7, None, True])
def test_tables_of_another_form(relational: TestClient, here: Raw, tables: Any) -> None:
    answer = send(relational, full(here)[0], tables)
    assert (answer.status_code, answer.json()["code"]) == (422, "body-shape")
    assert [e["field"] for e in answer.json()["errors"]] == ["tables"]


def test_a_plain_model_refuses_tables(client: TestClient, bundle: Bundle) -> None:
    answer = send(client, dict(bundle.golden[0].values), {})
    assert (answer.status_code, answer.json()["code"]) == (422, "body-shape")
    (problem,) = answer.json()["errors"]
    assert (problem["field"], problem["code"]) == ("tables", "unknown-field")
    assert "reads the application alone" in problem["expected"]


def test_version_shows_the_plan(relational: TestClient, client: TestClient) -> None:
    assert relational.get("/version").json()["model"]["feature_plan"] == plan().digest
    assert "feature_plan" not in client.get("/version").json()["model"]


def test_the_document_describes_tables_and_its_example_works(
    relational: TestClient, here: Raw
) -> None:
    # Given the document
    document = relational.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    # Then it describes the raw application and its rows from their contracts
    assert schemas["Features"]["required"] == ["income", "age", "purpose"]
    assert set(schemas["Features"]["properties"]) == {
        "application", "decided", "income", "age", "purpose", "sex",
    }  # fmt: skip
    assert schemas["Application"]["required"] == ["features"]
    tables = schemas["Tables"]
    assert (tables["required"], tables["additionalProperties"]) == ([], False)
    loans = tables["properties"]["loans"]
    assert (loans["type"], loans["maxItems"]) == ("array", MAX_ROWS)
    assert loans["items"]["required"] == ["loan", "granted"]
    assert loans["items"]["properties"]["granted"] == {"type": "string", "format": "date"}
    assert "Not read by this model." in loans["items"]["properties"]["branch"]["description"]
    assert set(schemas["Decision"]["properties"]["flags"]["properties"]) == {
        "unknown_category", "out_of_range", "stale_bundle", "orphan_rows", "assumed_decision_date",
    }  # fmt: skip
    assert "feature_plan" in schemas["Version"]["properties"]["model"]["properties"]
    # And its example is made up, complete, and answered
    operation = document["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    answer = relational.post("/predict", json=example)
    assert answer.status_code == 200
    assert 0 < answer.json()["pd"] < 1
    flags = answer.json()["flags"]
    assert (flags["unknown_category"], flags["assumed_decision_date"]) == ([], None)
    assert all(len(rows) == 1 for rows in example["tables"].values())
    golden = [dict(row.values) for row in here.bundle.golden]
    assert example["features"] not in golden
    assert "8000000" in operation["responses"]["413"]["description"]


def _mutated(here: Raw, seed: int) -> Any:
    """Return a body that is wrong somewhere, in a way the seed chooses."""
    rng = random.Random(seed)
    own, below = copy.deepcopy(rng.choice(here.applications))
    document: dict[str, Any] = {"features": own, "tables": below}
    odd: list[Any] = [
        None, True, 10**30, -(10**400), 1e308, "", SENT, "2025-13-01", "9" * 2000, [], {}, [[]],
        {"a": {}}, [None], -1.5, float("nan"), float("-inf"), "\ud800", {"loans": []},
    ]  # fmt: skip
    for _ in range(rng.randint(1, 3)):
        place: Any = document
        for _ in range(rng.randint(0, 4)):
            inner = list(place.values()) if isinstance(place, dict) else place
            deeper = [p for p in inner if isinstance(p, dict | list) and p]
            if not deeper:
                break
            place = rng.choice(deeper)
        if isinstance(place, dict):
            place[rng.choice([*place, SENT])] = rng.choice(odd)
        else:
            place[rng.randrange(len(place))] = rng.choice(odd)
    return document


@pytest.mark.parametrize("seed", range(150))
def test_no_malformed_body_gives_a_5xx(relational: TestClient, here: Raw, seed: int) -> None:
    content = json.dumps(_mutated(here, seed))
    answer = relational.post("/predict", content=content, headers=JSON)
    assert answer.status_code in {200, 400, 422}
    assert len(answer.content) < 20_000
    if answer.status_code == 200:
        assert 0 <= answer.json()["pd"] <= 1
    else:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "9999" not in answer.text.replace(answer.json()["request_id"], "")


def test_a_fault_of_the_model_is_told_without_details(
    here: Raw, policy_for: Callable[..., Policy]
) -> None:
    class Breaks:
        def predict(self, x: Any) -> Any:
            raise RuntimeError(f"secret {x.tolist()}")

    loaded = LoadedBundle(here.bundle.manifest(), here.bundle, here.model)
    scorer = replace(here.scorer, model=Breaks())
    deployment = Deployment(loaded, policy_for(here.bundle), scorer, SINCE)
    app = create_app(service_on(deployment, NoonClock()))
    own, below = full(here)
    # Given rows enough for a thread of their own, and a model that fails
    below["inquiries"] = [{"month": -1, "channel": "web"}] * 15_000
    answer = send(TestClient(app, raise_server_exceptions=False), own, below)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
