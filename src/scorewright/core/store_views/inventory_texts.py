"""Rows of an inventory as people read them."""

from __future__ import annotations

import polars as pl

from scorewright.core.store_views.words import bytes_text, figure_text, time_text

__all__ = ["experiment_texts", "file_texts", "run_texts"]

Texts = tuple[tuple[str, ...], list[tuple[str, ...]]]


def experiment_texts(frame: pl.DataFrame, metric: str) -> Texts:
    """Return headings and rows of experiments for people."""
    columns = (
        "id", "experiment", "state", "runs", "deleted", "running", "failed", "last activity",
        "models", "files", "size", f"best {metric}".strip(), "best run",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            row["experiment_id"], row["name"] or "", row["state"], f"{row['runs']:,}",
            f"{row['deleted_runs']:,}", f"{row['running']:,}", f"{row['failed']:,}",
            time_text(row["last_end"]), f"{row['models']:,}", f"{row['files']:,}",
            bytes_text(row["bytes"]), figure_text(row["best_value"]),
            row["best_name"] or (row["best_run"] or "")[:8],
        )
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    return columns, rows


def run_texts(frame: pl.DataFrame, metric: str) -> Texts:
    """Return headings and rows of runs for people."""
    columns = (
        "run", "name", "experiment", "status", "state", "start", metric or "value", "params",
        "metrics", "tags", "versions", "files", "size",
    )  # fmt: skip
    rows: list[tuple[str, ...]] = [
        (
            row["run_id"][:8], row["name"], row["experiment"], row["status"] or "", row["state"],
            time_text(row["start"]), figure_text(row["value"]), f"{row['params']:,}",
            f"{row['metrics']:,}", f"{row['tags']:,}", row["versions"], f"{row['files']:,}",
            bytes_text(row["bytes"]),
        )
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    return columns, rows


def file_texts(frame: pl.DataFrame) -> Texts:
    """Return headings and rows of files for people."""
    columns = ("owner", "name", "path", "size", "modified", "sha256")
    rows: list[tuple[str, ...]] = [
        (
            f"{row['owner'] or 'nobody'} {row['owner_id'][:8]}", row["name"] or "", row["path"],
            bytes_text(row["size"]), time_text(row["modified"]), (row["sha256"] or "")[:12],
        )
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    return columns, rows
