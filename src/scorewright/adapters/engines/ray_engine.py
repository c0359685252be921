"""Ray as a scheduler of idempotent tasks, on this machine or on the user's own cluster."""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from traceback import clear_frames
from typing import Any, Final

from scorewright.adapters.engines.buckets import run_buckets
from scorewright.adapters.engines.worker import failed, opened, perform
from scorewright.core.errors import MissingExtraError, ScorewrightError
from scorewright.flows.features.ports import BucketReceipt, BucketTask

__all__ = ["RayEngine"]

#: Ray waits a fixed 30 seconds for its own processes, too short on a machine that is busy.
STARTS: Final = 3
#: Read when Ray is imported. Nothing is reported. And below ``uv run``, workers run in this very
#: environment: Ray would copy the folder of the project, data and all, and make them one anew.
SWITCHES: Final = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
#: How often Ray gives a task whose worker died to another.
RETRIES: Final = 3
#: Seconds a cluster's head may take to accept a connection.
CONNECT: Final = 10.0
_PLACE = re.compile(r"(?:ray://)?(.+):(\d{1,5})")


class RayEngine:
    """Runs tasks on Ray; keeps the port ``Engine``.

    A Ray that the caller has started is used and left alone; one that is started here is ended
    here. Nothing is reported to Ray's makers, and there is no dashboard.

    Args:
        address: Of a cluster (``auto``, ``host:6379``, ``ray://host:10001``); its machines need
            the package and the folder of the work. None starts Ray on this machine.
        processes: Workers where Ray is started here.

    Raises:
        MissingExtraError: Ray is not installed.
    """

    name = "ray"

    def __init__(self, address: str | None, processes: int) -> None:
        if find_spec("ray") is None:
            raise MissingExtraError("ray", "ray")
        self._address = address
        self._processes = max(1, processes)

    def run(self, tasks: Sequence[BucketTask], done: Callable[[BucketReceipt], None]) -> None:
        """Do every bucket; see the port.

        Raises:
            ScorewrightError: ``engine-unreachable``, ``engine-failed``, and what a task itself
                raises.
        """
        run_buckets(self, tasks, done)

    def each(
        self,
        program: str,
        documents: Sequence[Mapping[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Have every document worked on; see the port.

        Raises:
            ScorewrightError: ``engine-unreachable``, ``engine-failed``, and what a task itself
                raises.
        """
        if not documents:
            return
        # Ray tells of dead workers on standard output, where ours may be JSON.
        with redirect_stdout(sys.stderr), self._connected() as ray:
            remote = ray.remote(num_cpus=1, max_retries=RETRIES)(perform)
            waiting = {remote.remote(program, json.dumps(d)): d for d in documents}
            try:
                while waiting:
                    (ready, *_), _ = ray.wait(list(waiting))
                    document = waiting.pop(ready)
                    done(opened(_answer(ray, ready, document), document))
            except BaseException as error:
                clear_frames(error.__traceback__)
                raise
            finally:
                for left in waiting:
                    ray.cancel(left, force=True)
                # Ray ends the process of whoever lets go of a reference while it shuts down, in
                # whichever thread that is: none may be left for the collector.
                waiting.clear()
                ready = left = None

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Give Ray while a ``with`` block lasts."""
        for name, value in SWITCHES.items():
            os.environ.setdefault(name, value)
        import ray  # noqa: PLC0415 - an extra, and heavy

        if ray.is_initialized():
            yield ray
            return
        self._start(ray)
        try:
            yield ray
        finally:
            gc.collect()
            ray.shutdown()

    def _start(self, ray: Any) -> None:  # noqa: ANN401 - a module
        where: dict[str, Any] = {"address": self._address}
        starts = 1
        if self._address is not None:
            _refuse_silent(self._address)
        else:
            where = {"num_cpus": self._processes, "include_dashboard": False}
            starts = STARTS
        for attempt in range(1, 1 + starts):
            try:
                ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
            except Exception as error:
                # Nothing narrower: of a node that starts slowly Ray says so by a bare Exception.
                ray.shutdown()
                if attempt == starts:
                    raise _unreachable(self._address, error) from error
            else:
                return


def _refuse_silent(address: str) -> None:
    """Refuse an address where nobody listens; Ray itself would wait there for minutes.

    Raises:
        ScorewrightError: ``engine-unreachable``.
    """
    found = _PLACE.fullmatch(address)
    if found is None:  # such as ``auto``, which Ray looks up
        return
    try:
        socket.create_connection((found[1].strip("[]"), int(found[2])), timeout=CONNECT).close()
    except OSError as error:
        raise _unreachable(address, error) from error


def _answer(ray: Any, ready: Any, document: Mapping[str, Any]) -> str:  # noqa: ANN401 - Ray's
    try:
        return str(ray.get(ready))
    except ray.exceptions.RayError as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else ""
        why = f"was given up by Ray ({type(error).__name__}: {first[:300]})"
        raise failed(document, why, engine="ray") from error


def _unreachable(address: str | None, error: Exception) -> ScorewrightError:
    where = f"at {address}" if address else "on this machine"
    return ScorewrightError(
        f"Ray {where} did not start or answer: {' '.join(str(error).split())[:300]}",
        remedy="Check the address with 'ray status', or wait until the machine is less busy; "
        "the engine 'local' needs no Ray.",
        code="engine-unreachable",
        details={"engine": "ray", "address": address},
    )
