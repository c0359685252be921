"""Finds the models of a store, and has them looked at or tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import polars as pl

from scorewright.core.audit import ModelState, TriedModel
from scorewright.core.snapshot import RootRule, Snapshot, parse_address, resolve
from scorewright.flows.events import Notify, StageDone, StageStarted, StepDone
from scorewright.flows.store.evidence_ports import ModelKind, ModelProber, ProbeDepth, StoredModel

__all__ = ["try_models"]

_STAGE = "models"
_DESCRIPTION = "MLmodel"
#: A signed bundle of Scorewright's own.
_MANIFEST = "manifest.json"
_LOOSE = re.compile(
    r"(?i)(^|/)([^/]*(model|booster)[^/]*\.(txt|json)"
    r"|[^/]+\.(lgb|ubj|xgb|bst|cbm|skops|onnx|pkl|pickle|joblib|dill|cloudpickle))$"
)
_DELETED = "Deleted_Internal"
_BEHIND = (
    "its files lie behind a tracking server: 'scorewright store consolidate' brings them here, and "
    "an audit of that store tries them"
)

_Owner = tuple[str, str, str]


@dataclass(slots=True)
class _Found:
    """A model, and whose it is."""

    model: StoredModel
    owners: list[_Owner] = field(default_factory=list)


def try_models(
    snapshot: Snapshot,
    files: pl.DataFrame,
    roots: tuple[RootRule, ...],
    prober: ModelProber,
    depth: ProbeDepth,
    notify: Notify,
) -> tuple[TriedModel, ...]:
    """Have every model of what lives looked at, each folder once, whoever names it.

    Files behind a server have no folder on this machine: nothing is looked at, and where models
    were to be loaded this is said.

    Args:
        snapshot: The store.
        files: Its artifact files, columns of `scorewright.core.snapshot.FILES`.
        roots: Where moved artifact roots lie now.
        prober: Looks at models.
        depth: How far it goes.
        notify: Told of the progress.
    """
    is_deep = depth is not ProbeDepth.LOOK
    living = _living(snapshot, files)
    found = _found(living.filter(pl.col("folder") != ""), is_deep=is_deep)
    for label, place in _versions(snapshot, files, roots):
        mine = found.get(place)
        if mine is not None and all(
            owner != "version" or i != label for owner, i, _ in mine.owners
        ):
            mine.owners.append(("version", label, ""))
    notify(StageStarted(_STAGE, len(found)))
    tried = list(_behind(living)) if is_deep else []
    models = [mine.model for mine in found.values()]
    pairs = zip(found.values(), prober.probe(models, depth), strict=True)
    for done, (mine, verdict) in enumerate(pairs, start=1):
        if verdict is not None:
            tried += [
                TriedModel(owner, number, path, verdict.state, verdict.reason, verdict.format)
                for owner, number, path in mine.owners
            ]
        notify(StepDone(_STAGE, done, mine.owners[0][1]))
    broken = sum(model.state is ModelState.BROKEN for model in tried)
    notify(StageDone(_STAGE, f"{len(found):,} models, {broken:,} broken"))
    return tuple(tried)


def _living(snapshot: Snapshot, files: pl.DataFrame) -> pl.DataFrame:
    """Return the files of runs, logged models and versions that are not deleted."""
    gone = pl.col("lifecycle_stage").fill_null("active") == "deleted"
    dead = pl.concat(
        [
            snapshot.runs.filter(gone).select(owner=pl.lit("run"), owner_id="run_id"),
            snapshot.logged_models.filter(gone).select(owner=pl.lit("model"), owner_id="model_id"),
        ]
    )
    owned = files.filter(pl.col("owner").is_in(["run", "model", "version"]))
    return owned.join(dead, on=["owner", "owner_id"], how="anti", maintain_order="left")


def _found(files: pl.DataFrame, *, is_deep: bool) -> dict[str, _Found]:
    """Return models by their place on this machine."""
    found: dict[str, _Found] = {}
    columns = ("owner", "owner_id", "folder", "path")
    for (owner, number, folder), group in files.select(columns).group_by(
        "owner", "owner_id", "folder", maintain_order=True
    ):
        paths = group["path"].to_list()
        for model, path in _models(str(folder), paths, is_deep=is_deep):
            place = model.place.as_posix()
            mine = found.setdefault(place, _Found(model))
            mine.owners.append((str(owner), str(number), path))
    return dict(sorted(found.items()))


def _behind(files: pl.DataFrame) -> Iterator[TriedModel]:
    """Give the models that no folder of this machine holds."""
    away = files.filter(pl.col("folder").fill_null("") == "").group_by(
        "owner", "owner_id", maintain_order=True
    )
    for (owner, number), group in away:
        for _, path in _models("", group["path"].to_list(), is_deep=True):
            yield TriedModel(str(owner), str(number), path, ModelState.NOT_TRIED, _BEHIND)


def _models(folder: str, paths: list[str], *, is_deep: bool) -> Iterator[tuple[StoredModel, str]]:
    """Give models with an MLmodel; where they are tried, bundles and loose files as well."""
    known: list[str] = []
    wanted: list[tuple[ModelKind, str]] = [("mlflow", _DESCRIPTION)]
    wanted += [("bundle", _MANIFEST)] if is_deep else []
    for kind, name in wanted:
        for path in sorted(paths):
            inner = PurePosixPath(path)
            top = "" if inner.parent == PurePosixPath() else inner.parent.as_posix()
            if inner.name != name or _is_below(path, known):
                continue
            if kind == "bundle" and f"{top}/features.json".lstrip("/") not in paths:
                continue
            known.append(f"{top}/" if top else "")
            inside = [p.removeprefix(known[-1]) for p in paths if p.startswith(known[-1])]
            yield StoredModel(kind, Path(folder) / top, frozenset(inside)), top
    if is_deep:
        for path in sorted(paths):
            if _LOOSE.search(path) and not _is_below(path, known):
                yield StoredModel("file", Path(folder) / path), path


def _is_below(path: str, tops: list[str]) -> bool:
    return any(path.startswith(top) for top in tops)


def _versions(
    snapshot: Snapshot, files: pl.DataFrame, roots: tuple[RootRule, ...]
) -> Iterator[tuple[str, str]]:
    """Give the versions that live, with the place their files lie at."""
    folders = {
        f"{owner}s:/{number}": folder
        for owner, number, folder in files.select("owner", "owner_id", "folder")
        .unique(maintain_order=True)
        .iter_rows()
    }
    rows = snapshot.model_versions.filter(pl.col("stage").fill_null("") != _DELETED).select(
        "name", "version", "storage_location", "source"
    )
    for name, number, storage, source in rows.iter_rows():
        for uri in (storage, source):
            place = _place(uri or "", folders, roots)
            if place:
                yield f"{name}/{number}", place


def _place(uri: str, folders: dict[str, str], roots: tuple[RootRule, ...]) -> str | None:
    scheme, is_soft, rest = uri.partition(":/")
    if is_soft and scheme in ("runs", "models"):
        head, _, tail = rest.strip("/").partition("/")
        folder = folders.get(f"{scheme}:/{head}")
        return folder and (f"{folder.rstrip('/')}/{tail}" if tail else folder.rstrip("/"))
    return resolve(parse_address(uri), roots) if uri else None
