"""Finding, comparing and activating policies in a real store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.core.errors import ScorewrightError
from scorewright.flows.policy import (
    HISTORY_COLUMNS,
    activate_policy,
    diff_policies,
    find_policy,
    policy_history,
)

PolicyFor = Callable[..., Policy]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def deployed(store: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor) -> DiskBundles:
    """A store with a bundle, version 1 in force, and version 2."""
    digest = store.publish(dummy_bundle).name
    _, file = store.publish_policy(policy_for(dummy_bundle))
    store.activate(digest, file.name, NOW)
    store.publish_policy(policy_for(dummy_bundle, version=2, threshold=0.4, reason="second"))
    return store


def _code(act: Callable[[], object]) -> str:
    with pytest.raises(ScorewrightError) as caught:
        act()
    return caught.value.code


def test_a_policy_is_found_by_version_name_and_path(deployed: DiskBundles) -> None:
    digest = deployed.current().bundle
    name = f"{digest}.policy-0002.json"
    path = str(deployed.directory(digest).parent / name)
    found = [find_policy(deployed, reference) for reference in ("2", name, path)]
    assert {f.file for f in found} == {name}
    assert {f.policy.threshold for f in found} == {0.4}
    assert not any(f.is_active for f in found)
    assert find_policy(deployed, "current").is_active
    assert find_policy(deployed, "1") == find_policy(deployed, "current")
    assert dict(found[0].pairs())["decides"] == "decline from 0.4"


def test_what_is_not_there_is_refused(deployed: DiskBundles) -> None:
    assert _code(lambda: find_policy(deployed, "7")) == "policy-missing"
    assert _code(lambda: find_policy(deployed, "nowhere.json")) == "policy-missing"


def test_a_version_copied_a_second_time_has_to_be_named(
    deployed: DiskBundles,
    dummy_bundle: Bundle,
    policy_for: PolicyFor,
    tmp_path: Path,
    keys: KeyRing,
) -> None:
    other = replace(dummy_bundle, run_id="f" * 32)
    elsewhere = DiskBundles(tmp_path / "elsewhere", keys)
    copied = elsewhere.publish(other)
    _, file = elsewhere.publish_policy(policy_for(other, version=2))
    here = deployed.directory("current").parent
    copied.rename(here / copied.name)
    for part in (file, file.with_suffix(".sig")):
        part.rename(here / part.name)
    assert _code(lambda: find_policy(deployed, "2")) == "policy-ambiguous"
    assert find_policy(deployed, file.name).policy.bundle == copied.name


def test_a_draft_file_can_be_looked_at_and_not_activated(
    deployed: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor, tmp_path: Path
) -> None:
    file = tmp_path / "draft.json"
    file.write_bytes(policy_for(dummy_bundle, version=0, threshold=0.5).to_bytes())
    found = find_policy(deployed, str(file))
    assert (found.is_signed, found.name) == (False, "draft")
    assert "draft without signature" in dict(found.pairs())["file"]
    changes = {c.field: c.after for c in diff_policies(deployed, "1", str(file)).changes}
    assert changes == {"threshold": 0.5, "version": 0}
    assert _code(lambda: activate_policy(deployed, str(file), NOW)) == "policy-not-published"


def test_history_lists_all_versions_and_those_that_were_tampered_with(
    deployed: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    other = replace(dummy_bundle, run_id="f" * 32)
    deployed.publish(other)
    _, file = deployed.publish_policy(policy_for(other, version=0, reason="third"))
    file.write_bytes(file.read_bytes().replace(b"third", b"THIRD"))
    rows = policy_history(deployed)
    assert [(r.version, r.is_active, r.problem) for r in rows] == [
        (3, False, "policy-signature"), (2, False, ""), (1, True, ""),
    ]  # fmt: skip
    assert "refused: policy-signature" in rows[0].cells()
    assert rows[1].cells()[-1] == "risk / nobody yet\nsecond"


def test_a_difference_is_told_field_by_field(deployed: DiskBundles) -> None:
    found = diff_policies(deployed, "1", "2")
    assert found.cells() == [
        ("reason", "first", "second", ""),
        ("threshold", "0.3", "0.4", "+0.1"),
        ("version", "1", "2", "+1"),
    ]
    assert diff_policies(deployed, "2", "2").changes == ()


def test_activating_puts_the_policy_in_force_and_can_be_taken_back(deployed: DiskBundles) -> None:
    done = activate_policy(deployed, "2", NOW)
    assert deployed.current().policy_file.endswith("policy-0002.json")
    assert done.to_dict()["previous_version"] == 1
    activate_policy(deployed, "1", NOW)
    assert find_policy(deployed, "current").policy.version == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"effective_from": "2026-11-23T00:00:00Z"}, "policy-not-in-force"),
        ({"effective_to": "2026-11-22T00:00:00Z"}, "policy-not-in-force"),
        ({"model_digest": "0" * 64}, "policy-other-model"),
        ({"calibration_digest": "0" * 64}, "policy-other-model"),
    ],
)
def test_what_may_not_decide_is_not_activated(
    deployed: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor,
    changes: dict[str, str], code: str,
) -> None:  # fmt: skip
    deployed.publish_policy(policy_for(dummy_bundle, version=0, **changes))
    before = deployed.current()
    with pytest.raises(ScorewrightError) as caught:
        activate_policy(deployed, "3", NOW)
    assert caught.value.code == code
    assert deployed.current() == before
    if "effective_from" in changes:
        assert "2026-11-23T00:00:00+00:00" in caught.value.message


def test_a_policy_of_a_twin_bundle_is_refused_though_their_models_are_the_same(
    deployed: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    twin = replace(dummy_bundle, run_id="f" * 32)
    assert twin.model_digest == dummy_bundle.model_digest
    deployed.publish(twin)
    deployed.publish_policy(policy_for(twin, version=0))
    assert _code(lambda: activate_policy(deployed, "3", NOW)) == "policy-other-model"


def test_a_tampered_policy_is_not_activated(deployed: DiskBundles) -> None:
    file = deployed.directory("current").parent / find_policy(deployed, "2").file
    file.write_bytes(file.read_bytes().replace(b"0.4", b"0.9"))
    assert _code(lambda: activate_policy(deployed, "2", NOW)) == "policy-signature"


def test_a_policy_without_an_owner_says_so(
    deployed: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    deployed.publish_policy(policy_for(dummy_bundle, version=0, owner=""))
    assert dict(find_policy(deployed, "3").pairs())["owner"] == "nobody named"
    assert policy_history(deployed)[0].cells()[-1] == "nobody named / nobody yet\nfirst"


def test_history_says_the_day_in_utc_and_what_is_in_force(
    deployed: DiskBundles, dummy_bundle: Bundle, policy_for: PolicyFor
) -> None:
    begins = "2026-12-01T00:30:00+01:00"
    deployed.publish_policy(policy_for(dummy_bundle, version=0, effective_from=begins))
    rows = [row.cells() for row in policy_history(deployed)]
    assert [row[3] for row in rows] == ["2026-11-30", "2026-11-21", "2026-11-21"]
    assert [row[0] for row in rows] == ["3", "2", "1\nin force"]
    assert {len(row) for row in rows} == {len(HISTORY_COLUMNS)}
