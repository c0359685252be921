"""The search for the learner's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scorewright.flows.events import Notify, StageDone, StageStarted
from scorewright.wiring.training import scratch_bundles, train_tools

if TYPE_CHECKING:
    from scorewright.core.project import Settings
    from scorewright.flows.tuning import TuneResult, TuneTools
    from scorewright.wiring.project import Project

__all__ = ["TuneWish", "TuningRoom"]


@dataclass(frozen=True, slots=True)
class TuneWish:
    """What a search shall do otherwise than the settings say; None leaves a setting as it is."""

    trials: int | None = None
    timeout_minutes: float | None = None
    processes: int | None = None
    sampler: Literal["tpe", "random", "manual"] | None = None

    def applied(self, settings: Settings) -> Settings:
        """Return the settings with the wish."""
        wanted = {n: v for n in self.__slots__ if (v := getattr(self, n)) is not None}
        tuning = settings.tuning.model_copy(update=wanted)
        return settings.model_copy(update={"tuning": tuning})

    def arguments(self) -> list[str]:
        """Return the wish as further processes are told of it."""
        options = {
            "--trials": self.trials,
            "--timeout": self.timeout_minutes,
            "--sampler": self.sampler,
        }
        return [
            word
            for option, value in options.items()
            if value is not None
            for word in (option, str(value))
        ]


@dataclass(frozen=True, slots=True)
class TuningRoom:
    """The searches of a project."""

    project: Project

    def run(self, wish: TuneWish, notify: Notify) -> TuneResult:
        """Search, or go on where an earlier search ended."""
        from scorewright.flows.tuning import tune

        settings = wish.applied(self.project.settings)
        source = self.project.source(settings.data.table)
        return tune(settings, source, self._tools(wish, notify))

    def work_along(self, wish: TuneWish, worker: int, notify: Notify) -> None:
        """Work on a study beside the process that began it."""
        from scorewright.flows.tuning import work_along

        settings = wish.applied(self.project.settings)
        source = self.project.source(settings.data.table)
        work_along(settings, source, self._tools(wish, notify), worker)

    def write_params(self, result: TuneResult) -> Path:
        """Put the best parameters into the settings; return their file."""
        from scorewright.adapters.tuning import write_params

        write_params(self.project.file, result.params or {})
        return self.project.file

    def write_report(self, result: TuneResult, file: Path, notify: Notify) -> Path:
        """Write the HTML report of a search."""
        from scorewright.adapters.charts import VegaRenderer
        from scorewright.adapters.project_files import write_texts
        from scorewright.adapters.reports import HtmlReports
        from scorewright.flows.tuning import study_report

        notify(StageStarted("report"))
        write_texts({file: HtmlReports(VegaRenderer()).render(study_report(result))})
        notify(StageDone("report", str(file)))
        return file

    def _tools(self, wish: TuneWish, notify: Notify) -> TuneTools:
        from scorewright.adapters.mlflow_store import MlflowRunIndex
        from scorewright.adapters.tuning import OptunaStudies, SubprocessWorkers
        from scorewright.flows.tuning import TuneTools

        here = self.project
        tuning = here.settings.tuning
        return TuneTools(
            train=train_tools(here, notify),
            scratch=scratch_bundles(here.root / here.settings.bundles.keys),
            index=MlflowRunIndex(here.tracking_uri),
            studies=OptunaStudies(tuning.storage, here.root, tuning.study),
            workers=SubprocessWorkers(["--config", str(here.file)], wish.arguments()),
        )
