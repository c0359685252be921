"""The structure of real stores."""

from __future__ import annotations

from pathlib import Path

from tests.flows.store.opened import opened
from tests.stores.story import build_story

from scorewright.core.store_views import Node, TreeWish
from scorewright.flows.events import Event
from scorewright.flows.store.tree import store_tree


def test_the_trials_of_the_story_are_folded(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    heard: list[Event] = []
    tree = store_tree(opened(story.notebooks), TreeWish(limit=5), heard.append)
    trials = next(node for node in tree.children if node.id == "3")
    assert trials.counts["runs"] == 21
    assert trials.children[-1].label == "... 31 more"
    assert heard
    production = [run for node in tree.children for run in node.children if _is(run, "production")]
    assert {run.id for run in production} >= set(story.production)


def test_the_registry_stands_beside_the_experiments(tmp_path: Path) -> None:
    story = build_story(tmp_path)
    tree = store_tree(opened(story.database), TreeWish(has_files=False))
    (model,) = next(node for node in tree.children if node.kind == "registry").children
    lost, champion = model.children
    assert _is(lost, "run missing")
    assert _is(champion, "@champion")
    assert not any(node.kind == "files" for node in tree.children)


def _is(node: Node, marker: str) -> bool:
    return marker in node.markers
