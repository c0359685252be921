"""The experiments of a store, by the names they have and by those they are to get."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scorewright.core.conventions import ARCHIVE_PREFIX
from scorewright.core.errors import UsageError
from scorewright.core.snapshot import Snapshot

__all__ = ["DEFAULT", "Book", "Experiment", "contradiction", "refused"]

#: Id of the experiment that MLflow needs.
DEFAULT = "0"


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as it is."""

    id: str
    name: str
    location: str
    is_deleted: bool

    @property
    def label(self) -> str:
        """For steps: kind, name and id."""
        return f"experiment {self.name} ({self.id})"


class Book:
    """Finds experiments by name.

    Args:
        snapshot: The store.
        renamed: Old name -> new name.
        archived: Names of those that are to be archived.
    """

    def __init__(
        self, snapshot: Snapshot, renamed: Mapping[str, str], archived: Iterable[str]
    ) -> None:
        rows = snapshot.experiments.select(
            "experiment_id", "name", "artifact_location", "lifecycle_stage"
        ).iter_rows()
        found = [
            Experiment(number, name or "", place or "", stage == "deleted")
            for number, name, place, stage in rows
        ]
        found.sort(key=lambda e: (len(e.id), e.id))
        self.by_id = {experiment.id: experiment for experiment in found}
        self._by_name: dict[str, list[Experiment]] = {}
        for experiment in found:
            self._by_name.setdefault(experiment.name, []).append(experiment)
        self._renamed = dict(renamed)
        self._old = {new: old for old, new in renamed.items()}
        self._archived = frozenset(archived)

    def find(self, name: str) -> Experiment:
        """Return the experiment of a name: as it is, was, or is to be.

        Raises:
            UsageError: ``experiment-unknown``, with near misses.
        """
        places = [name, self._renamed.get(name, ""), self._old.get(name, "")]
        if name in self._archived:
            places.insert(1, f"{ARCHIVE_PREFIX}{name}")
        places.append(name.removeprefix(ARCHIVE_PREFIX))
        for place in places:
            found = self._by_name.get(place, []) if place else []
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(experiment.id for experiment in found)
                raise refused(
                    f"{len(found)} experiments are called '{place}' ({ids}), in several "
                    "workspaces.",
                    "Steward each workspace in a store of its own: mlflow db move-resources",
                    "experiment-unknown",
                )
        near = difflib.get_close_matches(name, list(self._by_name), n=3) or sorted(self._by_name)
        raise refused(
            f"The store has no experiment '{name}'.",
            f"In [store.rationalise], use one of: {', '.join(near)}.",
            "experiment-unknown",
        )


def refused(message: str, remedy: str, code: str) -> UsageError:
    """Return the error for a wish that cannot be."""
    return UsageError(message, remedy=remedy, code=code)


def contradiction(message: str) -> UsageError:
    """Return the error for a wish that says two things of one experiment."""
    remedy = "Say one thing of each experiment in [store.rationalise]."
    return refused(message, remedy, "rationalise-contradiction")
