"""Fitting many models on one matrix."""

from scorewright.flows.fitting.bench import PlainBench, open_bench, sampled
from scorewright.flows.fitting.choice import find_learner

__all__ = ["PlainBench", "find_learner", "open_bench", "sampled"]
