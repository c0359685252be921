"""A shell in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.walking import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Return it; what it started ends with the test."""
    folder = tmp_path / "walk"
    folder.mkdir()
    running = Shell(folder)
    yield running
    running.stop()
