"""Ways to choose columns: fits of a learner, and what is concluded from their importances."""

from __future__ import annotations

from scorewright.adapters.selection.methods import method_parameters, select

__all__ = ["method_parameters", "select"]
