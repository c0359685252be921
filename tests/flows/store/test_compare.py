"""Real stores, compared."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.flows.store.opened import opened
from tests.stores.fixtures import VERSIONS, unpacked
from tests.stores.story import build_story

from scorewright.flows.store.compare import CompareWish, compare_two
from scorewright.flows.store.inventory import FileWish


@pytest.mark.parametrize("version", VERSIONS)
def test_a_copy_of_a_real_store_is_the_same(version: str, tmp_path: Path) -> None:
    a = unpacked(version, "sqlite", tmp_path / "a").path
    b = unpacked(version, "sqlite", tmp_path / "elsewhere" / "b").path
    found = compare_two(opened(a), opened(b), CompareWish(files=FileWish(is_hashed=True)))
    assert found.is_same
    assert found.has_history
    assert found.has_files


def test_one_value_that_was_changed_is_found(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    copy = tmp_path / "copy.db"
    shutil.copy(story.database, copy)
    run = story.champion[2]
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute(
            "UPDATE metrics SET value = 0.9 WHERE run_uuid = ? AND key = 'fold_roc_auc' "
            "AND step = 2",
            (run,),
        )
        connection.execute("DELETE FROM params WHERE run_uuid = ? AND key = 'num_leaves'", (run,))
        connection.commit()
    found = compare_two(opened(story.database), opened(copy))
    rows = next(one for one in found.parts if one.kind == "run").differences
    assert set(rows.select("id_a", "field").rows()) == {
        (run, "history.fold_roc_auc digest"), (run, "param.num_leaves"),
    }  # fmt: skip
    last_only = compare_two(opened(story.database), opened(copy), CompareWish(has_history=False))
    rows = next(one for one in last_only.parts if one.kind == "run").differences
    assert rows["field"].to_list() == ["param.num_leaves"]


def test_two_stores_with_nothing_in_common(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    found = compare_two(opened(story.database), opened(story.notebooks))
    runs = next(one for one in found.parts if one.kind == "run")
    assert (runs.only_a.height, runs.only_b.height, runs.same) == (6, 80, 0)
    experiments = next(one for one in found.parts if one.kind == "experiment")
    assert experiments.same == 1  # credit_scoring_final_delivery
