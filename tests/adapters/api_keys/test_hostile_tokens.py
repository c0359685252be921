"""Tokens that are signed as they should be and say odd things, or are no tokens at all."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from scorewright.adapters.api_keys import Tokens
from scorewright.core.access import Caller

KEY = ECKey.generate_key("P-256", {"kid": "one"})


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}), encoding="utf-8")
    return Tokens("https://issuer", "scores", file)


def _caller(tokens: Tokens, **claims: Any) -> Caller | None:
    said = {
        "iss": "https://issuer",
        "aud": "scores",
        "exp": int(time.time()) + 600,
        "sub": "joe",
        "scope": "predict logs:read",
        **claims,
    }
    return tokens.caller(jwt.encode({"alg": "ES256", "kid": "one"}, said, KEY))


def test_two_subjects_that_begin_alike_are_two_callers(tokens: Tokens) -> None:
    # Given subjects that differ only after sixty characters, and one that is not plain text
    callers = [_caller(tokens, sub="s" * 70 + end) for end in ("1", "2")]
    odd = [_caller(tokens, sub=sub) for sub in ("joe\x00", "joé", "joe\n", "joe")]
    ids = [caller.id for caller in (*callers, *odd) if caller is not None]
    # Then each has an id of its own, which every log takes
    assert len(set(ids)) == len(ids) == 6
    assert all(len(text) <= 64 and text.isascii() and text.isprintable() for text in ids)
    # And nobody can take the id of another as its subject
    assert callers[0] is not None
    again = _caller(tokens, sub=callers[0].id.removeprefix("sha:"))
    assert again is not None
    assert again.id != callers[0].id


@pytest.mark.parametrize(
    "tenant", [["bank"], {"a": 1}, None, 7, "", "a b", "t" * 65, "bank\n", "é"]
)
def test_a_tenant_that_is_none_gets_nobody_elses_decisions(tokens: Tokens, tenant: Any) -> None:
    assert _caller(tokens, tenant=tenant) is None
    named = _caller(tokens, tenant="bank")
    assert named is not None
    assert named.tenant == "bank"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


HEADS = (
    b"[" * 4_000, b'{"alg":' * 700, b"[]", b"null", b"1e999", b"NaN", b"\xff\xfe", b"{}",
    b'{"alg":[]}', b'{"alg":null}', b'{"alg":"none"}', b'{"alg":"HS256","kid":"one"}',
    b'{"alg":"ES256","kid":{}}', b'{"alg":"ES256","kid":"one","crit":["x"]}',
    b'{"alg":"ES256","jku":"http://evil.example"}',
    b'{"alg":"ES256","kid":"one","b64":false,"crit":["b64"]}',
)  # fmt: skip


@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
def test_what_is_no_token_is_not_believed_and_breaks_nothing(tokens: Tokens, head: bytes) -> None:
    for claims in (b'{"sub":"a"}', b"[" * 900, b"", b"\xff"):
        for signature in (b"", b"s" * 64, b"s" * 300):
            text = ".".join((_part(head), _part(claims), _part(signature)))
            assert tokens.caller(text) is None
    for text in ("", ".", "..", "a.b.c.d.e", "é.é.é", "\x00.\x00.\x00", "." * 7_999):
        assert tokens.caller(text) is None
