"""Taking in what was signed elsewhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.bundles import verification as verification_module
from scorewright.core.bundles import Bundle, ManifestFile
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, UsageError


@pytest.fixture
def shelf(keys: KeyRing, tmp_path: Path) -> DiskBundles:
    """The store of another machine that trusts the same key."""
    return DiskBundles(tmp_path / "shelf", keys)


@pytest.fixture
def policy(store: DiskBundles, dummy_bundle: Bundle, policy_for: Callable[..., Policy]) -> Path:
    return store.publish_policy(policy_for(dummy_bundle))[1]


def _files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_a_bundle_arrives_byte_for_byte(
    shelf: DiskBundles, published: Path, dummy_bundle: Bundle
) -> None:
    with shelf.incoming() as folder:
        shutil.copytree(published, folder / "bundle")
        manifest = shelf.adopt(folder / "bundle")
    there = shelf.directory(manifest.digest)
    assert there.name == published.name
    assert _files(there) == _files(published)
    assert shelf.read(there) == dummy_bundle
    # And a second time it is there already
    assert shelf.adopt(published) == manifest


def test_what_is_damaged_or_strange_leaves_nothing(shelf: DiskBundles, published: Path) -> None:
    (published / "golden.json").write_text("[]")
    with pytest.raises(IntegrityError) as caught:
        shelf.adopt(published)
    assert caught.value.code == "bundle-file-changed"
    assert list(shelf.digests()) == []


def test_a_damaged_one_of_that_digest_is_said(shelf: DiskBundles, published: Path) -> None:
    shelf.adopt(published)
    (shelf.directory(published.name) / "golden.json").write_text("[]")
    with pytest.raises(IntegrityError) as caught:
        shelf.adopt(published)
    assert caught.value.code == "bundle-exists-damaged"


def test_bytes_kept_are_the_bytes_hashed(
    shelf: DiskBundles, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a forger who changes each file right after it was hashed, and then the signature
    good, hashed = _files(published), verification_module._hashed

    def forged(path: Path, entry: ManifestFile, *, keep: bool) -> bytes:
        data = hashed(path, entry, keep=keep)
        path.write_bytes(b"\x00" * entry.size)
        return data

    monkeypatch.setattr(verification_module, "_hashed", forged)
    shelf.adopt(published)
    monkeypatch.undo()
    assert _files(shelf.directory(published.name)) == good


def test_a_signature_exchanged_meanwhile_is_refused(
    shelf: DiskBundles, published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stranger = KeyRing(tmp_path / "stranger")
    hashed = verification_module._hashed

    def forged(path: Path, entry: ManifestFile, *, keep: bool) -> bytes:
        data = (published / "manifest.json").read_bytes()
        (published / "manifest.sig").write_bytes(stranger.sign(data).to_bytes())
        return hashed(path, entry, keep=keep)

    monkeypatch.setattr(verification_module, "_hashed", forged)
    with pytest.raises(IntegrityError) as caught:
        shelf.adopt(published)
    assert caught.value.code == "bundle-untrusted-key"


def test_incoming_sweeps_what_a_killed_process_left(shelf: DiskBundles) -> None:
    with shelf.incoming() as folder:
        (folder / "half").write_text("x")
        left = folder.with_name(".incoming-old")
        left.mkdir()
    assert not folder.exists()
    with shelf.incoming():
        assert not left.exists()


def test_a_policy_arrives_once(
    shelf: DiskBundles, published: Path, policy: Path, dummy_bundle: Bundle
) -> None:
    shelf.adopt(published)
    for _ in range(2):
        assert shelf.adopt_policy(policy, published.name) == policy.name
    assert shelf.policies(published.name) == (policy.name,)
    assert shelf.read_policy(Path(policy.name)).bundle == dummy_bundle.manifest().digest


def test_another_policy_of_that_name_is_refused(
    shelf: DiskBundles,
    published: Path,
    policy: Path,
    keys: KeyRing,
    policy_for: Callable[..., Policy],
    dummy_bundle: Bundle,
) -> None:
    shelf.adopt_policy(policy, published.name)
    other = policy_for(dummy_bundle, threshold=0.9).to_bytes()
    policy.write_bytes(other)
    policy.with_suffix(".sig").write_bytes(keys.sign(other).to_bytes())
    with pytest.raises(UsageError) as caught:
        shelf.adopt_policy(policy, published.name)
    assert caught.value.code == "policy-exists"
    assert shelf.read_policy(Path(policy.name)).threshold == 0.3


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda p: p.with_suffix(".sig").unlink(), "policy-unsigned"),
        (lambda p: p.with_suffix(".sig").write_text("{}"), "policy-signature"),
        (lambda p: p.write_bytes(p.read_bytes() + b" "), "policy-signature"),
        (lambda p: p.unlink(), "policy-invalid"),
    ],
    ids=["unsigned", "signature", "changed", "gone"],
)
def test_a_damaged_policy_is_refused(
    shelf: DiskBundles,
    published: Path,
    policy: Path,
    damage: Callable[[Path], object],
    code: str,
) -> None:
    damage(policy)
    with pytest.raises(IntegrityError) as caught:
        shelf.adopt_policy(policy, published.name)
    assert caught.value.code == code


def test_a_policy_under_another_name_or_of_another_bundle(
    shelf: DiskBundles, published: Path, policy: Path
) -> None:
    assert json.loads(policy.read_bytes())["version"] == 1
    renamed = policy.with_name(policy.name.replace("0001", "0099"))
    for source, target in (
        (policy, renamed),
        (policy.with_suffix(".sig"), renamed.with_suffix(".sig")),
    ):
        shutil.copy(source, target)
    with pytest.raises(IntegrityError) as caught:
        shelf.adopt_policy(renamed, published.name)
    assert caught.value.code == "policy-invalid"
    with pytest.raises(IntegrityError) as caught:
        shelf.adopt_policy(policy, "0" * 64)
    assert caught.value.code == "policy-other-model"
