"""Numbers with their nouns."""

from __future__ import annotations

__all__ = ["counted"]

_PLURALS = {"address": "addresses", "alias": "aliases", "child": "children"}


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 run", "2,310 runs"."""
    return f"{count:,} {noun if count == 1 else _PLURALS.get(noun, f'{noun}s')}"
