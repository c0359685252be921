"""A file of applications to scores: pandas and LightGBM beside a batch of the service.

Both run as processes of their own over the same file, start-up included, on one thread; counted
is their CPU time and the most memory they held. Ours checks every cell against the contract and
has every decision, with its inputs, in the decision log before there is a result; ``score`` is
the command line, which does the same without a log. Both are measured a second time with the
trees compiled by the machine's C compiler, where it has one. ``--rows N`` makes smaller files.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.reference_model import Reference, reference
from scorewright.adapters.batch_jobs import BatchFolder
from scorewright.adapters.batch_jobs.child import COMMAND, SURROUNDINGS
from scorewright.flows.serve import BatchOrder
from scorewright.wiring import project
from scorewright.wiring.project import Project

__all__ = ["run"]

ROWS = 100_000
FORMS = ("csv", "parquet")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took.

    Attributes:
        cpu: Seconds.
        memory: Most resident memory, MB.
    """

    cpu: float
    memory: float


def run(arguments: Sequence[str] = ()) -> None:
    """Print CPU seconds, rows per CPU second, memory and ratio for each form of file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks batch")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--forms", default=",".join(FORMS))
    options = parser.parse_args(arguments)
    made = reference()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        projects = list(_projects(made, Path(folder)))
        for form in options.forms.split(","):
            file = _file(made, Path(folder) / f"applications.{form}", options.rows)
            peer = _peer(made, file)
            _tell(f"{form}, pandas + LightGBM", options.rows, peer, peer)
            for name, here in projects:
                _tell(f"{form}, scorewright score{name}", options.rows, _score(here, file), peer)
                _tell(f"{form}, batch with its log{name}", options.rows, _batch(here, file), peer)


def _projects(made: Reference, folder: Path) -> Iterator[tuple[str, Project]]:
    """Make a project for each engine that there is; its log has its tables."""
    for name, engine in (("", "auto"), (", compiled trees", "compiled")):
        root = folder / engine
        shutil.copytree(made.root, root)
        settings = root / "scorewright.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(f'{text}\n[serve]\nengine = "{engine}"\n', encoding="utf-8")
        here = project(settings)
        found = here.serving.prove_engine("current")
        print(f"engine: {found['engine']}, {found['reason']}", flush=True)
        if name and not found["engine"].endswith("compiled"):
            return
        here.serving.log().close(1.0)
        yield name, here


def _file(made: Reference, path: Path, rows: int) -> Path:
    """Write applications whose columns are drawn, each by itself, from those of the reference."""
    rng = np.random.default_rng(1)
    drawn = pl.DataFrame(list(made.requests), infer_schema_length=None)
    frame = drawn.select(s.gather(rng.integers(0, len(s), rows)) for s in drawn)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def _peer(made: Reference, file: Path) -> Cost:
    return _cost([sys.executable, "-c", _PEER, str(made.directory), str(file)])


def _score(here: Project, file: Path) -> Cost:
    output = file.with_name("scores.csv")
    command = [sys.executable, "-m", "scorewright", "score", str(file), "--output", str(output)]
    return _cost(command, cwd=here.root)


def _batch(here: Project, file: Path) -> Cost:
    """Run the process of a batch, as the service starts it."""
    folder = BatchFolder(here.root / ".scorewright" / "batches" / file.suffix[1:])
    folder.files.mkdir(parents=True)
    name = f"applications{file.suffix}"
    shutil.copyfile(file, folder.files / name)
    store = here.bundles()
    current = json.loads((here.root / "bundles" / "current.json").read_bytes())
    policy = store.read_policy(Path(store.policies(current["bundle"])[-1]))
    folder.put_order(
        BatchOrder(
            folder.path.name,
            "",
            "default",
            "2026-11-21T00:00:00+00:00",
            {name: file.stat().st_size},
            current["bundle"],
            policy.to_bytes().decode(),
            f"{policy.id}@{policy.version}",
        )
    )
    task = {
        "root": str(here.root),
        "settings": here.settings.model_dump(mode="json"),
        "reference": "current",
        "folder": str(folder.path),
    }
    cost = _cost(COMMAND, task=json.dumps(task))
    report = json.loads((folder.path / "report.json").read_bytes())
    if report["problem"] is not None or not report["rows"] == report["logged"]:
        raise RuntimeError(str(report))
    return cost


def _cost(command: Sequence[str], *, task: str | None = None, cwd: Path | None = None) -> Cost:
    """Run a process to its end; a task is told by its standard input, which stays open."""
    child = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **SURROUNDINGS},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    if child.stdin is None:
        raise RuntimeError("no pipe")
    if task is not None:
        child.stdin.write(task.encode() + b"\n")
        child.stdin.flush()
    _, status, used = os.wait4(child.pid, 0)
    child.stdin.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[:4]} ended with {child.returncode}")
    unit = 1024 if sys.platform == "linux" else 1024**2
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def _tell(label: str, rows: int, cost: Cost, peer: Cost) -> None:
    print(
        f"{label}: {cost.cpu:.1f} CPU s, {rows / cost.cpu:,.0f} rows per CPU s, "
        f"{cost.memory:.0f} MB, ratio {peer.cpu / cost.cpu:.2f}"
    )


#: What most people write: no contract, no log, categories by hand.
_PEER = """
import json, sys
from pathlib import Path
import lightgbm as lgb
import pandas as pd
bundle, file = Path(sys.argv[1]), Path(sys.argv[2])
frame = pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)
features = json.loads((bundle / "features.json").read_bytes())["features"]
for feature in features:
    if feature["categories"]:
        codes = pd.Categorical(frame[feature["name"]], categories=feature["categories"]).codes
        frame[feature["name"]] = pd.Series(codes, dtype=float).replace(-1.0, float("nan"))
booster = lgb.Booster(model_file=str(bundle / "model" / "model.txt"))
x = frame[[feature["name"] for feature in features]].to_numpy(float)
scores = booster.predict(x, num_threads=1)
pd.DataFrame({"pd": scores}).to_csv(file.with_name("peer.csv"), index=False)
"""
