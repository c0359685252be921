"""The default conventions say what the written ones say, word for word."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scorewright.core.conventions import Conventions

SPECIFICATION = Path(__file__).resolve().parents[3] / "../shared/spec/conventions.md"


@pytest.fixture(scope="module")
def text() -> str:
    if not SPECIFICATION.is_file():
        pytest.skip("the written conventions are not beside this repository")
    return SPECIFICATION.read_text("utf-8")


def _section(text: str, title: str) -> str:
    found = re.search(rf"^## {title}.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found.group(1)


def _rows(section: str) -> dict[str, str]:
    cells = [line.strip("| \n").split("|", 1) for line in section.splitlines() if line[:1] == "|"]
    return {first.strip(): rest for first, rest in cells[2:]}


def _ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_metrics_by_group(text: str, conventions: Conventions) -> None:
    # Given the table, whose rows carry the groups' names
    rows = _rows(_section(text, "Metrics every finished"))
    ours = conventions.metrics.groups()
    titles = {"at the chosen threshold": "threshold"}
    # Then every group has exactly the listed metrics; cost_fn and cost_fp are parameters
    assert {titles.get(title, title) for title in rows} == set(ours)
    for title, cell in rows.items():
        listed = [name for name in _ticked(cell) if name not in {"cost_fn", "cost_fp"}]
        assert tuple(listed) == ours[titles.get(title, title)]


def test_parameters(text: str, conventions: Conventions) -> None:
    section = _section(text, "Parameters every finished")
    model, common = section.split("), and:")
    assert set(_ticked(common)) == set(conventions.params.common)
    ours = {p for name in conventions.params.models["lgbm"] for p in name.split("|")}
    assert set(_ticked(model)) == ours


def test_tags_and_their_values(text: str, conventions: Conventions) -> None:
    rows = _rows(_section(text, "Tags"))
    names = [name for title in rows for name in _ticked(title)]
    assert set(names) == set(conventions.tags)
    for title, cell in rows.items():
        for name in _ticked(title):
            values = conventions.tags[name].values
            if values:
                # An ensemble is no learner of the list, and has to be called something.
                assert tuple(_ticked(cell)) == tuple(v for v in values if v != "ensemble")
            else:  # examples and words, which the rule must let pass
                examples = [v for v in _ticked(cell) if "@" in v]
                assert all(conventions.tags[name].allows(v) for v in examples)


def test_artifacts(text: str, conventions: Conventions) -> None:
    section = _section(text, "Artifacts every finished")
    listed: list[str] = []
    for item in section.replace("\n", " ").split("·"):
        for name in re.findall(r"`([\w.]+)`", item):
            stem = listed[-1].rsplit(".", 1)[0] if name.startswith(".") else ""
            listed.append(stem + name)
    assert tuple(listed) == conventions.artifacts.required


def test_purposes(text: str, conventions: Conventions) -> None:
    listed = _ticked(_section(text, "Names").split("Purposes in use:")[1])
    assert tuple(listed) == conventions.names.purposes


def test_good_and_bad_names(text: str, conventions: Conventions) -> None:
    from scorewright.core.conventions.names import (
        experiment_problem,
        is_registered_model_name,
        run_problem,
    )

    wrong: dict[str, Callable[[str], object]] = {
        "experiment": lambda n: experiment_problem(n, "", conventions),
        "run": lambda n: run_problem(n, conventions),
        "registered model": lambda n: not is_registered_model_name(n, conventions),
    }
    for kind, cells in _rows(_section(text, "Names")).items():
        _, good, bad = cells.split("|")
        assert not any(wrong[kind](name) for name in _ticked(good)), good
        assert all(wrong[kind](name) for name in _ticked(bad)), bad
