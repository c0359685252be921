"""Audits a store: read it, list its files, look into its predictions, judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from scorewright.core.audit import (
    AuditInput,
    AuditLimits,
    AuditReport,
    ProjectFacts,
    Rule,
    TriedModel,
    audit,
)
from scorewright.core.conventions import Conventions
from scorewright.core.snapshot import RootRule, Snapshot
from scorewright.flows.events import Notify, StageDone, StageStarted, ignore
from scorewright.flows.ports import Clock
from scorewright.flows.store.evidence import read_predictions
from scorewright.flows.store.evidence_models import try_models
from scorewright.flows.store.evidence_ports import ModelProber, PredictionFiles, ProbeDepth
from scorewright.flows.store.ports import OpenedStore

__all__ = ["AuditOptions", "AuditTools", "audit_input", "audit_store", "judge"]

#: The file that describes a model.
_DESCRIPTION = r"(^|/)MLmodel$"
#: The run or model that an address names.
_NAMES = r"^(?:runs|models):/+([^/]+)"


@dataclass(frozen=True, slots=True)
class AuditTools:
    """What an audit works with.

    Attributes:
        clock: Says how long runs have been RUNNING.
        predictions: Reads stored predictions.
        conventions: The policy.
        rules: What is asked.
        notify: Told of the progress.
        prober: Looks at models; None leaves them alone.
    """

    clock: Clock
    predictions: PredictionFiles
    conventions: Conventions
    rules: tuple[Rule, ...]
    notify: Notify = ignore
    prober: ModelProber | None = None


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How far an audit goes.

    Attributes:
        roots: Where moved artifact roots lie now; further ones are guessed.
        is_hashed: Read every artifact for its digest: duplicates are proved, not guessed.
        reads_predictions: Recompute figures from stored predictions.
        facts: The project around the store.
        limits: Where rules draw their line.
        broken_models: Why a model does not load, by ``name/version``, model id or run id.
        depth: How far models are looked into.
    """

    roots: Iterable[RootRule] = ()
    is_hashed: bool = False
    reads_predictions: bool = True
    facts: ProjectFacts = field(default_factory=ProjectFacts)
    limits: AuditLimits = field(default_factory=AuditLimits)
    broken_models: Mapping[str, str] = field(default_factory=dict)
    depth: ProbeDepth = ProbeDepth.LOOK


def audit_store(
    opened: OpenedStore, tools: AuditTools, options: AuditOptions | None = None
) -> AuditReport:
    """Audit a store; nothing is changed.

    Args:
        opened: The store.
        tools: Ports, policy and rules.
        options: How far to go.

    Raises:
        ScorewrightError: What the reader raises: ``store-invalid``, ``store-locked``,
            ``store-unreachable``.
    """
    return judge(audit_input(opened, tools, options), tools)


def audit_input(
    opened: OpenedStore, tools: AuditTools, options: AuditOptions | None = None
) -> AuditInput:
    """Read what an audit looks at; plans are made from the same.

    Args:
        opened: The store.
        tools: Ports and policy.
        options: How far to go.

    Raises:
        ScorewrightError: What the reader raises.
    """
    wanted = options or AuditOptions()
    snapshot = opened.reader.read(tools.notify)
    inventory = opened.files.inventory(
        snapshot, tools.notify, rules=wanted.roots, hashed=wanted.is_hashed
    )
    stored = {}
    if wanted.reads_predictions:
        stored = read_predictions(snapshot, inventory.files, tools.predictions, tools.notify)
    tried: tuple[TriedModel, ...] = ()
    if tools.prober is not None:
        files = inventory.files
        if wanted.depth is ProbeDepth.LOOK:
            files = _of_models(snapshot, files)
        tried = try_models(
            snapshot, files, inventory.rules, tools.prober, wanted.depth, tools.notify
        )
    return AuditInput(
        snapshot=snapshot,
        conventions=tools.conventions,
        now=tools.clock.now(),
        files=inventory.files,
        missing=inventory.missing,
        roots=inventory.rules,
        found=inventory.findings,
        facts=wanted.facts,
        predictions=stored,
        broken_models=wanted.broken_models,
        tried_models=tried,
        limits=wanted.limits,
    )


def _of_models(snapshot: Snapshot, files: pl.DataFrame) -> pl.DataFrame:
    """Keep the files of those who have a described model, and of those whom a version names.

    Models are looked at where they are described; most runs have none.
    """
    whose = ["owner", "owner_id"]
    described = files.filter(pl.col("path").str.contains(_DESCRIPTION)).select(whose)
    versions = snapshot.model_versions
    named = pl.concat([versions["storage_location"], versions["source"]]).str.extract(_NAMES)
    told = files.filter(pl.col("owner_id").is_in(named.drop_nulls().unique().implode()))
    wanted = pl.concat([described, told.select(whose)]).unique()
    return files.join(wanted, on=whose, how="semi", maintain_order="left")


def judge(given: AuditInput, tools: AuditTools) -> AuditReport:
    """Ask every rule.

    Args:
        given: From `audit_input`.
        tools: The rules.
    """
    tools.notify(StageStarted("rules", len(tools.rules)))
    report = audit(given, tools.rules)
    tools.notify(StageDone("rules", report.score))
    return report
