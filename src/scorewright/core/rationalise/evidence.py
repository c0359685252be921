"""What plans are made from: the store, its files, the policy, and a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from scorewright.core.conventions import Conventions
from scorewright.core.snapshot import FILES, RootRule, Snapshot, empty

__all__ = ["DELETED", "TOMBSTONE", "Evidence", "is_active"]

DELETED = "deleted"
#: Stage of versions that were deleted.
TOMBSTONE = "Deleted_Internal"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What plans are made from.

    Attributes:
        snapshot: The store.
        conventions: The policy.
        now: Aware, in UTC.
        files: Artifact files, columns of `scorewright.core.snapshot.FILES`, with digests where
            files are to be changed.
        roots: Rules from old artifact roots to new ones.
        project: Name of the project, "" where it is not known.
    """

    snapshot: Snapshot
    conventions: Conventions
    now: datetime
    files: pl.DataFrame = field(default_factory=lambda: empty(FILES))
    roots: tuple[RootRule, ...] = ()
    project: str = ""

    @property
    def milliseconds(self) -> int:
        """The moment as MLflow writes it."""
        return int(self.now.timestamp() * 1000)

    def tag(self, key: str) -> dict[str, str]:
        """Return a tag's value by run id."""
        rows = self.snapshot.tags.filter(pl.col("key") == key).select("run_id", "value")
        return dict(rows.drop_nulls().iter_rows())

    def active_runs(self) -> pl.DataFrame:
        """Return active runs of active experiments with ``experiment``, the name of theirs."""
        experiments = self.snapshot.experiments.filter(is_active())
        named = experiments.select("experiment_id", experiment=pl.col("name").fill_null(""))
        runs = self.snapshot.runs.filter(is_active())
        return runs.join(named, on="experiment_id", how="inner", maintain_order="left").sort(
            "start_time", "run_id", nulls_last=True
        )

    def living_versions(self) -> pl.DataFrame:
        """Return model versions that were not deleted."""
        return self.snapshot.model_versions.filter(pl.col("stage").fill_null("") != TOMBSTONE).sort(
            "name", "version"
        )

    def of_runs(self, table: pl.DataFrame, run_ids: Iterable[str]) -> pl.DataFrame:
        """Return the rows of some runs."""
        wanted = pl.DataFrame({"run_id": list(run_ids)}, schema={"run_id": pl.String})
        return table.join(wanted.unique(), on="run_id", how="semi", maintain_order="left")


def is_active() -> pl.Expr:
    """Whether a row is not deleted."""
    return pl.col("lifecycle_stage").fill_null("active") != DELETED
