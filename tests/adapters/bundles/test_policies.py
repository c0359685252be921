"""Policies in the store: both versions of the document, drafts, and whose they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorewright.adapters.bundles import DiskBundles
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy, Rule
from scorewright.core.errors import IntegrityError, UsageError

PolicyFor = Callable[..., Policy]
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("version", [1, 2])
def test_documents_of_both_versions_are_read_with_their_signature(
    store: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor, version: int
) -> None:
    store.publish(dummy_bundle)
    policy = policy_for(dummy_bundle, schema_version=version)
    published, file = store.publish_policy(policy)
    assert store.read_policy(Path(file.name)) == published == policy
    assert (b"refer_from" in file.read_bytes()) == (version == 2)


def test_a_policy_with_bands_and_segments_comes_back_whole(
    store: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    policy = policy_for(
        dummy_bundle,
        version=0,
        refer_from=0.2,
        refer_to=0.4,
        segment_column="purpose",
        segments={"car": Rule(0.1, 0.05, 0.2)},
    )
    published, file = store.publish_policy(policy)
    assert store.read_policy(file) == published
    assert published.decide(0.15, "car") == "refer"


def test_a_draft_is_read_without_a_signature_but_never_as_a_policy(
    store: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor, tmp_path: Path
) -> None:
    file = tmp_path / "draft.json"
    draft = policy_for(dummy_bundle, version=0)
    file.write_bytes(draft.to_bytes())
    assert store.read_draft(file) == draft
    with pytest.raises(IntegrityError) as refused:
        store.read_policy(file)
    assert refused.value.code == "policy-unsigned"
    file.write_bytes(b'{"threshold": 0.1}')
    with pytest.raises(IntegrityError) as invalid:
        store.read_draft(file)
    assert invalid.value.code == "policy-invalid"
    with pytest.raises(UsageError) as missing:
        store.read_draft(tmp_path / "nowhere.json")
    assert missing.value.code == "policy-missing"


def test_a_policy_of_another_model_under_this_bundles_name_is_not_activated(
    store: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    digest = store.publish(dummy_bundle).name
    wrong = replace(policy_for(dummy_bundle), model_digest="0" * 64)
    _, file = store.publish_policy(wrong)
    with pytest.raises(IntegrityError) as caught:
        store.activate(digest, file.name, NOW)
    assert caught.value.code == "policy-other-model"
