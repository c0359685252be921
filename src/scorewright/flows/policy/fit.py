"""Fit a policy: from rows the model never saw to a draft with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.decision import CostMatrix, Policy
from scorewright.core.errors import UsageError
from scorewright.core.project import Settings
from scorewright.core.strategy import MIN_BADS, Analysis, PolicyData, Question, analyse
from scorewright.flows.events import Note, StageDone, StageStarted
from scorewright.flows.policy.cautions import cautions
from scorewright.flows.policy.columns import (
    aligned,
    policy_data,
    refuse_segment,
    training_frame,
    wanted,
)
from scorewright.flows.policy.dates import settled
from scorewright.flows.policy.document import draft_policy
from scorewright.flows.policy.predictions import Predictions, read_predictions
from scorewright.flows.policy.sample import scored_sample
from scorewright.flows.policy.tools import Fitted, FitWish, PolicyTools

__all__ = ["PolicyFit", "fit_policy"]

STAGE = "policy"
DRAWS = 1000

_Model = tuple[str, Bundle | None, Manifest | None]


@dataclass(frozen=True, slots=True, eq=False)
class PolicyFit:
    """What fitting a policy gave.

    Attributes:
        project: Its name.
        fitted: What it was fitted on.
        question: What was asked.
        analysis: What came of it.
        draft: The policy, of version 0; None where the run has no bundle.
        published: The same as it was published, where that was asked for.
        file: Its file.
        cautions: What a reader should know before believing it.
    """

    project: str
    fitted: Fitted
    question: Question
    analysis: Analysis
    draft: Policy | None
    published: Policy | None = None
    file: Path | None = None
    cautions: tuple[str, ...] = ()


def fit_policy(settings: Settings, wish: FitWish, tools: PolicyTools) -> PolicyFit:
    """Fit a policy, and publish it where a reason is given.

    Args:
        settings: ``[policy]`` says how.
        wish: What on, and why.
        tools: Ports.

    Returns:
        Analysis and draft. Nothing is written unless the wish gives a reason.

    Raises:
        UsageError: ``policy-dates``, before anything is read; ``policy-training-rows``,
            ``policy-too-few-bads``, ``policy-infeasible``, ``policy-target``, ``policy-column``,
            ``policy-segment``, ``policy-data-changed``, ``policy-predictions``,
            ``policy-bundle-missing``; those of `scored_sample`.
    """
    wish = settled(wish, tools.clock.now())
    tools.notify(StageStarted(STAGE))
    model = _model(wish, tools)
    present, approval = _present(tools, wish, model[2])
    fitted = _fitted(settings, wish, model, present, tools)
    _refuse_few(fitted.data)
    if present is not None and _is_of_these_rows(present, fitted):
        said = (
            "the policy in force was fitted on these very rows, which favours it: keep says little"
        )
        tools.notify(Note(said))
    question = _question(settings, wish, present, approval)
    rng = np.random.default_rng(settings.project.seed)
    analysis = analyse(fitted.data, question, rng)
    draft = draft_policy(settings, wish, fitted, analysis, tools.clock.now())
    tools.notify(StageDone(STAGE, f"{analysis.verdict.word}: {analysis.verdict.why}"))
    found = cautions(settings, question, analysis)
    for text in found:
        tools.notify(Note(text))
    fit = PolicyFit(settings.project.name, fitted, question, analysis, draft, cautions=found)
    return fit if wish.reason is None else _published(fit, tools)


def _is_of_these_rows(present: Policy, fitted: Fitted) -> bool:
    same = (present.data_role, present.data_version) == (fitted.role, fitted.data_version)
    return same or present.data_digest == fitted.digest


def _published(fit: PolicyFit, tools: PolicyTools) -> PolicyFit:
    """Sign and write the policy beside its bundle; it is not in force before it is activated."""
    if fit.draft is None:
        raise UsageError(
            f"The run {fit.fitted.run_id} has no bundle in the store, so no policy can be "
            "published for it.",
            remedy="Publish a policy for a bundle of the store: leave --run away.",
            code="policy-bundle-missing",
        )
    Policy.from_bytes(fit.draft.to_bytes())  # what could not be read back is not written
    policy, file = tools.bundles.publish_policy(fit.draft)
    return replace(fit, published=policy, file=file)


def _present(
    tools: PolicyTools, wish: FitWish, manifest: Manifest | None
) -> tuple[Policy | None, float | None]:
    """Return the policy in force, if it decides on this model's PDs, and its approval rate."""
    try:
        current = tools.bundles.current()
    except UsageError:
        if wish.run is None and wish.bundle == "current":
            raise
        return None, None
    policy = tools.bundles.read_policy(Path(current.policy_file))
    rate = policy.evidence.get("approval_rate")
    is_ours = manifest is not None and policy.model_digest == manifest.model_digest
    return policy if is_ours else None, float(rate) if isinstance(rate, (int, float)) else None


def _fitted(
    settings: Settings, wish: FitWish, model: _Model, present: Policy | None, tools: PolicyTools
) -> Fitted:
    run_id, bundle, manifest = model
    if wish.sample is not None:
        reference = wish.bundle if manifest is None else manifest.digest
        return scored_sample(settings, wish.sample, reference, present, tools)
    predictions = read_predictions(tools.runs, run_id)
    names = wanted(settings.policy, present)
    frame = pl.DataFrame()
    if names:
        table, contract = training_frame(settings, tools)
        frame = aligned(predictions, table, contract)
        model_reads = set(contract.names) if bundle is None else set(bundle.space.names)
        refuse_segment(settings.policy.segment, model_reads & set(contract.names))
    return Fitted(
        data=policy_data(settings.policy, predictions.y, predictions.pd, frame, names),
        role="out_of_fold",
        digest=predictions.digest,
        data_version=_data_version(manifest, run_id, predictions, tools),
        run_id=run_id,
        bundle=bundle,
        manifest=manifest,
    )


def _model(wish: FitWish, tools: PolicyTools) -> _Model:
    """Return the run and the bundle it made; a run need not have one in the store."""
    if wish.run is None:
        directory = tools.bundles.directory(wish.bundle)
        manifest, bundle = tools.bundles.load(directory)
        return manifest.run_id, bundle, manifest
    tools.runs.get(wish.run)
    for digest in tools.bundles.digests():
        manifest, bundle = tools.bundles.load(tools.bundles.directory(digest))
        if manifest.run_id == wish.run:
            return wish.run, bundle, manifest
    tools.notify(Note(f"the run {wish.run} has no bundle here: nothing can be published for it"))
    return wish.run, None, None


def _data_version(
    manifest: Manifest | None, run_id: str, predictions: Predictions, tools: PolicyTools
) -> str:
    if manifest is not None:
        return manifest.data_version
    return tools.runs.get(run_id).tags.get("data_version", predictions.digest[:12])


def _refuse_few(data: PolicyData) -> None:
    """Refuse a sample that says too little about a threshold."""
    bads = int(data.y.sum())
    few, what = min((bads, "bads"), (len(data.y) - bads, "goods"))
    if few < MIN_BADS:
        raise UsageError(
            f"The sample has {few} {what}; a threshold needs {MIN_BADS} at least.",
            remedy="Give a larger sample, or fit on the out-of-fold predictions.",
            code="policy-too-few-bads",
            details={"bads": bads, "rows": len(data.y)},
        )


def _question(
    settings: Settings, wish: FitWish, present: Policy | None, approval: float | None
) -> Question:
    asked, costs = settings.policy, settings.costs
    return Question(
        costs=CostMatrix(costs.false_negative, costs.false_positive),
        method=asked.method,
        target=asked.target,
        corridor=_pair(asked.approval_corridor),
        max_bad_rate=asked.max_bad_rate,
        max_step=asked.max_step,
        refer=_pair(asked.refer),
        refer_interval=wish.refer_interval,
        segment=asked.segment,
        profit_good=asked.profit_good,
        present=present,
        present_approval=approval,
        draws=max(2, settings.validation.bootstrap) if settings.validation.bootstrap else DRAWS,
    )


def _pair(values: list[float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])
