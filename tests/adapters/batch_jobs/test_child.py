from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from scorewright.adapters.batch_jobs import BatchFolder, ChildRunner

#: Writes what it was given beside the folder it was told of, and leaves no report.
PROGRAM = """
import json, os, sys
import polars, pyarrow
task = json.loads(sys.stdin.readline())
seen = {"task": task, "polars": polars.thread_pool_size(), "arrow": pyarrow.cpu_count(),
        "pool": pyarrow.default_memory_pool().backend_name,
        "threads": {name: os.environ.get(name) for name in os.environ if "THREADS" in name}}
with open(task["folder"] + ".seen", "w") as file:
    json.dump(seen, file)
"""


def test_a_child_gets_its_task_and_one_thread_for_each_library(tmp_path: Path) -> None:
    folder = BatchFolder(tmp_path / "batch")
    run = ChildRunner({"bundle": "b"}, 60.0, (sys.executable, "-c", PROGRAM))
    assert run(folder, threading.Event()) == "batch-died"
    seen = json.loads((tmp_path / "batch.seen").read_text(encoding="utf-8"))
    assert seen["task"] == {"bundle": "b", "folder": str(tmp_path / "batch")}
    assert (seen["polars"], seen["arrow"], seen["pool"]) == (1, 1, "system")
    assert set(seen["threads"].values()) == {"1"}
    assert {"OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"} <= set(seen["threads"])


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    folder = BatchFolder(tmp_path / "batch")
    run = ChildRunner({}, 0.5, (sys.executable, "-c", "import time; time.sleep(600)"))
    assert run(folder, threading.Event()) == "batch-deadline"


def test_a_child_ends_with_the_service(tmp_path: Path) -> None:
    folder, over = BatchFolder(tmp_path / "batch"), threading.Event()
    over.set()
    run = ChildRunner({}, 600.0, (sys.executable, "-c", "import time; time.sleep(600)"))
    assert run(folder, over) == "stopped"
