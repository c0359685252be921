"""The scoring service: a function that makes the application, no globals."""

from scorewright.entry.service.app import create_app

__all__ = ["create_app"]
