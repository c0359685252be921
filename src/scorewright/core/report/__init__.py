"""The content of a report: plain frozen data that any renderer can show."""

from __future__ import annotations

from scorewright.core.report.content import Figure, ReportContent, Section, Table, Tone

__all__ = ["Figure", "ReportContent", "Section", "Table", "Tone"]
