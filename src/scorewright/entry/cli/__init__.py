"""The command line."""

from scorewright.entry.cli.main import app, main

__all__ = ["app", "main"]
