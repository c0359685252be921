"""Outcomes: each (decision, version) once; what is unknown or conflicts is named."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from scorewright.adapters.decision_log.rows import outcome_of, outcome_row
from scorewright.adapters.decision_log.tables import decisions, outcomes
from scorewright.core.decision_log import Outcome
from scorewright.flows.serve import OutcomeReceipt

__all__ = ["add_outcomes"]

#: Ids asked for at a time.
MOST = 500

Place = tuple[str, int]


def add_outcomes(connection: Connection, given: Sequence[Outcome], tenant: str) -> OutcomeReceipt:
    """Keep outcomes within a transaction.

    Args:
        connection: In a transaction.
        given: Outcomes.
        tenant: Whose decisions they may be of.
    """
    known = _present(connection, given, tenant)
    mine = [outcome for outcome in given if outcome.decision_id in known]
    there = _kept(connection, mine)
    fresh: dict[Place, Outcome] = {}
    conflicting: list[str] = []
    for outcome in mine:
        place = (outcome.decision_id, outcome.version)
        earlier = there.get(place) or fresh.setdefault(place, outcome)
        if earlier != outcome:
            conflicting.append(outcome.decision_id)
    if fresh:
        insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(outcomes)
        rows = [outcome_row(outcome, tenant) for outcome in fresh.values()]
        connection.execute(insert.on_conflict_do_nothing(), rows)
    return OutcomeReceipt(
        stored=len(fresh),
        repeated=len(mine) - len(fresh) - len(conflicting),
        unknown=tuple(o.decision_id for o in given if o.decision_id not in known),
        conflicting=tuple(conflicting),
    )


def _present(connection: Connection, given: Sequence[Outcome], tenant: str) -> set[str]:
    column = decisions.c.decision_id
    found: set[str] = set()
    for ids in _parts(given):
        asked = select(column).where(column.in_(ids), decisions.c.tenant == tenant)
        found |= set(connection.execute(asked).scalars())
    return found


def _kept(connection: Connection, given: Sequence[Outcome]) -> dict[Place, Outcome]:
    found: dict[Place, Outcome] = {}
    for ids in _parts(given):
        asked = select(outcomes).where(outcomes.c.decision_id.in_(ids))
        for row in connection.execute(asked).mappings():
            found[row["decision_id"], row["version"]] = outcome_of(row)
    return found


def _parts(given: Sequence[Outcome]) -> list[list[str]]:
    ids = sorted({outcome.decision_id for outcome in given})
    return [ids[at : at + MOST] for at in range(0, len(ids), MOST)]
