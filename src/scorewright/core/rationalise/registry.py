"""Aliases for stages (MODEL-003), aliases of nothing (MODEL-005), empty models (MODEL-006)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from scorewright.core.plans import Row, RowChange
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.ideas import Idea, Proposal, SetRow
from scorewright.core.rationalise.rawrows import Need, RawRows, TableShape

__all__ = ["PRODUCTION_ALIASES", "add_aliases", "drop_aliases", "drop_empty_models"]

PRODUCTION_ALIASES = ("champion", "production")
_ALIASES = {"Production": "champion", "Staging": "challenger"}
_TABLE = "registered_model_aliases"


@dataclass(frozen=True, slots=True)
class _AddAlias:
    """A new alias, in the workspace of its version."""

    name: str
    alias: str
    version: int

    def needs(self, shapes: Mapping[str, TableShape]) -> Iterable[Need]:
        for table in (_TABLE, "model_versions"):
            if table in shapes:
                yield Need(table, "name", self.name)

    def changes(self, rows: RawRows) -> Iterable[RowChange]:
        shape = rows.shapes.get(_TABLE)
        if shape is None:
            raise LookupError("its schema has no aliases; consolidate it into a new store first")
        versions = rows.find("model_versions", {"name": self.name, "version": self.version})
        if len(versions) != 1:
            raise LookupError("several workspaces have the version")
        key: Row = {"name": self.name, "alias": self.alias}
        if "workspace" in shape.columns:
            key |= {"workspace": versions[0]["workspace"]}
        if not rows.find(_TABLE, key):
            yield RowChange(_TABLE, key, None, {**key, "version": self.version})


def add_aliases(evidence: Evidence, versions: Iterable[tuple[str, int]]) -> Proposal:
    """Give versions with a stage the alias that means it; the stage stays for old clients.

    Production becomes ``champion``, Staging ``challenger``. Of several versions in one stage the
    newest gets the alias. An alias that another version has stays there.

    Args:
        evidence: The store.
        versions: Name and number.
    """
    wanted = set(versions)
    taken = _taken(evidence)
    ideas, notes = [], []
    rows = evidence.living_versions().sort("name", "version", descending=[False, True])
    for name, number, stage in rows.select("name", "version", "stage").iter_rows():
        alias = _ALIASES.get(stage or "")
        if (name, number) not in wanted or alias is None:
            continue
        if (name, alias) in taken:
            notes.append(
                f"MODEL-003: {name}/{number} keeps its stage {stage} without an alias: {alias} "
                f"means version {taken[name, alias]}. Move the alias or the stage in MLflow."
            )
            continue
        taken[name, alias] = number
        sentence = f"Give version {number} the alias {alias} for its stage {stage}."
        task = _AddAlias(name, alias, number)
        ideas.append(Idea("add_alias", f"model {name}/{number}", sentence, "MODEL-003", (task,)))
    return Proposal(tuple(ideas), tuple(notes))


def _taken(evidence: Evidence) -> dict[tuple[str, str], int]:
    rows = evidence.snapshot.registered_model_aliases.select("name", "alias", "version")
    return {(name, alias): number for name, alias, number in rows.iter_rows()}


def drop_aliases(evidence: Evidence, names: Iterable[str]) -> Proposal:
    """Take away aliases whose version is not there.

    Args:
        evidence: The store.
        names: Registered models that have such.
    """
    wanted = set(names)
    alive = set(evidence.living_versions().select("name", "version").iter_rows())
    ideas = []
    for (name, alias), number in sorted(_taken(evidence).items()):
        if name in wanted and (name, number) not in alive:
            sentence = f"Take away the alias {alias}: version {number} is not there."
            task = SetRow(_TABLE, {"name": name, "alias": alias}, None)
            ideas.append(Idea("drop_alias", f"model {name}", sentence, "MODEL-005", (task,)))
    return Proposal(tuple(ideas))


def drop_empty_models(evidence: Evidence, names: Iterable[str]) -> Proposal:
    """Take away registered models that never had a version, with their tags and aliases.

    One whose versions were deleted keeps the numbers that were given, and stays.

    Args:
        evidence: The store.
        names: Registered models without a living version.
    """
    snapshot = evidence.snapshot
    numbered = set(snapshot.model_versions["name"].drop_nulls())
    ideas, notes = [], []
    for name in sorted(set(names)):
        if name in numbered:
            notes.append(
                f"MODEL-006: {name} stays: its versions were deleted, and a model made anew would "
                "give their numbers again."
            )
            continue
        tasks = [SetRow(_TABLE, {"name": name, "alias": alias}, None)
                 for owner, alias in sorted(_taken(evidence)) if owner == name]  # fmt: skip
        tags = snapshot.registered_model_tags.filter(pl.col("name") == name)["key"].drop_nulls()
        tasks += [SetRow("registered_model_tags", {"name": name, "key": k}, None) for k in tags]
        tasks.append(SetRow("registered_models", {"name": name}, None))
        sentence = "Take it away with its tags and description: it never had a version."
        ideas.append(Idea("drop_model", f"model {name}", sentence, "MODEL-006", tuple(tasks)))
    return Proposal(tuple(ideas), tuple(notes))
