"""A look at the registry: what is good is deployed, what is not changes nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from tests.flows.sync.conftest import Scene

from scorewright.core.errors import IntegrityError, ScorewrightError, UsageError
from scorewright.flows.sync import ModelAddress, Syncer, SyncReport


def _digest(scene: Scene, which: int) -> str:
    return scene.bundles[which].manifest().digest


def _unreachable() -> ScorewrightError:
    return ScorewrightError("away", remedy="wait", code="store-unreachable")


def test_what_the_alias_names_is_deployed_with_its_policy(scene: Scene) -> None:
    # Given a registered bundle, and a machine without any
    scene.registry.points_to = scene.register(0)
    # When the alias is looked at, then bundle and policy are deployed, proved in a child first
    report = scene.syncer.look()
    digest = _digest(scene, 0)
    assert (report.ok, report.version, report.bundle, report.code) == (True, "1", digest, "")
    current = scene.shelf.current()
    assert (current.bundle, current.policy_file) == (digest, f"{digest}.policy-0001.json")
    assert scene.prover.proved == [digest]
    assert scene.memory.read() == report
    # And nothing is left of the download
    assert not list((scene.shelf.directory(digest).parent).glob(".incoming-*"))


def test_nothing_is_done_twice(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    scene.syncer.look()
    current = scene.shelf.current()
    scene.clock.move(5)
    report = scene.syncer.look()
    assert report.ok
    assert report.good_at == scene.clock.now()
    assert scene.shelf.current() == current
    assert scene.registry.fetched == ["1"]


def test_a_moved_alias_is_followed_both_ways(scene: Scene) -> None:
    # Given two versions
    scene.registry.points_to = scene.register(0)
    second = scene.register(1)
    scene.syncer.look()
    # When the alias moves there and back
    scene.registry.points_to = second
    assert scene.syncer.look().bundle == _digest(scene, 1)
    assert scene.shelf.current().bundle == _digest(scene, 1)
    scene.registry.points_to = "1"
    assert scene.syncer.look().ok
    # Then what is here already is proved again and not fetched again
    assert scene.shelf.current().bundle == _digest(scene, 0)
    assert scene.registry.fetched == ["1", "2"]
    assert len(scene.prover.proved) == 3


def test_a_rollback_is_not_undone_and_said(scene: Scene) -> None:
    # Given version 2, deployed after version 1
    scene.registry.points_to = scene.register(0)
    scene.syncer.look()
    scene.registry.points_to = scene.register(1)
    scene.syncer.look()
    # When somebody rolls back by hand
    before = scene.shelf.previous()
    assert before is not None
    scene.shelf.activate(before.bundle, before.policy_file, scene.clock.now())
    # Then looks leave it so and say so, also those of a new process
    for syncer in (scene.syncer, _again(scene)):
        report = syncer.look()
        assert report.ok
        assert "stays until the alias moves" in report.note
        assert scene.shelf.current().bundle == _digest(scene, 0)
    # And a policy that is added to the version is a move
    policy = scene.policy_for(scene.bundles[1], version=9)
    scene.registry.add_policies("2", scene.made.publish_policy(policy)[1])
    assert scene.syncer.look().note == ""
    assert scene.shelf.current().policy_file.endswith(".policy-0009.json")


def _again(scene: Scene) -> Syncer:
    s = scene.syncer
    return Syncer(s.address, s.registry, s.shelf, s.prover, s.memory, s.clock)


def test_the_newest_policy_in_force_is_taken(scene: Scene) -> None:
    # Given three policies, the newest of which begins tomorrow
    version = scene.register(0)
    for number, begins in ((2, "2026-11-21T01:00:00+00:00"), (3, "2026-11-22T00:00:00+00:00")):
        policy = scene.policy_for(scene.bundles[0], version=number, effective_from=begins)
        scene.registry.add_policies(version, scene.made.publish_policy(policy)[1])
    scene.registry.points_to = version
    # Then the second is taken
    assert scene.syncer.look().ok
    assert scene.shelf.current().policy_file.endswith(".policy-0002.json")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"effective_from": "2027-01-01T00:00:00+00:00"}, "policy-not-in-force"),
        ({"effective_from": "yesterday"}, "policy-invalid"),
        ({"model_digest": "0" * 64}, "policy-other-model"),
    ],
)
def test_a_policy_that_cannot_decide_deploys_nothing(
    scene: Scene, changes: dict[str, object], code: str
) -> None:
    scene.registry.points_to = scene.register(0, **changes)
    assert scene.syncer.look().code == code
    with pytest.raises(UsageError) as nothing:
        scene.shelf.current()
    assert nothing.value.code == "no-bundle"


def test_no_policy_at_all(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    shutil.rmtree(scene.registry.files("1") / "policies")
    assert scene.syncer.look().code == "policy-missing"


@pytest.mark.parametrize("code", ["store-unreachable", "registry-timeout", "alias-missing"])
def test_a_registry_that_is_away_changes_only_the_report(scene: Scene, code: str) -> None:
    # Given what was taken over
    scene.registry.points_to = scene.register(0)
    good, current = scene.syncer.look(), scene.shelf.current()
    # When the registry goes away
    scene.registry.trouble = ScorewrightError("away", remedy="wait", code=code)
    scene.clock.move(5)
    report = scene.syncer.look()
    # Then the report says why and since when, and what is deployed stays
    assert (report.ok, report.code, report.cause) == (False, code, "away")
    assert (report.good_at, report.taken) == (good.good_at, good.taken)
    assert scene.shelf.current() == current
    # And one look after it is back all is well
    scene.registry.trouble = None
    assert scene.syncer.look().ok


def test_a_refused_candidate_is_kept_in_mind_and_tried_again_later(scene: Scene) -> None:
    # Given a deployed version, and a second one whose model kills the child
    scene.registry.points_to = scene.register(0)
    scene.syncer.look()
    scene.registry.points_to = scene.register(1)
    scene.prover.trouble = IntegrityError("died", remedy="r", code="bundle-canary-died")
    # When it is looked at again and again
    for _ in range(3):
        report = scene.syncer.look()
        scene.clock.move(5)
        # Then every report says so, and the old bundle stays
        assert (report.ok, report.code) == (False, "bundle-canary-died")
        assert (report.version, report.bundle) == ("2", _digest(scene, 1))
        assert scene.shelf.current().bundle == _digest(scene, 0)
    # But it was fetched once only
    assert scene.registry.fetched == ["1", "2"]
    # Later again, each time later
    scene.syncer.look()
    assert scene.registry.fetched == ["1", "2", "2"]
    scene.clock.move(16)
    scene.syncer.look()
    assert scene.registry.fetched == ["1", "2", "2"]
    # And when it proves good, it is taken
    scene.clock.move(20)
    scene.prover.trouble = None
    assert scene.syncer.look().ok
    assert scene.shelf.current().bundle == _digest(scene, 1)


def test_another_candidate_is_tried_at_once(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    (scene.registry.files("1") / "bundle" / "golden.json").write_text("[]")
    assert scene.syncer.look().code == "bundle-file-changed"
    scene.registry.points_to = scene.register(1)
    assert scene.syncer.look().ok


def test_the_registry_cannot_pass_one_bundle_off_as_another(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    named = scene.registry.candidates["1"]
    scene.registry.candidates["1"] = replace(named, bundle="0" * 64)
    assert scene.syncer.look().code == "registry-other-bundle"


def test_a_policy_without_a_signature_takes_nothing_in(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    next((scene.registry.files("1") / "policies").glob("*.sig")).unlink()
    assert scene.syncer.look().code == "policy-unsigned"
    assert not list(scene.shelf.digests())


def test_another_address_begins_anew(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    scene.syncer.look()
    other = replace(scene.syncer, address=ModelAddress("demo", "challenger"))
    scene.registry.trouble = _unreachable()
    report = other.look()
    assert (report.model, report.taken, report.good_at) == ("models:/demo@challenger", None, None)


def test_the_report_survives_as_json(scene: Scene) -> None:
    scene.registry.points_to = scene.register(0)
    report = scene.syncer.look()
    assert SyncReport.from_dict(report.to_dict()) == report
    document = report.to_dict()
    for key in ("at", "ok", "cause", "code", "alias", "version", "bundle"):
        assert key in document
