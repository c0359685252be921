"""Where tasks run: a pool of processes on this machine, Ray, or Spark.

This front door is light on purpose: workers pass through it before they settle how many threads
Polars may start, which is read when Polars is first imported.
"""

from scorewright.adapters.engines.catalogue import engine, engine_names, refuse_unknown
from scorewright.adapters.engines.fit import Fit, fit_together
from scorewright.adapters.engines.parts import PartFolder
from scorewright.adapters.engines.worker import perform

__all__ = [
    "Fit",
    "PartFolder",
    "engine",
    "engine_names",
    "fit_together",
    "perform",
    "refuse_unknown",
]
