"""The gate, on real files: keys, tokens, limits, and what it refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from scorewright.adapters.api_keys import Gate, JsonKeyFile, RandomKeys, Tokens, gatekeeper
from scorewright.adapters.api_keys import gate as gate_module
from scorewright.adapters.api_keys import tokens as tokens_module
from scorewright.adapters.guarded import load_secret
from scorewright.core.access import AccessError
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.project import AccessSettings, ServeSettings
from scorewright.flows.access import KeyWish, NewKey, create_key, revoke_key

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> JsonKeyFile:
    return JsonKeyFile(tmp_path / "keys" / "api_keys.json")


@pytest.fixture
def maker(tmp_path: Path) -> RandomKeys:
    return RandomKeys(tmp_path / "keys" / "pepper")


@pytest.fixture
def key(file: JsonKeyFile, maker: RandomKeys) -> NewKey:
    return create_key(file, maker, KeyWish("web", ["predict", "logs:read"], tenant="shop"), NOW)


@pytest.fixture
def gate(file: JsonKeyFile, tmp_path: Path, key: NewKey) -> Gate:
    return Gate(file, load_secret(tmp_path / "keys" / "pepper").data, 5, now=lambda: NOW)


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization", "authorization, lower case"])
def test_a_key_is_recognised_in_either_header(gate: Gate, key: NewKey, header: str) -> None:
    bearer = "bearer" if "lower" in header else "Bearer"
    caller = (
        gate.caller(None, key.text)
        if header == "X-API-Key"
        else gate.caller(f"{bearer} {key.text}", None)
    )
    assert caller.id == key.key.id
    assert caller.tenant == "shop"
    assert caller.scopes == {"predict", "logs:read"}


def test_two_hundred_bad_keys_are_refused_alike(
    gate: Gate, key: NewKey, record_property: Callable[[str, object], None]
) -> None:
    # Given keys that are empty, long, foreign, cut, changed in one place, or no text at all
    sent = key.text
    changed = [
        sent[:i] + ("A" if sent[i] != "A" else "B") + sent[i + 1 :] for i in range(3, len(sent))
    ]
    cut = [sent[:i] for i in range(len(sent))]
    odd = ["", " ", "x" * 10_000, "\x00", "ключ", f"{sent} ", f" {sent}", sent.upper(), "Bearer"]
    bad = [*changed, *cut, *odd, *(f"sw_{i:016x}_{'s' * 43}" for i in range(100))]
    assert len(bad) >= 200
    # When each is shown, then each is refused in the same words
    said = set()
    for text in bad:
        with pytest.raises(AccessError) as raised:
            gate.caller(None, text)
        said.add((raised.value.status, raised.value.code, raised.value.message))
    assert len(said) == 1
    assert next(iter(said))[:2] == (401, "unauthorised")
    record_property("guarantee", f"keys: {len(bad)} bad keys, all refused in the same words")


def test_no_key_is_refused_where_one_is_asked_for(gate: Gate) -> None:
    for authorization in (None, "", "Basic abc", "Bearer", "Bearer   "):
        with pytest.raises(AccessError, match="No key"):
            gate.caller(authorization, None)


def test_a_revoked_key_is_refused_within_two_seconds(
    gate: Gate, key: NewKey, file: JsonKeyFile
) -> None:
    assert gate.caller(None, key.text).id == key.key.id
    revoke_key(file, key.key.id, NOW)
    until = time.monotonic() + 2 * gate_module.LOOK_SECONDS
    while time.monotonic() < until:
        try:
            gate.caller(None, key.text)
        except AccessError as error:
            if error.status == 401:
                return
        time.sleep(0.3)
    pytest.fail("the revoked key is still taken")


def test_a_broken_file_keeps_no_key_alive(
    gate: Gate, key: NewKey, file: JsonKeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "LOOK_SECONDS", 0.0)
    assert gate.caller(None, key.text).id == key.key.id
    file.path.write_text("{", encoding="utf-8")
    with pytest.raises(AccessError):
        gate.caller(None, key.text)


def test_an_expired_key_is_refused(file: JsonKeyFile, maker: RandomKeys, tmp_path: Path) -> None:
    new = create_key(file, maker, KeyWish("web", ["predict"], days=1), NOW)
    pepper = load_secret(tmp_path / "keys" / "pepper").data
    late = Gate(file, pepper, 5, now=lambda: NOW + timedelta(days=1))
    with pytest.raises(AccessError):
        late.caller(None, new.text)


def test_the_sixth_of_five_requests_has_to_wait(gate: Gate, key: NewKey) -> None:
    for _ in range(5):
        gate.caller(None, key.text)
    with pytest.raises(AccessError) as raised:
        gate.caller(None, key.text)
    assert raised.value.status == 429
    assert raised.value.retry_after is not None
    assert 1.0 <= raised.value.retry_after <= 61.0


ISSUER, AUDIENCE = "https://login.example.com/", "scorewright"


@pytest.fixture
def signer() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "k1"}, private=True)


@pytest.fixture
def tokens(tmp_path: Path, signer: ECKey) -> Tokens:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [signer.as_dict(private=False)]}), encoding="utf-8")
    return Tokens(ISSUER, AUDIENCE, jwks)


def _token(signer: Any, header: dict[str, str] | None = None, **claims: Any) -> str:
    now = int(time.time())
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ana", "exp": now + 300, "scope": "predict x"}
    merged = {k: v for k, v in {**given, **claims}.items() if v is not None}
    head = header or {"alg": "ES256", "kid": "k1"}
    return jwt.encode(head, merged, signer, algorithms=[head["alg"]])


def _saved(file: Path, *keys: ECKey) -> None:
    file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}), "utf-8")


def _heard(tokens: Tokens, token: str, *, believed: bool) -> None:
    """Ask until the answer is another one; a minute is for a busy machine."""
    until = time.monotonic() + 60
    while (tokens.caller(token) is not None) is not believed:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_keys_are_rotated_while_the_service_runs(
    tokens: Tokens, signer: ECKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "LOOK_SECONDS", 0.05)
    later = ECKey.generate_key("P-256", {"kid": "k2"}, private=True)
    old, new = _token(signer), _token(later, {"alg": "ES256", "kid": "k2"})
    assert tokens.caller(new) is None
    # When the issuer adds a key, then what it signs is believed, and what the other signs too
    _saved(tmp_path / "jwks.json", signer, later)
    _heard(tokens, new, believed=True)
    assert tokens.caller(old) is not None
    # When the first one is taken away, then it is not believed any more
    _saved(tmp_path / "jwks.json", later)
    _heard(tokens, old, believed=False)
    assert tokens.caller(new) is not None


def test_a_file_of_keys_half_written_takes_nobodys_key_away(
    tokens: Tokens, signer: ECKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens_module, "LOOK_SECONDS", 0.0)
    file, token = tmp_path / "jwks.json", _token(signer)
    whole = file.read_bytes()
    for broken in (whole[:40], b"", b"[]", b"x" * (tokens_module.LONGEST_FILE + 1)):
        file.write_bytes(broken)
        _looked(tokens, token)
        assert tokens.caller(token) is not None
    file.unlink()
    _looked(tokens, token)
    # And it is read when it is whole again
    later = ECKey.generate_key("P-256", {"kid": "k2"}, private=True)
    _saved(file, later)
    _heard(tokens, token, believed=False)


def _looked(tokens: Tokens, token: str) -> None:
    """Return when the file was looked at: whoever looks holds the lock meanwhile."""
    tokens.caller(token)
    with tokens._keys._looking:
        pass


def test_an_unknown_key_is_looked_for_now_and_then_only(
    tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(tokens._keys, "_renew", lambda: looks.append(1))
    monkeypatch.setattr(tokens_module, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(tokens._keys, "_looked", float("-inf"))
    stranger = _token(ECKey.generate_key("P-256", {"kid": "k9"}), {"alg": "ES256", "kid": "k9"})
    for _ in range(200):
        assert tokens.caller(stranger) is None
    assert looks == [1]


def test_a_token_speaks_for_its_subject(tokens: Tokens, signer: ECKey) -> None:
    caller = tokens.caller(_token(signer, tenant="shop"))
    assert caller is not None
    assert (caller.id, caller.tenant) == ("sub:ana", "shop")
    assert caller.scopes == {"predict"}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example.com/"},
        {"aud": "another"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"sub": None},
        {"nbf": 4_000_000_000},
    ],
)
def test_a_token_for_another_or_out_of_time_is_not_believed(
    tokens: Tokens, signer: ECKey, claims: dict[str, Any]
) -> None:
    assert tokens.caller(_token(signer, **claims)) is None


def test_a_token_of_another_key_or_algorithm_is_not_believed(tokens: Tokens, signer: ECKey) -> None:
    other = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
    assert tokens.caller(_token(other)) is None
    shared = OctKey.import_key(json.dumps(signer.as_dict(private=False)))
    assert tokens.caller(_token(shared, {"alg": "HS256", "kid": "k1"})) is None
    head, body, _ = _token(signer).split(".")
    assert tokens.caller(f"{head}.{body}.") is None
    assert tokens.caller("e30." + body + ".") is None
    assert tokens.caller("x" * 9_000) is None


def test_a_gate_takes_tokens_beside_keys(
    file: JsonKeyFile, tokens: Tokens, signer: ECKey, key: NewKey, tmp_path: Path
) -> None:
    pepper = load_secret(tmp_path / "keys" / "pepper").data
    gate = Gate(file, pepper, 5, tokens, now=lambda: NOW)
    assert gate.caller(f"Bearer {_token(signer)}", None).id == "sub:ana"
    assert gate.caller(None, key.text).id == key.key.id


def test_development_takes_everybody_on_this_machine_only(tmp_path: Path) -> None:
    open_gate = gatekeeper(ServeSettings(), tmp_path)
    assert "admin" in open_gate.caller(None, None).scopes
    with pytest.raises(UsageError, match="not this machine") as raised:
        gatekeeper(ServeSettings(host="0.0.0.0"), tmp_path)  # noqa: S104 - what is refused
    assert raised.value.code == "serve-without-keys"


def test_production_asks_for_keys_everywhere(tmp_path: Path) -> None:
    gate = gatekeeper(ServeSettings(mode="production", host="0.0.0.0"), tmp_path)  # noqa: S104
    with pytest.raises(AccessError):
        gate.caller(None, None)


def test_an_issuer_needs_its_keys(tmp_path: Path) -> None:
    half = ServeSettings(access=AccessSettings(issuer=ISSUER))
    with pytest.raises(UsageError) as raised:
        gatekeeper(half, tmp_path)
    assert raised.value.code == "jwks-invalid"
    (tmp_path / "bad.json").write_text("[]", encoding="utf-8")
    bad = AccessSettings(issuer=ISSUER, audience=AUDIENCE, jwks="bad.json")
    with pytest.raises(UsageError) as raised:
        gatekeeper(ServeSettings(access=bad), tmp_path)
    assert raised.value.code == "jwks-invalid"


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema_version": 2, "keys": []}', '{"schema_version": 1, "keys": [{}]}', "\x00"],
)
def test_a_file_that_is_none_is_said_and_kept(file: JsonKeyFile, text: str) -> None:
    file.path.parent.mkdir(mode=0o700)
    file.path.write_text(text, encoding="utf-8")
    file.path.chmod(0o600)
    with pytest.raises(ScorewrightError) as raised:
        file.load()
    assert raised.value.code == "api-keys-invalid"
    assert file.path.read_text(encoding="utf-8") == text


def test_the_file_is_closed_to_others(file: JsonKeyFile, key: NewKey) -> None:
    assert file.path.stat().st_mode & 0o077 == 0
    assert key.text.rsplit("_", 1)[1] not in file.path.read_text(encoding="utf-8")
    file.path.chmod(0o644)
    with pytest.raises(ScorewrightError) as raised:
        file.load()
    assert raised.value.code == "key-permissions"
