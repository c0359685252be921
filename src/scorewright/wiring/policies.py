"""The policies of a project: fitted, shown, compared, put in force."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.wiring.machine import clock, learners, prover
from scorewright.wiring.tables import reader

if TYPE_CHECKING:
    from scorewright.core.project import Settings
    from scorewright.flows.policy import (
        Activated,
        FitWish,
        FoundPolicy,
        HistoryRow,
        PolicyDiff,
        PolicyFit,
        PolicyTools,
    )
    from scorewright.flows.ports import TableFile
    from scorewright.wiring.project import Project

__all__ = ["PolicyRoom", "PolicyWish"]


@dataclass(frozen=True, slots=True)
class PolicyWish:
    """What the user said.

    Attributes:
        bundle: ``current``, a digest or its beginning, or a folder.
        run: A run whose predictions are taken.
        sample: A file of labelled rows the model never saw.
        reason: Why it is published; None publishes nothing.
        approver: Who approved it.
        effective: From and to, ISO 8601; None means now, and open.
        refer_interval: Whether the optimum's interval becomes the referral band.
        output: Where the draft is written.
        report: Where the HTML report is written.
    """

    bundle: str = "current"
    run: str | None = None
    sample: Path | None = None
    reason: str | None = None
    approver: str | None = None
    effective: tuple[str | None, str | None] = field(default=(None, None))
    refer_interval: bool = False
    output: Path | None = None
    report: Path | None = None


@dataclass(frozen=True, slots=True)
class PolicyRoom:
    """The policies of a project."""

    project: Project

    def fit(self, wish: PolicyWish, notify: Notify) -> PolicyFit:
        """Fit a policy, write what was asked for, publish it where a reason is given."""
        from scorewright.adapters.project_files import refuse_unwritable
        from scorewright.flows.policy import fit_policy

        for file in filter(None, (wish.output, wish.report)):
            refuse_unwritable(file)
        fit = fit_policy(self._settings, self._fit_wish(wish), self._tools(notify))
        self._write(wish, fit, notify)
        return fit

    @property
    def _settings(self) -> Settings:
        return self.project.settings

    def show(self, reference: str) -> FoundPolicy:
        """Find a policy by ``current``, version or file."""
        from scorewright.flows.policy import find_policy

        return find_policy(self.project.bundles(), reference)

    def diff(self, first: str, second: str) -> PolicyDiff:
        """Compare two policies field by field."""
        from scorewright.flows.policy import diff_policies

        return diff_policies(self.project.bundles(), first, second)

    def history(self) -> tuple[HistoryRow, ...]:
        """List every policy of every bundle."""
        from scorewright.flows.policy import policy_history

        return policy_history(self.project.bundles())

    def activate(self, reference: str) -> Activated:
        """Put a policy of the deployed bundle in force."""
        from scorewright.flows.policy import activate_policy

        return activate_policy(self.project.bundles(), reference, clock().now())

    def _fit_wish(self, wish: PolicyWish) -> FitWish:
        from scorewright.flows.policy import FitWish

        begins, ends = wish.effective
        return FitWish(
            bundle=wish.bundle,
            run=wish.run,
            sample=None if wish.sample is None else self._sample(wish.sample),
            reason=wish.reason,
            approver=wish.approver,
            effective_from=begins,
            effective_to=ends,
            refer_interval=wish.refer_interval,
        )

    def _sample(self, file: Path) -> TableFile:
        """Read the sample as the training table was read."""
        table = self.project.source(self._settings.data.table).file
        place = str(file.absolute())
        return replace(table, name=file.stem, patterns=(place,), relation=None, shown=place)

    def _tools(self, notify: Notify) -> PolicyTools:
        from scorewright.adapters.mlflow_store import MlflowRunIndex
        from scorewright.adapters.project_files import TomlContractFiles
        from scorewright.flows.policy import PolicyTools
        from scorewright.wiring.scoring import rows_to_score

        here = self.project
        return PolicyTools(
            bundles=here.bundles(),
            prover=prover(here.root),
            learners=learners(),
            runs=MlflowRunIndex(here.tracking_uri),
            reader=reader(),
            contracts=TomlContractFiles(),
            clock=clock(),
            notify=notify,
            table=here.source(self._settings.data.table),
            below=rows_to_score(here, notify) if self._settings.features.files else None,
        )

    def _write(self, wish: PolicyWish, fit: PolicyFit, notify: Notify) -> None:
        """Write draft and report where they were asked for."""
        from scorewright.adapters.project_files import write_texts

        policy = fit.published or fit.draft
        if wish.output is not None and policy is not None:
            write_texts({wish.output: policy.to_bytes().decode("utf-8")})
        if wish.report is None:
            return
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.reports import HtmlReports
        from scorewright.flows.policy import policy_report

        notify(StageStarted("report"))
        write_texts({wish.report: HtmlReports(VegaRenderer()).render(policy_report(fit))})
        notify(StageDone("report", str(wish.report)))
