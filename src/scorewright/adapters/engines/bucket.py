"""One bucket: prove its dates, compute its features, write them and the receipt.

The one function behind every engine, so that all of them give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from scorewright.adapters.durable import load_json, save_frame, save_json
from scorewright.adapters.engines.usage import cpu_seconds, peak_bytes
from scorewright.core.errors import IntegrityError
from scorewright.core.features import (
    ENTITY,
    ColumnProfile,
    FeaturePlan,
    compute,
    profile,
    prove_as_of,
)
from scorewright.flows.features.ports import BucketReceipt, BucketTask

__all__ = ["PROGRAM", "receipt_file", "run_bucket"]

#: The name workers find `run_bucket` by.
PROGRAM: Final = "scorewright.adapters.engines.bucket:run_bucket"


def run_bucket(document: Mapping[str, Any]) -> dict[str, Any]:
    """Do one bucket's work; done already, return its receipt.

    Rows keep the order of the bucket's applications. Where a history has a row that was not
    known at its decision no features are written, and the receipt says so.

    Args:
        document: `BucketTask.to_dict`.

    Returns:
        `BucketReceipt.to_dict` with ``plan_digest``, as in the JSON file beside the output.

    Raises:
        IntegrityError: ``features-plan``, ``bucket-damaged`` (a file of the bucket or of the plan
            is missing or cut).
        FindingsError: ``features-duplicate-key``.
        ScorewrightError: ``write-failed``.
    """
    task = BucketTask.from_dict(document)
    began = cpu_seconds()
    plan = FeaturePlan.from_dict(_plan(task.plan))
    made_of = {"plan_digest": plan.digest, "input_bytes": _sizes(task)}
    found = load_json(receipt_file(task.output))
    if found is not None and _stands(found, made_of, task.output):
        return found
    entity = plan.relations.entity.table
    tables = {name: _table(plan, name, task.inputs[name]) for name in (entity, *plan.tables)}
    proofs = prove_as_of(plan, tables)
    profiles: tuple[ColumnProfile, ...] = ()
    is_clean = all(proof.is_clean for proof in proofs)
    if is_clean:
        result = compute(plan, tables)
        profiles = profile(result, plan.names)
        save_frame(task.output, result)
    used = cpu_seconds() - began
    receipt = BucketReceipt(task.index, tables[entity].height, used, peak_bytes(), proofs, profiles)
    written = task.output.stat().st_size if is_clean else None
    saved = {**receipt.to_dict(), **made_of, "output_bytes": written}
    # JSON has lists where the receipt has tuples; what is returned is what a rerun would find.
    save_json(receipt_file(task.output), saved)
    return dict(json.loads(json.dumps(saved)))


def receipt_file(output: Path) -> Path:
    """Return the receipt's file: ``part-0007.json`` beside ``part-0007.parquet``."""
    return output.with_suffix(".json")


def _stands(found: Mapping[str, Any], made_of: Mapping[str, Any], output: Path) -> bool:
    """Tell whether a receipt is of this plan and these rows, and its output is still there."""
    if any(found.get(name) != value for name, value in made_of.items()):
        return False
    size = output.stat().st_size if output.exists() else None
    return size is not None and size == found.get("output_bytes")


def _plan(file: Path) -> dict[str, Any]:
    document = load_json(file)
    if document is None:
        raise _damaged(file, "it is no JSON document")
    return document


def _sizes(task: BucketTask) -> dict[str, int]:
    try:
        return {name: path.stat().st_size for name, path in sorted(task.inputs.items())}
    except FileNotFoundError as error:
        raise _damaged(Path(error.filename), "it is missing") from error


def _table(plan: FeaturePlan, name: str, path: Path) -> pl.DataFrame:
    """Read the columns that the plan needs of a table."""
    columns = list(plan.columns_of(name))
    if name != plan.relations.entity.table:
        columns = [ENTITY, *(column for column in columns if column != ENTITY)]
    try:
        return pl.read_parquet(path, columns=columns)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, str(error)[:200]) from error


def _damaged(file: Path, why: str) -> IntegrityError:
    return IntegrityError(
        f"The file {file} of a feature build cannot be read: {why}.",
        remedy="Delete the folder of the build and run the command again; it is made anew.",
        code="bucket-damaged",
        details={"file": str(file)},
    )
