"""The structure of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.store_views.made import made_files, made_store

from scorewright.core.store_views import Node, TreeWish, tree_of
from scorewright.core.store_views.kinship import kinship


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def by_id(node: Node) -> dict[str, Node]:
    return {one.id: one for one in walk(node) if one.id}


def test_children_stand_below_their_parents() -> None:
    found = by_id(tree_of(made_store(), made_files()))
    assert [child.id for child in found["parent"].children] == ["child1", "child2"]
    assert found["parent"].text() == "2 children"
    assert [child.id for child in found["1"].children] == ["parent", "gone"]


def test_what_is_notable_is_said() -> None:
    tree = tree_of(made_store(), made_files())
    found = by_id(tree)
    assert found["best"].markers == ("production", "version credit_lgbm/2@champion")
    assert found["best"].label == "named_by_tag"
    assert found["child2"].markers == ("running", "without artifacts")
    assert found["gone"].markers == ("deleted",)
    assert found["failed"].markers[0] == "failed"
    assert found["3"].markers == ("deleted",)
    assert found["credit_lgbm/1"].markers == ("run missing",)
    assert found["credit_lgbm/2"].markers == ("@champion", "production")
    assert "credit_lgbm/3" not in found
    assert "3 without artifacts" in found["1"].text()
    nobodys = next(node for node in walk(tree) if node.kind == "files")
    assert nobodys.label == "1 folder of artifacts that belong to nobody"
    json.dumps(tree.to_dict())


def test_depth_and_limit_fold_but_the_counts_remain() -> None:
    runs = [
        {"run_id": f"r{i:02d}", "experiment_id": "1", "name": f"n{i}", "start_time": 1000 + i}
        for i in range(30)
    ]
    tags = [{"run_id": "r29", "key": "stage", "value": "production"}]
    store = made_store(runs=runs, tags=tags, model_versions=[])
    one = by_id(tree_of(store, made_files(), TreeWish(limit=9)))["1"]
    assert [child.label for child in one.children] == [f"n{i}" for i in range(8)] + [
        "n29", "... 21 more",
    ]  # fmt: skip
    assert one.counts["runs"] == 30
    assert len(by_id(tree_of(store, made_files(), TreeWish(limit=0)))["1"].children) == 30
    shallow = by_id(tree_of(store, made_files(), TreeWish(depth=1)))["1"]
    assert shallow.children == ()
    assert shallow.counts["runs"] == 30
    # One run alone is never folded.
    assert len(by_id(tree_of(store, made_files(), TreeWish(limit=29)))["1"].children) == 30


def test_without_files_no_run_is_said_to_lack_them() -> None:
    tree = tree_of(made_store(), made_files().clear(), TreeWish(has_files=False))
    assert not any("without artifacts" in node.markers for node in walk(tree))


def test_odd_parents_are_named_and_no_run_is_lost() -> None:
    runs = [
        {"run_id": run, "experiment_id": home, "name": run}
        for run, home in (("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "2"), ("f", "9"))
    ]
    parents = {"a": "b", "b": "a", "c": "c", "d": "lost", "e": "a"}
    tags = [{"run_id": r, "key": "mlflow.parentRunId", "value": p} for r, p in parents.items()]
    found = by_id(tree_of(made_store(runs=runs, tags=tags), made_files()))
    assert "parent is its own offspring" in found["a"].markers
    assert [child.id for child in found["a"].children] == ["b"]
    assert "parent is its own offspring" in found["c"].markers
    assert "parent missing" in found["d"].markers
    assert "parent in another experiment" in found["e"].markers
    assert found["9"].markers == ("experiment missing",)


@settings(deadline=None)
@given(st.lists(st.integers(-1, 11), min_size=1, max_size=12))
def test_every_run_stands_in_exactly_one_place(parents: list[int]) -> None:
    rows = [(f"{i}", "1", None if parent < 0 else f"{parent}") for i, parent in enumerate(parents)]
    frame = pl.DataFrame(rows, schema=["run_id", "experiment_id", "parent_id"], orient="row")
    kin = kinship(frame)
    seen: list[str] = []
    waiting = list(kin.tops.get("1", ()))
    while waiting:
        run = waiting.pop()
        seen.append(run)
        waiting += kin.children.get(run, ())
    assert sorted(seen) == sorted(frame["run_id"].to_list())
