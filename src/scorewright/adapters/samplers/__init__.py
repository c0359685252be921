"""Ways to re-balance the classes of training rows."""

from scorewright.adapters.samplers.catalogue import Samplers

__all__ = ["Samplers"]
