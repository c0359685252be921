"""A worker as a program, on the bundle of a test's folder; with ``--count`` several of them."""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.decision_log import MemoryLog
from tests.fakes.serving import service_on

from scorewright import wiring
from scorewright.adapters.bundles import DiskBundles, KeyRing
from scorewright.adapters.machine import SystemClock
from scorewright.core.decision_log import LoggedDecision
from scorewright.core.project import LimitSettings, ServeSettings
from scorewright.entry.service.workers import run_workers
from scorewright.flows.ports import Proof
from scorewright.flows.verify_bundle import load_for_serving


class Believes:
    """Proves nothing: the test made the bundle."""

    def __init__(self, store: DiskBundles) -> None:
        self._store = store

    def prove(self, directory: Path) -> Proof:
        manifest, _ = self._store.load(directory)
        return Proof(manifest.digest, 1, 0.0, 0.0)


class NotedLog(MemoryLog):
    """A log that takes its time and notes on the disk what it keeps."""

    def __init__(self, folder: Path, seconds: float) -> None:
        super().__init__()
        self._folder, self._seconds = folder, seconds

    async def append(self, record: LoggedDecision) -> LoggedDecision:
        (self._folder / f"{record.request_id}.begun").touch()
        await asyncio.sleep(self._seconds)
        (self._folder / f"{record.request_id}.kept").touch()
        return await super().append(record)

    def close(self, seconds: float) -> None:
        (self._folder / "closed").write_text(str(seconds))


class BreakingLog(MemoryLog):
    """A log with a fault that tells of the applicant."""

    async def append(self, record: LoggedDecision) -> LoggedDecision:
        try:
            return replace(record, at=int("applicant-4711"))
        except ValueError as error:
            raise RuntimeError("no place for applicant-4711") from error


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--log-seconds", type=float, default=0.0)
    parser.add_argument("--deadline", type=float, default=10.0)
    parser.add_argument("--drain", type=float, default=20.0)
    parser.add_argument("--mode", default="development")
    parser.add_argument("--breaks", action="store_true")
    parser.add_argument("--slow-close", action="store_true")
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--leash", type=int)
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args(arguments)
    listener = socket.socket(fileno=options.listener)
    if options.count:
        kept = [part for part in arguments if not part.startswith(("--count", "--listener"))]
        command = [sys.executable, "-m", "tests.entry.service.worker_program", *kept]
        return run_workers(command, options.count, listener, options.drain)
    _serve(options, listener)
    return 0


def _serve(options: Any, listener: socket.socket) -> None:
    from scorewright.entry.service.worker import serve

    if (options.root / "broken").exists():
        sys.exit(3)
    store = DiskBundles(options.root / "bundles", KeyRing(options.root / "keys"))
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    prover: Any = Believes(store)
    deployment = load_for_serving(store, prover, wiring.learners(), "current", now=now)
    limits = LimitSettings(deadline_seconds=options.deadline, drain_seconds=options.drain)
    log = BreakingLog() if options.breaks else NotedLog(options.root, options.log_seconds)
    settings = ServeSettings(mode=options.mode, limits=limits)
    service = service_on(deployment, SystemClock(), log=log, settings=settings)
    leash = None if options.leash is None else socket.socket(fileno=options.leash)
    slow = (time.sleep,) if options.slow_close else ()
    serve(replace(service, follows=False, closing=(*slow, log.close)), listener, leash)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
