"""``scorewright score FILE -o FILE``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_pairs,
    session,
)

__all__ = ["command"]


def command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Applications to score: CSV or Parquet.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Result: .csv or .parquet.")],
    bundle: Annotated[
        str, typer.Option(help="'current', a digest or its beginning, or a folder.")
    ] = "current",
    rejects: Annotated[
        Path | None,
        typer.Option(help="Write rows that break the contract here and score the others."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score a file with the deployed bundle and its policy.

    Every row is held to the bundle's contract. Without --rejects one bad row stops the whole
    file and nothing is written; with it, bad rows go to a file of their own with the reason.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        result = wiring.project(session(context).config).score(
            file, output, bundle=bundle, rejects=rejects, notify=notify
        )
    if as_json:
        print_json(result.to_dict())
        return
    print_pairs(
        "Scored",
        [
            ("rows", f"{result.rows:,}"),
            ("rejected", f"{result.rejected:,}"),
            (
                "unknown categories",
                ", ".join(f"{name}: {n:,}" for name, n in result.unknown_categories.items())
                or "none",
            ),
            ("mean PD", f"{result.mean_pd:.4f}"),
            ("approved", f"{100 * result.approval_rate:.1f} %"),
            ("bundle", result.bundle[:12]),
            ("policy", f"{result.policy_id} version {result.policy_version}"),
            ("output", str(result.output)),
        ],
    )
