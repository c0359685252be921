"""Evaluation data sets of one name, which MLflow then finds by their ids alone."""

from __future__ import annotations

from typing import Final

from scorewright.adapters.store_staging.session import Session, written
from scorewright.core.counting import counted

__all__ = ["tell_namesakes"]

#: Of one source that are named one by one.
_NAMED: Final = 20
_EXAMPLES: Final = 3


def tell_namesakes(session: Session) -> None:
    """Say which evaluation data sets arrive beside others of their name; neither is renamed.

    Args:
        session: With the source attached, whose evaluation data sets are decided.
    """
    rows = session.con.execute(
        "SELECT n.name, n.dataset_id, m.dataset_id FROM temp.fate_evaluation_datasets n JOIN ("  # noqa: S608 - no value
        "SELECT t.name, t.dataset_id FROM target.evaluation_datasets t UNION ALL "
        f"SELECT m.name, m.dataset_id FROM main.evaluation_datasets m WHERE {written()} "
        "AND m.dataset_id NOT IN (SELECT s.dataset_id FROM src.evaluation_datasets s)"
        ") m ON m.name = n.name AND m.dataset_id <> n.dataset_id "
        "WHERE n.fate = 'copied' ORDER BY n.r, m.dataset_id"
    ).fetchall()
    found: dict[tuple[str, str], list[str]] = {}
    for name, new, there in rows:
        found.setdefault((name, new), []).append(there)
    refused = "MLflow's get_dataset(name=...) refuses that name from now on; ask by dataset_id."
    if len(found) > _NAMED:
        some = ", ".join(f"'{name}'" for name, _ in list(found)[:_EXAMPLES])
        session.notes.append(
            f"{session.label}: {counted(len(found), 'evaluation data set')} have names that others "
            f"in the target have, such as {some}: both are kept. "
            f"{refused.replace('that name', 'those names')}"
        )
        return
    for (name, new), there in found.items():
        session.notes.append(
            f"{session.label}: the evaluation data set {new} has the name '{name}' of "
            f"{', '.join(there)} in the target: all are kept. {refused}"
        )
