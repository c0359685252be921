"""Monotone constraints, tested after the fit instead of believed."""

from scorewright.core.monotonicity.proof import MonotoneProof, prove_monotone

__all__ = ["MonotoneProof", "prove_monotone"]
