"""Models of any store, tried in a child process that may die of them."""

from scorewright.adapters.model_prober.prober import ChildProber
from scorewright.adapters.model_prober.scorer import ChildScorer

__all__ = ["ChildProber", "ChildScorer"]
