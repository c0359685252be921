"""``scorewright score``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_pairs,
    session,
)

if TYPE_CHECKING:
    from scorewright.flows.score import ScoreResult
    from scorewright.flows.score_folder import FolderResult

__all__ = ["command"]


def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="Applications: CSV or Parquet, or a folder of Parquet files.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Result: .csv or .parquet; a folder for a folder."),
    ],
    bundle: Annotated[
        str, typer.Option(help="'current', a digest or its beginning, or a folder.")
    ] = "current",
    rejects: Annotated[
        Path | None,
        typer.Option(help="Write rows that break the contract here and score the others."),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="local, ray or spark, if not as in the settings.")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Address of the cluster.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Workers on this machine.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score a file or a folder with the deployed bundle and its policy.

    Every row is held to the bundle's contract. Without --rejects one bad row stops the whole
    file and nothing is written; with it, bad rows go to a file of their own with the reason. The
    files of a folder are scored side by side on an engine; what an earlier run did is not done
    again. A bundle that reads histories takes them from the tables of the settings.
    """
    from scorewright import wiring

    work = wiring.FeatureWish(engine=engine, processes=processes)
    wish = wiring.ScoreWish(file, output, bundle, rejects, work, address)
    with listening(context, as_json=as_json) as notify:
        result = wiring.score(wiring.project(session(context).config), wish, notify)
    if as_json:
        print_json(result.to_dict())
    else:
        print_pairs("Scored", _pairs(result))


def _pairs(result: ScoreResult | FolderResult) -> list[tuple[str, str]]:
    unknown = ", ".join(f"{name}: {n:,}" for name, n in result.unknown_categories.items())
    files = getattr(result, "files", None)
    rate = result.referral_rate
    referred = [("referred to a person", f"{100 * rate:.1f} %")] if rate else []
    counted = [] if files is None else [("files", f"{files:,}")]
    return [
        *counted,
        ("rows", f"{result.rows:,}"),
        ("rejected", f"{result.rejected:,}"),
        ("unknown categories", unknown or "none"),
        ("mean PD", f"{result.mean_pd:.4f}"),
        ("approved", f"{100 * result.approval_rate:.1f} %"),
        *referred,
        ("bundle", result.bundle[:12]),
        ("policy", f"{result.policy_id} version {result.policy_version}"),
        ("output", str(result.output)),
    ]
