"""A policy sample: labelled rows the model never saw, scored with the deployed bundle."""

from __future__ import annotations

import polars as pl

from scorewright.core.contracts import Contract
from scorewright.core.decision import Policy
from scorewright.core.errors import FindingsError, UsageError
from scorewright.core.matrix import to_matrix
from scorewright.core.project import Settings
from scorewright.core.scoring import Scorer
from scorewright.core.tables import check_frame, frame_digest, labels
from scorewright.flows.policy.columns import policy_data, refuse_segment, wanted
from scorewright.flows.policy.overlap import refuse_training_rows
from scorewright.flows.policy.tools import Fitted, PolicyTools
from scorewright.flows.ports import LoadedBundle, TableFile
from scorewright.flows.score_rows import histories_of, with_features
from scorewright.flows.screening import counted_rows
from scorewright.flows.verify_bundle import load_bundle

__all__ = ["scored_sample"]


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
            ``policy-training-unknown``: nothing says which those are; ``target-values``,
            ``labels-immature`` and the like for the labels; files that cannot be read.
        IntegrityError: Those of `load_bundle`.
    """
    loaded = load_bundle(tools.bundles, tools.prover, tools.learners, reference)
    bundle = loaded.bundle
    contract = _contract(loaded, tools)
    try:
        frame = _checked(settings, file, contract, tools)
        y = labels(frame, contract)
    except UsageError as error:
        raise _of_sample(file, error) from error
    refuse_training_rows(settings, loaded, frame, contract, tools)
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


def _of_sample(file: TableFile, error: UsageError) -> UsageError:
    """Say that it is the sample's file that is to be mended, not a table of the project."""
    return UsageError(
        f"The sample '{file.name}': {error.message}",
        remedy="Mend the file named with --sample; it is read and checked as the training table "
        "is, and [validation] says which outcomes count.",
        code=error.code,
        details=error.details,
    )


def _checked(
    settings: Settings, file: TableFile, contract: Contract, tools: PolicyTools
) -> pl.DataFrame:
    """Read the rows, hold them to the contract, and keep those a training would count."""
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
    return counted_rows(settings, report.frame, contract, tools.notify)[0]
