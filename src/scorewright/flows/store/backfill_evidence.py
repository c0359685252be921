"""What every finished run of a store has left behind, put together run by run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from scorewright.core.audit import StoreView, role_of
from scorewright.core.backfill import DataInput, RunFacts, number
from scorewright.core.conventions import RunRecord
from scorewright.core.snapshot import parse_address, resolve
from scorewright.flows.store.backfill_data import find_data
from scorewright.flows.store.backfill_models import FoundModel, StoredFile, find_model
from scorewright.flows.store.backfill_ports import FileContents, ModelScorer
from scorewright.flows.store.backfill_scores import Scored, score_data

__all__ = ["Evidence", "evidence_of"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finished run.

    Attributes:
        facts: What is known of it.
        folder: Its artifacts on this machine, with slashes; "" where nothing can be put there.
    """

    facts: RunFacts
    folder: str


@dataclass(slots=True)
class _Held:
    """Rows of one run."""

    metrics: dict[str, float] = field(default_factory=dict)
    histories: dict[str, tuple[float, ...]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    inputs: list[DataInput] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)
    models: list[StoredFile] = field(default_factory=list)
    folder: str = ""


def evidence_of(
    view: StoreView, contents: FileContents, scorer: ModelScorer | None = None
) -> Iterator[Evidence]:
    """Give what is known of every finished training run, in the order of the view.

    Args:
        view: The store.
        contents: Its files.
        scorer: Scores data with the models of runs that stored no predictions.
    """
    held = _held(view)
    required = frozenset(view.given.conventions.artifacts.required)
    roots = _roots(view, held)
    rows = view.runs.filter(pl.col("is_finished")).select(
        "run_id", "name", "experiment", "is_seen", "artifact_uri"
    )
    for run, name, experiment, is_seen, address in rows.iter_rows():
        mine = held[run]
        if is_seen and not mine.folder:
            mine.folder = _new_folder(view, address or "", roots)
        is_logged = run in view.model_files or bool(mine.models)
        record = RunRecord(
            name=name,
            experiment=experiment,
            status="FINISHED",
            metrics=mine.metrics,
            histories=mine.histories,
            params=mine.params,
            tags=mine.tags,
            # What cannot be seen is not called missing.
            artifacts=frozenset(file.name for file in mine.files) if is_seen else required,
            has_model=is_logged or not is_seen,
            inputs=sum(bool(data.digest and data.role) for data in mine.inputs),
            model_type=mine.tags.get("model_type", ""),
        )
        yield Evidence(_facts(view, run, record, mine, _Looking(contents, scorer)), mine.folder)


@dataclass(frozen=True, slots=True)
class _Looking:
    contents: FileContents
    scorer: ModelScorer | None


def _facts(
    view: StoreView, run: str, record: RunRecord, mine: _Held, looking: _Looking
) -> RunFacts:
    contents = looking.contents
    required = view.given.conventions.artifacts.required
    found = find_model([*mine.files, *mine.models], required, contents, looking.scorer)
    stored = view.given.predictions.get(run)
    sources = _model_source(found)
    doubts = found.doubts
    scored = Scored()
    if stored is not None:
        file = next((file for file in mine.files if file.name == stored.path), None)
        place = Path(mine.folder) / stored.path
        sha256 = file.sha256 if file is not None else ""
        sources[stored.path] = sha256 or contents.sha256(place) or ""
    elif looking.scorer is not None and found.model is not None:
        scored = _scored(view, mine, found, looking.contents, looking.scorer)
        stored, doubts = scored.stored, (*doubts, *scored.remarks)
        sources |= scored.sources
    if not mine.folder:
        doubts = (*doubts, "its artifacts cannot be reached: no file is added")
    return RunFacts(
        run_id=run,
        record=record,
        now=view.given.now,
        stored=stored,
        model=found.model,
        inputs=tuple(mine.inputs),
        sources=sources,
        doubts=doubts,
        training=scored.training,
        was_scored=bool(scored.sources or scored.remarks),
        is_writable=bool(mine.folder),
    )


def _scored(
    view: StoreView, mine: _Held, found: FoundModel, contents: FileContents, scorer: ModelScorer
) -> Scored:
    """Score what the run says it read."""
    folder = view.given.snapshot.source.folder
    here = [Path(folder), Path(folder).parent] if folder else []
    known = [Path(view.given.facts.root)] if view.given.facts.root else []
    texts = {**mine.tags, **mine.params}
    tables, doubts = find_data(mine.inputs, texts, mine.files, (*known, *here), contents)
    told = {data.rows for data in mine.inputs if role_of(data.role) == "training" and data.rows}
    count = number(mine.params, "n_rows")
    trained = next(iter(told)) if len(told) == 1 else None if count is None else int(count)
    scored = score_data(found, tables, texts, trained, scorer)
    return replace(scored, remarks=(*doubts, *scored.remarks))


def _model_source(found: FoundModel) -> dict[str, str]:
    return {} if found.file is None else {found.file.name: found.sha256}


def _held(view: StoreView) -> defaultdict[str, _Held]:
    """Sort the rows of all finished runs by run."""
    snapshot = view.given.snapshot
    finished = view.runs.filter(pl.col("is_finished")).select("run_id")
    held: defaultdict[str, _Held] = defaultdict(_Held)

    def own(frame: pl.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
        return frame.join(finished, on="run_id", how="semi").select(columns).iter_rows()

    for run, key, value, points in own(snapshot.metrics, "run_id", "key", "value", "points"):
        figure = float("nan") if value is None else value
        held[run].metrics[key] = figure
        # Whether there are several is all that is asked.
        held[run].histories[key] = (figure,) * min(points or 1, 2)
    for run, key, value in own(snapshot.params, "run_id", "key", "value"):
        held[run].params[key] = value or ""
    for run, key, value in own(snapshot.tags, "run_id", "key", "value"):
        held[run].tags[key] = value or ""
    _add_inputs(view, finished, held)
    _add_files(view, finished, held)
    return held


def _add_inputs(view: StoreView, finished: pl.DataFrame, held: defaultdict[str, _Held]) -> None:
    snapshot = view.given.snapshot
    rows = snapshot.inputs.join(snapshot.datasets, on="dataset_id", how="inner").join(
        finished, on="run_id", how="semi"
    )
    columns = ("run_id", "name", "digest", "context", "profile", "source")
    for run, name, digest, role, profile, source in rows.select(columns).sort(pl.all()).iter_rows():
        told = _rows_told(profile)
        data = DataInput(name or "", digest or "", role or "", told, _place_told(source))
        held[run].inputs.append(data)


def _place_told(source: str | None) -> str:
    """Return the path or address in the source of a data set."""
    try:
        told = json.loads(source or "null")
    except (ValueError, RecursionError):
        return source or ""
    if isinstance(told, Mapping):
        told = next(
            (told[key] for key in ("uri", "path", "url", "local_path") if told.get(key)), ""
        )
    return told if isinstance(told, str) else ""


def _rows_told(profile: str | None) -> int | None:
    try:
        told = json.loads(profile or "null")
    except (ValueError, RecursionError):
        return None
    rows = told.get("num_rows") if isinstance(told, Mapping) else None
    return rows if isinstance(rows, int) and not isinstance(rows, bool) and rows > 0 else None


def _add_files(view: StoreView, finished: pl.DataFrame, held: defaultdict[str, _Held]) -> None:
    files = view.given.files
    snapshot = view.given.snapshot
    columns = ("run_id", "folder", "path", "sha256")
    own = view.files.join(finished, on="run_id", how="semi").select(columns)
    for run, folder, path, sha256 in own.iter_rows():
        held[run].folder = folder
        held[run].files.append(StoredFile(path, Path(folder) / path, sha256 or ""))
    made = pl.concat(
        [
            snapshot.logged_models.select("model_id", run_id="source_run_id"),
            snapshot.run_models.filter(pl.col("role") == "output").select("model_id", "run_id"),
        ]
    ).drop_nulls()
    rows = (
        files.filter(pl.col("owner") == "model")
        .join(made.unique(), left_on="owner_id", right_on="model_id", how="inner")
        .join(finished, on="run_id", how="semi")
        .select("run_id", "owner_id", "folder", "path", "sha256")
        .sort("run_id", "owner_id", "path")
    )
    for run, model, folder, path, sha256 in rows.iter_rows():
        file = StoredFile(f"models/{model}/{path}", Path(folder) / path, sha256 or "")
        held[run].models.append(file)


def _roots(view: StoreView, held: Mapping[str, _Held]) -> tuple[str, ...]:
    """Return folders that belong to the store: its own, and those of runs' experiments."""
    own = view.given.snapshot.source.folder
    known = {Path(mine.folder).parent.parent.as_posix() for mine in held.values() if mine.folder}
    return tuple(sorted({*known, *([Path(own).as_posix()] if own else [])}))


def _new_folder(view: StoreView, address: str, roots: tuple[str, ...]) -> str:
    """Return where the artifacts of a run without any would lie, "" where that is elsewhere."""
    place = resolve(parse_address(address), view.given.roots) if address else None
    if place is None:
        return ""
    inside = any(place.startswith(f"{root.rstrip('/')}/") for root in roots)
    return place if inside and ".." not in place.split("/") else ""
