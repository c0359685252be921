"""The error tree. Every error has a stable code, a message and a remedy.

    ScorewrightError              exit 3   failure
      UsageError                  exit 2   the command, setting or file named is wrong
      FindingsError               exit 1   checks found something that stops the work
      IntegrityError              exit 3   bytes are not what they claim to be
      MissingExtraError           exit 2   an optional part is not installed

Vendor errors are translated into these inside the adapter, with ``from``. The edges
(command line, service) print the message and the remedy, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "FindingsError",
    "IntegrityError",
    "MissingExtraError",
    "ScorewrightError",
    "UsageError",
]


class ScorewrightError(Exception):
    """Base of every error a user may meet.

    Args:
        message: What was wrong and where, in one or two plain sentences.
        remedy: What to do next, ideally a command.
        code: A stable slug; each has a heading in ``docs/reference/errors.md``.
        details: Machine-readable facts for ``--json`` and problem+json.
    """

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        code: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code
        self.details: Mapping[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return self.message

    @property
    def notes(self) -> list[str]:
        """What was added on the way up, such as the state a run was left in."""
        return list(getattr(self, "__notes__", ()))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``--json``."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "remedy": self.remedy,
                "details": dict(self.details),
                "notes": self.notes,
            }
        }


class UsageError(ScorewrightError):
    """What the user named (an option, a setting, a file) cannot be used as it is."""

    exit_code: ClassVar[int] = 2


class FindingsError(ScorewrightError):
    """Checks found something that stops the work; ``details`` lists the findings."""

    exit_code: ClassVar[int] = 1


class IntegrityError(ScorewrightError):
    """Bytes do not match their digest, their signature or their expected results."""


class MissingExtraError(UsageError):
    """An optional part is not installed; the remedy is the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"This needs the package '{package}', which is not installed.",
            remedy=f"pip install 'scorewright[{extra}]'",
            code="missing-extra",
            details={"package": package, "extra": extra},
        )
