"""``scorewright sync``."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, session

if TYPE_CHECKING:
    from scorewright.flows.sync import SyncReport

__all__ = ["command"]


def command(
    context: typer.Context,
    model_uri: Annotated[
        str | None, typer.Option(help="models:/NAME@ALIAS.", show_default="serve.model_uri")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, then end.")] = False,
    attached: Annotated[
        bool, typer.Option("--attached", hidden=True, help="End when standard input closes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Follow a registered model's alias: fetch, verify, prove and deploy what it names.

    Running services take it over by themselves. What is refused changes nothing.
    """
    from scorewright import wiring

    room = wiring.project(session(context).config).syncing
    if once:
        state = room.once(model_uri)
        _show(state, as_json=as_json)
        if not state.ok:
            raise typer.Exit(3)
        return
    over = threading.Event()
    if attached:
        threading.Thread(target=_listen, args=(over,), daemon=True).start()
    room.watch(model_uri, lambda state: _show(state, as_json=as_json), over.wait)


def _show(state: SyncReport, *, as_json: bool) -> None:
    """Print one line of JSON on stdout, or one of text on stderr."""
    if as_json:
        import json

        typer.echo(json.dumps(state.to_dict(), sort_keys=True))
    else:
        _tell(state)


def _tell(state: SyncReport) -> None:
    at = state.at.isoformat(timespec="seconds")
    if state.ok:
        said = f"version {state.version}, bundle {state.bundle[:12]}. {state.note}"
    else:
        said = f"({state.code}) {state.cause} What to do: {state.remedy}"
    typer.echo(f"{at} {state.model}: {said.strip()}", err=True)


def _listen(over: threading.Event) -> None:
    """Wait until nobody holds the other end of standard input any more."""
    while sys.stdin.buffer.read(1):
        pass
    over.set()
