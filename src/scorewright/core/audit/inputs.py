"""What an audit is told: the store, its files, the policy, and evidence from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from scorewright.core.audit.models import TriedModel
from scorewright.core.audit.predictions import Predictions
from scorewright.core.conventions import Conventions
from scorewright.core.findings import Finding
from scorewright.core.snapshot import FILES, RootRule, Snapshot, empty

__all__ = ["MISSING", "AuditInput", "AuditLimits", "ProjectFacts"]

#: Columns of the table of owners whose artifacts cannot be reached.
MISSING: pl.Schema = pl.Schema(
    {
        "owner": pl.String(),
        "owner_id": pl.String(),
        "address": pl.String(),
        "place": pl.String(),
        "reason": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What is known of the project around the store.

    Attributes:
        root: Folder of the project, "" where the store stands alone.
        other_stores: Locations of further stores in the project.
    """

    root: str = ""
    other_stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditLimits:
    """Where a rule draws its line.

    Attributes:
        stale_hours: A run that is RUNNING for longer has died.
        duplicate_bytes: Equal files below this size are told, but are no fault: every model
            brings the same few lines about its environment.
        cost_excess: By how much of the least cost a threshold called optimal may cost more.
    """

    stale_hours: float = 24.0
    duplicate_bytes: int = 4096
    cost_excess: float = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class AuditInput:
    """Everything the rules look at.

    Attributes:
        snapshot: The store.
        conventions: The policy.
        now: Aware, in UTC.
        files: Artifact files, columns of `scorewright.core.snapshot.FILES`.
        missing: Owners whose folder is not there or cannot be reached, columns of `MISSING`;
            ``reason`` is ``absent``, ``unresolved`` or ``remote``.
        roots: Rules from old artifact roots to new ones; guessed ones have votes.
        found: What the inventory could not read.
        facts: The project around the store.
        predictions: Stored predictions by run id.
        broken_models: Why a model does not load, by ``name/version``, model id or run id.
        tried_models: What came of the models that were looked at, or tried.
        limits: Where rules draw their line.
        has_files: Whether files were looked for at all; without, no rule speaks of them.
    """

    snapshot: Snapshot
    conventions: Conventions
    now: datetime
    files: pl.DataFrame = field(default_factory=lambda: empty(FILES))
    missing: pl.DataFrame = field(default_factory=lambda: empty(MISSING))
    roots: tuple[RootRule, ...] = ()
    found: tuple[Finding, ...] = ()
    facts: ProjectFacts = ProjectFacts()
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    broken_models: Mapping[str, str] = field(default_factory=dict)
    tried_models: tuple[TriedModel, ...] = ()
    limits: AuditLimits = AuditLimits()
    has_files: bool = True
