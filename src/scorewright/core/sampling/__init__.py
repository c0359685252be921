"""What a model is fitted on when the classes are re-balanced, and what that does to its scores."""

from scorewright.core.sampling.sample import Sample, everything

__all__ = ["Sample", "everything"]
