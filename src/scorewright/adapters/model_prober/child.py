"""The child process that loads models, as its parent sees it.

One child tries many models, so that libraries are imported once; it is a new one after a model
that killed it, hung, or was a pickle.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final, Self

from scorewright.adapters.children import ONE_THREAD
from scorewright.adapters.guarded import private_folder

__all__ = ["Child", "ChildDiedError", "ChildHungError", "ChildMissingError"]

#: ``-P`` keeps the folder the user stands in off the import path.
_COMMAND: Final = (sys.executable, "-P", "-m", "scorewright.adapters.model_prober")
#: Everything else of the environment, passwords among it, stays here.
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
                "PYTHONPATH", "COVERAGE_PROCESS_START")  # fmt: skip
_READY: Final = '{"state": "ready"}\n'
_OWN: Final = {
    **ONE_THREAD,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "ignore",
}


class ChildDiedError(Exception):
    """The child ended without an answer; the text says how."""


class ChildHungError(Exception):
    """The child did not answer in time and was ended."""


class ChildMissingError(Exception):
    """The child could not even be started; no model is to blame."""


class Child:
    """A child process; started when it is first asked, and ended with the ``with`` block.

    Args:
        seconds: Wall time an answer may take, the start of the child included.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._is_ready = False
        self._own = ExitStack()
        self._home = self._own.enter_context(private_folder("models"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process for good, and remove its folder."""
        self.end()
        self._own.close()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the child's answer.

        Args:
            request: JSON-ready.

        Raises:
            ChildMissingError: It could not be started.
            ChildDiedError: It crashed.
            ChildHungError: It took too long.
        """
        process = self._alive()
        if not self._is_ready:
            try:
                self._is_ready = self._answered(process, "") == _READY
            except (ChildDiedError, ChildHungError) as error:
                raise ChildMissingError(str(error)) from error
            if not self._is_ready:
                raise ChildMissingError("the process that loads models did not start")
        line = self._answered(process, json.dumps(request) + "\n")
        try:
            answer = json.loads(line)
        except ValueError as error:
            self.end()
            raise ChildDiedError("the process that loaded it gave no answer") from error
        return answer if isinstance(answer, dict) else {}

    def _answered(self, process: subprocess.Popen[str], line: str) -> str:
        """Send a line, and return the one that comes back in time."""
        is_late = threading.Event()

        def end_it() -> None:
            is_late.set()
            _kill(process)

        timer = threading.Timer(self._seconds, end_it)
        timer.start()
        answer = ""
        try:
            if process.stdin is not None and process.stdout is not None:
                with suppress(OSError):
                    process.stdin.write(line)
                    process.stdin.flush()
                    answer = process.stdout.readline()
        finally:
            timer.cancel()
        if answer.endswith("\n"):
            return answer
        _kill(process)
        status = process.wait()
        self.end()
        if is_late.is_set():
            raise ChildHungError(f"it did not load within {self._seconds:g} seconds")
        raise ChildDiedError(f"it ended the process that loaded it: {_how(status)}")

    @property
    def is_fresh(self) -> bool:
        """Whether no model has been loaded in the process that is asked next."""
        return self._process is None

    def end(self) -> None:
        """End the process; the next question starts another."""
        process, self._process, self._is_ready = self._process, None, False
        if process is not None:
            _kill(process)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()

    def _alive(self) -> subprocess.Popen[str]:
        if self._process is None:
            home = str(self._home)
            own = {name: value for name, value in os.environ.items() if name in _KEPT}
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # libraries print memory they should not have read
                encoding="utf-8",
                errors="replace",
                cwd=Path(home),
                env={**own, **_OWN, "HOME": home, "TMPDIR": home},
                start_new_session=True,  # an interrupt at the terminal comes to us alone
            )
        return self._process


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _how(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
