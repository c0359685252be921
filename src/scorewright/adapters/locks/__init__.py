"""Locks between processes: who works on what."""

from scorewright.adapters.locks.files import FileLocks

__all__ = ["FileLocks"]
