"""Charts and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scorewright.core.report import ReportContent

__all__ = ["ChartRenderer", "ReportRenderer"]


class ChartRenderer(Protocol):
    """Turns Vega-Lite specifications into pictures."""

    def png(self, spec: Mapping[str, Any]) -> bytes:
        """Return the chart as PNG."""
        ...

    def svg(self, spec: Mapping[str, Any]) -> str:
        """Return the chart as SVG text."""
        ...

    def script(self) -> str:
        """Return the JavaScript that draws specifications in a page, without any network."""
        ...


class ReportRenderer(Protocol):
    """Turns the content of a report into a document."""

    def render(self, content: ReportContent) -> str:
        """Return the report as one self-contained HTML document.

        Raises:
            ScorewrightError: ``chart-unrenderable``.
        """
        ...
