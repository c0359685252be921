"""One trial of an Optuna study: its parameters are drawn, its folds are heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scorewright.adapters.tuning.places import quiet
from scorewright.adapters.tuning.queueing import BASE, SET, is_retry
from scorewright.core.tuning import Choices, Range
from scorewright.flows.tuning import StudyPlan

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

__all__ = ["FEWEST_FOLDS", "SIGNIFICANCE", "DrawnTrial", "state_of"]

#: Complete trials before the first one may be pruned, and folds a trial always gets.
WARM_UP, FEWEST_FOLDS = 5, 2

#: Three folds that are all worse have p = 1/8: a trial as good as the best is given up at that
#: rate, which costs nothing but a second chance.
SIGNIFICANCE = 0.15


class DrawnTrial:
    """A trial this process works on.

    Args:
        trial: Optuna's.
        plan: Space, sampler and whether trials are pruned.
        complete: How many trials were complete when it began.
    """

    def __init__(self, trial: optuna.Trial, plan: StudyPlan, complete: int) -> None:
        self._trial = trial
        self._prunes = plan.prune and complete >= WARM_UP
        self._params = self._drawn(plan)

    @property
    def number(self) -> int:
        """Its number in the study."""
        return self._trial.number

    @property
    def params(self) -> Mapping[str, Any] | None:
        """What it tries, on top of the settings; None where nothing was left to draw."""
        return self._params

    @property
    def is_queued(self) -> bool:
        """Whether its parameters were given rather than drawn."""
        return SET in self._trial.user_attrs or is_retry(state_of(self._trial))

    def report(self, fold: int, value: float) -> str | None:
        """Tell the objective of a fold; return why the trial should stop, or None."""
        self._trial.report(value, fold)
        if not self._prunes or fold + 1 < FEWEST_FOLDS:
            return None
        with quiet():
            if not self._trial.should_prune():
                return None
        return f"behind the best trial on {fold + 1} folds (Wilcoxon, p < {SIGNIFICANCE:g})"

    def is_current(self) -> bool:
        """Return whether nobody took it for dead and began it again."""
        return not state_of(self._trial).state.is_finished()

    def _drawn(self, plan: StudyPlan) -> dict[str, Any] | None:
        given = self._trial.user_attrs.get(SET)
        if plan.sampler == "manual" and given is None:
            return None
        drawn: dict[str, Any] = {}
        if plan.sampler != "manual":
            drawn = {name: self._draw(name, plan.space[name]) for name in sorted(plan.space)}
        own = {**drawn, **(given or {})}
        base = {name: value for name, value in plan.base.items() if name not in own}
        if base:
            # The settings may say something else tomorrow; the trial was made with this.
            self._trial.set_user_attr(BASE, base)
        return {**base, **own}

    def _draw(self, name: str, dimension: Range | Choices) -> Any:  # noqa: ANN401 - a parameter
        if isinstance(dimension, Choices):
            return self._trial.suggest_categorical(name, list(dimension.values))
        if dimension.is_integer:
            step, ends = int(dimension.step or 1), (int(dimension.low), int(dimension.high))
            return self._trial.suggest_int(name, *ends, step=step, log=dimension.log)
        return self._trial.suggest_float(
            name, float(dimension.low), float(dimension.high), step=dimension.step,
            log=dimension.log,
        )  # fmt: skip


def state_of(trial: optuna.Trial) -> FrozenTrial:
    """Return a running trial as the storage has it."""
    storage = trial.study._storage  # noqa: SLF001 - the trial remembers its beginning only
    return storage.get_trial(trial._trial_id)  # noqa: SLF001 - as above
