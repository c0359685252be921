"""What is counted and measured of a service, with the names and units of Prometheus."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector

from scorewright.entry.service.running import Running
from scorewright.flows.serve import Attempt, Service, Variant

if TYPE_CHECKING:
    from scorewright.entry.service.predict import Predicted

__all__ = ["MULTIPROCESS", "Instruments"]

#: Set by who starts more than one worker: the folder where they count together.
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
)  # fmt: skip
LOG_STATES = ("ok", "degraded", "down")


class Instruments:
    """The counts of one worker; with several, all add theirs up when they are read.

    Args:
        service: Whose log, bundle and swaps are told.
        running: Of this worker.
    """

    def __init__(self, service: Service, running: Running) -> None:
        self._service, self._running = service, running
        self.registry = own = CollectorRegistry()
        self._requests = Counter(
            "scorewright_requests", "Requests answered.", ["path", "status"], registry=own
        )
        self._seconds = Histogram(
            "scorewright_request_seconds", "Time to the answer.", ["path"],
            buckets=BUCKETS, registry=own,
        )  # fmt: skip
        self._decisions = Counter(
            "scorewright_decisions", "Decisions.", ["variant", "decision"], registry=own
        )
        self._in_work = _gauge("requests_in_work", "Requests in work.", own, mode="livesum")
        self._log = _gauge("log_state", "1 for how the log is.", own, ("state",), mode="livemax")
        self._spooled = _gauge("log_spooled", "Decisions in the spool.", own, mode="livemax")
        self._info = _gauge(
            "bundle_info", "1 for what answers.", own, ("bundle", "model", "policy"), mode="livemax"
        )
        self._age = _gauge("bundle_age_seconds", "Since it was deployed.", own, mode="livemax")
        self._sync: Gauge | None = None
        self._steps = {
            name: Counter(f"scorewright_{name}", text, registry=own)
            for name, text in {
                "log_written": "Decisions that are in the log.",
                "log_dropped": "Decisions and shadows the log gave up.",
                "swaps": "Bundles and policies taken over.",
                "refused_bundles": "Bundles and policies refused.",
                **dict.fromkeys(service.figures, "Of the challengers."),
            }.items()
        }
        self._seen: dict[str, int] = {}
        self._shown: Variant | None = None
        self._attempt: Attempt | None = service.slot.attempt
        self._refused = 0
        if MULTIPROCESS not in os.environ:
            ProcessCollector(registry=own)
        self._children: dict[tuple[str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def answered(self, path: str, status: int, began: float) -> None:
        """Count an answer.

        Args:
            path: One of the pages, or ``other``.
            status: 0 where nobody waited for it.
            began: `time.perf_counter` when the request came.
        """
        counter = self._children.get((path, status))
        if counter is None:
            counter = self._requests.labels(path, str(status))
            self._children[path, status] = counter
        counter.inc()
        timer = self._timers.get(path)
        if timer is None:
            timer = self._timers[path] = self._seconds.labels(path)
        timer.observe(time.perf_counter() - began)

    def decided(self, predicted: Predicted) -> None:
        """Count a decision; one that was repeated is none."""
        if predicted.is_new:
            self._decisions.labels(predicted.kept.variant, predicted.kept.decision).inc()

    def look(self) -> None:
        """Take down what is not counted as it happens."""
        service, slot = self._service, self._service.slot
        state = service.log.state()
        for name in LOG_STATES:
            self._log.labels(name).set(name == state.status)
        self._spooled.set(state.spooled)
        self._in_work.set(self._running.in_work)
        attempt = slot.attempt
        if attempt is not self._attempt:
            self._attempt = attempt
            self._refused += attempt is not None and bool(attempt.code)
        self._step("log_written", state.written)
        self._step("log_dropped", state.dropped)
        self._step("swaps", slot.swaps)
        self._step("refused_bundles", self._refused)
        for name, count in service.figures.items():
            self._step(name, count())
        self._bundle(slot.variant)
        note = None if service.surroundings is None else service.surroundings.sync()
        if note is not None:
            self._followed(note.age_seconds)

    def text(self) -> bytes:
        """Return what Prometheus reads, of all workers."""
        self.look()
        if MULTIPROCESS not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)

    def _followed(self, age: float) -> None:
        """Show the age of the last look at the registry, where anybody looks."""
        if self._sync is None:
            text = "Since the registry was read."
            self._sync = _gauge("sync_age_seconds", text, self.registry, mode="livemax")
        self._sync.set(age)

    def _step(self, name: str, count: int) -> None:
        """Raise a counter to a count that is kept elsewhere."""
        before = self._seen.get(name, 0)
        if count > before:
            self._steps[name].inc(count - before)
        self._seen[name] = count

    def _bundle(self, variant: Variant) -> None:
        if self._shown is not variant:
            if self._shown is not None:
                self._info.labels(*_labels(self._shown)).set(0)
            self._shown = variant
        self._info.labels(*_labels(variant)).set(1)
        since = variant.deployment.since
        if since is not None:
            self._age.set((self._service.clock.now() - since).total_seconds())


def _labels(variant: Variant) -> tuple[str, str, str]:
    policy = f"{variant.policy['id']}@{variant.policy['version']}"
    return variant.model["bundle"], variant.model["name"], policy


def _gauge(
    name: str,
    text: str,
    registry: CollectorRegistry,
    labels: tuple[str, ...] = (),
    *,
    mode: str,
) -> Gauge:
    return Gauge(
        f"scorewright_{name}",
        text,
        labels,
        registry=registry,
        multiprocess_mode=mode,  # type: ignore[arg-type]
    )
