"""The child's own program: ``python -m scorewright.adapters.model_prober``.

It reads questions from its standard input, one line of JSON each, and answers likewise. It may be
killed by what it loads; its parent lives on, and starts another.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from scorewright.adapters.model_prober.guard import forbid, limit

__all__ = ["READY", "main"]

#: Said before anything is loaded: what goes wrong until then is no model's fault.
READY = '{"state": "ready"}\n'


def main() -> int:
    """Answer until the parent is done, or dead."""
    # An interrupt at the terminal is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit()
    # What libraries print goes where errors go.
    out = os.dup(1)
    os.dup2(2, 1)
    forbid()
    with os.fdopen(out, "w", encoding="utf-8", newline="\n") as answers:
        answers.write(READY)
        answers.flush()
        for line in sys.stdin:
            question = json.loads(line)
            answers.write(json.dumps(_answer(question)) + "\n")
            answers.flush()
    return 0


def _answer(question: Mapping[str, Any]) -> dict[str, Any]:
    from scorewright.adapters.model_prober.formats import load  # noqa: PLC0415 - after the limits
    from scorewright.adapters.model_prober.tables import score  # noqa: PLC0415

    try:
        model = load(question["format"], question["place"])
        found = score(model, question) if question["do"] == "score" else model.facts()
    except Exception as error:  # noqa: BLE001 - whatever a damaged model leads to
        return _refused(error)
    return {"state": "loaded", **found}


def _refused(error: Exception) -> dict[str, Any]:
    from scorewright.adapters.model_prober.formats import DamagedError, NotTriedError  # noqa: PLC0415
    from scorewright.adapters.model_prober.tables import UnfitError  # noqa: PLC0415

    said = (str(error).strip().splitlines() or [""])[0][:300]
    match error:
        case NotTriedError():
            return {"state": "not tried", "reason": said}
        case UnfitError():
            return {"state": "unfit", "reason": said}
        case ModuleNotFoundError():
            reason = f"it needs {error.name}, which is not installed here"
            return {"state": "library", "reason": reason}
        case DamagedError():
            return {"state": "broken", "reason": said}
        case MemoryError():
            return {"state": "broken", "reason": "it takes more memory than a model may"}
        case _:
            return {"state": "broken", "reason": f"{type(error).__name__}: {said}"}


if __name__ == "__main__":
    sys.exit(main())
