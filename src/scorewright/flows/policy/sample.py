"""A policy sample: labelled rows the model never saw, scored with the deployed bundle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.decision import Policy
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.matrix import to_matrix
from scorewright.core.project import Settings
from scorewright.core.scoring import Scorer
from scorewright.core.tables import check_frame, frame_digest, labels
from scorewright.flows.events import Note
from scorewright.flows.policy.columns import policy_data, refuse_segment, training_frame, wanted
from scorewright.flows.policy.predictions import read_predictions
from scorewright.flows.policy.tools import Fitted, PolicyTools
from scorewright.flows.ports import LoadedBundle, TableFile
from scorewright.flows.score_rows import histories_of, with_features
from scorewright.flows.verify_bundle import load_bundle

__all__ = ["scored_sample"]

#: Where more of the training rows repeat another, equal features are no sign of the same row.
_REPEATS = 0.01


def scored_sample(
    settings: Settings, file: TableFile, reference: str, present: Policy | None, tools: PolicyTools
) -> Fitted:
    """Read, check and score a sample.

    Args:
        settings: The project.
        file: The sample.
        reference: The bundle.
        present: The policy in force, where it is this bundle's.
        tools: Ports.

    Raises:
        FindingsError: ``policy-sample-findings``: rows break the contract.
        UsageError: ``policy-training-rows``: rows the model was trained on;
            ``policy-training-unknown``: nothing says which those are; ``target-unknown`` and the
            like for the labels; files that cannot be read.
        IntegrityError: Those of `load_bundle`.
    """
    loaded = load_bundle(tools.bundles, tools.prover, tools.learners, reference)
    bundle = loaded.bundle
    contract = _contract(loaded, tools)
    frame = _checked(file, contract, tools)
    y = labels(frame, contract)
    _refuse_training_rows(settings, loaded, frame, contract, tools)
    refuse_segment(settings.policy.segment, _decided_by(loaded))
    digest = frame_digest(frame)
    scored = frame
    if bundle.features is not None:
        histories_of(bundle.features, tools.below)  # refuses where no tables are named
        if tools.below is not None:
            scored = with_features(frame, bundle.features, tools.below)
    pd = Scorer.of(bundle, loaded.model).score_matrix(to_matrix(scored, bundle.space))
    names = wanted(settings.policy, present)
    return Fitted(
        data=policy_data(settings.policy, y, pd, frame, names),
        role="policy_sample",
        digest=digest,
        data_version=f"{file.name}@{digest[:12]}",
        run_id=bundle.run_id,
        bundle=bundle,
        manifest=loaded.manifest,
    )


def _decided_by(loaded: LoadedBundle) -> set[str]:
    names = set(loaded.bundle.space.names)
    plan = loaded.bundle.features
    return names if plan is None else names & set(plan.relations.entity.names)


def _contract(loaded: LoadedBundle, tools: PolicyTools) -> Contract:
    """Return what the sample must keep: the bundle's contract, or that of raw applications."""
    if loaded.bundle.features is None:
        return loaded.bundle.contract
    contract = tools.contracts.load(tools.table.contract_path)
    return loaded.bundle.contract if contract is None else contract


def _checked(file: TableFile, contract: Contract, tools: PolicyTools) -> pl.DataFrame:
    """Read the rows and hold them to the contract; those without an outcome are left out."""
    raw = tools.reader.read(file)
    report = check_frame(raw.select([n for n in raw.columns if n in contract.names]), contract)
    errors = [problem for problem in report.errors if problem.severity == "error"]
    if errors:
        first = errors[0]
        raise FindingsError(
            f"The sample '{file.name}' breaks the contract in {len(errors)} ways; the first: "
            f"column '{first.column}', {first.code}, {first.count} rows, expected "
            f"{first.expected}.",
            remedy="Mend the sample: it keeps the contract of the training table, outcome "
            "included.",
            code="policy-sample-findings",
            details={"report": report.to_dict()},
        )
    frame = report.frame
    if contract.target is not None and contract.target in frame.columns:
        known = frame.filter(pl.col(contract.target).is_not_null())
        if known.height < frame.height:
            left = frame.height - known.height
            tools.notify(Note(f"{left:,} of {frame.height:,} rows have no outcome: left out"))
        frame = known
    return frame


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known of the training rows: their keys, and the rows themselves."""

    keys: pl.Series | None
    frame: pl.DataFrame | None


def _refuse_training_rows(
    settings: Settings,
    loaded: LoadedBundle,
    frame: pl.DataFrame,
    contract: Contract,
    tools: PolicyTools,
) -> None:
    """Refuse a sample that shares rows with the training data."""
    seen = _training_rows(settings, loaded, contract, tools)
    by_key = 0
    if contract.key is not None and seen.keys is not None:
        by_key = int(frame[contract.key].cast(pl.String).is_in(seen.keys.implode()).sum())
    by_content = 0
    if seen.frame is not None:
        names = [c.name for c in contract.features if c.name in seen.frame.columns]
        by_content = _same_features(frame.select(names), seen.frame.select(names), tools)
    shared = max(by_key, by_content)
    if shared:
        raise UsageError(
            f"{shared:,} of {frame.height:,} rows of the sample are training rows of the model "
            f"({by_key:,} by key, {by_content:,} by their features).",
            remedy="Give a sample the model never saw, or fit on its out-of-fold predictions.",
            code="policy-training-rows",
            details={"rows": shared, "by_key": by_key, "by_content": by_content},
        )


def _training_rows(
    settings: Settings, loaded: LoadedBundle, contract: Contract, tools: PolicyTools
) -> _Seen:
    """Find the training rows: in the project's table, and in the run's predictions."""
    keys: list[pl.Series] = []
    table: pl.DataFrame | None = None
    try:
        table, of_table = training_frame(settings, tools)
        if of_table.key is not None:
            keys.append(table[of_table.key].cast(pl.String))
    except UsageError as error:
        tools.notify(Note(f"the training table cannot be read ({error.code})"))
    try:
        if contract.key is not None:
            keys.append(read_predictions(tools.runs, loaded.bundle.run_id).keys)
    except UsageError as error:
        tools.notify(Note(f"the run's predictions cannot be read ({error.code})"))
    if table is None and not keys:
        raise UsageError(
            "Nothing says which rows the model was trained on: neither the project's table nor "
            f"the predictions of run {loaded.bundle.run_id} can be read.",
            remedy="Restore one of them; a sample is never taken on trust.",
            code="policy-training-unknown",
        )
    return _Seen(pl.concat(keys).unique() if keys else None, table)


def _same_features(sample: pl.DataFrame, training: pl.DataFrame, tools: PolicyTools) -> int:
    """Count the sample's rows whose features are those of a training row.

    Where many training rows repeat one another, such as with a few coarse columns, equal
    features say nothing; then rows are told apart by key alone.
    """
    if not sample.columns or not training.height:
        return 0
    ours, theirs = sample.cast(training.schema).hash_rows(), training.hash_rows()
    repeated = 1.0 - theirs.n_unique() / len(theirs)
    if repeated > _REPEATS:
        said = f"{100 * repeated:.1f} % of the training rows repeat another's features"
        tools.notify(Note(f"{said}: only keys tell whether the sample holds training rows"))
        return 0
    return int(np.sum(ours.is_in(theirs.implode()).to_numpy()))
