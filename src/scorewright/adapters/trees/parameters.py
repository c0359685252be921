"""Libraries that may be absent, and what they say to parameters they do not take."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from scorewright.core.errors import MissingExtraError, UsageError

__all__ = ["library", "refusals"]


def library(name: str) -> ModuleType:
    """Return the library of that name; its extra is called the same.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(name, name) from error


@contextmanager
def refusals(name: str, *errors: type[Exception]) -> Iterator[None]:
    """Translate what a library raises while it trains.

    Args:
        name: The library's name for people.
        errors: Its own exceptions; TypeError and ValueError are always among them.

    Raises:
        UsageError: ``learner-params``.
    """
    known: tuple[type[Exception], ...] = (*errors, TypeError, ValueError)
    try:
        yield
    except known as error:
        said = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        raise UsageError(
            f"{name} refused to train: {said.rstrip('.')}.",
            remedy="Correct [learner.params] in scorewright.toml.",
            code="learner-params",
        ) from error
