"""What is known of the registry: the document ``sync.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from scorewright.core.errors import ScorewrightError

__all__ = ["SyncReport", "Taken"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over last.

    Attributes:
        model: The address that was followed.
        version: The version its alias pointed to.
        policy: The policy file the registry named with it; empty where it named none.
        bundle: Digest of the version's bundle.
    """

    model: str
    version: str
    policy: str
    bundle: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The last look at the registry.

    Attributes:
        at: When.
        ok: The registry answered, and what it names was taken over, now or before.
        model: The address that is followed.
        alias: Its alias.
        code: Why it is not ok; empty where it is.
        cause: The same in words.
        remedy: What to do.
        version: What the alias points to; empty where that was never learned.
        bundle: Digest of its bundle as far as known.
        note: What is worth saying though all is well, such as a rollback that is respected.
        good_at: The last look that was ok.
        taken: What was taken over last.
        is_watched: Whether looks follow by themselves.
    """

    at: datetime
    ok: bool
    model: str
    alias: str
    code: str = ""
    cause: str = ""
    remedy: str = ""
    version: str = ""
    bundle: str = ""
    note: str = ""
    good_at: datetime | None = None
    taken: Taken | None = None
    is_watched: bool = False

    def failed(self, error: ScorewrightError) -> SyncReport:
        """Return this look as one that failed."""
        return replace(
            self, ok=False, code=error.code, cause=error.message, remedy=error.remedy, note=""
        )

    @property
    def said(self) -> tuple[bool, str, str, str, str]:
        """What people want to hear again when it changes."""
        return self.ok, self.code, self.cause, self.version, self.note

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {
            "schema_version": 1,
            **asdict(self),
            "at": self.at.isoformat(),
            "good_at": None if self.good_at is None else self.good_at.isoformat(),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> SyncReport:
        """Read the JSON document.

        Raises:
            ValueError, TypeError, KeyError: It is not one.
        """
        fields = {name: value for name, value in document.items() if name != "schema_version"}
        if document["schema_version"] != 1:
            raise ValueError("another version of sync.json")
        good, taken = fields.pop("good_at"), fields.pop("taken")
        return cls(
            **{**fields, "at": _moment(fields["at"])},
            good_at=None if good is None else _moment(good),
            taken=None if taken is None else Taken(**taken),
        )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a date without its time zone")
    return moment
