"""All servers of the reference model side by side: what they cost, ratios, and what we aim at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb

from benchmarks.reference_model import Reference
from benchmarks.serving.calls import each, encoded
from benchmarks.serving.client import CLIENTS, Costs, Measured, Server, measure
from benchmarks.serving.ours import EXPLAINED, Engine, loads, models, project, server
from benchmarks.serving.peers import PEERS, Material
from benchmarks.serving.process import NotMeasuredError

__all__ = ["servers"]

#: What all others are compared with: as it is installed and started without a setting.
OURS, BEHIND = "scorewright", "scorewright, log written behind"
COMPILED = "scorewright, compiled trees"
#: Name, policy of the log, engine.
VARIANTS: tuple[tuple[str, str, Engine], ...] = (
    (OURS, "spool", "lightgbm"),
    (BEHIND, "best_effort", "lightgbm"),
    ("scorewright, fast engine", "spool", "auto"),
    (COMPILED, "spool", "compiled"),
)
RAW_ROWS, EXPLAINED_ROWS = 300, 20


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report.

    Attributes:
        name: Of server and load.
        server: The whole server.
        costs: Of the load.
    """

    name: str
    server: Measured
    costs: Costs


def servers(made: Reference) -> None:
    """Measure our service and the others', then print ratios and aims."""
    raw, contributions = _own_time(made)
    print(
        f"raw predictor, one row: {raw * 1e3:.3f} ms of CPU; "
        f"LightGBM's contributions {contributions * 1e3:.1f} ms"
    )
    lines = [*_ours(made), *_peers(made)]
    found = {line.name: line for line in lines}
    ours = found.get(OURS)
    if ours is None:
        return
    print(f"-- ratios to '{OURS}', and the distance to the raw predictor")
    for line in lines:
        print(f"{line.name}: {_ratios(line, ours, raw)}")
    print("-- aims")
    for text, is_reached in _aims(found, contributions):
        print(f"{text}: {'reached' if is_reached else 'missed'}")


def _ours(made: Reference) -> Iterator[Line]:
    asked = loads(made)
    for name, policy, engine in VARIANTS:
        with project(made, policy, engine) as settings:
            yield from _lines(name, server(settings, asked))


def _peers(made: Reference) -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        material = Material.of(made, Path(folder))
        for peer in PEERS:
            try:
                name, started = peer.start(material)
            except NotMeasuredError as error:
                print(f"{peer.name}: not measured: {error}", flush=True)
            else:
                yield from _lines(name, started)


def _lines(name: str, started: Server) -> Iterator[Line]:
    """Measure one server; print and give its lines, or print why there are none."""
    try:
        found = measure(started)
    except NotMeasuredError as error:
        print(f"{name}: not measured: {error}", flush=True)
        return
    for load, costs in found.costs.items():
        line = Line(name + load, found, costs)
        print(f"{line.name}: {_figures(line)}", flush=True)
        yield line


def _figures(line: Line) -> str:
    costs, server = line.costs, line.server
    return (
        f"{costs.cpu * 1e3:.2f} ms CPU a request ({costs.busy_cpu * 1e3:.2f} with {CLIENTS} "
        f"clients), p50 {costs.p50 * 1e3:.2f} ms, p99 {costs.p99 * 1e3:.2f} ms, "
        f"{costs.rate:.0f} requests/s; {server.pss / 1e6:.0f} MB (resident {server.rss / 1e6:.0f}"
        f"), first answer after {server.start:.1f} s ({server.start_cpu:.1f} CPU s)"
    )


def _ratios(line: Line, ours: Line, raw: float) -> str:
    costs, base = line.costs, ours.costs
    return (
        f"CPU {costs.cpu / base.cpu:.1f} times ({costs.busy_cpu / base.busy_cpu:.1f} with "
        f"{CLIENTS} clients), p50 {costs.p50 / base.p50:.1f}, memory "
        f"{line.server.pss / ours.server.pss:.1f}, CPU of the start "
        f"{line.server.start_cpu / ours.server.start_cpu:.1f}; {costs.cpu / raw:.1f} times the raw "
        f"predictor, {(costs.cpu - raw) * 1e3:.2f} ms above it"
    )


def _aims(found: dict[str, Line], contributions: float) -> Iterator[tuple[str, bool]]:
    """Give what we aim at with what was found."""
    ours = found[OURS]
    busy = ours.costs.busy_cpu * 1e3
    many = f"with {CLIENTS} clients"
    for line in (line for name in (OURS, COMPILED) if (line := found.get(name))):
        figures = (("with one client", line.costs.cpu), (many, line.costs.busy_cpu))
        for clients, seconds in figures:
            text = f"{line.name}: {seconds * 1e3:.2f} ms CPU a request {clients}, at most 0.8"
            yield text, seconds <= 0.8e-3
    yield f"{1e3 / busy:.0f} requests per CPU second {many}, above 700", busy < 1e3 / 700
    for begins, times in (("mlflow models", 100), ("BentoML", 12), ("plain FastAPI", 10)):
        for name, line in found.items():
            if name.startswith(begins):
                alone = line.costs.cpu / ours.costs.cpu
                crowded = line.costs.busy_cpu / ours.costs.busy_cpu
                for clients, ratio in (("with one client", alone), (many, crowded)):
                    text = f"{name}: {ratio:.1f} times our CPU {clients}, at least {times}"
                    yield text, ratio >= times
    quick = found.get(BEHIND)
    if quick is not None:
        p50 = quick.costs.p50 * 1e3
        yield f"p50 {p50:.2f} ms without the durable log, under 2", p50 < 2.0
    memory = ours.server.pss / 1e6
    yield f"{memory:.0f} MB a worker, at most 150", memory <= 150.0
    yield f"first answer after {ours.server.start:.1f} s, at most 2", ours.server.start <= 2.0
    explained = found.get(f"{OURS}{EXPLAINED}")
    if explained is not None:
        limit = min(5.0, contributions * 1e3)
        costs = explained.costs.cpu * 1e3, explained.costs.busy_cpu * 1e3
        for clients, cost in zip(("with one client", many), costs, strict=True):
            yield f"{cost:.2f} ms CPU with reasons {clients}, at most {limit:.1f}", cost <= limit


def _own_time(made: Reference) -> tuple[float, float]:
    """Return CPU seconds of one raw score and of LightGBM's contributions of one row."""
    bundle, native, _ = models(made)
    booster = lgb.Booster(model_str=made.model_text.decode())
    rows = encoded(bundle, made, RAW_ROWS)

    def theirs(row: Any) -> Any:
        return booster.predict(row, pred_contrib=True, num_threads=1)

    return each(native.predict, rows).cpu, each(theirs, rows[:EXPLAINED_ROWS]).cpu
