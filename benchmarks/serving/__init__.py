"""Serving one application: the parts of it, our service over HTTP, and other servers beside us."""

from benchmarks.serving.parts import run

__all__ = ["run"]
