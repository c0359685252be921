"""Following a registry goes on, whatever the disk does meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.registry import ADDRESS, FolderRegistry, MemorySync, MovedClock, TrustingProver
from tests.fakes.training import settings

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.core.errors import ScorewrightError
from scorewright.flows.sync import Syncer, SyncReport
from scorewright.wiring.syncing import SyncRoom


class FullFor(MemorySync):
    """Has no room for the first states."""

    left = 2
    code = "write-failed"

    def write(self, report: SyncReport) -> None:
        """Refuse, or keep it."""
        if self.left > 0:
            self.left -= 1
            raise ScorewrightError("No space left on device.", remedy="Free it.", code=self.code)
        super().write(report)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FullFor:
    memory = FullFor()
    shelf = DiskBundles(tmp_path / "bundles", KeyRing(tmp_path / "keys"))
    registry, clock = FolderRegistry(tmp_path / "registry"), MovedClock()
    syncer = Syncer(ADDRESS, registry, shelf, TrustingProver(), memory, clock, is_watched=True)
    monkeypatch.setattr(SyncRoom, "_syncer", lambda *_, **__: syncer)
    return memory


def _watch(tmp_path: Path, looks: int) -> list[SyncReport]:
    told: list[SyncReport] = []
    waits = iter([False] * (looks - 1) + [True])
    room = SyncRoom(tmp_path, tmp_path / "scorewright.toml", settings(), "sqlite:///none.db")
    room.watch(str(ADDRESS), told.append, lambda _: next(waits))
    return told


@pytest.mark.usefixtures("memory")
def test_a_full_disk_is_told_once_and_the_registry_looked_at_again(tmp_path: Path) -> None:
    # When the first two states of three cannot be kept
    told = _watch(tmp_path, 3)
    # Then that is told once, and the third look tells what it found
    assert [state.code for state in told] == ["write-failed", "alias-missing"]
    assert told[0].model == str(ADDRESS)
    assert told[0].is_watched


def test_what_is_no_full_disk_ends_it(memory: FullFor, tmp_path: Path) -> None:
    memory.code = "unexpected"
    with pytest.raises(ScorewrightError) as caught:
        _watch(tmp_path, 3)
    assert caught.value.code == "unexpected"
