"""Registering a bundle: with its policies, and only where nobody moved the alias."""

from __future__ import annotations

import pytest
from tests.fakes.registry import FolderRegistry
from tests.flows.sync.conftest import Scene

from scorewright.core.errors import UsageError
from scorewright.flows.sync import Publication, register


def _publish(scene: Scene, which: int) -> str:
    bundle = scene.bundles[which]
    scene.made.publish_policy(scene.policy_for(bundle, version=which + 1))
    return scene.made.publish(bundle).name


def test_a_bundle_becomes_a_version_and_goes_all_the_way(scene: Scene) -> None:
    digest = _publish(scene, 0)
    done = register(scene.made, scene.registry, digest, "champion", "0")
    assert (done.version, done.before, done.policy) == ("1", None, "demo_default@1")
    assert done.to_dict()["model_uri"] == "models:/demo_logistic@champion"
    assert scene.syncer.look().ok
    assert scene.shelf.current().bundle == digest


def test_again_it_is_the_same_version_with_what_is_new(scene: Scene) -> None:
    digest = _publish(scene, 0)
    register(scene.made, scene.registry, digest, "champion")
    scene.syncer.look()
    scene.made.publish_policy(scene.policy_for(scene.bundles[0], version=7))
    done = register(scene.made, scene.registry, digest, "champion", "1")
    assert (done.version, done.policy) == ("1", "demo_default@7")
    assert scene.syncer.look().ok
    assert scene.shelf.current().policy_file.endswith(".policy-0007.json")


@pytest.mark.parametrize("expected", ["0", "2"])
def test_an_alias_that_moved_is_left_alone(scene: Scene, expected: str) -> None:
    register(scene.made, scene.registry, _publish(scene, 0), "champion")
    with pytest.raises(UsageError) as caught:
        register(scene.made, scene.registry, _publish(scene, 1), "champion", expected)
    assert caught.value.code == "alias-moved"
    assert scene.registry.points_to == "1"
    assert len(scene.registry.candidates) == 1


def test_an_alias_that_moves_meanwhile_is_left_alone(scene: Scene) -> None:
    # Given somebody who moves the alias while the version is made
    class Busy(FolderRegistry):
        def publish(self, publication: Publication) -> str:
            self.points_to = "8"
            return super().publish(publication)

    registry = Busy(scene.registry.folder)
    with pytest.raises(UsageError) as caught:
        register(scene.made, registry, _publish(scene, 0), "champion")
    assert caught.value.code == "alias-moved"
    assert registry.points_to == "8"


def test_a_bundle_without_a_policy(scene: Scene) -> None:
    digest = scene.made.publish(scene.bundles[0]).name
    with pytest.raises(UsageError) as caught:
        register(scene.made, scene.registry, digest, "champion")
    assert caught.value.code == "policy-missing"
