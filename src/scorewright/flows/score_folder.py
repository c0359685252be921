"""Score every Parquet file of a folder: one idempotent task per file, wherever they run.

The bundle is proved once, here. A worker reads it again from its directory, checks signature and
digests, and that it is the one that was proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from scorewright.core.errors import FindingsError, UsageError
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.features.ports import Engine
from scorewright.flows.score_part import PartTask
from scorewright.flows.verify_bundle import Deployment

__all__ = ["FolderRequest", "FolderResult", "FolderSource", "score_folder"]

_SHOWN = 5


class FolderSource(Protocol):
    """Finds the files to score."""

    def parquet_files(self, folder: Path) -> Sequence[Path]:
        """Return the Parquet files that lie in a folder, by name, those in subfolders not.

        Raises:
            UsageError: ``data-file-missing``: no such folder, or none in it.
        """
        ...

    def make(self, folder: Path) -> None:
        """Make a folder where it is missing.

        Raises:
            ScorewrightError: ``write-failed``.
        """
        ...


@dataclass(frozen=True, slots=True)
class FolderRequest:
    """What to score, where to write, and what a worker needs to know.

    Attributes:
        folder: The applications, Parquet.
        output: Folder of the results, files named as the applications'.
        rejects: Folder for rows that break the contract; None refuses a file with such a row.
        settings: The project's settings file, by which a worker finds the keys.
        bundle: The bundle's directory.
        program: The worker's program, ``package.module:function``.
    """

    folder: Path
    output: Path
    rejects: Path | None
    settings: Path
    bundle: Path
    program: str


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What came of it, over all files.

    Attributes:
        files: Files scored.
        found: How many of them an earlier run had finished.
        rows, rejected: Scored and set aside.
        unknown_categories: As `ScoreResult.unknown_categories`.
        mean_pd, approval_rate, referral_rate: Over the scored rows; 0 where there are none.
        bundle: Digest.
        policy_id, policy_version: What decided.
        output, rejects: The folders.
    """

    files: int
    found: int
    rows: int
    rejected: int
    unknown_categories: Mapping[str, int]
    mean_pd: float
    approval_rate: float
    bundle: str
    policy_id: str
    policy_version: int
    output: Path
    rejects: Path | None
    referral_rate: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of ``scorewright score FOLDER --json``."""
        return {
            "schema_version": 1,
            "files": self.files,
            "found": self.found,
            "rows": self.rows,
            "rejected": self.rejected,
            "unknown_categories": dict(self.unknown_categories),
            "mean_pd": self.mean_pd,
            "approval_rate": self.approval_rate,
            "referral_rate": self.referral_rate,
            "bundle": self.bundle,
            "policy": {"id": self.policy_id, "version": self.policy_version},
            "output": str(self.output),
            "rejects": str(self.rejects) if self.rejects else None,
        }


def score_folder(
    request: FolderRequest,
    deployment: Deployment,
    engine: Engine,
    source: FolderSource,
    notify: Notify,
) -> FolderResult:
    """Score the files of a folder, each on its own, and those of an earlier run not again.

    A file that cannot be scored does not hold up the others: they are finished, then it is told.

    Args:
        request: Folders.
        deployment: A proved bundle with its policy.
        engine: Runs the files' tasks.
        source: Finds the files.
        notify: Hears the progress, a step per file.

    Returns:
        Counts and headline figures over all files.

    Raises:
        UsageError: ``data-file-missing``; ``score-same-folder``; those of the engine.
        FindingsError: ``score-files-refused``: files that cannot be read or whose rows break the
            contract; the others are scored.
        ScorewrightError: ``write-failed``, ``engine-unreachable``, ``engine-failed``.
    """
    _refuse_same(request)
    files = source.parquet_files(request.folder)
    for folder in (request.output, request.rejects):
        if folder is not None:
            source.make(folder)
    notify(StageStarted("score", steps=len(files)))
    sums = _Sums()

    def done(receipt: Mapping[str, Any]) -> None:
        sums.add(receipt)
        notify(StepDone("score", sums.files + len(sums.refused), str(receipt["source"])))

    tasks = [_task(request, deployment, file) for file in files]
    engine.each(request.program, [task.to_dict() for task in tasks], done)
    if sums.refused:
        raise _refusal(sums, len(files))
    notify(StageDone("score", f"{sums.rows:,} rows in {sums.files:,} files"))
    return _result(request, deployment, sums)


def _task(request: FolderRequest, deployment: Deployment, file: Path) -> PartTask:
    return PartTask(
        source=file.absolute(),
        output=request.output.absolute() / file.name,
        rejects=None if request.rejects is None else request.rejects.absolute() / file.name,
        settings=request.settings.absolute(),
        directory=request.bundle.absolute(),
        bundle=deployment.loaded.manifest.digest,
        policy=deployment.policy.to_bytes().decode("utf-8"),
    )


def _refuse_same(request: FolderRequest) -> None:
    """Refuse folders that would have one file overwrite another."""
    folders = [request.folder, request.output, *([request.rejects] if request.rejects else [])]
    if len({folder.absolute() for folder in folders}) < len(folders):
        raise UsageError(
            f"Two of the folders are the same: {', '.join(map(str, folders))}. Results carry the "
            "names of the applications' files and would overwrite them.",
            remedy="Give --output, and --rejects if you want it, folders of their own.",
            code="score-same-folder",
        )


@dataclass(slots=True)
class _Sums:
    """What the receipts add up to."""

    files: int = 0
    found: int = 0
    rows: int = 0
    rejected: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    parts: list[tuple[str, int, float, float, float]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def add(self, receipt: Mapping[str, Any]) -> None:
        if "refused" in receipt:
            self.refused.append({"file": receipt["source"], **receipt["refused"]})
            return
        self.files += 1
        self.found += bool(receipt["found"])
        self.rows += receipt["rows"]
        self.rejected += receipt["rejected"]
        self.unknown.update(receipt["unknown_categories"])
        # Receipts of earlier releases know no referrals.
        referred = receipt.get("referral_rate", 0.0)
        figures = (receipt["mean_pd"], receipt["approval_rate"], referred)
        self.parts.append((receipt["source"], receipt["rows"], *figures))


def _result(request: FolderRequest, deployment: Deployment, sums: _Sums) -> FolderResult:
    policy, rows = deployment.policy, max(1, sums.rows)
    parts = sorted(sums.parts)  # one order, in whichever they were finished
    return FolderResult(
        files=sums.files,
        found=sums.found,
        rows=sums.rows,
        rejected=sums.rejected,
        unknown_categories=dict(sorted(sums.unknown.items())),
        mean_pd=sum(n * pd for _, n, pd, _, _ in parts) / rows,
        approval_rate=sum(n * rate for _, n, _, rate, _ in parts) / rows,
        bundle=deployment.loaded.manifest.digest,
        policy_id=policy.id,
        policy_version=policy.version,
        output=request.output,
        rejects=request.rejects if sums.rejected else None,
        referral_rate=sum(n * rate for _, n, _, _, rate in parts) / rows,
    )


def _refusal(sums: _Sums, files: int) -> FindingsError:
    refused = sorted(sums.refused, key=lambda entry: str(entry["file"]))
    first = refused[0]
    names = ", ".join(Path(entry["file"]).name for entry in refused[:_SHOWN])
    more = f" and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    return FindingsError(
        f"{len(refused):,} of {files:,} files could not be scored: {names}{more}. The first: "
        f"{first['message']} The other {sums.files:,} are scored.",
        remedy=f"{first['remedy']} Then run the same command again, which does what is left.",
        code="score-files-refused",
        details={"files": refused},
    )
