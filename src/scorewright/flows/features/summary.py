"""What came of a build, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scorewright.core.features import ColumnProfile
from scorewright.flows.features.build import BuiltFeatures
from scorewright.flows.features.ports import BuildStore
from scorewright.flows.ports import TableWriter

__all__ = ["BuildSummary", "summarise"]

_IN_MEMORY: Final = "memory"
_SHOWN: Final = 10
_MUCH: Final = 0.5


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """A build, where it lies, and the file that was asked for.

    Attributes:
        built: The build, and whether it was there already.
        folder: Where builds are kept.
        output: The file with key and features; None where none was asked for.
    """

    built: BuiltFeatures
    folder: Path
    output: Path | None

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values for people."""
        build, plan = self.built.build, self.built.plan
        in_memory = build.engine == _IN_MEMORY
        if self.built.was_cached:
            state = "the same definition and the same rows were built before; nothing was computed"
        else:
            state = "computed in memory" if in_memory else f"computed by the engine {build.engine}"
        missing = [p.missing_rate for p in build.profiles]
        much = sum(rate > _MUCH for rate in missing)
        pairs = [
            ("state", state),
            ("digest", build.digest),
            ("features", str(len(plan.features))),
            ("applications", f"{build.rows.get(plan.relations.entity.table, 0):,}"),
            ("more than half missing", f"{much} of {len(missing)} features"),
            ("time", f"{build.seconds:.1f} s"),
        ]
        if build.cpu_seconds is not None:
            pairs.append(("CPU of the workers", f"{build.cpu_seconds:.1f} s"))
        if build.peak_bytes is not None:
            pairs.append(("peak memory of a worker", f"{build.peak_bytes / 1e6:,.0f} MB"))
        pairs.append(("kept in", str(self.folder)))
        if self.output is not None:
            pairs.append(("written to", str(self.output)))
        return pairs

    def table_rows(self) -> list[tuple[str, str, str]]:
        """Return table, rows that belong to an application, and orphans, for people."""
        build = self.built.build
        return [
            (name, f"{rows:,}", f"{build.orphans[name]:,}" if name in build.orphans else "")
            for name, rows in build.rows.items()
        ]

    def missing_rows(self) -> list[tuple[str, str, str]]:
        """Return the features with the most missing values: name, rate, range, for people."""
        worst = sorted(self.built.build.profiles, key=lambda p: (-p.missing, p.name))
        return [
            (p.name, f"{100 * p.missing_rate:.1f} %", _range(p))
            for p in worst[:_SHOWN]
            if p.missing
        ]

    def to_dict(self) -> Mapping[str, Any]:
        """Return the JSON document of ``features build --json``."""
        return {
            **self.built.build.to_dict(),
            "was_cached": self.built.was_cached,
            "folder": str(self.folder),
            "output": None if self.output is None else str(self.output),
        }


def _range(profile: ColumnProfile) -> str:
    if profile.minimum is None or profile.maximum is None:
        return ""
    return f"{profile.minimum:,.6g} to {profile.maximum:,.6g}"


def summarise(
    built: BuiltFeatures,
    folder: Path,
    output: Path | None,
    builds: BuildStore,
    writer: TableWriter,
) -> BuildSummary:
    """Sum a build up, and write key and features to a file where one was asked for.

    Args:
        built: The build.
        folder: Where builds are kept.
        output: CSV or Parquet by suffix; None writes nothing.
        builds: Holds the rows.
        writer: Writes them.

    Returns:
        The summary.

    Raises:
        UsageError: ``output-format``.
        ScorewrightError: ``write-failed``.
        IntegrityError: ``features-build``.
    """
    if output is not None:
        key = built.plan.relations.key
        frame = builds.read(built.build)
        # A file for people has one order, whatever engine and however many buckets made it.
        writer.write(frame.sort(key).select(key, *built.plan.names), output)
    return BuildSummary(built, folder, output)
