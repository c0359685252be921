"""The sections about the stewardship of tracking stores."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scorewright.core.project.section import Section

__all__ = ["RationaliseSettings", "StoreAuditSettings", "StoreSettings"]


class StoreAuditSettings(Section):
    """``[store.audit]``: where the rules of the audit draw their lines."""

    severity: dict[str, Literal["error", "warning", "info", "off"]] = {}
    stale_hours: float = Field(default=24.0, gt=0.0)
    duplicate_bytes: int = Field(default=4096, ge=1)
    cost_excess: float = Field(default=0.01, ge=0.0)


class RationaliseSettings(Section):
    """``[store.rationalise]``: the structure a store should have."""

    keep: list[str] = []
    merge: dict[str, str] = {}
    archive: list[str] = []
    delete: list[str] = []
    rename: dict[str, str] = {}
    rename_matching: dict[str, str] = {}
    tag: dict[str, dict[str, str]] = {}
    describe: dict[str, str] = {}
    gather: dict[str, list[str]] = {}
    artifact_root: str | None = Field(default=None, min_length=1)


class StoreSettings(Section):
    """``[store]``: tracking stores that are read, judged and mended."""

    roots: dict[str, str] = {}
    audit: StoreAuditSettings = StoreAuditSettings()
    rationalise: RationaliseSettings = RationaliseSettings()
