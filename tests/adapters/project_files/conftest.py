"""A small project on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

MINIMAL = """\
[project]
name = "loans"

[tables.loans]
files = "loans.csv"

[data]
table = "loans"
target = "outcome"
bad_value = "bad"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The settings file of a project that loads."""
    file = tmp_path / "scorewright.toml"
    file.write_text(MINIMAL, encoding="utf-8")
    return file
