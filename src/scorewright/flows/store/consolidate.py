"""Plans how several stores become one: nothing is changed, every row is accounted for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from scorewright.core.consolidation import (
    DEFAULT,
    DefaultFound,
    SameName,
    default_columns,
    default_created,
    default_notes,
    long_params,
)
from scorewright.core.counting import counted
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import ScorewrightError, UsageError
from scorewright.core.plans import (
    Balance,
    Change,
    FileChange,
    Plan,
    RowsChange,
    Step,
    StoreChange,
    StoreRef,
    unbalanced,
)
from scorewright.core.snapshot import (
    AddressKind,
    RootRule,
    Snapshot,
    SourceKind,
    parse_address,
)
from scorewright.flows.events import Notify, ignore
from scorewright.flows.store.consolidate_default import default_found
from scorewright.flows.store.consolidate_files import PlannedFiles, plan_files
from scorewright.flows.store.consolidate_ports import (
    ConsolidationTools,
    Merged,
    Quarantined,
    Request,
    Stage,
    Unit,
)
from scorewright.flows.store.ports import Inventory

__all__ = ["ConsolidationOptions", "PlannedChange", "plan_consolidation"]

#: A letter as addresses write it; MLflow reads plain paths so, too.
_ENCODED: Final = re.compile("%[0-9A-Fa-f]{2}")
_SHOWN: Final = 8
_OPERATIONS: Final = {
    "experiments": ("copy_experiment", "experiment {n}"),
    "runs": ("copy_runs", "runs of experiment {n}"),
    "models": ("copy_models", "logged models of experiment {n}"),
    "traces": ("copy_traces", "traces of experiment {n}"),
    "registry": ("copy_registry", "model registry"),
    "others": ("copy_rows", "other rows"),
}
#: Tables whose rows have a name among people.
_NOUNS: Final = {
    "experiments": "experiment",
    "runs": "run",
    "params": "parameter",
    "tags": "tag",
    "metrics": "metric value",
    "latest_metrics": "last metric value",
    "datasets": "data set",
    "inputs": "input",
    "logged_models": "logged model",
    "trace_info": "trace",
    "registered_models": "registered model",
    "model_versions": "version",
    "registered_model_aliases": "alias",
}
_UNIT: Final = re.compile(r"(\w+)(?::(\d+))?(?:/\w+)?")


@dataclass(frozen=True, slots=True)
class ConsolidationOptions:
    """How a consolidation is done.

    Attributes:
        payload: File to write, beside the plan.
        on_same_name: Experiments of one name merge, or the later one gets a suffix.
        artifact_root: Folder below which artifacts go; "" for that of the target, or
            ``mlartifacts`` beside a new SQLite file.
        rules: Where moved artifact roots lie now.
    """

    payload: Path
    on_same_name: SameName = "merge"
    artifact_root: str = ""
    rules: Sequence[RootRule] = ()


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A plan, and the file with its rows."""

    plan: Plan
    payload: Path


@dataclass(slots=True)
class _Sources:
    refs: list[StoreRef] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    inventories: list[Inventory] = field(default_factory=list)
    defaults: list[DefaultFound] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Target:
    ref: StoreRef
    path: Path
    root: str
    is_new: bool
    is_server: bool
    default: DefaultFound | None = None


def plan_consolidation(
    sources: Sequence[str],
    target: str,
    options: ConsolidationOptions,
    tools: ConsolidationTools,
    notify: Notify = ignore,
) -> PlannedChange:
    """Plan the consolidation of stores into one.

    Args:
        sources: Locations, the first one with the right to its names.
        target: Location of the one store, new or existing.
        options: Rules.
        tools: The world.
        notify: Told of the progress.

    Raises:
        UsageError: ``consolidate-into-itself``, ``consolidate-into-source``,
            ``consolidate-schema-newer``,
            ``consolidate-target``, ``consolidate-target-old``, ``consolidate-target-default``,
            ``consolidate-artifact-root``, ``consolidate-encoding``.
        FindingsError: ``consolidate-unknown-table``, ``consolidate-workspaces``,
            ``consolidate-limits``.
        ScorewrightError: ``consolidate-upgrade``, and whatever reading a store may raise.
        IntegrityError: ``consolidate-unbalanced``.
    """
    with tools.folder() as folder:
        aim = _open_target(target, options, tools, folder, notify)
        found = _open_sources(sources, aim, options, tools, (folder, notify))
        aim = _with_copy(aim, tools, folder)
        request = Request(
            found.stages, aim.path, aim.root, aim.is_server, options.on_same_name, options.payload
        )
        merged = tools.merger.merge(request, notify)
    files = plan_files(tuple(found.stages), tuple(found.inventories), merged, tools.digest)
    _add_texts(merged, files)
    is_deleted = None if aim.default is None else aim.default.is_deleted
    told = default_notes(found.defaults, is_deleted=is_deleted)
    notes = [*told, *merged.notes, *_quarantine_notes(merged.quarantined), *files.notes]
    notes += _space(files, aim, tools)
    balance = (*merged.balance, files.balance())
    _require_balance(balance)
    plan = Plan(
        kind="consolidate",
        target=aim.ref,
        sources=tuple(found.refs),
        steps=tuple(_steps(merged, files, aim, found.defaults)),
        balance=tuple(line for line in balance if line.found),
        made_at=tools.now().isoformat(),
        made_by=tools.made_by,
        payload=tools.digest(str(options.payload)) or "",
        copies=files.copies,
        notes=tuple(notes),
    )
    return PlannedChange(plan, options.payload)


def _open_target(
    target: str,
    options: ConsolidationOptions,
    tools: ConsolidationTools,
    folder: Path,
    notify: Notify,
) -> _Target:
    ref = tools.reference(target)
    _require_encoding(ref.location, tools.encoding(target))
    is_server = target.partition("://")[0].partition("+")[0] not in ("sqlite", target)
    if not ref.rows:
        root = _root(options.artifact_root or _beside(ref.location, is_server=is_server))
        return _Target(ref, Path(), root, is_new=True, is_server=is_server)
    opened = tools.opener.open(target)
    snapshot = opened.reader.read(notify)
    if snapshot.source.kind in (SourceKind.FILES, SourceKind.SERVER):
        raise UsageError(
            f"{opened.location} is no database: stores cannot be consolidated into it.",
            remedy="Name a new SQLite file after --into, and this store as one of the sources.",
            code="consolidate-target",
        )
    if not snapshot.source.is_current:
        raise UsageError(
            f"The target {opened.location} has the schema of {snapshot.source.layout}, not that of "
            "the installed MLflow.",
            remedy="Consolidate into a new file, with this store as the first source; or upgrade "
            "it, which locks older MLflow out: mlflow db upgrade URL",
            code="consolidate-target-old",
        )
    _require_default(snapshot)
    root = _root(options.artifact_root or _root_of(snapshot))
    stage = tools.staging.stage(target, "target", snapshot, folder, notify)
    default = default_found(snapshot, "target")
    return _Target(ref, stage.path, root, is_new=False, is_server=is_server, default=default)


def _require_encoding(location: str, encoding: str) -> None:
    """Refuse a target that lacks letters: applying the plan would stop at the first of them."""
    if encoding not in ("", "UTF8"):
        raise UsageError(
            f"The target {location} keeps its texts in {encoding}, which does not have every "
            "letter, or takes bytes that are none.",
            remedy="Consolidate into a database with: CREATE DATABASE name ENCODING 'UTF8' "
            "TEMPLATE template0",
            code="consolidate-encoding",
            details={"encoding": encoding},
        )


def _require_default(snapshot: Snapshot) -> None:
    """Refuse a target whose experiment 0 is not "Default": MLflow may fail to open it."""
    rows = snapshot.experiments.select("experiment_id", "name").iter_rows()
    if ("0", DEFAULT) not in set(rows):
        raise UsageError(
            f"Experiment 0 of the target {snapshot.source.location} is not '{DEFAULT}': runs of "
            "that experiment would have no place, and MLflow may fail to open the store.",
            remedy="Consolidate into a new file, with this store as the first source.",
            code="consolidate-target-default",
        )


def _beside(location: str, *, is_server: bool) -> str:
    return "" if is_server else (Path(location).parent / "mlartifacts").as_posix()


def _root_of(snapshot: Snapshot) -> str:
    """Return the folder above that of the experiment "Default"."""
    rows = snapshot.experiments.select("experiment_id", "artifact_location").iter_rows()
    location = str(dict(rows).get("0") or "")
    return location.rstrip("/").removesuffix("/0") if location.rstrip("/").endswith("/0") else ""


def _root(root: str) -> str:
    address = parse_address(root) if root else None
    if address is None or address.kind not in (AddressKind.POSIX, AddressKind.WINDOWS):
        raise UsageError(
            f"The artifacts of the target would go to '{root or 'an unknown place'}', which is no "
            "folder of this machine.",
            remedy="Name a folder: --artifact-root /srv/mlflow/artifacts",
            code="consolidate-artifact-root",
        )
    found = None if root.startswith("file:") else _ENCODED.search(root)
    if found:
        raise UsageError(
            f"The artifacts of the target would go to '{root}': MLflow takes '{found[0]}' in a "
            "folder for another letter, and would not find them.",
            remedy="Name a folder without it: --artifact-root /srv/mlflow/artifacts",
            code="consolidate-artifact-root",
        )
    return root.rstrip("/")


def _open_sources(
    sources: Sequence[str],
    aim: _Target,
    options: ConsolidationOptions,
    tools: ConsolidationTools,
    place: tuple[Path, Notify],
) -> _Sources:
    folder, notify = place
    found = _Sources()
    labels: list[str] = []
    for location in sources:
        ref = tools.source(location)
        if ref.location == aim.ref.location:
            raise UsageError(
                f"{ref.location} is a source and the target at once.",
                remedy="Leave it out of the sources: what is in the target stays there.",
                code="consolidate-into-itself",
            )
        opened = tools.opener.open(location)
        is_tree = Path(opened.location).is_dir()
        if is_tree:
            _require_beside(Path(opened.location), aim)
        is_read_whole = location.startswith("http") or is_tree
        snapshot = opened.reader.read(notify, history=is_read_whole)
        labels.append(_label(opened.location, labels))
        inventory = opened.files.inventory(snapshot, notify, rules=options.rules, hashed=True)
        stage = tools.staging.stage(location, labels[-1], snapshot, folder, notify)
        own = inventory.files.filter(inventory.files["owner"] == "version")["owner_id"]
        found.refs.append(ref)
        found.inventories.append(inventory)
        default = default_found(snapshot, labels[-1])
        found.defaults += [default] if default else []
        notes = (*_unread(snapshot), *stage.notes, *_fetched(location, inventory))
        found.stages.append(replace(stage, own_versions=frozenset(own.to_list()), notes=notes))
    return found


def _unread(snapshot: Snapshot) -> list[str]:
    """Say what the reader could not read: no row and no line of the balance stands for it."""
    return [
        f"{finding.code} {finding.subject}: {finding.message}"
        for finding in snapshot.findings
        if finding.severity == "error"
    ]


def _require_beside(tree: Path, aim: _Target) -> None:
    """Refuse a target that would write into a tree: a source is never changed."""
    places = {aim.root: parse_address(aim.root).path}
    if not aim.is_server:
        places[aim.ref.location] = aim.ref.location
    for shown, place in places.items():
        if Path(place).resolve().is_relative_to(tree.resolve()):
            raise UsageError(
                f"{shown} lies within the source {tree}, which would be written to.",
                remedy="Name places beside it: --into for the store, --artifact-root for the "
                "artifacts.",
                code="consolidate-into-source",
                details={"place": shown, "source": str(tree)},
            )


def _fetched(location: str, inventory: Inventory) -> list[str]:
    """Say where the artifacts of a tracking server wait for the plan."""
    folders = inventory.files.filter(inventory.files["sha256"].is_not_null())["folder"]
    if not location.startswith("http") or folders.is_empty():
        return []
    note = (
        f"Fetched from the server into {Path(folders[0]).parent.parent}: "
        f"{counted(len(folders), 'artifact file')}. What is copied is copied from there; once the "
        "plan has been carried out and verified, that folder can go; 'scorewright store purge' "
        "lists what lies in .scorewright."
    )
    return [note]


def _label(location: str, taken: Sequence[str]) -> str:
    """Return a short name of a source: its folder, for files are mostly called alike."""
    parts = [part for part in re.split(r"[/\\]+", location) if part and ":" not in part]
    usual = {"mlruns", "mlflow.db", "mlruns.db"}
    words = [part for part in parts if part not in usual] or parts or ["source"]
    label = re.sub(r"[^\w.-]+", "-", words[-1]).removesuffix(".db")[:40]
    number = 1
    while (free := label if number == 1 else f"{label}-{number}") in taken:
        number += 1
    return free


def _with_copy(aim: _Target, tools: ConsolidationTools, folder: Path) -> _Target:
    return replace(aim, path=tools.staging.empty(folder, aim.root)) if aim.is_new else aim


def _add_texts(merged: Merged, files: PlannedFiles) -> None:
    """Plan a file for parameters that the target cannot hold."""
    places = {key: place for found in merged.places for key, place in found.items()}
    for run in merged.texts:
        place = places["run", run]
        name = f"long_params/{run}.json"
        content = long_params(merged.texts[run])
        change = FileChange(
            f"{parse_address(place.address).path}/long_params.json",
            None,
            sha256_hex(content),
            len(content),
            f"payload:{name}",
        )
        files.changes.setdefault(place.unit, []).append(change)
        files.copies += len(content)


def _quarantine_notes(quarantined: Sequence[Quarantined]) -> list[str]:
    notes = []
    for one in quarantined:
        shown = [f"{d.field}: {d.here!r} here, {d.there!r} there" for d in one.differences[:_SHOWN]]
        more = len(one.differences) - _SHOWN
        ending = f"; and {more} more" if more > 0 else ""
        is_kept = "is in the target with another content and is kept aside"
        parts = [is_kept if not one.reason else f"is kept aside: {one.reason}"]
        parts += [f"{'; '.join(shown)}{ending}"] if shown else []
        notes.append(f"{one.source}: {one.kind} {one.id} {': '.join(parts)}.")
    return notes


def _space(files: PlannedFiles, aim: _Target, tools: ConsolidationTools) -> list[str]:
    free = tools.free(parse_address(aim.root).path)
    if files.copies <= free:
        return []
    text = (
        f"The artifacts have {files.copies:,} bytes, {free:,} are free below {aim.root}: enough "
        "only where files are linked instead of copied."
    )
    return [text]


def _require_balance(balance: Sequence[Balance]) -> None:
    if lines := unbalanced(balance):
        raise ScorewrightError(
            f"Files do not add up: {', '.join(line.what for line in lines)}.",
            remedy="Nothing was changed. Please report it.",
            code="consolidate-unbalanced",
        )


def _steps(
    merged: Merged, files: PlannedFiles, aim: _Target, defaults: Sequence[DefaultFound]
) -> list[Step]:
    steps = []
    if aim.is_new:
        created, default = default_created(defaults), default_columns(defaults)
        made = StoreChange(aim.ref.location, aim.root, created=created, default=default)
        sentence = f"Make an empty store at {aim.ref.location}, artifacts below {aim.root}."
        steps.append(Step("make_store", aim.ref.location, sentence, (made,)))
    waiting = dict(files.changes)
    steps += [_step(unit, waiting.pop(unit.name, []), merged) for unit in merged.units]
    # What is there already may lack files.
    steps += [_step(Unit(name, ()), found, merged) for name, found in sorted(waiting.items())]
    return steps


def _step(unit: Unit, files: Sequence[FileChange], merged: Merged) -> Step:
    """Bring files before the rows that name them."""
    parts = _UNIT.fullmatch(unit.name)
    kind, number = (parts[1], parts[2]) if parts else ("others", None)
    operation, subject = _OPERATIONS.get(kind, _OPERATIONS["others"])
    subject = subject.format(n=number)
    if number is not None:
        subject += f" '{merged.names.get(int(number), '')}'"
    changes: tuple[Change, ...] = (*files, *unit.rows, *unit.changes)
    counts = [_counted(rows) for rows in unit.rows]
    counts += [counted(len(files), "file")] if files else []
    told = [f"Copy {', '.join(counts)}."] if counts else []
    told += [f"Change {counted(len(unit.changes), 'row')}."] if unit.changes else []
    return Step(operation, subject, " ".join(told), changes)


def _counted(rows: RowsChange) -> str:
    noun = _NOUNS.get(rows.table)
    return counted(rows.rows, noun) if noun else f"{counted(rows.rows, 'row')} of {rows.table}"
