"""What a report says, apart from how it looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scorewright.core.errors import UsageError

__all__ = ["Figure", "ReportContent", "Section", "Table", "Tone"]

Tone = Literal["neutral", "good", "warn", "bad"]

_ID = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Figure:
    """One headline figure.

    Attributes:
        label: What it is: ``AUC``.
        value: The figure as it is shown: ``0.711``.
        note: The line under it: ``95 % CI 0.682 to 0.740``.
        tone: What to think of it; shown as a word and a sign, never by colour alone.
    """

    label: str
    value: str
    note: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class Table:
    """A small table of texts.

    Attributes:
        columns: Headings.
        rows: One tuple of cells per row, as long as ``columns``.
        caption: What the table shows, one line.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise _invalid(f"a row of the table '{self.caption}' is not {len(self.columns)} long")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report.

    Attributes:
        id: Anchor in the page, lower-case letters, digits and hyphens.
        title: Heading.
        prose: A sentence or two; plain text.
        chart: A Vega-Lite specification, or None.
        table: A table, or None.
        wide: Whether it takes the full width of the page.
    """

    id: str
    title: str
    prose: str
    chart: Mapping[str, Any] | None = None
    table: Table | None = None
    wide: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise _invalid(f"'{self.id}' cannot be an anchor")


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A report: the same form serves training, demo and validation.

    Attributes:
        title: Heading of the page.
        subtitle: What was looked at: rows, data, validation.
        verdict: The headline figures, the most important first.
        sections: The parts, in reading order, each ``id`` once.
        footer: Where it came from: run, digests, versions.
    """

    title: str
    subtitle: str
    verdict: tuple[Figure, ...]
    sections: tuple[Section, ...]
    footer: Mapping[str, str]

    def __post_init__(self) -> None:
        ids = [section.id for section in self.sections]
        if len(set(ids)) != len(ids):
            raise _invalid("two sections have the same id")


def _invalid(what: str) -> UsageError:
    return UsageError(
        f"This is not a report: {what}.",
        remedy="Give every section its own id and every row of a table one cell per column.",
        code="report-content",
    )
