"""What every worker runs, of whichever engine: a function found by name, JSON in, JSON out.

Nothing but text passes between parent and worker: no pickle, and no error class whose
constructor the other side would have to guess. This module imports nothing heavy.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, Final

from scorewright.adapters.children import ONE_THREAD
from scorewright.core.errors import (
    FindingsError,
    IntegrityError,
    ScorewrightError,
    UsageError,
)

__all__ = ["failed", "opened", "perform", "serve"]

_KINDS: Final = {
    kind.__name__: kind for kind in (UsageError, FindingsError, IntegrityError, ScorewrightError)
}


def perform(program: str, document: str) -> str:
    """Do one task.

    Args:
        program: ``package.module:function``; the function takes a mapping and returns one.
        document: The task as JSON.

    Returns:
        JSON for `opened`: the receipt, or the error.
    """
    # Takes effect where Polars was not imported yet, which is so in a fresh worker.
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    try:
        answer = {"receipt": _function(program)(json.loads(document))}
    except ScorewrightError as error:
        answer = {"error": {"kind": _kind(error), **error.to_dict()["error"]}}
    except Exception as error:  # noqa: BLE001 - carried to the parent, which raises it
        said = "".join(traceback.format_exception(error))
        answer = {"error": {"kind": "Exception", "message": repr(error), "trace": said}}
    return json.dumps(answer, default=str)


def opened(answer: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipt of `perform`, or raise its error here as it was raised there.

    Args:
        answer: What `perform` returned.
        document: The task, for the message.

    Raises:
        ScorewrightError: That of the task; ``engine-failed`` for any other exception.
    """
    said = json.loads(answer)
    if "error" not in said:
        return dict(said["receipt"])
    error = said["error"]
    if error["kind"] not in _KINDS:
        why = f"stopped with {error['message'][:500]}"
        raise failed(document, why, trace=error["trace"])
    again = _KINDS[error["kind"]](
        error["message"], remedy=error["remedy"], code=error["code"], details=error["details"]
    )
    for note in error["notes"]:
        again.add_note(note)
    raise again


def failed(document: Mapping[str, Any], how: str, **details: Any) -> ScorewrightError:  # noqa: ANN401 - JSON
    """Return the error for a task that cannot be done.

    Args:
        document: The task; its ``output`` names it.
        how: What happened to it.
        details: Machine-readable facts.
    """
    name = document.get("output", "a task")
    return ScorewrightError(
        f"The worker for {name} {how}. What other workers finished is kept.",
        remedy="See what ended it: often memory, so take more buckets or fewer processes; then run "
        "the same command again, which does what is left.",
        code="engine-failed",
        details={"output": str(name), **details},
    )


def serve() -> None:
    """Answer tasks, one line of JSON each, from standard input until it ends.

    It ends when the parent is done, or dead; a task at work is left then and there, as the death
    of the worker would leave it. What libraries print goes where errors go.
    """
    # An interrupt at the terminal is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = os.dup(1)
    os.dup2(2, 1)
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    with os.fdopen(own, "w", encoding="utf-8", newline="\n") as out:
        while True:
            task = json.loads(lines.get())
            out.write(perform(task["program"], task["document"]) + "\n")
            out.flush()


def _listen(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _function(program: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    module, _, name = program.partition(":")
    found: Callable[[Mapping[str, Any]], Mapping[str, Any]] = getattr(
        importlib.import_module(module), name
    )
    return found


def _kind(error: ScorewrightError) -> str:
    """Return the class of our tree that the error is, or descends from."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS)
