"""Build features: in memory where the rows fit, in buckets of applicants where they do not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from scorewright.core.digests import short
from scorewright.core.errors import ScorewrightError
from scorewright.core.features import (
    FeatureBuild,
    FeaturePlan,
    build_digest,
    compute,
    merge_profiles,
    merge_proofs,
    profile,
    prove_as_of,
    refuse_future,
    with_entity,
)
from scorewright.core.project import FeatureSettings
from scorewright.flows.events import Note, Notify, StageDone, StageStarted, StepDone
from scorewright.flows.features.declared import Declared
from scorewright.flows.features.ports import (
    BucketReceipt,
    BucketTask,
    BuildStore,
    Engine,
    RowSource,
    Workspace,
)
from scorewright.flows.features.tables import count_orphans, load_tables
from scorewright.flows.ports import Clock, TableFile

__all__ = ["BuildTools", "BuiltFeatures", "build_features", "features_once"]

STAGE = "features"
#: Memory that computing takes, as a multiple of the rows it reads.
_WORKING_FACTOR = 5
_LOCAL = "local"
#: What becomes of a build that another process removes, having scored the same file.
_TAKEN_AWAY = frozenset({"features-build", "bucket-damaged", "write-failed"})


def _any_engine(_name: str) -> None:
    """Accept every name; making the engine tells."""


@dataclass(frozen=True, slots=True)
class BuildTools:
    """The ports of a build, and who listens.

    Attributes:
        rows: Reads the tables.
        builds: Keeps results.
        engine: Makes the engine of the settings; called only where rows do not fit in memory.
        clock: For the time it takes.
        notify: Hears the progress.
        check_engine: Refuses a name that no engine has (``engine-unknown``), without making one:
            a wrong name must be told where nothing is left to compute, too.
    """

    rows: RowSource
    builds: BuildStore
    engine: Callable[[], Engine]
    clock: Clock
    notify: Notify
    check_engine: Callable[[str], None] = _any_engine


@dataclass(frozen=True, slots=True)
class BuiltFeatures:
    """A build, and whether it was there already."""

    build: FeatureBuild
    plan: FeaturePlan
    was_cached: bool


def build_features(
    declared: Declared, settings: FeatureSettings, tools: BuildTools
) -> BuiltFeatures:
    """Build the features of all applications, or find them built.

    Args:
        declared: Definition and tables.
        settings: Engine and memory.
        tools: Ports.

    Returns:
        The build. Its rows are read with `BuildStore.read`.

    Raises:
        FindingsError: ``features-future-rows``, ``features-duplicate-key``, ``data-type``.
        UsageError: ``engine-unknown``, whether built before or not.
        UsageError, ScorewrightError: See `RowSource`, `Workspace` and `Engine`.
    """
    plan, notify = declared.plan, tools.notify
    tools.check_engine(settings.engine)
    notify(StageStarted(STAGE))
    files = {name: source.file for name, source in declared.sources.items()}
    inputs = {name: tools.rows.digest(file) for name, file in sorted(files.items())}
    digest = build_digest(plan, inputs)
    found = tools.builds.find(digest)
    if found is not None:
        return _found(found, plan, notify)
    size = sum(tools.rows.size(file) for file in files.values())
    fits = settings.engine == _LOCAL and size * _WORKING_FACTOR <= settings.memory_mb * 1_000_000
    work = _Work(plan, files, inputs, digest, tools, tools.clock.elapsed())
    try:
        build = work.in_memory() if fits else work.in_buckets(settings, size)
    except ScorewrightError:
        # Another process that built the same was faster, and has cleared the buckets away.
        found = tools.builds.find(digest)
        if found is None:
            raise
        return _found(found, plan, notify)
    tools.builds.save(build)
    for table, count in build.orphans.items():
        if count:
            notify(Note(f"{table}: {count:,} rows belong to no parent row and are left out"))
    done = f"{len(plan.features)} features, {sum(build.rows.values()):,} rows, {build.engine}"
    notify(StageDone(STAGE, done))
    return BuiltFeatures(build, plan, was_cached=False)


def features_once(declared: Declared, settings: FeatureSettings, tools: BuildTools) -> pl.DataFrame:
    """Build features that are read once, and keep nothing of them.

    A build that was there before stays. Two processes that score the same file share a build, and
    the one that finishes first takes it away; the other then builds again.

    Args:
        declared: Definition and tables.
        settings: Engine and memory.
        tools: Ports.

    Returns:
        Key and features, in no particular order of rows.

    Raises:
        IntegrityError: ``features-build``.
        FindingsError, UsageError, ScorewrightError: As `build_features`.
    """
    try:
        return _once(declared, settings, tools)
    except ScorewrightError as error:
        if error.code not in _TAKEN_AWAY:
            raise
        return _once(declared, settings, tools)


def _once(declared: Declared, settings: FeatureSettings, tools: BuildTools) -> pl.DataFrame:
    built = build_features(declared, settings, tools)
    frame = tools.builds.read(built.build)
    if not built.was_cached:
        tools.builds.remove(built.build.digest)
    return frame


def _found(build: FeatureBuild, plan: FeaturePlan, notify: Notify) -> BuiltFeatures:
    said = f"{len(plan.features)} features, built before ({short(build.digest)})"
    notify(StageDone(STAGE, said))
    return BuiltFeatures(build, plan, was_cached=True)


@dataclass(frozen=True, slots=True)
class _Work:
    """One build that is not there yet."""

    plan: FeaturePlan
    files: Mapping[str, TableFile]
    inputs: Mapping[str, str]
    digest: str
    tools: BuildTools
    began: float

    def in_memory(self) -> FeatureBuild:
        """Read everything, compute at once."""
        plan, entity = self.plan, self.plan.relations.entity.table
        tables = load_tables(plan, self.files, self.tools.rows)
        histories = with_entity(plan, tables)
        rows = {name: frame.height for name, frame in histories.items()}
        ready = {entity: tables[entity], **histories}
        proofs = prove_as_of(plan, ready)
        refuse_future(proofs)
        frame = compute(plan, ready)
        part = self.tools.builds.write(self.digest, frame)
        return FeatureBuild(
            digest=self.digest,
            plan_digest=plan.digest,
            inputs=self.inputs,
            engine="memory",
            rows={entity: frame.height, **rows},
            orphans=count_orphans(plan, tables),
            proofs=proofs,
            profiles=profile(frame, plan.names),
            parts=(part,),
            seconds=self.tools.clock.elapsed() - self.began,
        )

    def in_buckets(self, settings: FeatureSettings, size: int) -> FeatureBuild:
        """Split the applicants, do every bucket that is not done yet, put the receipts together."""
        workspace = self.tools.builds.workspace(self.digest)
        engine = self.tools.engine()
        buckets = _buckets(size, settings)
        parts = workspace.partition(self.plan, self.files, buckets, self._hear_rows)
        tasks = workspace.tasks(self.plan, parts)
        receipts = self._run(engine, workspace, tasks)
        proofs = merge_proofs([receipt.proofs for receipt in receipts])
        refuse_future(proofs)
        return FeatureBuild(
            digest=self.digest,
            plan_digest=self.plan.digest,
            inputs=self.inputs,
            engine=engine.name,
            rows=parts.rows,
            orphans=parts.orphans,
            proofs=proofs,
            profiles=merge_profiles([receipt.profiles for receipt in receipts]),
            parts=tuple(workspace.part(t, r) for t, r in zip(tasks, receipts, strict=True)),
            seconds=self.tools.clock.elapsed() - self.began,
            cpu_seconds=sum(receipt.cpu_seconds for receipt in receipts),
            peak_bytes=max((receipt.peak_bytes for receipt in receipts), default=0),
        )

    def _hear_rows(self, table: str, rows: int) -> None:
        self.tools.notify(StepDone(STAGE, 0, f"splitting {table}, {rows:,} rows"))

    def _run(
        self, engine: Engine, workspace: Workspace, tasks: Sequence[BucketTask]
    ) -> list[BucketReceipt]:
        """Run what is not finished; a rerun after an interruption finds the rest done."""
        receipts = {task.index: workspace.receipt(task) for task in tasks}
        done = {index: receipt for index, receipt in receipts.items() if receipt is not None}
        if done:
            self.tools.notify(Note(f"{len(done)} of {len(tasks)} buckets were done before"))
        self.tools.notify(StageStarted(STAGE, steps=len(tasks)))

        def finished(receipt: BucketReceipt) -> None:
            done[receipt.index] = receipt
            detail = f"{len(done)} of {len(tasks)} buckets"
            self.tools.notify(StepDone(STAGE, len(done), detail))

        engine.run([task for task in tasks if task.index not in done], finished)
        return [done[task.index] for task in tasks]


def _buckets(size: int, settings: FeatureSettings) -> int:
    """Return how many buckets keep all workers together within the memory."""
    for_one = settings.memory_mb * 1_000_000 / settings.processes
    return max(settings.processes, math.ceil(size * _WORKING_FACTOR / for_one))
