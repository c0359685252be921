"""Cells as they lie in the store: found again, read back, held against the conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from scorewright.core.conventions import Conventions, RunRecord, missing
from scorewright.core.errors import UsageError
from scorewright.core.findings import Finding
from scorewright.flows.ports import RunIndex, RunView

__all__ = [
    "CELL_TAG",
    "DECLARED_TAG",
    "KIND_TAG",
    "MATRIX_TAG",
    "StoredCells",
    "allowing",
    "check_cell",
]

CELL_TAG = "scorewright.cell"
DECLARED_TAG = "scorewright.declared"
KIND_TAG = "scorewright.kind"
MATRIX_TAG = "scorewright.matrix"
FINISHED = "FINISHED"
_MODEL = "model/MLmodel"


class StoredCells:
    """The cells of an experiment by their digest.

    Args:
        index: Finds runs.
        experiment: Name of the experiment.
    """

    def __init__(self, index: RunIndex, experiment: str) -> None:
        self._index = index
        self._by_digest: dict[str, list[RunView]] = {}
        for view in index.find(experiment, {KIND_TAG: "cell"}):
            self._by_digest.setdefault(view.tags.get(CELL_TAG, ""), []).append(view)

    def finished(self, digest: str) -> RunView | None:
        """Return the oldest finished run of a cell."""
        runs = self._by_digest.get(digest, ())
        return next((view for view in runs if view.status == FINISHED), None)

    def clear(self, digest: str) -> int:
        """Move what was begun and never finished to the store's bin; return how much that was.

        A cell that failed is among it: it is about to be done again.
        """
        left = [v for v in self._by_digest.get(digest, ()) if v.status != FINISHED]
        for view in left:
            self._index.discard(view.run_id, "It never finished; the cell was done again.")
        return len(left)


def allowing(conventions: Conventions, strategies: Iterable[str]) -> Conventions:
    """Return the conventions with the project's own strategies among the tag's values.

    A strategy that is declared in the project's settings is one of its words.
    """
    rule = conventions.tags.get("feature_strategy")
    if rule is None or not rule.values:
        return conventions
    values = tuple(dict.fromkeys((*rule.values, *strategies)))
    own = replace(rule, values=values)
    return replace(conventions, tags={**conventions.tags, "feature_strategy": own})


def check_cell(
    index: RunIndex, experiment: str, run_id: str, conventions: Conventions
) -> tuple[RunView | None, list[Finding]]:
    """Read a cell's run back from the store and hold it against the conventions.

    Args:
        index: Reads the store.
        experiment: Name of the experiment.
        run_id: The run.
        conventions: What a finished run has.

    Returns:
        The run as it lies in the store, None where it is gone, and what is wrong with it.
    """
    try:
        view = index.get(run_id)
    except UsageError as error:
        return None, [_incomplete(run_id, str(error))]
    if view.status != FINISHED:
        return view, [_incomplete(view.name, f"The run is {view.status}.")]
    names = [name for name in _histories(conventions) if name in view.metrics]
    record = _record(view, experiment, index.histories(run_id, names), index.artifacts(run_id))
    return view, missing(record, conventions)


def _histories(conventions: Conventions) -> Sequence[str]:
    """Return the metrics of which the conventions want every value."""
    rules = conventions.metrics
    groups = rules.groups()
    figures = [f for group in rules.cross_validated.groups for f in groups[group]]
    forms = rules.cross_validated.histories
    folds = [form.replace("{f}", figure) for figure in figures for form in forms]
    return [*folds, *rules.boosting.histories]


def _record(
    view: RunView,
    experiment: str,
    histories: Mapping[str, Sequence[float]],
    artifacts: frozenset[str],
) -> RunRecord:
    return RunRecord(
        name=view.name,
        experiment=experiment,
        status=view.status,
        metrics=view.metrics,
        histories=histories,
        params=view.params,
        tags=view.tags,
        artifacts=artifacts,
        has_model=_MODEL in artifacts,
        inputs=view.inputs,
        model_type=view.tags.get("model_type", ""),
    )


def _incomplete(subject: str, message: str) -> Finding:
    return Finding(
        code="EXP-001",
        severity="error",
        subject=subject,
        message=f"A cell has no finished run any more. {message}",
        remedy="Run 'scorewright experiment run' again: it does the cell anew.",
        evidence={},
    )
