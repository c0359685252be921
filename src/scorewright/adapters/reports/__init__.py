"""Reports as files people open."""

from __future__ import annotations

from scorewright.adapters.reports.html import HtmlReports

__all__ = ["HtmlReports"]
