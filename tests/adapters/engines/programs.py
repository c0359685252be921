"""What workers are made to do in tests; found by name, as every program is."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.engines import PartFolder
from scorewright.adapters.engines.bucket import run_bucket
from scorewright.adapters.learners import Learners
from scorewright.adapters.tables import FileTableReader, FileTableWriter
from scorewright.core.errors import FindingsError
from scorewright.flows.score_part import PartTask, proved_deployment, score_part

HERE = "tests.adapters.engines.programs"


def echo(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with what the worker is."""
    return {
        **document,
        "pid": os.getpid(),
        "threads": os.environ.get("POLARS_MAX_THREADS"),
        "has_polars": "polars" in sys.modules,
        "python": sys.executable,
        "folder": str(Path.cwd()),
    }


def talk(document: Mapping[str, Any]) -> dict[str, Any]:
    """Print where answers go."""
    print("hello from a library")  # noqa: T201 - the point of it
    return dict(document)


def refuse(document: Mapping[str, Any]) -> dict[str, Any]:
    """Raise one of our errors."""
    raise FindingsError("wrong rows", remedy="mend", code="score-findings", details={"rows": 3})


def stumble(document: Mapping[str, Any]) -> dict[str, Any]:
    """Raise an error of nobody's."""
    raise LookupError(f"no {document['output']}")


def die(document: Mapping[str, Any]) -> dict[str, Any]:
    """Be killed as the kernel kills what takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def sleep(document: Mapping[str, Any]) -> dict[str, Any]:
    """Say that it began, and take long."""
    Path(document["began"]).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(60)
    return {}


def die_once_within(document: Mapping[str, Any]) -> dict[str, Any]:
    """Do a bucket; the first worker to reach a marked one dies while it writes."""
    mark = Path(document["output"]).with_suffix(".mark")
    if mark.exists():
        mark.unlink()
        half = mark.with_name(f".{Path(document['output']).name}.0000.part")
        half.write_bytes(b"PAR1 half of a file")
        os.kill(os.getpid(), signal.SIGKILL)
    return run_bucket(document)


def first_quick_then_sleep(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first task at once; take long over the second."""
    return dict(document) if document["output"] == "0" else sleep(document)


def score(document: Mapping[str, Any]) -> dict[str, Any]:
    """Score a file with the bundle store that lies beside the settings file."""
    task = PartTask.from_dict(document)
    home = task.settings.parent
    store = DiskBundles(home / "bundles", KeyRing(home / "keys"))
    deployment = proved_deployment(task, store, Learners())
    return score_part(task, deployment, PartFolder(), FileTableReader(), FileTableWriter())
