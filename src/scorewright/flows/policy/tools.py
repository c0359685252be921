"""What fitting a policy needs from the world, and what it is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.strategy import PolicyData
from scorewright.flows.events import Notify
from scorewright.flows.ports import (
    BundleStore,
    Clock,
    ContractFiles,
    LearnerCatalogue,
    Prover,
    RunIndex,
    TableFile,
    TableReader,
    TableSource,
)
from scorewright.flows.score_rows import RowsToScore

__all__ = ["FitWish", "Fitted", "PolicyTools", "Role"]

Role = Literal["out_of_fold", "policy_sample"]


@dataclass(frozen=True, slots=True)
class PolicyTools:
    """The ports, and who listens.

    Attributes:
        bundles: The bundles and their policies.
        prover: Proves a bundle before it scores a sample.
        learners: Parse its model.
        runs: Finds the predictions of runs.
        reader: Reads tables.
        contracts: Reads contracts.
        clock: The time.
        notify: Hears the progress.
        table: The project's table of applications: what the model was trained on.
        below: The histories of applications, where the bundle computes features of them.
    """

    bundles: BundleStore
    prover: Prover
    learners: LearnerCatalogue
    runs: RunIndex
    reader: TableReader
    contracts: ContractFiles
    clock: Clock
    notify: Notify
    table: TableSource
    below: RowsToScore | None = None


@dataclass(frozen=True, slots=True)
class FitWish:
    """What the user said.

    Attributes:
        bundle: ``current``, a digest or its beginning, or a folder.
        run: A run whose predictions are taken, in place of the bundle's own.
        sample: A table of rows the model never saw, in place of predictions.
        reason: Why the policy is published; None publishes nothing.
        approver: Who approved it.
        effective_from, effective_to: ISO 8601 with a zone; None means now, and open.
        refer_interval: Whether the optimum's interval becomes the referral band.
    """

    bundle: str = "current"
    run: str | None = None
    sample: TableFile | None = None
    reason: str | None = None
    approver: str | None = None
    effective_from: str | None = None
    effective_to: str | None = None
    refer_interval: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What the policy is fitted on, and for which bundle.

    Attributes:
        data: Labels, PDs and the columns the settings name.
        role: Whose rows they are.
        digest: SHA-256 of the predictions' file, or of the sample's rows.
        data_version: ``label@hash``.
        run_id: Run of the model.
        bundle, manifest: The only bundle the policy may be used with; None for a run without one.
    """

    data: PolicyData
    role: Role
    digest: str
    data_version: str
    run_id: str
    bundle: Bundle | None
    manifest: Manifest | None
