"""Challengers beside the champion: who answers whom, and whether the split is what it should be."""

from scorewright.core.challenge.ratio import SampleRatio, sample_ratio
from scorewright.core.challenge.split import CHAMPION, Arm, assign

__all__ = ["CHAMPION", "Arm", "SampleRatio", "assign", "sample_ratio"]
