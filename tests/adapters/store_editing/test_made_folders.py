"""Folders that a plan made go when it is taken back, wherever a kill came; others stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from scorewright.adapters.store_editing.places import MadeFolders


@pytest.fixture
def made(tmp_path: Path) -> MadeFolders:
    return MadeFolders(tmp_path / "bins", tmp_path / "bins" / "p1")


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_kill_between_two_folders_leaves_none_behind(
    made: MadeFolders, tmp_path: Path, depth: int
) -> None:
    # Given folders that were noted, of which a kill let only the first ones be made
    deepest = tmp_path / "store" / "a" / "b" / "c"
    (tmp_path / "store").mkdir()
    made.make(deepest)
    chain = [deepest, deepest.parent, deepest.parent.parent]
    for folder in chain[: len(chain) - depth]:
        folder.rmdir()
    # When the plan is taken back
    made.prune(deepest)
    # Then none of them is left, and the folder that was there before is
    assert list((tmp_path / "store").iterdir()) == []


def test_folders_of_others_and_full_ones_stay(made: MadeFolders, tmp_path: Path) -> None:
    own = tmp_path / "store" / "own"
    own.mkdir(parents=True)
    made.prune(own)
    assert own.is_dir()
    deep = own / "x" / "y"
    made.make(deep)
    (own / "x" / "file").touch()
    made.prune(deep)
    assert not deep.exists()
    assert (own / "x" / "file").exists()
