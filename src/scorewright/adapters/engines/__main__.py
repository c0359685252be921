"""The program of a local worker: ``python -m scorewright.adapters.engines``."""

from __future__ import annotations

from scorewright.adapters.engines.worker import serve

if __name__ == "__main__":
    serve()
