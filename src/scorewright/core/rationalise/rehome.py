"""Everything of one experiment in another: runs, models, data sets, traces and the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorewright.core.plans import Row, RowChange
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape

__all__ = ["Rehome"]

_ID = "experiment_id"
_ASSOCIATIONS = "entity_associations"
#: Their rows stay: they are about the experiment itself, or are computed from other rows.
_LEFT = frozenset(
    {
        "experiments",
        "experiment_tags",
        "sql_assessment_daily_rollups",
        "sql_span_cost_daily_rollups",
        "sql_trace_metric_daily_rollups",
        "sql_trace_rollup_rebuild_queue",
    }
)
#: Tables in which a name may be there once per experiment.
_NAMED = {"scorers": "scorer_name", "label_schemas": "name", "review_queues": "name_key"}
_DATASETS = "datasets"
_MODEL_TAGS = "registered_model_tags"
#: The experiments of a prompt, as text such as ",2,5,".
_PROMPTS = "_mlflow_experiment_ids"


@dataclass(frozen=True, slots=True)
class Rehome:
    """Move all rows of one experiment to another.

    Whatever table has an ``experiment_id`` is followed, so that no future one is forgotten.

    Attributes:
        source: Id of the experiment that is emptied.
        target: Id of the one that gets the rows.
    """

    source: str
    target: str

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        """Ask for the rows of both experiments."""
        for table, shape in sorted(shapes.items()):
            if _ID in shape.columns and table not in _LEFT:
                yield Need(table, _ID, int(self.source))
                if table == _DATASETS or table in _NAMED:
                    yield Need(table, _ID, int(self.target))
        if _ASSOCIATIONS in shapes:
            for number in (self.source, self.target):
                for side in ("source", "destination"):
                    yield Need(_ASSOCIATIONS, f"{side}_id", number)
        if _MODEL_TAGS in shapes:
            yield Need(_MODEL_TAGS, "key", _PROMPTS)
        if "inputs" in shapes:
            yield Need("inputs", "source_type", "DATASET")

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        """Move row by row; equal data sets become one.

        Raises:
            LookupError: Rows of the two experiments would meet under one name or key.
        """
        for table, shape in sorted(rows.shapes.items()):
            if _ID not in shape.columns or table in _LEFT or table == _DATASETS:
                continue
            found = rows.find(table, {_ID: int(self.source)})
            if found and _ID in shape.key:
                raise LookupError(f"rows of '{table}' have the experiment in their key")
            self._refuse_same_names(rows, table, found)
            for row in found:
                yield RowChange(
                    table,
                    rows.key_of(table, row),
                    {_ID: row[_ID]},
                    {_ID: int(self.target)},
                )
        if _DATASETS in rows.shapes:
            yield from self._datasets(rows)
        if _ASSOCIATIONS in rows.shapes:
            yield from self._associations(rows)
        yield from self._prompts(rows)

    def _refuse_same_names(self, rows: RawRows, table: str, found: Iterable[Row]) -> None:
        column = _NAMED.get(table)
        if column is None or column not in rows.shapes[table].columns:
            return
        there = {row[column] for row in rows.find(table, {_ID: int(self.target)})}
        for row in found:
            if row[column] in there:
                raise LookupError(f"both experiments have '{row[column]}' in table '{table}'")

    def _datasets(self, rows: RawRows) -> Iterable[RowChange]:
        """Move data sets; one that the target has too stands for both, and its inputs follow."""
        for row in rows.find(_DATASETS, {_ID: int(self.source)}):
            moved = {**row, _ID: int(self.target)}
            same = rows.find(_DATASETS, rows.key_of(_DATASETS, moved))
            yield RowChange(_DATASETS, rows.key_of(_DATASETS, row), row, None)
            if same:
                yield from _inputs(rows, row["dataset_uuid"], same[0]["dataset_uuid"])
            else:
                yield RowChange(_DATASETS, rows.key_of(_DATASETS, moved), None, moved)

    def _associations(self, rows: RawRows) -> Iterable[RowChange]:
        """Move associations, which keep the id of an experiment as text."""
        for side in ("source", "destination"):
            column = f"{side}_id"
            wanted: Row = {column: self.source, f"{side}_type": "experiment"}
            for row in rows.find(_ASSOCIATIONS, wanted):
                moved = {**row, column: self.target}
                key = rows.key_of(_ASSOCIATIONS, moved)
                yield RowChange(_ASSOCIATIONS, rows.key_of(_ASSOCIATIONS, row), row, None)
                if not rows.find(_ASSOCIATIONS, key):
                    yield RowChange(_ASSOCIATIONS, key, None, moved)

    def _prompts(self, rows: RawRows) -> Iterable[RowChange]:
        if _MODEL_TAGS not in rows.shapes:
            return
        for row in rows.find(_MODEL_TAGS, {"key": _PROMPTS}):
            old = [part for part in str(row["value"]).split(",") if part]
            new = dict.fromkeys(self.target if part == self.source else part for part in old)
            if self.source in old:
                key = rows.key_of(_MODEL_TAGS, row)
                value = f",{','.join(new)},"
                yield RowChange(_MODEL_TAGS, key, {"value": row["value"]}, {"value": value})


def _inputs(rows: RawRows, old: object, new: object) -> Iterable[RowChange]:
    for row in rows.find("inputs", {"source_type": "DATASET", "source_id": str(old)}):
        moved: Row = {**row, "source_id": str(new)}
        yield RowChange("inputs", rows.key_of("inputs", row), row, None)
        if not rows.find("inputs", rows.key_of("inputs", moved)):
            yield RowChange("inputs", rows.key_of("inputs", moved), None, moved)
