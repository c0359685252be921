"""One application, from parsed JSON to its PD and its reasons, on the reference model.

Each line has a peer beside it that does the same work on the same rows, in CPU time of one
thread; then our service over HTTP beside other servers, and while its bundle is swapped.
``--only predictor,scorer,reasons,batch,start,servers,swaps`` picks parts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.reference_model import Reference, reference
from benchmarks.serving.calls import each, encoded, tell
from benchmarks.serving.ours import models
from benchmarks.serving.report import servers
from benchmarks.serving.swaps import swaps
from benchmarks.timing import Timing, show
from scorewright.core.contracts import check_row
from scorewright.core.scoring import Scorer
from scorewright.flows.ports import Explains

__all__ = ["PARTS", "run"]

Floats = npt.NDArray[np.float64]

SINGLE, EXPLAINED, MANY = 300, 40, 1_000


def run(arguments: Sequence[str] = ()) -> None:
    """Print every part, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks serving")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by comma")
    wanted = parser.parse_args(arguments).only.split(",")
    made = reference()
    for name in wanted:
        print(f"-- {name}")
        PARTS[name](made)


def predictor(made: Reference) -> None:
    """Compare what computes one score."""
    import lightgbm as lgb  # noqa: PLC0415 - parts that do without it should not pay for it

    bundle, native, fast = models(made)
    rows = encoded(bundle, made, SINGLE)
    booster = lgb.Booster(model_str=made.model_text.decode())
    peer = each(lambda row: booster.predict(row, num_threads=1), rows)
    for model in (native, fast):
        label = f"raw score, {type(model).__name__}"
        tell(label, ("Booster.predict", peer), each(model.predict, rows))


def scorer(made: Reference) -> None:
    """Compare parsed JSON -> PD with what most services do."""
    import lightgbm as lgb  # noqa: PLC0415 - see above
    import pandas as pd  # noqa: PLC0415 - see above

    bundle, native, fast = models(made)
    booster = lgb.Booster(model_str=made.model_text.decode())
    requests = made.requests[:SINGLE]
    names = bundle.space.names
    dtypes = {f.name: pd.CategoricalDtype(f.categories) for f in bundle.space.features
              if f.categories}  # fmt: skip

    def usual(values: dict[str, Any]) -> float:
        frame = pd.DataFrame([values], columns=list(names))
        kinds = {name: dtypes.get(name, "float64") for name in names}
        frame = frame.astype(kinds)
        for name in dtypes:
            frame[name] = frame[name].cat.codes.replace(-1, np.nan)
        found = booster.predict(frame.to_numpy(dtype=np.float64), num_threads=1)
        return float(np.asarray(found)[0])

    peer = each(usual, requests[:40])
    for model in (native, fast):
        ours = Scorer.of(bundle, model)

        def checked(values: dict[str, Any], ours: Scorer = ours) -> float:
            check = check_row(bundle.contract, values)
            if check.problems:
                raise ValueError(check.problems)
            return ours.score_row(check.values)

        label = f"JSON values -> PD, {type(model).__name__}"
        tell(label, ("DataFrame + predict", peer), each(checked, requests))
    check = each(lambda values: check_row(bundle.contract, values), requests)
    checks = [check_row(bundle.contract, values) for values in requests]
    typed = [dict(check.values) for check in checks]
    print(
        f"of that: contract {check.cpu * 1e6:.0f} us, encoding "
        f"{each(bundle.space.row, typed).cpu * 1e6:.0f} us of CPU"
    )


def reasons(made: Reference) -> None:
    """Compare contributions of one row."""
    import lightgbm as lgb  # noqa: PLC0415 - see above

    bundle, native, _ = models(made)
    if not isinstance(native, Explains):
        raise TypeError("the reference model explains its scores")
    rows = encoded(bundle, made, EXPLAINED)
    booster = lgb.Booster(model_str=made.model_text.decode())

    def theirs(row: Floats) -> Any:
        return booster.predict(row, pred_contrib=True, num_threads=1)

    native.contributions(rows[0])
    largest = max(float(np.abs(native.contributions(r) - theirs(r)).max()) for r in rows)
    tell("contributions", ("pred_contrib", each(theirs, rows)), each(native.contributions, rows))
    print(f"largest difference {largest:.1e}")


def batch(made: Reference) -> None:
    """Compare many rows at once, on one thread of CPU time."""
    import lightgbm as lgb  # noqa: PLC0415 - see above

    bundle, native, fast = models(made)
    x = np.concatenate(encoded(bundle, made, MANY))
    booster = lgb.Booster(model_str=made.model_text.decode())
    peer = each(booster.predict, [x])
    for model in (native, fast):
        ours = each(model.predict, [x])
        label = f"{MANY} rows, {type(model).__name__} ({MANY / ours.cpu:,.0f} rows per CPU s)"
        show(label, ("Booster.predict", peer), ours)


def start(made: Reference) -> None:
    """Compare the time to the first score of a fresh process, and its memory."""
    peer, memory = _child(_PEER, str(made.directory / "model" / "model.txt"))
    ours, own = _child(_OURS, str(made.settings))
    show("start to first score", ("import lightgbm, load, predict", peer), ours)
    print(f"wall {ours.wall:.2f} s against {peer.wall:.2f} s")
    print(f"memory {own:.0f} MB against {memory:.0f} MB")
    print(f"steps, seconds: {ours.result}")


_PEER = """
import sys, time
import lightgbm as lgb, numpy as np
booster = lgb.Booster(model_file=sys.argv[1])
booster.predict(np.zeros((1, booster.num_feature())), num_threads=1)
print("{}")
"""
_OURS = """
import json, sys, time
from pathlib import Path
began = time.process_time()
from scorewright import wiring
from scorewright.core.scoring import check_golden
steps = {"imports": time.process_time() - began}
wall = time.perf_counter()
deployment = wiring.project(Path(sys.argv[1])).serving.deployment("current")
steps["verify, prove in a child, load, wall"] = time.perf_counter() - wall
bundle = deployment.loaded.bundle
deployment.scorer.score_row(bundle.golden[0].values)
steps["own CPU in all"] = time.process_time()
print(json.dumps({k: round(v, 3) for k, v in steps.items()}))
"""


def _child(program: str, argument: str) -> tuple[Timing, float]:
    """Return what a fresh Python cost, its children included, and its peak memory in MB."""
    tail = "\nprint(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program + tail, argument],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path.cwd(),
    )
    took = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    steps, peak = done.stdout.strip().splitlines()[-2:]
    return Timing(cpu, took, json.loads(steps)), int(peak) / 1024


#: Parts by name; those that speak HTTP are put beside them.
PARTS: dict[str, Callable[[Reference], None]] = {
    "predictor": predictor,
    "scorer": scorer,
    "reasons": reasons,
    "batch": batch,
    "start": start,
    "servers": servers,
    "swaps": swaps,
}

if __name__ == "__main__":
    run(sys.argv[1:])
