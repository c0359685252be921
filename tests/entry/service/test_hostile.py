"""1,500 malformed bodies on all pages that take one: never a 5xx, never the value that was sent."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

#: Stands where a value stands; must never come back.
SENT = "Zx9Value"
GOOD = {"income": 1000.5, "age": 40, "employed": True, "purpose": "car", "channel": "web"}
OUTCOME = {"decision_id": "d1", "outcome": 1, "observed_at": "2026-01-01T00:00:00+00:00"}
LONGEST_ANSWER = 20_000

#: What may stand where a value belongs, as it is written.
VALUES = [
    "NaN", "-NaN", "nan", "Infinity", "-Infinity", "inf", "+1", "01", "-01", "1.", ".5", "-.5",
    "1e", "1e+", "1E400", "-1e400", "1e-400", "0x10", "0b1", "1_000", "1,5", "- 1", "--1", "++",
    "9" * 30, "-" + "9" * 30, "9" * 400, "9" * 5_000, "0." + "0" * 5_000 + "1", "1" + "0" * 308,
    "true", "TRUE", "True", "None", "null", "NULL", "undefined", "[]", "{}", "[[]]", "[null]",
    '{"a": 1}', "[" * 500 + "]" * 500, '{"a":' * 500 + "1" + "}" * 500, f'"{SENT}"',
    f'"{SENT * 300}"', f"'{SENT}'", '"', '"\\', '"\\u"', '"\\u12"', '"\\uD800"', '"\\uDC00x"',
    '"\\uD800\\uD800"', '"\\x41"', '"\\a"', '"\x00"', '"\x1f"', '"\t"', '"\n"', '"\\u0000"',
    '"\u202e"', '"\U0001f600"', '"\ufeff"', '" "', '""', '"1e999"', '"NaN"', '"=cmd|x"',
    '"../../etc/passwd"', "\"' OR 1=1 --\"", '"<script>"', '"${jndi:ldap://x}"', '"%s%n"',
    '"{{7*7}}"',
    "/* c */ 1", "1 // c", "<a/>", "1 2", "1;", "@", "\\", "`1`", "\u00a0", "\u2028", "",
]  # fmt: skip
#: Whole bodies.
WHOLE: list[bytes] = [
    b"", b" ", b"\r\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}", b"\xfe\xff\x00{",
    b"\xff\xfe{\x00}\x00", b"{", b"}", b"[", b"]", b"{]", b"[}", b"{}{}", b"{},", b"{,}", b'{"a"}',
    b'{"a":}', b"{:1}", b"{1:1}", b"{a:1}", b"{'a':1}", b'{"a":1,}', b'{"a" 1}', b'{"a"::1}',
    b'{"a":1 "b":2}', b"[1,]", b"[,1]", b"[1 2]", b"[" * 100_000, b'{"a":' * 100_000,
    b'[{"a":' * 50_000,
    b"null", b"true", b"1", b'"x"', b"NaN", b"[]", b"{}", b"a=1&b=2", b"<?xml version='1.0'?><a/>",
    b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"PAR1", b"--x\r\nContent-Disposition: form-data\r\n\r\n",
    b"id,income\r\n1,2\r\n", b"\x80\x04\x95", b"#!/bin/sh\n", b"\xed\xa0\x80", b'{"\xc3\x28": 1}',
    b'{"features": {}, "features": {}}', b'{"features": [], "tables": []}', b'{"__proto__": {}}',
    b'{"outcomes": []}', b'{"outcomes": [[]]}', b'{"outcomes": {"a": 1}}', b'{"outcomes": null}',
]  # fmt: skip


def _bodies() -> Iterator[bytes]:
    """Return bodies in which something is wrong, or looks as if it were."""
    yield from WHOLE
    for value in VALUES:
        raw = value.encode("utf-8", "surrogatepass")
        features = json.dumps({"features": {**GOOD, "income": "?"}, "application_id": SENT})
        yield features.encode().replace(b'"?"', raw)
        outcomes = json.dumps({"outcomes": [{**OUTCOME, "outcome": "?"}]})
        yield outcomes.encode().replace(b'"?"', raw)
    rng = random.Random(20261121)
    good = json.dumps({"features": GOOD, "application_id": "a"}).encode()
    while True:
        body = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            match rng.randrange(4):
                case 0:
                    body[rng.randrange(len(body))] = rng.randrange(256)
                case 1:
                    place = rng.randrange(len(body))
                    del body[place : place + rng.randint(1, 5)]
                case 2:
                    place = rng.randrange(len(body))
                    body[place:place] = body[place : place + rng.randint(1, 20)]
                case _:
                    body = body[: rng.randint(1, len(body))]
        yield bytes(body)


PAGES = (
    "/predict", "/predict?reasons=true", "/explain", "/outcomes", "/decisions/d1/replay",
    "/admin/reload", "/admin/rollback",
)  # fmt: skip
#: They take files; what is wrong with those is tried elsewhere.
FILES = {"/batch/predict"}


@pytest.mark.parametrize("page", PAGES)
def test_no_malformed_body_gives_a_5xx(
    client: TestClient, page: str, record_property: Callable[[str, object], None]
) -> None:
    # Given 250 bodies, each under a kind that suits it or not
    bodies, rng = _bodies(), random.Random(page)
    kinds = ("application/json", "application/json; charset=utf-16", "text/csv", "", "x/y; z=\xe9")
    for number in range(250):
        body = next(bodies)
        kind = "application/json" if number % 5 else rng.choice(kinds)
        # When it is sent, then it is answered as something that was sent, not as our fault
        headers = {"Content-Type": kind.encode("latin-1")}
        answer = client.post(page, content=body, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code < 500, (page, body[:200], answer.text)
        assert len(answer.content) < LONGEST_ANSWER
        if answer.status_code == 200:
            continue
        assert answer.headers["Content-Type"] == "application/problem+json", body[:200]
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == answer.status_code
        assert SENT not in answer.text, body[:200]
    record_property("guarantee", f"malformed: {number + 1} bodies to {page}, 0 with 5xx")


def test_all_pages_that_take_a_body_were_tried(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    taking = {path.replace("{decision_id}", "d1") for path, item in paths.items() if "post" in item}
    tried = {page.partition("?")[0] for page in PAGES}
    assert taking - FILES <= tried
