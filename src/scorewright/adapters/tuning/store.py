"""Opens studies."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scorewright.adapters.tuning.drawing import FEWEST_FOLDS, SIGNIFICANCE
from scorewright.adapters.tuning.locks import ProcessLocks
from scorewright.adapters.tuning.places import Place, open_storage, quiet, translated
from scorewright.adapters.tuning.study import OptunaStudy
from scorewright.core.errors import UsageError
from scorewright.core.tuning import differences
from scorewright.flows.tuning import StudyPlan

if TYPE_CHECKING:
    import optuna
    from optuna.storages import BaseStorage

__all__ = ["OptunaStudies"]

_IDENTITY = "identity"


class OptunaStudies:
    """Studies of a project.

    Args:
        storage: ``[tuning] storage``; None for SQLite in the project.
        root: Folder of the project.
        study: Name of the project's study: what belongs to it lies beside it.
    """

    def __init__(self, storage: str | None, root: Path, study: str) -> None:
        self._place = Place.parse(storage, root, study)

    def location(self) -> str:
        """Return where, without a password."""
        return self._place.shown

    @contextmanager
    def open(self, plan: StudyPlan) -> Iterator[OptunaStudy]:
        """Open a study, or make it.

        Raises:
            UsageError: ``tuning-other-study``.
            ScorewrightError: ``tuning-storage-unreachable``.
        """
        import optuna  # noqa: PLC0415 - heavy

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        locks = ProcessLocks(self._place.locks, is_shared=self._place.kind != "database")
        with contextlib.ExitStack() as stack:
            with locks.alone("opening"):
                storage = stack.enter_context(open_storage(self._place))
                study = self._study(plan, storage)
            token = stack.enter_context(locks.hold())
            yield OptunaStudy(study, plan, self._place, locks, token)

    def _study(self, plan: StudyPlan, storage: BaseStorage) -> optuna.Study:
        import optuna  # noqa: PLC0415 - heavy

        with translated(self._place), quiet():
            pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
            if plan.prune:
                pruner = optuna.pruners.WilcoxonPruner(
                    p_threshold=SIGNIFICANCE, n_startup_steps=FEWEST_FOLDS
                )
            study = optuna.create_study(
                storage=storage,
                study_name=plan.name,
                direction="minimize" if plan.is_small_better else "maximize",
                pruner=pruner,
                load_if_exists=True,
            )
            known = study.user_attrs.get(_IDENTITY)
            if known is None:
                study.set_user_attr(_IDENTITY, json.dumps(dict(plan.identity), sort_keys=True))
                return study
        unlike = differences(json.loads(known), plan.identity)
        if unlike:
            raise UsageError(
                f"The study '{plan.name}' in {self._place.shown} was begun with other "
                f"{', '.join(unlike)}: its trials cannot be compared with new ones.",
                remedy='Give this search another name, study = "..." under [tuning], or put '
                "back what was changed.",
                code="tuning-other-study",
                details={"differences": unlike},
            )
        return study
