"""What a model is fitted on when the classes are re-balanced, and what that does to its scores."""

from scorewright.core.sampling.blend import Blend
from scorewright.core.sampling.classes import Classes, odds_ratio, split_classes
from scorewright.core.sampling.neighbourhood import coordinates, whole_columns
from scorewright.core.sampling.sample import Sample, everything

__all__ = [
    "Blend",
    "Classes",
    "Sample",
    "coordinates",
    "everything",
    "odds_ratio",
    "split_classes",
    "whole_columns",
]
