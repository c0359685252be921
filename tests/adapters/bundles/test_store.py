"""The store: published whole or not at all, and deployed by one atomic replacement."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.errors import ScorewrightError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PolicyFor = Callable[..., Policy]


def test_published_bundle_comes_back(store: DiskBundles, bundle: Bundle) -> None:
    # Given a published bundle
    directory = store.publish(bundle)
    # When it is read
    manifest, read = store.load(directory)
    # Then nothing was lost, and the directory bears its digest
    assert read == bundle
    assert store.read(directory) == bundle
    assert store.verify(directory) == manifest == bundle.manifest()
    assert directory.name == manifest.digest
    assert list(store.digests()) == [manifest.digest]


def test_publishing_again_changes_nothing(store: DiskBundles, bundle: Bundle) -> None:
    before = store.publish(bundle)
    times = {path: path.stat().st_mtime_ns for path in before.rglob("*")}
    assert store.publish(bundle) == before
    assert {path: path.stat().st_mtime_ns for path in before.rglob("*")} == times


def test_publishing_over_a_damaged_one_is_refused(store: DiskBundles, bundle: Bundle) -> None:
    directory = store.publish(bundle)
    (directory / "metrics.json").write_text("{}")
    with pytest.raises(ScorewrightError) as caught:
        store.publish(bundle)
    assert caught.value.code == "bundle-exists-damaged"
    assert caught.value.details == {"cause": "bundle-file-changed"}


def test_unsafe_model_file_names_are_never_written(store: DiskBundles, bundle: Bundle) -> None:
    for name in ("../../escape", "/etc/x", "a\\b", "a//b", ".", "c:d"):
        with pytest.raises(ScorewrightError) as caught:
            store.publish(replace(bundle, model_files={name: b"x"}))
        assert caught.value.code == "bundle-path"
    assert list(store.digests()) == []


def test_killed_writer_leaves_nothing_that_counts(
    store: DiskBundles, bundle: Bundle, tmp_path: Path
) -> None:
    # Given a writer that is killed after its third file
    script = (
        "import os, sys; from pathlib import Path\n"
        "from scorewright.adapters.bundles import store as s, writing as w\n"
        "real, count = w.write_new, []\n"
        "def dying(path, data, mode=0o644):\n"
        "    real(path, data, mode); count.append(1)\n"
        "    if len(count) == 3: os.kill(os.getpid(), 9)\n"
        "w.write_new = dying\n"
        "source = s.DiskBundles(Path(sys.argv[1]), s.KeyRing(Path(sys.argv[2])))\n"
        "target = s.DiskBundles(Path(sys.argv[3]), s.KeyRing(Path(sys.argv[2])))\n"
        "target.publish(source.read(source.directory(sys.argv[4])))\n"
    )
    digest = store.publish(bundle).name
    target = tmp_path / "target"
    command = [sys.executable, "-c", script, str(tmp_path / "bundles"), str(tmp_path / "keys")]
    dead = subprocess.run([*command, str(target), digest], check=False)
    assert dead.returncode == -9
    assert [p for p in target.iterdir() if p.name.startswith(".partial-")]
    # When the next writer comes
    again = DiskBundles(target, KeyRing(tmp_path / "keys"))
    assert list(again.digests()) == []
    again.publish(bundle)
    # Then what was left is swept and the bundle is whole
    assert sorted(p.name for p in target.iterdir()) == [".lock", digest]


def test_failing_disk_leaves_nothing(
    store: DiskBundles, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a disk that is full from the fourth fsync on
    store.publish_policy(_policy(bundle))
    before = sorted(p.name for p in (tmp_path / "bundles").iterdir())
    real, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    # When a bundle is published
    with pytest.raises(ScorewrightError) as caught:
        store.publish(bundle)
    # Then the error is clear and nothing stays behind
    assert caught.value.code == "write-failed"
    assert "No space left" in caught.value.message
    assert sorted(p.name for p in (tmp_path / "bundles").iterdir()) == before


def test_files_are_synced_before_the_bundle_can_be_seen(
    store: DiskBundles, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a record of what is synced and renamed
    events: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def recorded(descriptor: int) -> None:
        events.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        fsync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        events.append("rename")
        return rename(self, target)

    store.publish(replace(bundle, run_id="first"))
    monkeypatch.setattr(os, "fsync", recorded)
    monkeypatch.setattr(Path, "rename", renamed)
    # When a bundle is published
    store.publish(bundle)
    # Then every file is on disk before the name, and the name after it
    before, after = events[: events.index("rename")], events[events.index("rename") + 1 :]
    names = {Path(name).name for name in bundle.files()} | {"manifest.json", "manifest.sig"}
    assert names | {"model"} <= set(before)
    assert after == ["bundles"]


def _publish(arguments: tuple[Path, Path, Bundle]) -> str:
    store, keys, bundle = arguments
    return DiskBundles(store, KeyRing(keys)).publish(bundle).name


def test_eight_writers_of_one_bundle(tmp_path: Path, bundle: Bundle) -> None:
    work = [(tmp_path / "b", tmp_path / "k", bundle)] * 8
    # Not forked: this process has threads, and a forked child may inherit a lock nobody frees.
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert set(pool.map(_publish, work)) == {bundle.manifest().digest}


def test_held_lock_is_reported(tmp_path: Path, keys: KeyRing, bundle: Bundle) -> None:
    store = DiskBundles(tmp_path / "bundles", keys, lock_seconds=0.05)
    (tmp_path / "bundles").mkdir()
    with FileLock(tmp_path / "bundles" / ".lock"), pytest.raises(ScorewrightError) as caught:
        store.publish(bundle)
    assert caught.value.code == "bundle-store-locked"


def _policy(bundle: Bundle) -> Policy:
    from scorewright.core.decision import CostMatrix

    return Policy(
        "p", 1, "all", 0.3, CostMatrix(), bundle.model_digest, bundle.manifest().digest,
        bundle.calibration.digest, "d", "out_of_fold", "bayes", "o", None, "now", None, "r", {},
    )  # fmt: skip


def test_policy_lies_beside_its_bundle_and_comes_back(
    store: DiskBundles, bundle: Bundle, policy_for: PolicyFor
) -> None:
    # Given two drafts of a policy
    numbered, first = store.publish_policy(policy_for(bundle, version=0))
    _, second = store.publish_policy(policy_for(bundle, version=0, threshold=0.4))
    # Then each gets its number and file, and is read by name or by path
    digest = bundle.manifest().digest
    assert numbered == policy_for(bundle, version=1)
    assert first.name == f"{digest}.policy-0001.json"
    assert store.policies(digest) == (first.name, second.name)
    assert store.read_policy(Path(first.name)) == numbered
    assert store.read_policy(second) == policy_for(bundle, version=2, threshold=0.4)
    # And the same one may be published again, but no other under its version
    assert store.publish_policy(numbered) == (numbered, first)
    for other in (policy_for(bundle, threshold=0.9), replace(numbered, bundle="0" * 64)):
        with pytest.raises(ScorewrightError) as caught:
            store.publish_policy(other)
        assert caught.value.code == "policy-exists"


def _publish_policy(arguments: tuple[Path, Path, Policy]) -> int:
    store, keys, policy = arguments
    return DiskBundles(store, KeyRing(keys)).publish_policy(policy)[0].version


def test_policies_published_at_once_get_versions_of_their_own(
    tmp_path: Path, bundle: Bundle, policy_for: PolicyFor
) -> None:
    # Given drafts for eight bundles, when four processes publish them
    draft = policy_for(bundle, version=0)
    drafts = [replace(draft, bundle=f"{i:064x}") for i in range(8)]
    work = [(tmp_path / "b", tmp_path / "k", each) for each in drafts]
    # Not forked: this process has threads, and a forked child may inherit a lock nobody frees.
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        versions = pool.map(_publish_policy, work, chunksize=1)
    # Then no version was given twice
    assert sorted(versions) == list(range(1, 9))


def test_newest_policy_is_the_one_with_the_highest_number(
    store: DiskBundles, bundle: Bundle, policy_for: PolicyFor
) -> None:
    # Given versions on both sides of the point where the numbers get a fifth digit
    digest = bundle.manifest().digest
    for version in (10_000, 9_999):
        store.publish_policy(policy_for(bundle, version=version))
    assert store.policies(digest)[-1] == f"{digest}.policy-10000.json"
    # When another follows, then it counts on from there
    assert store.publish_policy(policy_for(bundle, version=0))[0].version == 10_001


def test_policy_copied_here_with_its_bundle_is_found_under_a_version_that_is_taken(
    store: DiskBundles, keys: KeyRing, bundle: Bundle, policy_for: PolicyFor, tmp_path: Path
) -> None:
    # Given a store, and a policy of the same version brought from another one
    draft = policy_for(bundle, version=0)
    store.publish_policy(draft)
    elsewhere = DiskBundles(tmp_path / "elsewhere", keys)
    _, file = elsewhere.publish_policy(replace(draft, bundle="0" * 64))
    for path in (file, file.with_suffix(".sig")):
        path.rename(tmp_path / "bundles" / path.name)
    # Then both are found, and the next number is new
    assert store.policies("0" * 64) == (file.name,)
    assert len(store.policies(draft.bundle)) == 1
    assert store.publish_policy(draft)[0].version == 2


def test_ready_store_is_left_as_it_was(store: DiskBundles, tmp_path: Path) -> None:
    store.check_ready()
    assert [path.name for path in (tmp_path / "bundles").iterdir()] == [".lock"]
    assert KeyRing(tmp_path / "keys").trusted()


def test_place_that_cannot_be_written_is_found_out_early(tmp_path: Path, keys: KeyRing) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ScorewrightError) as caught:
        DiskBundles(tmp_path / "file", keys).check_ready()
    assert caught.value.code == "write-failed"


def test_key_that_is_not_trusted_is_named_before_anything_is_written(
    store: DiskBundles, keys: KeyRing, bundle: Bundle, policy_for: PolicyFor, tmp_path: Path
) -> None:
    # Given a key ring that lost its list of trusted keys
    keys.signing_key()
    (tmp_path / "keys" / "trusted.json").unlink()
    # When anything is to be signed, then the key is blamed and not the bundle
    for act in (
        store.check_ready,
        lambda: store.publish(bundle),
        lambda: store.publish_policy(policy_for(bundle)),
    ):
        with pytest.raises(ScorewrightError) as caught:
            act()
        assert caught.value.code == "key-untrusted"
    assert list(store.digests()) == []
    # And the remedy works
    (tmp_path / "keys" / "signing.key").rename(tmp_path / "old.key")
    store.check_ready()
    assert store.verify(store.publish(bundle))


def test_policy_that_names_no_bundle_is_refused(
    store: DiskBundles, bundle: Bundle, policy_for: PolicyFor
) -> None:
    for bad in (
        replace(policy_for(bundle), bundle="../x"),
        replace(policy_for(bundle), bundle=""),
        replace(policy_for(bundle), version=-1),
    ):
        with pytest.raises(ScorewrightError) as caught:
            store.publish_policy(bad)
        assert caught.value.code == "policy-invalid"


def test_policy_tampering(store: DiskBundles, bundle: Bundle, policy_for: PolicyFor) -> None:
    # Given a signed policy
    _, path = store.publish_policy(policy_for(bundle))
    signature = path.with_suffix(".sig")
    good, signed = path.read_bytes(), signature.read_bytes()

    def refused(document: bytes, sig: bytes | None) -> str:
        path.write_bytes(document)
        signature.unlink(missing_ok=True)
        if sig is not None:
            signature.write_bytes(sig)
        with pytest.raises(ScorewrightError) as caught:
            store.read_policy(path)
        return caught.value.code

    # When threshold, signature or either file is changed, then each has its code
    assert refused(good.replace(b"0.3", b"0.9"), signed) == "policy-signature"
    assert refused(good, None) == "policy-unsigned"
    assert refused(good, b"{}") == "policy-signature"
    assert refused(b"x" * 2_000_000, signed) == "policy-invalid"
    path.unlink()
    with pytest.raises(ScorewrightError) as caught:
        store.read_policy(path)
    assert caught.value.code == "policy-missing"


def test_nothing_deployed_yet(store: DiskBundles) -> None:
    for ask in (store.current, lambda: store.directory("current")):
        with pytest.raises(ScorewrightError) as caught:
            ask()
        assert caught.value.code == "no-bundle"
    assert list(store.digests()) == []
    assert store.policies("0" * 64) == ()


def test_activation_remembers_what_was_before(
    store: DiskBundles, bundle: Bundle, dummy_bundle: Bundle, policy_for: PolicyFor, tmp_path: Path
) -> None:
    # Given two bundles with policies
    names = []
    for i, each in enumerate((bundle, dummy_bundle), start=1):
        store.publish(each)
        names.append(store.publish_policy(policy_for(each, version=i))[1].name)
    # When one follows the other
    store.activate(bundle.manifest().digest, names[0], NOW)
    store.activate(dummy_bundle.manifest().digest, names[1], NOW + timedelta(days=1))
    # Then the second is current and the first is remembered
    assert store.current().bundle == dummy_bundle.manifest().digest
    assert store.current().since == NOW + timedelta(days=1)
    assert store.directory("current").name == dummy_bundle.manifest().digest
    document = json.loads((tmp_path / "bundles" / "current.json").read_text())
    assert document["previous"] == {
        "bundle": bundle.manifest().digest,
        "policy_file": names[0],
        "since": NOW.isoformat(),
    }


def test_activation_checks_bundle_and_policy(
    store: DiskBundles, bundle: Bundle, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    # Given a deployed bundle, and another with a policy of its own
    directory = store.publish(bundle)
    good = store.publish_policy(policy_for(bundle))[1].name
    store.publish(dummy_bundle)
    other = store.publish_policy(policy_for(dummy_bundle, version=2))[1].name
    before = store.activate(bundle.manifest().digest, good, NOW)
    # When something wrong is to be deployed
    cases = [
        (bundle.manifest().digest, other, "policy-other-model"),
        (bundle.manifest().digest, f"{'0' * 64}.policy-0001.json", "policy-missing"),
        ("f" * 64, good, "bundle-unknown"),
    ]
    for digest, policy, code in cases:
        with pytest.raises(ScorewrightError) as caught:
            store.activate(digest, policy, NOW)
        assert caught.value.code == code
    (directory / "golden.json").unlink()
    with pytest.raises(ScorewrightError) as caught:
        store.activate(bundle.manifest().digest, good, NOW)
    assert caught.value.code == "bundle-file-missing"
    # Then what was deployed still is
    assert store.current() == before


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 20_000, '{"bundle":"../x","policy_file":"y","since":"z"}',
     f'{{"bundle":"{"0" * 64}","policy_file":"{"1" * 64}.policy-0001.json","since":"2026-01-01"}}',
     f'{{"bundle":"{"0" * 64}","policy_file":"{"0" * 64}.policy-0001.json","since":"2026-01-01"}}'],
)  # fmt: skip
def test_broken_current(store: DiskBundles, tmp_path: Path, text: str) -> None:
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / "current.json").write_text(text)
    with pytest.raises(ScorewrightError) as caught:
        store.current()
    assert caught.value.code == "current-invalid"


@pytest.mark.parametrize("text", ["", "{}", "[" * 20_000, "x" * 200_000])
def test_next_deployment_mends_a_damaged_current(
    store: DiskBundles, bundle: Bundle, policy_for: PolicyFor, tmp_path: Path, text: str
) -> None:
    # Given a deployed bundle whose pointer was damaged
    digest = store.publish(bundle).name
    policy = store.publish_policy(policy_for(bundle))[1].name
    store.activate(digest, policy, NOW)
    (tmp_path / "bundles" / "current.json").write_text(text)
    # When something is deployed again
    store.activate(digest, policy, NOW + timedelta(days=1))
    # Then the file is whole, and claims nothing about what was before
    assert store.current().since == NOW + timedelta(days=1)
    document = json.loads((tmp_path / "bundles" / "current.json").read_text())
    assert document["previous"] is None


def test_references(store: DiskBundles, bundle: Bundle, tmp_path: Path) -> None:
    # Given two bundles, one named so that the beginnings meet
    directory = store.publish(bundle)
    digest = directory.name
    assert store.directory(digest) == store.directory(digest[:6]) == directory
    assert store.directory(str(directory)) == directory
    (tmp_path / "bundles" / (digest[:8] + "0" * 56)).mkdir()
    # When a reference is ambiguous, too short, or names nothing
    for reference, code in [
        (digest[:7], "bundle-ambiguous"),
        (digest[:5], "bundle-unknown"),
        ("nothing", "bundle-unknown"),
        ("", "bundle-unknown"),
        ("\x00", "bundle-unknown"),
        (str(tmp_path / "no"), "bundle-unknown"),
    ]:
        with pytest.raises(ScorewrightError) as caught:
            store.directory(reference)
        # Then its code says so
        assert caught.value.code == code


def test_newest_first(store: DiskBundles, bundle: Bundle, dummy_bundle: Bundle) -> None:
    old, new = store.publish(bundle), store.publish(dummy_bundle)
    os.utime(old, (1, 1))
    assert list(store.digests()) == [new.name, old.name]
