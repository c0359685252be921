"""A clock that counts, a commit that stays, and charts nobody draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scorewright.core.errors import ScorewrightError


@dataclass
class CountingClock:
    """A `Clock`: always the same moment, and every look takes a second longer."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    def elapsed(self) -> float:
        self.seconds += 1.0
        return self.seconds


class OneCommit:
    """A `CodeVersion`."""

    def commit(self) -> str:
        return "8d1c8f30d1c5a8ed38a5b3e9f0c5b7f2d1c5a8ed"


class NoCharts:
    """A `ChartRenderer` whose pictures are empty."""

    def png(self, spec: Mapping[str, Any]) -> bytes:
        return b"\x89PNG"

    def svg(self, spec: Mapping[str, Any]) -> str:
        return "<svg/>"

    def script(self) -> str:
        return ""


class BrokenCharts(NoCharts):
    """A `ChartRenderer` that cannot draw."""

    def png(self, spec: Mapping[str, Any]) -> bytes:
        raise ScorewrightError("no", remedy="r", code="chart-unrenderable")
