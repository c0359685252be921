"""What the programs of children need before they read anything."""

from __future__ import annotations

from scorewright.adapters.children import bound

__all__ = ["bound"]
