"""How many threads libraries start: they read it in their environment when they are imported."""

from __future__ import annotations

from typing import Final

__all__ = ["ONE_THREAD"]

#: One thread each: children share the machine, and thread pools take address space.
ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}
