"""The page on feature files: its files load, its expressions are understood."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scorewright.adapters.project_files import load_feature_files
from scorewright.core.features import AggregateKind, parse

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "features.md"
BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"`((?:max|mean|share|count|missing_if|fill|col)\([^`]*\)[^`]*)`")


def blocks() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    return [(kind, text) for kind, text in found if not text.startswith("# fragment")]


def test_there_are_files_to_load() -> None:
    assert len(blocks()) >= 6


@pytest.mark.parametrize(("kind", "text"), blocks())
def test_every_file_of_the_page_loads(tmp_path: Path, kind: str, text: str) -> None:
    file = tmp_path / f"features.{'py' if kind == 'python' else 'toml'}"
    file.write_text(text, encoding="utf-8")
    library = load_feature_files([file])
    assert all(s.features for s in library.sets)
    assert library.sets


def test_every_expression_of_the_page_is_understood() -> None:
    formulas = FORMULA.findall(PAGE.read_text(encoding="utf-8"))
    assert len(formulas) >= 8
    for formula in formulas:
        parse(formula.replace("condition", "a > b"))


def test_every_aggregate_is_in_the_table() -> None:
    rows = [r for r in PAGE.read_text(encoding="utf-8").splitlines() if r.startswith("| `")]
    for kind in AggregateKind:
        assert any(f"`{kind}" in row for row in rows), kind
