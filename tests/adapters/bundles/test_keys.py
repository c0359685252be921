"""The key ring: made once, closed to others, and clear about what it does not accept."""

from __future__ import annotations

import json
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from scorewright.adapters.bundles import KeyRing
from scorewright.adapters.bundles.signature import Signature
from scorewright.adapters.guarded import WRITABLE_BY_OTHERS, exposure
from scorewright.core.errors import ScorewrightError

DAY = datetime(2026, 11, 21, tzinfo=UTC)


def code_of(error: pytest.ExceptionInfo[ScorewrightError]) -> str:
    assert error.value.remedy
    return error.value.code


def test_first_use_makes_a_key_closed_to_others(tmp_path: Path) -> None:
    # Given an empty place
    ring = KeyRing(tmp_path / "keys", now=lambda: DAY)
    # When something is signed
    signature = ring.sign(b"data")
    # Then the key is closed, ignored by git, trusted with its date, and it verifies
    assert (tmp_path / "keys" / "signing.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / ".gitignore").read_text() == "*\n"
    assert ring.trusted()[signature.key_id].added == "2026-11-21"
    ring.check(b"data", signature, "bundle")


def test_second_use_takes_the_same_key(tmp_path: Path) -> None:
    assert KeyRing(tmp_path).sign(b"x") == KeyRing(tmp_path).sign(b"x")


def _sign(directory: Path) -> str:
    return KeyRing(directory).sign(b"x").key_id


def test_eight_first_uses_at_once_make_one_key(tmp_path: Path) -> None:
    # Not forked: this process has threads, and a forked child may inherit a lock nobody frees.
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        ids = pool.map(_sign, [tmp_path / "keys"] * 8)
    assert len(set(ids)) == 1
    assert set(KeyRing(tmp_path / "keys").trusted()) == set(ids)


def test_changed_data_is_refused(keys: KeyRing) -> None:
    signature = keys.sign(b"data")
    with pytest.raises(ScorewrightError) as caught:
        keys.check(b"Data", signature, "bundle")
    assert code_of(caught) == "bundle-signature"


def test_changed_signature_is_refused(keys: KeyRing) -> None:
    signature = keys.sign(b"data")
    for value in (b"", signature.value[:-1], bytes(64), signature.value + b"x"):
        with pytest.raises(ScorewrightError) as caught:
            keys.check(b"data", Signature(signature.key_id, value), "policy")
        assert code_of(caught) == "policy-signature"


def test_foreign_key_is_refused_until_it_is_trusted(keys: KeyRing, tmp_path: Path) -> None:
    # Given a signature of somebody else
    other = KeyRing(tmp_path / "other")
    signature = other.sign(b"data")
    with pytest.raises(ScorewrightError) as caught:
        keys.check(b"data", signature, "bundle")
    assert code_of(caught) == "bundle-untrusted-key"
    # When that key is trusted, then it is accepted
    keys.trust(other.trusted()[signature.key_id].public_key)
    keys.check(b"data", signature, "bundle")


def test_revoked_key_is_refused_and_stays_revoked(keys: KeyRing) -> None:
    # Given a key that was revoked
    signature = keys.sign(b"data")
    public = keys.trusted()[signature.key_id].public_key
    keys.revoke(signature.key_id)
    # When somebody adds it once more, then it still is
    keys.trust(public)
    with pytest.raises(ScorewrightError) as caught:
        keys.check(b"data", signature, "bundle")
    assert code_of(caught) == "bundle-revoked-key"


def test_own_key_that_was_revoked_signs_nothing(keys: KeyRing, tmp_path: Path) -> None:
    # Given an own key that was revoked
    old = keys.sign(b"data")
    keys.revoke(old.key_id)
    # When it is to sign, then it is refused before it does
    for act in (keys.check_ready, lambda: keys.sign(b"data")):
        with pytest.raises(ScorewrightError) as caught:
            act()
        assert code_of(caught) == "key-untrusted"
    # And the remedy works: a new key is made, and the old one stays revoked
    assert "signing.key away" in caught.value.remedy
    (tmp_path / "keys" / "signing.key").unlink()
    keys.check_ready()
    assert keys.sign(b"data").key_id != old.key_id
    assert keys.trusted()[old.key_id].revoked


def test_damaged_list_of_trusted_keys_is_mended_by_its_remedy(
    keys: KeyRing, tmp_path: Path
) -> None:
    keys.signing_key()
    (tmp_path / "keys" / "trusted.json").write_text("{")
    with pytest.raises(ScorewrightError) as caught:
        keys.check_ready()
    assert code_of(caught) == "key-invalid"
    assert "move it and signing.key away" in caught.value.remedy
    (tmp_path / "keys" / "trusted.json").unlink()
    (tmp_path / "keys" / "signing.key").unlink()
    keys.check_ready()


def test_unknown_key_cannot_be_revoked(keys: KeyRing) -> None:
    with pytest.raises(ScorewrightError) as caught:
        keys.revoke("0" * 16)
    assert code_of(caught) == "key-unknown"


@pytest.mark.parametrize(
    ("name", "mode"), [("signing.key", 0o640), ("signing.key", 0o604), ("trusted.json", 0o664)]
)
def test_files_open_to_others_are_refused(
    keys: KeyRing, tmp_path: Path, name: str, mode: int
) -> None:
    signature = keys.sign(b"data")
    (tmp_path / "keys" / name).chmod(mode)
    with pytest.raises(ScorewrightError) as caught:
        keys.check(b"data", keys.sign(b"data"), "bundle")
    assert code_of(caught) == "key-permissions"
    assert signature.key_id


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_directory_that_others_can_write_is_refused(
    keys: KeyRing, tmp_path: Path, mode: int
) -> None:
    # Given a ring whose files are closed, in a directory that is open to others
    signature = keys.sign(b"data")
    (tmp_path / "keys").chmod(mode)
    # When it is to verify, to sign or to be changed, then it is refused
    for act in (
        lambda: keys.check(b"data", signature, "bundle"),
        lambda: keys.sign(b"data"),
        lambda: keys.revoke(signature.key_id),
    ):
        with pytest.raises(ScorewrightError) as caught:
            act()
        assert code_of(caught) == "key-permissions"


def test_no_key_is_made_where_others_could_exchange_it(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(ScorewrightError) as caught:
        KeyRing(tmp_path / "keys").sign(b"x")
    assert code_of(caught) == "key-permissions"
    assert list((tmp_path / "keys").iterdir()) == []


@pytest.mark.parametrize(
    ("owner", "mode", "refused"),
    [(1000, 0o644, False), (0, 0o644, False), (1001, 0o600, True), (1000, 0o666, True),
     (0, 0o664, True)],
)  # fmt: skip
def test_files_of_other_users_are_refused(owner: int, mode: int, refused: bool) -> None:
    # Given what the system says of a file, seen by user 1000
    status = os.stat_result((0o100000 | mode, 1, 1, 1, owner, 1000, 10, 0, 0, 0))
    assert (exposure(status, 1000, WRITABLE_BY_OTHERS) is not None) is refused


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", ["signing.key", "trusted.json", "."])
def test_key_files_that_belong_to_another_user(keys: KeyRing, tmp_path: Path, name: str) -> None:
    keys.sign(b"data")
    os.chown(tmp_path / "keys" / name, 4321, -1)
    with pytest.raises(ScorewrightError) as caught:
        keys.sign(b"data")
    assert code_of(caught) == "key-permissions"


def _rsa() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _encrypted() -> bytes:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))


def _public() -> bytes:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "data",
    [b"", b"garbage", b"\x00" * 2_000_000, _rsa(), _encrypted(), _public()],
    ids=["empty", "garbage", "huge", "rsa", "encrypted", "public"],
)
def test_wrong_private_keys_are_refused(keys: KeyRing, tmp_path: Path, data: bytes) -> None:
    keys.signing_key()
    (tmp_path / "keys" / "signing.key").write_bytes(data)
    with pytest.raises(ScorewrightError) as caught:
        keys.sign(b"x")
    assert code_of(caught) == "key-invalid"


def test_a_linked_private_key_is_refused(keys: KeyRing, tmp_path: Path) -> None:
    keys.signing_key()
    (tmp_path / "keys" / "signing.key").rename(tmp_path / "elsewhere")
    (tmp_path / "keys" / "signing.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ScorewrightError) as caught:
        keys.sign(b"x")
    assert code_of(caught) == "key-invalid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 50_000,
        '{"schema_version":2,"keys":{}}',
        '{"schema_version":1,"keys":{"a":{"public_key":"AAAA","added":"2026-11-21"}}}',
        '{"schema_version":1,"keys":{"a":{"public_key":"?","added":"2026-11-21"}}}',
        '{"schema_version":1,"keys":{"a":{"public_key":"AAAA","added":"x","revoked":"no"}}}',
        '{"schema_version":1,"keys":{"709e80c88487a241":{"public_key":"AAAA","added":""}}}',
    ],
)
def test_wrong_trusted_files_are_refused(keys: KeyRing, tmp_path: Path, text: str) -> None:
    signature = keys.sign(b"data")
    (tmp_path / "keys" / "trusted.json").write_text(text)
    with pytest.raises(ScorewrightError) as caught:
        keys.check(b"data", signature, "bundle")
    assert code_of(caught) == "key-invalid"


def test_no_foreign_key_of_wrong_length_is_trusted(keys: KeyRing) -> None:
    with pytest.raises(ScorewrightError) as caught:
        keys.trust(b"short")
    assert code_of(caught) == "key-invalid"


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ScorewrightError) as caught:
        KeyRing(tmp_path / "file" / "keys").sign(b"x")
    assert code_of(caught) == "key-unwritable"


def test_trusted_file_alone_is_enough_to_verify(keys: KeyRing, tmp_path: Path) -> None:
    # Given a machine that only has the public part
    signature = keys.sign(b"data")
    serving = tmp_path / "serving"
    serving.mkdir()
    (serving / "trusted.json").write_bytes((tmp_path / "keys" / "trusted.json").read_bytes())
    # When it verifies, then it can, and no key of its own appears
    KeyRing(serving).check(b"data", signature, "bundle")
    assert [path.name for path in serving.iterdir()] == ["trusted.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[" * 4000, '{"key_id":"a","algorithm":"none","signature":""}',
     '{"key_id":"a","algorithm":"ed25519","signature":"???"}',
     '{"key_id":1,"algorithm":"ed25519","signature":""}'],
)  # fmt: skip
def test_what_is_no_signature_document(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a signature|unknown algorithm"):
        Signature.from_bytes(text.encode())


def test_signature_document_comes_back() -> None:
    signature = Signature("0123456789abcdef", bytes(range(64)))
    assert Signature.from_bytes(signature.to_bytes()) == signature
    assert json.loads(signature.to_bytes())["algorithm"] == "ed25519"
