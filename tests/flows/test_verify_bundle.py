"""Loading for serving: in the order of trust, with bundle and policy that belong together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorewright.adapters.bundles import CanaryProver, DiskBundles, KeyRing
from scorewright.adapters.learners import Learners
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.flows.ports import Learner, Proof
from scorewright.flows.verify_bundle import (
    inspect_bundle,
    load_bundle,
    load_for_serving,
    verify_bundle,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PolicyFor = Callable[..., Policy]


class FakeProver:
    """Proves whatever it is given, under the name of its directory."""

    def __init__(self, bundle: str | None = None) -> None:
        self.calls: list[Path] = []
        self._bundle = bundle

    def prove(self, directory: Path) -> Proof:
        """Note the call."""
        self.calls.append(directory)
        return Proof(self._bundle or directory.name, 8, 0.0, 0.1)


class Refuses:
    """A prover whose child died."""

    def prove(self, directory: Path) -> Proof:
        """Refuse."""
        raise IntegrityError("died", remedy="r", code="bundle-canary-died")


class Forbidden(Learners):
    """Learners that must not be asked."""

    def get(self, name: str) -> Learner:
        """Fail."""
        raise AssertionError(f"{name} was parsed in this process")


@pytest.fixture
def deployed(store: DiskBundles, bundle: Bundle, policy_for: PolicyFor) -> str:
    """A published, activated bundle; its digest."""
    digest = store.publish(bundle).name
    store.activate(digest, store.publish_policy(policy_for(bundle))[1].name, NOW)
    return digest


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ScorewrightError) as caught:
        call()
    return caught.value.code


def test_deployment_scores_and_decides(
    store: DiskBundles, bundle: Bundle, policy_for: PolicyFor, deployed: str
) -> None:
    # Given a deployed bundle, when it is loaded
    prover = FakeProver()
    deployment = load_for_serving(store, prover, Learners(), "current", now=NOW)
    # Then it was proved, answers as promised, and knows its policy and since when
    assert [path.name for path in prover.calls] == [deployed]
    assert deployment.scorer.score_row(bundle.golden[0].values) == bundle.golden[0].pd
    assert deployment.policy == policy_for(bundle)
    assert deployment.since == NOW
    assert deployment.loaded.manifest.digest == deployed


def test_digest_of_the_deployed_bundle_brings_its_policy(store: DiskBundles, deployed: str) -> None:
    deployment = load_for_serving(store, FakeProver(), Learners(), deployed[:8], now=NOW)
    assert deployment.since == NOW


def test_nothing_is_parsed_here_before_the_child_lived(store: DiskBundles, deployed: str) -> None:
    assert deployed
    code = code_of(lambda: load_bundle(store, Refuses(), Forbidden(), "current"))
    assert code == "bundle-canary-died"


def test_child_does_not_start_before_the_signature_is_good(
    store: DiskBundles, deployed: str, tmp_path: Path
) -> None:
    (tmp_path / "bundles" / deployed / "manifest.sig").unlink()
    prover = FakeProver()
    assert code_of(lambda: verify_bundle(store, prover, "current")) == "bundle-unsigned"
    assert prover.calls == []


def test_bundle_exchanged_while_it_was_proved(store: DiskBundles, deployed: str) -> None:
    assert deployed
    prover = FakeProver(bundle="0" * 64)
    assert code_of(lambda: verify_bundle(store, prover, "current")) == "bundle-digest"
    assert code_of(lambda: load_bundle(store, prover, Forbidden(), "current")) == "bundle-digest"


def test_golden_rows_are_compared_in_this_process_too(store: DiskBundles, bundle: Bundle) -> None:
    # Given a bundle that a lying prover lets pass
    off = tuple(replace(row, pd=row.pd / 2) for row in bundle.golden)
    digest = store.publish(replace(bundle, golden=off)).name
    code = code_of(lambda: load_bundle(store, FakeProver(), Learners(), digest))
    assert code == "bundle-golden-mismatch"


def test_bundle_that_is_not_deployed_needs_a_policy(
    store: DiskBundles, bundle: Bundle, dummy_bundle: Bundle, policy_for: PolicyFor, deployed: str
) -> None:
    # Given a second bundle beside the deployed one
    assert deployed
    digest = store.publish(dummy_bundle).name
    code = code_of(lambda: load_for_serving(store, FakeProver(), Learners(), digest, now=NOW))
    assert code == "policy-missing"
    # When its policy is named, then it serves, though it was never deployed
    _, own = store.publish_policy(policy_for(dummy_bundle, version=2))
    deployment = load_for_serving(store, FakeProver(), Learners(), digest, now=NOW, policy_file=own)
    assert deployment.since is None
    # And another model's policy is refused
    _, other = store.publish_policy(policy_for(bundle, version=3))
    code = code_of(
        lambda: load_for_serving(
            store, FakeProver(), Learners(), digest, now=NOW, policy_file=other
        )
    )
    assert code == "policy-other-model"


def test_newest_policy_decides_for_a_bundle_that_is_not_deployed(
    store: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor, deployed: str
) -> None:
    # Given a bundle beside the deployed one, with policies of its own
    assert deployed
    digest = store.publish(dummy_bundle).name
    store.publish_policy(policy_for(dummy_bundle, version=0, threshold=0.1))
    newest, _ = store.publish_policy(policy_for(dummy_bundle, version=0, threshold=0.2))
    # When it is named without a policy, then the newest one decides
    deployment = load_for_serving(store, FakeProver(), Learners(), digest, now=NOW)
    assert deployment.policy == newest
    assert (newest.version, newest.threshold) == (3, 0.2)
    assert deployment.since is None


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        ("2026-11-21T12:00:00+00:00", None, None),
        ("2026-11-21T13:00:00+02:00", None, None),
        ("2026-11-21T00:00:00Z", "2026-11-21T12:00:01Z", None),
        ("2026-11-21T12:00:00.000001+00:00", None, "policy-not-in-force"),
        ("2026-11-21T00:00:00Z", "2026-11-21T12:00:00Z", "policy-not-in-force"),
        ("2026-11-21T00:00:00", None, "policy-invalid"),
        ("2026-11-21", None, "policy-invalid"),
        ("soon", None, "policy-invalid"),
        (None, None, "policy-invalid"),
        (20261121, None, "policy-invalid"),
        ("2026-11-21T00:00:00Z", "", "policy-invalid"),
    ],
)
def test_policy_decides_only_while_it_is_in_force(
    store: DiskBundles, bundle: Bundle, policy_for: PolicyFor, begins: Any, ends: Any,
    code: str | None,
) -> None:  # fmt: skip
    # Given a deployed policy with these dates
    digest = store.publish(bundle).name
    policy = policy_for(bundle, effective_from=begins, effective_to=ends)
    file = store.publish_policy(policy)[1].name
    # When it is to decide at noon, then it does only if noon lies between them
    if code is None:
        store.activate(digest, file, NOW)
        assert load_for_serving(store, FakeProver(), Learners(), "current", now=NOW).policy
        return

    def deploy_and_load() -> None:
        store.activate(digest, file, NOW)
        load_for_serving(store, FakeProver(), Learners(), "current", now=NOW)

    with pytest.raises(ScorewrightError) as caught:
        deploy_and_load()
    assert caught.value.code == code
    if code == "policy-not-in-force":
        assert NOW.isoformat() in caught.value.message
        assert datetime.fromisoformat(begins).isoformat() in caught.value.message


def test_policy_of_a_revoked_key(
    store: DiskBundles, keys: KeyRing, bundle: Bundle, policy_for: PolicyFor, tmp_path: Path
) -> None:
    # Given a policy signed with a second key that is trusted at first
    other = KeyRing(tmp_path / "other")
    key_id = other.sign(b"").key_id
    keys.trust(other.trusted()[key_id].public_key)
    digest = store.publish(bundle).name
    elsewhere = DiskBundles(tmp_path / "bundles", other)
    _, file = elsewhere.publish_policy(policy_for(bundle))
    assert load_for_serving(
        store, FakeProver(), Learners(), digest, now=NOW, policy_file=file
    ).policy
    # When that key is revoked, then the policy is refused
    keys.revoke(key_id)
    code = code_of(
        lambda: load_for_serving(store, FakeProver(), Learners(), digest, now=NOW, policy_file=file)
    )
    assert code == "policy-revoked-key"


def test_reports_are_complete(store: DiskBundles, dummy_bundle: Bundle, deployed: str) -> None:
    # Given the deployed bundle and another
    other = store.publish(dummy_bundle).name
    # When one is inspected and the other proved in a real child
    inspected = inspect_bundle(store, deployed)
    verified = verify_bundle(store, CanaryProver(60), other)
    # Then each report tells what is known, for people and machines
    assert inspected.proof is None
    assert inspected.policy is not None
    assert ("deployed", NOW.isoformat()) in inspected.pairs()
    assert verified.policy is None
    assert verified.proof is not None
    assert ("golden rows", "8 agree") in verified.proof_pairs()
    assert [row[0] for row in verified.file_rows()] == sorted(dummy_bundle.files())
    document = json.loads(json.dumps(verified.to_dict()))
    assert document["bundle"] == other
    assert document["proof"]["rows"] == 8
    assert document["policy"] is None
    assert json.loads(json.dumps(inspected.to_dict()))["policy"]["threshold"] == 0.3


def test_nothing_deployed(store: DiskBundles) -> None:
    assert code_of(lambda: inspect_bundle(store, "current")) == "no-bundle"
    code = code_of(lambda: load_for_serving(store, FakeProver(), Learners(), "current", now=NOW))
    assert code == "no-bundle"
