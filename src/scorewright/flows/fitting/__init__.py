"""Fitting many models on one matrix."""

from scorewright.flows.fitting.bench import PlainBench, open_bench

__all__ = ["PlainBench", "open_bench"]
