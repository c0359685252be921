"""Charts as pictures."""

from __future__ import annotations

from scorewright.adapters.charts.vega import VegaRenderer

__all__ = ["VegaRenderer"]
