"""Decide a logged application again, from what the log kept and with the bundle of that day."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scorewright.core.contracts import ColumnType
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.errors import UsageError
from scorewright.core.features import FeaturePlan, RequestContract, TableColumns
from scorewright.flows.verify_bundle import Deployment

__all__ = ["Remembered", "Replay", "replay"]

_TEXTS = (ColumnType.CATEGORY, ColumnType.TEXT)


@dataclass(frozen=True, slots=True)
class Replay:
    """What the decision would be today, with the bundle and policy of that day.

    Attributes:
        record: As it was logged.
        pd: Computed again.
        decision: Decided again, by the same policy.
        threshold: The threshold of that policy for it.
        is_equal: Whether the PD is the same to the last bit, and so is the decision.
    """

    record: LoggedDecision
    pd: float
    decision: str
    threshold: float
    is_equal: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of a replay."""
        logged, again = self.record, self
        return {
            "decision_id": logged.decision_id,
            "bundle": logged.bundle,
            "policy": logged.policy,
            "logged": {"pd": logged.pd, "decision": logged.decision, "threshold": logged.threshold},
            "replayed": {"pd": again.pd, "decision": again.decision, "threshold": again.threshold},
            "equal": self.is_equal,
        }


class Remembered:
    """Loads bundles of former days, one at a time, and keeps the last few. Safe for threads.

    Args:
        load: Proves and loads a bundle by its digest, with its policy ``ID@VERSION``.
    """

    #: Models stay in memory.
    MOST = 3

    def __init__(self, load: Callable[[str, str], Deployment]) -> None:
        self._load = load
        self._one = threading.Lock()
        self._kept: dict[tuple[str, str], Deployment] = {}

    def __call__(self, bundle: str, policy: str) -> Deployment:
        """Return what was deployed; raises what loading does."""
        place = (bundle, policy)
        with self._one:
            found = self._kept.pop(place, None) or self._load(bundle, policy)
            self._kept[place] = found
            while len(self._kept) > self.MOST:
                del self._kept[next(iter(self._kept))]
            return found


def replay(record: LoggedDecision, load: Callable[[str, str], Deployment]) -> Replay:
    """Decide a logged application again.

    Args:
        record: From the log.
        load: Proves and loads a bundle by its digest, with its policy ``ID@VERSION``.

    Raises:
        UsageError: ``not-replayable``: the log did not keep every value, or they were erased.
        IntegrityError: Those of loading; ``policy-missing`` (UsageError) where the policy is gone.
    """
    if not record.inputs:
        raise _refused("its values were erased or never kept")
    deployment = load(record.bundle, record.policy)
    plan = deployment.loaded.bundle.features
    request = None if plan is None else RequestContract(plan, deployment.loaded.bundle.space.names)
    inputs = _values(record.inputs)
    if plan is not None and request is not None:
        _refuse_gaps(inputs, plan, request)
    tables = {} if request is None else _tables(record.tables, request)
    try:
        pd = deployment.scorer.score_application(inputs, tables)
    except KeyError as error:
        raise _refused(f"the value of {error} was not kept") from error
    policy = deployment.policy
    column = policy.segment_column if policy.segments else None
    rule = policy.rule_of(None if column is None else inputs.get(column))
    decision = rule.decide(pd)
    same_bits = struct.pack("<d", pd) == struct.pack("<d", record.pd)
    return Replay(record, pd, decision, rule.threshold, same_bits and decision == record.decision)


def _values(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    hashed = sorted(name for name, value in kept.items() if isinstance(value, Mapping))
    if hashed:
        raise _refused(f"only digests of {', '.join(hashed[:5])} were kept")
    return kept


def _refuse_gaps(inputs: Mapping[str, Any], plan: FeaturePlan, request: RequestContract) -> None:
    """Refuse where a feature would take a column that was not kept for one that is missing."""
    entity = plan.relations.entity
    needed = {field.column.name for field in request.application if field.is_required}
    if entity.as_of in plan.columns_of(entity.table):
        needed.add(str(entity.as_of))
    gone = sorted(name for name in needed if name not in inputs)
    if gone:
        raise _refused(f"the value of {', '.join(gone[:5])} was not kept")


def _tables(kept: Mapping[str, Any], request: RequestContract) -> dict[str, TableColumns]:
    """Return the rows of the histories as they were computed with."""
    kinds = {
        table.name: {field.column.name: field.column.type for field in table.fields}
        for table in request.tables
    }
    tables = {}
    for name, table in kept.items():
        if left_out := table.get("left_out"):
            raise _refused(f"the values of {name}.{left_out[0]} were not kept")
        columns: dict[str, Any] = {}
        for column, values in table["columns"].items():
            if any(isinstance(value, Mapping) for value in values):
                raise _refused(f"only digests of {name}.{column} were kept")
            is_text = kinds[name].get(column) in _TEXTS
            columns[column] = values if is_text else np.array(values, dtype=np.float64)
        tables[name] = TableColumns(table["height"], columns)
    return tables


def _refused(why: str) -> UsageError:
    return UsageError(
        f"The decision cannot be replayed: {why}.",
        remedy="Keep all columns in full (serve.log.inputs) where decisions must be replayed.",
        code="not-replayable",
    )
