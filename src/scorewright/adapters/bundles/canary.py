"""The canary: a child process that parses the model first and may die of it.

A damaged LightGBM file aborts, crashes or hangs whoever parses it, and no ``except`` helps. So
a child does it under limits of memory and time, and only its report is believed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scorewright.adapters.children import ONE_THREAD
from scorewright.core.errors import IntegrityError
from scorewright.flows.ports import Proof

__all__ = ["CanaryProver"]

#: ``-P`` keeps the folder the user stands in off the import path.
COMMAND = (sys.executable, "-P", "-m", "scorewright.entry.prove")
LIMIT = 64_000


class CanaryProver:
    """Proves bundles in a disposable child; keeps the port ``Prover``.

    Args:
        timeout_seconds: Wall time the child may take, its start included.
        command: The child's command without the bundle's directory.
    """

    def __init__(self, timeout_seconds: float = 60.0, command: Sequence[str] = COMMAND) -> None:
        self._timeout = timeout_seconds
        self._command = tuple(command)

    def prove(self, directory: Path) -> Proof:
        """Load the model in a child and compare its answers with the golden rows.

        Args:
            directory: A bundle whose signature and digests were verified.

        Raises:
            IntegrityError: ``bundle-canary-died``, ``bundle-canary-timeout``,
                ``bundle-golden-mismatch``, ``bundle-golden-missing``, or what the child refused
                for (``bundle-model``, ``bundle-manifest``, ``bundle-file-changed``).
        """
        began = time.monotonic()
        report = self._run([*self._command, str(directory.absolute())])
        if not report.get("ok"):
            raise IntegrityError(
                str(report.get("message", "The bundle could not be proved.")),
                remedy=str(report.get("remedy", "Train again.")),
                code=str(report.get("code", "bundle-canary-died")),
                details=_details(report),
            )
        try:
            return Proof(
                bundle=str(report["bundle"]),
                rows=int(report["rows"]),
                largest_difference=float(report["largest_difference"]),
                seconds=time.monotonic() - began,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _died("left a report that makes no sense") from error

    def _run(self, command: Sequence[str]) -> Mapping[str, Any]:
        """Run the child; its report is read from a file, so it cannot flood this process."""
        with tempfile.TemporaryFile() as out:
            child = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,  # LightGBM prints memory it should not have read
                start_new_session=True,
                env={**os.environ, **ONE_THREAD},
            )
            try:
                status = child.wait(self._timeout)
            except subprocess.TimeoutExpired as error:
                raise IntegrityError(
                    f"The child process that tried the model did not answer in "
                    f"{self._timeout:g} seconds and was ended.",
                    remedy="Try again if the machine is very busy; otherwise get the bundle again "
                    "or train again.",
                    code="bundle-canary-timeout",
                ) from error
            finally:
                _end(child)
            out.seek(0)
            return _report(status, out.read(LIMIT))


def _report(status: int, out: bytes) -> Mapping[str, Any]:
    """Read the child's one line of JSON, if it lived to write one."""
    if status < 0:
        raise _died(f"was ended by {_signal_name(-status)}", signal=_signal_name(-status))
    try:
        report = json.loads(out)
    except (ValueError, RecursionError) as error:
        raise _died(f"ended with status {status} and without a report") from error
    if not isinstance(report, dict):
        raise _died("left a report that makes no sense")
    return report


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child, and whatever it started, for certain."""
    if child.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()


def _details(report: Mapping[str, Any]) -> dict[str, Any]:
    details = report.get("details", {})
    return dict(details) if isinstance(details, dict) else {}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _died(how: str, **details: str) -> IntegrityError:
    return IntegrityError(
        f"The child process that tried the model {how}. The model file is damaged, or made by a "
        "version of the library that is not installed here.",
        remedy="Get the bundle again from where it was made, or train again.",
        code="bundle-canary-died",
        details=details,
    )
