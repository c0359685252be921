"""What is kept of an application: values, keyed digests, or nothing; never an applicant's id.

A plain digest of an id or a postcode is found out by trying all of them, so every digest here is
an HMAC-SHA-256 under a key that lies apart from the log.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scorewright.core.decision_log.record import Keep
from scorewright.core.digests import canonical_json
from scorewright.core.features import TableColumns

__all__ = ["Keeping", "SubjectKey"]


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """The key of pseudonyms and digests.

    Attributes:
        id: Names the key in what it made; no secret.
        secret: At least 32 bytes.
    """

    id: str
    secret: bytes = field(repr=False)

    def pseudonym(self, application_id: str) -> str:
        """Return ``KEYID:HEX`` for an applicant's id: the same id, the same pseudonym."""
        return f"{self.id}:{self.digest('subject', application_id)}"

    def digest(self, what: str, value: object) -> str:
        """Return 64 hexadecimal characters for a JSON-ready value.

        Args:
            what: Name of what the value is of; equal values of two columns differ.
            value: JSON-ready.
        """
        message = what.encode("utf-8") + b"\0" + canonical_json(value)
        return hmac.digest(self.secret, message, "sha256").hex()


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of each column.

    Attributes:
        key: Key of pseudonyms and digests.
        default: What is kept of a column that is not named.
        columns: Column -> what is kept of it, in the application and in all tables.
    """

    key: SubjectKey
    default: Keep = "full"
    columns: Mapping[str, Keep] = field(default_factory=dict)

    @property
    def keeps_all(self) -> bool:
        """Whether every value is kept as it is."""
        return self.default == "full" and all(keep == "full" for keep in self.columns.values())

    def keep_of(self, column: str) -> Keep:
        """Return what is kept of a column."""
        return self.columns.get(column, self.default)

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is kept of one row."""
        if self.keeps_all:
            return dict(values)
        kept: dict[str, Any] = {}
        for name, value in values.items():
            match self.keep_of(name):
                case "full":
                    kept[name] = value
                case "hashed":
                    kept[name] = {"hashed": self.key.digest(name, value)}
                case "none":
                    continue
        return kept

    def table(self, table: TableColumns) -> dict[str, Any]:
        """Return what is kept of the rows of one history, by column; None is missing.

        Returns:
            ``height``, the number of rows; ``columns``, lists of so many values; and where any
            are not kept, ``left_out``, their names: without it they would be taken for missing.
        """
        kept: dict[str, list[Any]] = {}
        left_out: list[str] = []
        for name, column in table.columns.items():
            keep = self.keep_of(name)
            if keep == "none":
                left_out.append(name)
                continue
            values = [None if value != value else value for value in _listed(column)]  # noqa: PLR0124
            if keep == "hashed":
                values = [{"hashed": self.key.digest(name, value)} for value in values]
            kept[name] = values
        document: dict[str, Any] = {"height": table.height, "columns": kept}
        return {**document, "left_out": sorted(left_out)} if left_out else document

    def left_out(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the columns whose values are not kept, sorted."""
        return tuple(sorted(name for name in names if self.keep_of(name) != "full"))


def _listed(column: Any) -> list[Any]:  # noqa: ANN401 - an array of floats or a list
    return column.tolist() if hasattr(column, "tolist") else list(column)
