"""What people call a bundle: a digest, the beginning of one, or a path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scorewright.core.digests import short
from scorewright.core.errors import UsageError

__all__ = ["resolve"]

#: Fewer characters of a digest would soon be ambiguous.
SHORTEST = 6


def resolve(reference: str, store: Path, digests: Sequence[str]) -> Path:
    """Return the directory of the bundle that is meant.

    Args:
        reference: Digest, beginning of a digest, or path.
        store: Directory of the bundle store.
        digests: The digests in it.

    Raises:
        UsageError: ``bundle-unknown``, ``bundle-ambiguous``.
    """
    if len(reference) >= SHORTEST:
        found = [digest for digest in digests if digest.startswith(reference)]
        if len(found) == 1:
            return store / found[0]
        if found:
            raise UsageError(
                f"'{reference}' is the beginning of {len(found)} bundles.",
                remedy=f"Give more of it: {', '.join(short(digest) for digest in found[:5])}.",
                code="bundle-ambiguous",
            )
    if "\x00" not in reference and Path(reference).is_dir() and reference:
        return Path(reference).resolve()
    known = ", ".join(short(digest) for digest in digests[:5])
    raise UsageError(
        f"There is no bundle '{reference[:100]}' in {store}, nor a directory of that name.",
        remedy=f"Use 'current' or one of: {known}." if known else "Run 'scorewright train'.",
        code="bundle-unknown",
    )
