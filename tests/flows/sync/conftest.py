"""Two machines that trust one key: where bundles are made, and where they are served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.fakes.registry import ADDRESS, FolderRegistry, MemorySync, MovedClock, TrustingProver

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.core.bundles import Bundle
from scorewright.core.decision import Policy
from scorewright.flows.sync import Syncer


@dataclass
class Scene:
    """What a test moves and looks at."""

    made: DiskBundles
    shelf: DiskBundles
    registry: FolderRegistry
    memory: MemorySync
    prover: TrustingProver
    clock: MovedClock
    syncer: Syncer
    bundles: tuple[Bundle, Bundle]
    policy_for: Callable[..., Policy]

    def register(self, which: int, **changes: object) -> str:
        """Publish a bundle with a policy where it is made; return its version."""
        bundle = self.bundles[which]
        policy = self.policy_for(bundle, version=which + 1, **changes)
        directory, file = self.made.publish(bundle), self.made.publish_policy(policy)[1]
        return self.registry.add(directory, file)


@pytest.fixture
def scene(
    keys: KeyRing, dummy_bundle: Bundle, policy_for: Callable[..., Policy], tmp_path: Path
) -> Scene:
    keys.check_ready()
    shelf = DiskBundles(tmp_path / "served", keys)
    registry, memory = FolderRegistry(tmp_path / "registry"), MemorySync()
    prover, clock = TrustingProver(), MovedClock()
    return Scene(
        made=DiskBundles(tmp_path / "made", keys),
        shelf=shelf,
        registry=registry,
        memory=memory,
        prover=prover,
        clock=clock,
        syncer=Syncer(ADDRESS, registry, shelf, prover, memory, clock, is_watched=True),
        bundles=(dummy_bundle, replace(dummy_bundle, run_id="f" * 32)),
        policy_for=policy_for,
    )
