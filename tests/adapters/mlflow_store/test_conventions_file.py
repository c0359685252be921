"""The conventions that ship with the package."""

from __future__ import annotations

import pytest

from scorewright.adapters.mlflow_store import load_conventions
from scorewright.core.conventions import Conventions
from scorewright.core.errors import UsageError


def test_the_default_is_read() -> None:
    conventions = load_conventions()
    assert isinstance(conventions, Conventions)
    assert "business_cost" in conventions.metrics.business
    assert conventions == load_conventions({})


def test_a_projects_own_lines_are_merged() -> None:
    mine = load_conventions({"artifacts": {"required": ["roc_curve.png"]}})
    assert mine.artifacts.required == ("roc_curve.png",)


def test_an_unknown_line_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        load_conventions({"artefacts": {}})
    assert caught.value.code == "conventions-invalid"
    assert "artifacts" in caught.value.remedy
