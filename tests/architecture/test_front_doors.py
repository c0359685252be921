"""Rooms are entered by their front door; what import-linter does not check is checked here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "scorewright"
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "manager", "processor"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(SOURCE.rglob("*.py")):
        yield file, ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_nobody_reaches_into_a_room_of_core_or_adapters() -> None:
    reached = []
    for file, tree in modules():
        home = file.relative_to(SOURCE).with_suffix("").parts
        for name in imported(tree):
            parts = name.split(".")[1:]
            if len(parts) > 2 and parts[0] in {"core", "adapters"} and home[:2] != tuple(parts[:2]):
                reached.append(f"{'/'.join(home)} imports {name}")
    assert reached == []


def test_every_front_door_lists_what_it_offers_and_keeps_it() -> None:
    for file, tree in modules():
        if file.name != "__init__.py" or file.parent.parent.name not in {"core", "adapters"}:
            continue
        lists = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "__all__"
        ]
        assert len(lists) == 1, file
        assert len(set(lists[0])) == len(lists[0]) > 0, file


def test_rooms_have_nouns_for_names() -> None:
    names = {file.stem for file, _ in modules()} | {p.name for p in SOURCE.rglob("*") if p.is_dir()}
    assert names.isdisjoint(FORBIDDEN_NAMES)


def test_no_pickle_is_imported_anywhere() -> None:
    pickles = {"pickle", "joblib", "cloudpickle", "dill", "shelve"}
    found = [
        f"{file}: {name}"
        for file, tree in modules()
        for name in imported(tree)
        if name.split(".")[0] in pickles
    ]
    assert found == []
