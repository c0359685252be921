"""Whatever is sent: a clear problem, never a 5xx, never the value that was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from scorewright.core.bundles import Bundle

JSON = {"Content-Type": "application/json"}
#: Stands where a value stands; must never come back.
SENT = "Zx9Value"
GOOD = {"income": 1000.5, "age": 40, "employed": True, "purpose": "car", "channel": "web"}


def body(**changes: Any) -> str:
    """Return a good body with some features changed; a raw text goes in as it is."""
    raw = {k: v.removeprefix("raw:") for k, v in changes.items() if str(v).startswith("raw:")}
    text = json.dumps({"features": {**GOOD, **changes}})
    for value in raw.values():
        text = text.replace(json.dumps(f"raw:{value}"), value)
    return text


def without(name: str) -> str:
    """Return a good body without one feature."""
    return json.dumps({"features": {k: v for k, v in GOOD.items() if k != name}})


#: name: (body, status, code, field, code of the field)
CORPUS: dict[str, tuple[str | bytes, int, str, str | None, str | None]] = {
    "empty": ("", 400, "body-empty", None, None),
    "blank": (" \r\n\t ", 400, "body-empty", None, None),
    "not json": (SENT, 400, "body-not-json", None, None),
    "truncated": (body()[:-5], 400, "body-not-json", None, None),
    "trailing comma": ('{"features": {},}', 400, "body-not-json", None, None),
    "two documents": (body() + body(), 400, "body-not-json", None, None),
    "single quotes": (f"{{'features': '{SENT}'}}", 400, "body-not-json", None, None),
    "bom": (b"\xef\xbb\xbf" + body().encode(), 400, "body-not-json", None, None),
    "invalid utf-8": (body(purpose="x").encode() + b"\xff\xfe", 400, "body-encoding", None, None),
    "utf-16": (body().encode("utf-16"), 400, "body-encoding", None, None),
    "utf-16 without bom": (body().encode("utf-16-le"), 400, "body-not-json", None, None),
    "control character": ('{"features": {"purpose": "\x01"}}', 400, "body-not-json", None, None),
    "deep lists": ("[" * 100_000, 400, "body-not-json", None, None),
    "deep objects": ('{"a":' * 100_000, 400, "body-not-json", None, None),
    "deep value": (body(income="raw:" + "[" * 5000 + "]" * 5000), 400, "body-not-json", None, None),
    "null": ("null", 422, "body-shape", "body", "type"),
    "number": ("17", 422, "body-shape", "body", "type"),
    "text": (f'"{SENT}"', 422, "body-shape", "body", "type"),
    "nan alone": ("NaN", 422, "body-shape", "body", "type"),
    "array": ("[1, 2, 3]", 422, "positional-features", "features", "positional-features"),
    "positions": (
        '{"features": [1, 2]}', 422, "positional-features", "features", "positional-features",
    ),
    "no features": ("{}", 422, "body-shape", "features", "missing"),
    "features null": ('{"features": null}', 422, "body-shape", "features", "type"),
    "features text": (f'{{"features": "{SENT}"}}', 422, "body-shape", "features", "type"),
    "features bare": (json.dumps(GOOD), 422, "body-shape", "income", "unknown-field"),
    "stranger outside": (
        json.dumps({"features": GOOD, "debug": SENT}), 422, "body-shape", "debug",
        "unknown-field",
    ),
    "stranger inside": (body(score=SENT), 422, "contract-violated", "score", "unknown-column"),
    "monitoring column": (body(sex="f"), 422, "contract-violated", "sex", "unknown-column"),
    "target": (body(bad=1), 422, "contract-violated", "bad", "unknown-column"),
    "missing": (without("income"), 422, "contract-violated", "income", "missing"),
    "null value": (body(income=None), 422, "contract-violated", "income", "not-nullable"),
    "nan": (body(income="raw:NaN"), 422, "contract-violated", "income", "not-finite"),
    "infinity": (body(income="raw:Infinity"), 422, "contract-violated", "income", "not-finite"),
    "minus infinity": (body(age="raw:-Infinity"), 422, "contract-violated", "age", "not-finite"),
    "1e999": (body(income="raw:1e999"), 422, "contract-violated", "income", "not-finite"),
    "-1e999": (body(age="raw:-1e999"), 422, "contract-violated", "age", "not-finite"),
    "5000 digits": (
        body(income="raw:" + "9" * 5000), 422, "contract-violated", "income", "not-finite",
    ),
    "400 digits": (
        body(age="raw:-" + "9" * 400), 422, "contract-violated", "age", "not-finite",
    ),
    "20 digits": (body(age="raw:" + "9" * 20), 422, "contract-violated", "age", "range"),
    "20 digits of a number": (
        body(income="raw:12345678901234567890"), 422, "contract-violated", "income", "range",
    ),
    "20 digits below 0": (
        body(income="raw:-12345678901234567890"), 422, "contract-violated", "income", "range",
    ),
    "400 digits of a number": (
        body(income="raw:" + "9" * 400), 422, "contract-violated", "income", "range",
    ),
    "2 ** 53 + 1": (
        body(income="raw:9007199254740993"), 422, "contract-violated", "income", "range",
    ),
    "below": (body(age=17), 422, "contract-violated", "age", "range"),
    "above": (body(age=101), 422, "contract-violated", "age", "range"),
    "negative": (body(income=-0.01), 422, "contract-violated", "income", "range"),
    "half a year": (body(age=40.5), 422, "contract-violated", "age", "type"),
    "boolean as number": (body(income=True), 422, "contract-violated", "income", "type"),
    "boolean as integer": (body(age=False), 422, "contract-violated", "age", "type"),
    "text as number": (body(income="1234567.25"), 422, "contract-violated", "income", "type"),
    "number as boolean": (body(employed=1), 422, "contract-violated", "employed", "type"),
    "text as boolean": (body(employed="true"), 422, "contract-violated", "employed", "type"),
    "number as category": (body(channel=1.5), 422, "contract-violated", "channel", "type"),
    "unlisted category": (body(channel=SENT), 422, "contract-violated", "channel", "category"),
    "surrogate": (body(channel="\ud800"), 400, "body-encoding", None, None),
    "long text": (body(purpose=SENT * 200), 422, "contract-violated", "purpose", "too-long"),
    "list as value": (body(income=[SENT]), 422, "contract-violated", "income", "type"),
    "object as value": (body(income={"a": SENT}), 422, "contract-violated", "income", "type"),
    "duplicate": (
        '{"features": {"income": 1, "income": 2}}', 422, "duplicate-field", "income",
        "duplicate-field",
    ),
    "duplicate features": (
        '{"features": {}, "features": {}}', 422, "duplicate-field", "features", "duplicate-field",
    ),
    "duplicate by escape": (
        '{"features": {"age": 1, "\\u0061ge": 2}}', 422, "duplicate-field", "age",
        "duplicate-field",
    ),
    "surrogate name": (body(**{"\ud800": 1}), 400, "body-encoding", None, None),
    "control name": (body(**{"a\nb": 1}), 422, "contract-violated", "?", "unknown-column"),
    "long name": (body(**{"n" * 5000: 1}), 422, "contract-violated", "?", "unknown-column"),
    "long name outside": (
        json.dumps({"features": GOOD, "n" * 5000: 1}), 422, "body-shape", "?", "unknown-field",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CORPUS))
def test_each_kind_has_its_problem(client: TestClient, name: str) -> None:
    # Given a malformed body
    content, status, code, field, field_code = CORPUS[name]
    # When it is sent
    answer = client.post("/predict", content=content, headers=JSON)
    # Then status, code and field say what is wrong, and the value does not come back
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"urn:scorewright:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    if field is None:
        assert problem["errors"] == []
    else:
        assert (field, field_code) in {(e["field"], e["code"]) for e in problem["errors"]}
        assert all(e["expected"] for e in problem["errors"])
    # The id is random and may hold any digits.
    text = answer.text.replace(problem["request_id"], "")
    for value in (SENT, "1234567.25", "NaN", "9999", "0.01", "40.5"):
        assert value not in text
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("value", [1, "", "x" * 65, "a b", "a\n", "../x", ["x"], True, "ä"])
def test_bad_application_ids(client: TestClient, value: Any) -> None:
    answer = client.post("/predict", json={"features": GOOD, "application_id": value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "application_id"


def test_every_problem_is_told_at_once(client: TestClient) -> None:
    answer = client.post("/predict", json={"features": {"age": 3, "employed": "x"}})
    found = {(e["field"], e["code"]) for e in answer.json()["errors"]}
    assert found == {
        ("income", "missing"),
        ("age", "range"),
        ("employed", "type"),
        ("purpose", "missing"),
        ("channel", "missing"),
    }


def test_range_is_told_without_the_value(client: TestClient) -> None:
    answer = client.post("/predict", content=body(age=17), headers=JSON)
    assert "between 18 and 100" in answer.json()["errors"][0]["expected"]


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
)
def test_other_media_types(client: TestClient, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = client.post("/predict", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type")


def test_json_with_a_charset_is_taken(client: TestClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/predict", content=body(), headers=headers).status_code == 200


def test_compressed_bodies_are_refused(client: TestClient) -> None:
    answer = client.post("/predict", content=b"x", headers=JSON | {"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "content-encoding")


def test_long_body_with_its_length(client: TestClient) -> None:
    padded = body() + " " * 1_000_000
    answer = client.post("/predict", content=padded, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_body_at_the_limit_is_taken(client: TestClient) -> None:
    good = body()
    padded = good + " " * (1_000_000 - len(good))
    assert client.post("/predict", content=padded, headers=JSON).status_code == 200


def test_long_body_without_a_length(client: TestClient) -> None:
    # Given a body that comes in pieces and never says how long it is
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for _ in range(300):
            sent.append(1)
            yield b" " * 10_000

    # When it is sent, then it is refused
    answer = client.post("/predict", content=pieces(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize("length", ["99999999999999999999", "1000001"])
def test_announced_length_is_enough_to_refuse(client: TestClient, length: str) -> None:
    answer = client.post("/predict", content=b"{}", headers=JSON | {"Content-Length": length})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def _json_values() -> st.SearchStrategy[Any]:
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.sampled_from(["car", "web", "income", 10**400, -(10**30)])
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=8) | st.sampled_from(list(GOOD)), inner, max_size=4)
        ),
        max_leaves=12,
    )


@given(features=st.dictionaries(st.sampled_from([*GOOD, "x"]), _json_values(), max_size=6))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_features_give_a_5xx(client: TestClient, features: dict[str, Any]) -> None:
    text = json.dumps({"features": {**GOOD, **features}})
    answer = client.post("/predict", content=text, headers=JSON)
    assert answer.status_code in {200, 422}
    if answer.status_code == 200:
        assert 0 <= answer.json()["pd"] <= 1


@given(content=st.binary(max_size=200) | _json_values().map(lambda v: json.dumps(v).encode()))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_give_a_5xx(client: TestClient, content: bytes) -> None:
    answer = client.post("/predict", content=content, headers=JSON)
    assert answer.status_code in {400, 422}


def test_golden_rows_still_pass(client: TestClient, bundle: Bundle) -> None:
    answer = client.post("/predict", json={"features": dict(bundle.golden[0].values)})
    assert answer.status_code == 200
