"""What the log keeps of one application: never who it is, in whatever column that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scorewright.core.decision import segment_text
from scorewright.core.decision_log import Keeping
from scorewright.core.errors import UsageError
from scorewright.core.features import FeaturePlan, TableColumns
from scorewright.flows.serve.application import Application

__all__ = ["Kept", "kept_answer", "kept_of", "whole_answer"]

#: Member of a kept answer that is not part of it: what it answers.
SENT = "sent"


@dataclass(frozen=True, slots=True)
class Kept:
    """The part of a logged decision that comes from the application.

    Attributes:
        subject: Pseudonym of the applicant; None where nothing identifies one.
        inputs: Values of the application.
        tables: Rows of the histories.
    """

    subject: str | None
    inputs: dict[str, Any]
    tables: dict[str, Any]


def kept_of(keeping: Keeping, application: Application, plan: FeaturePlan | None) -> Kept:
    """Return what is kept of an application.

    The key of the applications, and the columns by which histories hang on it, are the
    applicant's id. No feature is computed from them, so they are not kept at all.

    Args:
        keeping: What is kept of each column.
        application: Keeps the contract.
        plan: The features of a model that reads histories.
    """
    values, identity = application.values, application.id
    links: dict[str, str] = {}
    if plan is not None:
        relations = plan.relations
        key = relations.key
        if identity is None and values.get(key) is not None:
            identity = str(values[key])
        values = {name: value for name, value in values.items() if name != key}
        entity = relations.entity.table
        links = {h.name: h.on for h in relations.histories if h.parent == entity}
    return Kept(
        None if identity is None else keeping.key.pseudonym(identity),
        keeping.values(values),
        {
            name: keeping.table(_without(table, links.get(name)))
            for name, table in application.tables.items()
        },
    )


def kept_answer(keeping: Keeping, answer: Mapping[str, Any], sent: str | None) -> Mapping[str, Any]:
    """Return an answer to repeat, without the value of a column that is not kept in full.

    Args:
        keeping: What is kept of each column.
        answer: As it is given.
        sent: Keyed digest of what it answers.
    """
    kept = {**answer, SENT: sent}
    segment = answer.get("segment")
    if segment is None or not keeping.left_out([segment["column"]]):
        return kept
    return {**kept, "segment": {"column": segment["column"]}}


def whole_answer(
    answer: Mapping[str, Any], again: Mapping[str, Any], application: Application
) -> dict[str, Any]:
    """Return a kept answer as it was given, for the same application sent again.

    Raises:
        UsageError: ``idempotency-key-reused``.
    """
    whole = dict(answer)
    if whole.pop(SENT, None) != again.get(SENT):
        raise UsageError(
            "Something else was sent with this Idempotency-Key before.",
            remedy="Use a new key for each application.",
            code="idempotency-key-reused",
        )
    segment = answer.get("segment")
    if segment is None or "value" in segment:
        return whole
    value = segment_text(application.values.get(segment["column"]))
    return {**whole, "segment": {**segment, "value": value}}


def _without(table: TableColumns, link: str | None) -> TableColumns:
    if link is None:
        return table
    columns = {name: column for name, column in table.columns.items() if name != link}
    return TableColumns(table.height, columns)
