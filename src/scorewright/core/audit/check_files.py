"""Artifact files: nobody's, twice, empty, or dangerous to load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from scorewright.core.audit.rule import Check, Hit
from scorewright.core.audit.subjects import Subject, SubjectKind
from scorewright.core.audit.view import StoreView

__all__ = ["FILE_CHECKS"]

_PICKLES = r"(?i)\.(pkl|pickle|joblib|dill|cloudpickle)$"
#: Files that are empty on purpose.
_MARKERS = r"(^|/)(__init__\.py|\.gitkeep|py\.typed)$"
#: Nothing reads what a program has said: an empty one is no loss.
_SAID = r"(?i)\.(log|out|err)$"
#: What lies beside these describes a model, and each model brings it along.
_DESCRIBED = ("MLmodel", "manifest.json")
#: Files that are the model itself.
_WEIGHTS = re.compile(
    r"(?i)(model\.[a-z0-9]+|[^/]+\.(pkl|pickle|joblib|onnx|cbm|skops|ubj|bst|lgb|xgb|h5|keras))$"
)
_OWNERS: dict[str, SubjectKind] = {"run": "run", "model": "logged_model", "version": "version"}


def _living(view: StoreView) -> pl.DataFrame:
    """Return files whose owner lives; those of deleted runs wait to be purged."""
    files = view.given.files
    gone = view.given.snapshot.runs.join(view.runs, on="run_id", how="anti").select("run_id")
    dead = gone.select(owner=pl.lit("run"), owner_id="run_id")
    return files.join(dead, on=["owner", "owner_id"], how="anti", maintain_order="left")


def _owner(view: StoreView, owner: str, owner_id: str) -> Subject:
    if owner == "run":
        return view.subject(owner_id)
    return Subject(_OWNERS.get(owner, "folder"), owner_id)


def _nobodys(view: StoreView) -> Iterator[Hit]:
    rows = view.given.files.filter(pl.col("owner").fill_null("") == "")
    folders = rows.group_by("folder").agg(files=pl.len(), size=pl.col("size").sum()).sort("folder")
    for folder, count, size in folders.iter_rows():
        text = f"{count:,} file{'' if count == 1 else 's'}, {size:,} bytes"
        detail = {"files": count, "bytes": size}
        yield Hit((Subject("folder", folder or ""),), text, detail)


def _duplicates(view: StoreView) -> Iterator[Hit]:
    """Tell of equal files; hard links to one file are no copies.

    Without digests only name and size are known, which is a hint, not a proof.
    """
    files = view.once(_living).filter(pl.col("size") > 0, pl.col("owner").fill_null("") != "")
    name = pl.col("path").str.split("/").list.last()
    is_hashed = pl.col("sha256").is_not_null()
    keys = pl.when(is_hashed).then("sha256").otherwise(pl.format("{} {}", name, "size"))
    files = files.with_columns(same=keys, is_hashed=is_hashed)
    copies = files.filter(pl.len().over("same") > 1)
    groups = copies.group_by("same", maintain_order=True).agg(
        "owner", "owner_id", "path", "is_hashed", "size", "inode"
    )
    equal = list(_equal_folders(view, files.filter("is_hashed")))
    yield from equal
    told = {
        (folder["owner"], folder["owner_id"], folder["path"])
        for hit in equal
        for folder in hit.detail["folders"]
    }
    found = []
    for row in groups.sort("same").iter_rows(named=True):
        distinct = len({inode or place for place, inode in enumerate(row["inode"])})
        if distinct > 1 and not _is_told(row, told):
            found.append(_copies(view, row, distinct))
    yield from sorted(found, key=lambda hit: (hit.severity == "info", -hit.detail["freed"]))


def _is_told(row: dict[str, list[str]], told: set[tuple[str, str, str]]) -> bool:
    """Return whether all copies lie in folders that are equal as a whole."""
    places = zip(row["owner"], row["owner_id"], row["path"], strict=True)
    return all((owner, number, path.split("/")[0]) in told for owner, number, path in places)


def _equal_folders(view: StoreView, files: pl.DataFrame) -> Iterator[Hit]:
    """Tell of folders right below the artifacts that hold the same files, whatever their size."""
    place = ["owner", "owner_id", "top"]
    split = pl.col("path").str.splitn("/", 2)
    folders = (
        files.with_columns(top=split.struct[0], rest=split.struct[1])
        .filter(pl.col("rest").is_not_null())
        .sort(*place, "rest")
        .group_by(place, maintain_order=True)
        .agg("rest", "sha256", "inode", pl.col("size").sum())
    )
    groups = folders.group_by("rest", "sha256", maintain_order=True).agg(*place, "inode", "size")
    for row in groups.filter(pl.col("top").list.len() > 1).iter_rows(named=True):
        distinct = len({tuple(n or (i, k) for k, n in enumerate(inodes))
                        for i, inodes in enumerate(row["inode"])})  # fmt: skip
        if distinct > 1:
            owners = list(zip(row["owner"], row["owner_id"], strict=True))
            freed = (distinct - 1) * row["size"][0]
            names = ", ".join(sorted(set(row["top"])))
            detail = {
                "freed": freed,
                "folders": [
                    {"owner": owner, "owner_id": number, "path": top}
                    for (owner, number), top in zip(owners, row["top"], strict=True)
                ],
            }
            yield Hit(
                tuple(_owner(view, *owner) for owner in dict.fromkeys(owners)),
                f"folders with the same files: {names}, {freed:,} bytes could be freed",
                detail,
                "info" if _is_by_design(view, row) else None,
            )


def _copies(view: StoreView, row: dict[str, list[str]], distinct: int) -> Hit:
    size, is_hashed = int(row["size"][0]), bool(row["is_hashed"][0])
    is_fault = is_hashed and size >= view.given.limits.duplicate_bytes
    freed = (distinct - 1) * size
    owners = dict.fromkeys(zip(row["owner"], row["owner_id"], strict=True))
    paths = sorted(set(row["path"]))
    proof = "the same bytes" if is_hashed else "the same name and size, contents not compared"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return Hit(
        tuple(_owner(view, *owner) for owner in owners),
        f"{paths[0]}{more}: {len(row['path'])} times {proof}, {freed:,} bytes could be freed",
        {
            "sha256": row["same"] if is_hashed else None,
            "bytes": size,
            "freed": freed,
            "files": [
                {"owner": owner, "owner_id": number, "path": path}
                for owner, number, path in zip(
                    row["owner"], row["owner_id"], row["path"], strict=True
                )
            ],
        },
        None if is_fault and not _is_by_design(view, row) else "info",
    )


def _makers(view: StoreView) -> dict[str, str]:
    """Return the run that made each logged model."""
    models = view.given.snapshot.logged_models.select("model_id", "source_run_id").drop_nulls()
    return dict(models.iter_rows())


def _is_by_design(view: StoreView, row: dict[str, list[str]]) -> bool:
    """Return whether a run and the model it logged hold one copy each, or models their papers.

    A run keeps what it made beside its charts, and MLflow 3 keeps logged models apart. Every
    model has to stand alone, so those made from the same features describe the same features.
    """
    if "path" in row and _are_papers(view, row):
        return True
    makers = view.once(_makers)
    owners = list(zip(row["owner"], row["owner_id"], strict=True))
    runs = {makers.get(number, number) for _, number in owners}
    return len(set(owners)) == len(owners) and len(runs) == 1


def _model_folders(view: StoreView) -> dict[tuple[str, str], list[str]]:
    """Return the folders of models by owner, with a slash at the end, "" for all its files."""
    found: dict[tuple[str, str], list[str]] = {}
    rows = view.once(_living).select("owner", "owner_id", "path")
    for owner, number, path in rows.iter_rows():
        top, slash, name = path.rpartition("/")
        if name in _DESCRIBED:
            found.setdefault((owner, number), []).append(f"{top}{slash}")
    return found


def _are_papers(view: StoreView, row: dict[str, list[str]]) -> bool:
    """Return whether every copy belongs to another model, and is not the model itself."""
    folders = view.once(_model_folders)
    homes = set()
    for owner, number, path in zip(row["owner"], row["owner_id"], row["path"], strict=True):
        tops = [top for top in folders.get((owner, number), ()) if path.startswith(top)]
        if not tops or _WEIGHTS.search(path):
            return False
        homes.add((owner, number, min(tops, key=len)))
    return len(homes) == len(row["path"])


def _named(view: StoreView, rows: pl.DataFrame) -> Iterator[Hit]:
    """Tell which owner has which of some files."""
    owned = rows.group_by("owner", "owner_id", maintain_order=True).agg("path")
    for owner, number, paths in owned.iter_rows():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        subject = _owner(view, owner or "", number or "")
        yield Hit((subject,), f"{paths[0]}{more}", {"files": sorted(paths)})


def _empty(view: StoreView) -> Iterator[Hit]:
    files = view.once(_living).filter(pl.col("owner").fill_null("") != "")
    is_marker = pl.col("path").str.contains(_MARKERS)
    bare = files.filter(pl.col("size") == 0, ~is_marker)
    is_said = pl.col("path").str.contains(_SAID)
    yield from _named(view, bare.filter(~is_said))
    for hit in _named(view, bare.filter(is_said)):
        yield replace(hit, severity="info")


def _pickles(view: StoreView) -> Iterator[Hit]:
    files = view.once(_living).filter(pl.col("owner").fill_null("") != "")
    yield from _named(view, files.filter(pl.col("path").str.contains(_PICKLES)))


FILE_CHECKS: dict[str, Check] = {
    "FILE-001": _nobodys,
    "FILE-002": _duplicates,
    "FILE-004": _empty,
    "FILE-005": _pickles,
}
