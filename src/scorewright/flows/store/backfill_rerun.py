"""The settings and the command that train a run again with its own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit

from scorewright.core.backfill import Rerun, rerun_of
from scorewright.core.conventions import Conventions, RunRecord
from scorewright.core.errors import UsageError
from scorewright.core.rationalise import RunFacts
from scorewright.flows.ports import Learner, LearnerCatalogue

__all__ = ["RerunText", "RerunWriter"]

_ID = 8


@dataclass(frozen=True, slots=True)
class RerunText:
    """How to train a run again.

    Attributes:
        file: Name of a settings file to make.
        settings: What belongs into it, TOML.
        command: Trains with it.
        remarks: What the settings cannot say, one sentence each.
    """

    file: str
    settings: str
    command: str
    remarks: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What to do, the command in it, and the settings it needs."""
        first = (
            f"To train it again, copy scorewright.toml to {self.file}, set there what follows, "
            f"and run: {self.command}"
        )
        told = (f"Not said by these settings: {'; '.join(self.remarks)}.",) if self.remarks else ()
        settings = self.settings.rstrip("\n")
        return (first, *told, *([settings] if settings else []))


class RerunWriter:
    """Writes settings down; only parameters that a run's learner takes.

    Args:
        learners: Know which parameters a training takes. Each is asked for once.
    """

    def __init__(self, learners: LearnerCatalogue) -> None:
        self._learners = learners
        self._known: dict[str, Learner | UsageError] = {}

    def rerun(self, run: RunFacts, conventions: Conventions) -> RerunText:
        """Write the settings of any run down, by its parameters and tags.

        Args:
            run: Finished or not.
            conventions: Tell the model type by the parameters, where the run does not.
        """
        record = RunRecord(
            name=run.name,
            experiment=run.experiment,
            status=run.status,
            metrics={},
            histories={},
            params=run.params,
            tags=run.tags,
            artifacts=frozenset(),
            has_model=False,
            inputs=len(run.datasets),
            model_type=run.tags.get("model_type", ""),
        )
        return self.write(run.run_id, rerun_of(record, conventions))

    def write(self, run_id: str, rerun: Rerun) -> RerunText:
        """Write the settings of a run down.

        Args:
            run_id: Names the file.
            rerun: What the run says.
        """
        taken, remarks = self._taken(rerun)
        sections = {name: dict(values) for name, values in rerun.sections.items()}
        if taken:
            sections.setdefault("learner", {})["params"] = taken
        file = f"rerun_{run_id[:_ID]}.toml"
        return RerunText(
            file=file,
            settings=tomlkit.dumps(sections),
            command=f"scorewright --config {file} train",
            remarks=(*remarks, *rerun.remarks),
        )

    def _taken(self, rerun: Rerun) -> tuple[dict[str, Any], list[str]]:
        # What is None is as it would be without being said, and TOML cannot say it.
        wanted = {name: value for name, value in rerun.params.items() if value is not None}
        learner = self._learner(rerun.learner) if rerun.learner else None
        if learner is None or isinstance(learner, UsageError):
            remarks = [] if learner is None else [_sentence(learner)]
            return {}, [*remarks, f"its parameters {', '.join(wanted)}"] if wanted else remarks
        refused = [n for n, value in wanted.items() if _problem(learner, {n: value})]
        taken = {name: value for name, value in wanted.items() if name not in refused}
        remarks = []
        if refused:
            remarks.append(f"no parameters of the learner {rerun.learner}: {', '.join(refused)}")
        if problem := _problem(learner, taken):
            remarks.append(problem)
        return taken, remarks

    def _learner(self, name: str) -> Learner | UsageError:
        if name not in self._known:
            try:
                self._known[name] = self._learners.get(name)
            except UsageError as error:
                self._known[name] = error
        return self._known[name]


def _problem(learner: Learner, params: Mapping[str, Any]) -> str:
    try:
        learner.parameters(params, 0)
    except UsageError as error:
        return _sentence(error)
    return ""


def _sentence(error: UsageError) -> str:
    return error.message.removesuffix(".")
