"""``scorewright data download NAME``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorewright.entry.cli.screen import (
    JsonOption,
    listening,
    print_json,
    print_table,
    stdout,
)

__all__ = ["command"]

_MEGABYTE = 1e6


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The data set: home-credit.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the files; made if missing.")
    ] = Path("data"),
    as_json: JsonOption = False,
) -> None:
    """Fetch a public data set with your own Kaggle credentials; files that are there are kept.

    The data is not ours to ship: its owner's rules hold, and Kaggle wants them accepted first.
    """
    from scorewright import wiring

    with listening(context, as_json=as_json) as notify:
        result = wiring.download(name, out, notify)
    if as_json:
        print_json(result.to_dict())
        return
    rows = [
        (file.name, f"{file.bytes / _MEGABYTE:,.1f} MB", file.sha256[:12], _state(file.is_new))
        for file in result.files
    ]
    print_table(f"{result.title} in {result.folder}", ("file", "size", "sha256", ""), rows)
    stdout().print(f"Next: [bold]scorewright init --template {name} --data {out}[/]")


def _state(is_new: bool) -> str:
    return "fetched" if is_new else "kept"
