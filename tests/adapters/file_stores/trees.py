"""Trees written by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

__all__ = ["fingerprint", "write_experiment", "write_run"]


def write_experiment(root: Path, experiment_id: str = "1", **more: Any) -> Path:
    """Write an experiment; return its folder."""
    folder = root / experiment_id
    folder.mkdir(parents=True)
    fields = {
        "artifact_location": (root / experiment_id).as_uri(),
        "experiment_id": f"'{experiment_id}'",
        "lifecycle_stage": "active",
        "name": f"experiment {experiment_id}",
        **more,
    }
    (folder / "meta.yaml").write_text(_yaml(fields))
    return folder


def write_run(experiment: Path, run_id: str, **more: Any) -> Path:
    """Write a run with a parameter, a metric, a tag and a file; return its folder."""
    folder = experiment / run_id
    for part in ("params", "metrics", "tags", "artifacts"):
        (folder / part).mkdir(parents=True)
    fields = {
        "artifact_uri": (folder / "artifacts").as_uri(),
        "end_time": 2000,
        "experiment_id": f"'{experiment.name}'",
        "lifecycle_stage": "active",
        "run_id": f"'{run_id}'",
        "start_time": 1000,
        "status": 3,
        "user_id": "ana",
        **more,
    }
    (folder / "meta.yaml").write_text(_yaml(fields))
    (folder / "params" / "depth").write_bytes(b"6")
    (folder / "metrics" / "auc").write_bytes(b"1000 0.5 0\n1001 0.75 1\n")
    (folder / "tags" / "project").write_bytes(b"credit")
    (folder / "artifacts" / "model.txt").write_text(run_id)
    return folder


def fingerprint(root: Path) -> dict[str, tuple[int, int, str]]:
    """Return mode, time of change and digest of everything below a folder."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content).hexdigest()
        found[str(path.relative_to(root))] = (status.st_mode, status.st_mtime_ns, digest)
    return found


def _yaml(fields: dict[str, Any]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in fields.items())
