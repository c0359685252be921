"""Reading and consolidating tracking stores, beside MLflow's own client and migration.

Every way runs in a process of its own, which tells its CPU seconds after the imports; memory is
the peak of that process and of those it starts. Commands are measured whole: their start, and the
process in which MLflow opens a copy of the result, are counted. What that comes to shows at 10
runs. The first application ever also lets MLflow make an empty store, which is kept for the others.

Stores are made as MLflow 3.17 lays them out. The export-import tools are not run here: they need
two servers and, at 600 runs of this shape, 19 minutes or 413 CPU seconds (measured once, see
`EXPORT_IMPORT`), and lose 32 runs on the way. A peer that would take longer than `--peer-seconds`,
by what it took at the size before, is left out, and its line says so.

At 60,000 runs (6 million metric values, 180,000 files) some 6 GB are written below `TMPDIR`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.stores.file_tree import TreeRun, write_experiment, write_run
from tests.stores.large import build_large

METRICS, POINTS, PARAMS, FILES = 20, 5, 10, 3
#: Runs, CPU seconds of exporting and importing them.
EXPORT_IMPORT = (600, 413)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: CPU seconds after its imports, megabytes at its peak."""

    cpu: float
    memory: float
    said: str


@dataclass(frozen=True, slots=True)
class Line:
    """One piece of work at one size; the peer's cost is None where it was not run."""

    work: str
    runs: int
    ours: Cost
    peer: str = ""
    theirs: float | None = None
    their_memory: float | None = None


@dataclass(slots=True)
class Peers:
    """Runs peers, as long as they come to an end.

    Attributes:
        seconds: CPU seconds that one may take.
        found: Way -> runs, and what they took.
    """

    seconds: float
    found: dict[str, tuple[int, float]] = field(default_factory=dict)

    def beside(self, work: str, runs: int, ours: Cost, peer: tuple[str, str, Path]) -> Line:
        """Measure a peer, its name and way, at a place; or say why it is left out."""
        name, way, place = peer
        before, took = self.found.get(way, (runs, 0.0))
        expected = took * runs / before
        if expected > self.seconds:
            return Line(work, runs, ours, f"{name} left out: {expected:,.0f} CPU s by its growth")
        cost = _measure(way, place)
        self.found[way] = (runs, cost.cpu)
        return Line(work, runs, ours, name, cost.cpu, cost.memory)


def run(options: Sequence[str] = ()) -> None:
    """Print costs, ratios and growth at several sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks store")
    parser.add_argument("--runs", type=int, nargs="+", default=[10, 600, 6_000, 60_000])
    parser.add_argument("--peer-seconds", type=float, default=600, help="longest run of a peer")
    parser.add_argument("--trees-to", type=int, default=6_000, help="largest size of a file tree")
    parser.add_argument("--child", nargs=2, metavar=("WAY", "PLACE"), help=argparse.SUPPRESS)
    given = parser.parse_args(list(options))
    if given.child:
        _child(*given.child)
        return
    lines: list[Line] = []
    peers = Peers(given.peer_seconds)
    for runs in given.runs:
        with tempfile.TemporaryDirectory(prefix="scorewright-bench-") as folder:
            lines += _show(_reading(Path(folder), runs, peers))
            lines += _show(_consolidating(Path(folder), runs))
            if runs <= given.trees_to:
                lines += _show(_trees(Path(folder), runs, peers))
    _growth(lines)


def _reading(folder: Path, runs: int, peers: Peers) -> list[Line]:
    store = folder / "mlflow.db"
    build_large(store, runs, METRICS, history=POINTS, artifacts=FILES)
    copy = folder / "copy" / "mlflow.db"
    copy.parent.mkdir()
    shutil.copyfile(store, copy)  # MLflow is never let at the store itself
    ours = _measure("read", store)
    lines = [
        peers.beside("read", runs, ours, ("MlflowClient.search_runs", "client", copy)),
        Line("audit", runs, _measure("audit", store)),
    ]
    copy.unlink()
    return lines


def _consolidating(folder: Path, runs: int) -> list[Line]:
    store = folder / "mlflow.db"
    plan, apply = _measure("plan", store), _measure("apply", store)
    again = _measure("again", store)
    memory = max(plan.memory, apply.memory)
    whole = Cost(plan.cpu + apply.cpu, memory, apply.said)
    tools, theirs = EXPORT_IMPORT
    peer = ("export-import (measured once)", float(theirs)) if runs == tools else ("", None)
    return [
        Line("plan a consolidation", runs, plan),
        Line("apply it", runs, apply),
        Line("both", runs, whole, *peer),
        Line("plan it again, all equal", runs, again),
    ]


def _trees(folder: Path, runs: int, peers: Peers) -> list[Line]:
    tree = folder / "tree"
    _tree(tree, runs)
    plan, apply = _measure("plan", tree), _measure("apply", tree)
    ours = Cost(plan.cpu + apply.cpu, max(plan.memory, apply.memory), apply.said)
    peer = ("migrate-filestore", "migrate", tree)
    return [peers.beside("tree to database", runs, ours, peer)]


def _show(lines: list[Line]) -> list[Line]:
    for line in lines:
        ours = line.ours
        text = f"{line.runs:>7,} runs  {line.work:26} {ours.cpu:8.2f} CPU s {ours.memory:6.0f} MB"
        if line.theirs is not None:
            text += f"  {line.peer} {line.theirs:.2f} CPU s"
            text += "" if line.their_memory is None else f" {line.their_memory:.0f} MB"
            text += f"  ratio {line.theirs / ours.cpu:.1f}"
        elif line.peer:
            text += f"  {line.peer}"
        print(text, flush=True)
    return lines


def _growth(lines: Sequence[Line]) -> None:
    """Print how cost grows from each size to the next."""
    for work in dict.fromkeys(line.work for line in lines):
        found = [line for line in lines if line.work == work]
        for small, large in itertools.pairwise(found):
            print(
                f"growth {work}: {large.runs / small.runs:.0f} times the runs, "
                f"{large.ours.cpu / small.ours.cpu:.1f} times the CPU, "
                f"{large.ours.memory / small.ours.memory:.1f} times the memory"
            )


def _tree(root: Path, runs: int) -> None:
    write_experiment(root, "1", "credit_scoring_study", str(root / "1"))
    for number in range(runs):
        run_id = f"{number:032x}"
        begun = 1_709_287_200_000 + number
        write_run(
            root,
            TreeRun(
                run_id,
                "1",
                f"exp{number:05d}_cv_domain_none",
                str(root / "1" / run_id / "artifacts"),
                begun,
                begun + 1,
                params={f"p{i}": str(i) for i in range(PARAMS)},
                metrics={f"m{i}": [(begun, i / 100, 0)] for i in range(METRICS)},
            ),
        )


def _measure(way: str, place: Path) -> Cost:
    command = [sys.executable, "-m", "benchmarks", "store", "--child", way, str(place)]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    text = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{way} failed")
    document = json.loads(text.strip().splitlines()[-1])
    return Cost(document["cpu"], usage.ru_maxrss / 1024, document["said"])


def _child(way: str, place: str) -> None:
    call = WAYS[way](Path(place))
    began = _cpu()
    said = call()
    print(json.dumps({"cpu": _cpu() - began, "said": said}))


def _cpu() -> float:
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _read(store: Path) -> Callable[[], str]:
    from scorewright.adapters.database_stores import SqliteStore  # noqa: PLC0415 - not measured
    from scorewright.adapters.mlflow_store import installed_head  # noqa: PLC0415
    from scorewright.flows.events import ignore  # noqa: PLC0415

    reader = SqliteStore(store, installed_head())
    return lambda: f"{reader.read(ignore).runs.height} runs"


def _client(store: Path) -> Callable[[], str]:
    from mlflow import MlflowClient  # noqa: PLC0415

    client = MlflowClient(f"sqlite:///{store}")

    def all_runs() -> str:
        ids = [e.experiment_id for e in client.search_experiments(view_type=3)]
        found, token = 0, None
        while True:
            page = client.search_runs(ids, run_view_type=3, max_results=1000, page_token=token)
            found, token = found + len(page), page.token
            if not token:
                return f"{found} runs"

    return all_runs


def _audit(store: Path) -> Callable[[], str]:
    return _command("store", "audit", str(store), "--json")


def _plan(source: Path) -> Callable[[], str]:
    return _planned(source, "plan.json")


def _again(source: Path) -> Callable[[], str]:
    return _planned(source, "again.json")


def _planned(source: Path, name: str) -> Callable[[], str]:
    target = _target(source)
    target.parent.mkdir(exist_ok=True)
    plan = target.parent / name
    return _command("store", "consolidate", str(source), "--into", str(target), "-o", str(plan))


def _apply(source: Path) -> Callable[[], str]:
    return _command("store", "apply", str(_target(source).parent / "plan.json"))


def _target(source: Path) -> Path:
    return source.parent / f"new-{source.name}" / "mlflow.db"


def _migrate(source: Path) -> Callable[[], str]:
    target = source.parent / "migrated.db"
    return _process(
        sys.executable, "-m", "mlflow", "migrate-filestore",
        "--source", str(source), "--target", f"sqlite:///{target}",
    )  # fmt: skip


def _command(*arguments: str) -> Callable[[], str]:
    return _process(sys.executable, "-m", "scorewright", "-q", *arguments)


def _process(*command: str) -> Callable[[], str]:
    def call() -> str:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        return f"{len(done.stdout)} bytes said"

    return call


WAYS: dict[str, Callable[[Path], Callable[[], str]]] = {
    "again": _again,
    "apply": _apply,
    "audit": _audit,
    "client": _client,
    "migrate": _migrate,
    "plan": _plan,
    "read": _read,
}


if __name__ == "__main__":
    run(sys.argv[1:])
