"""MLflow in a process of its own: its opinions about the environment stay there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Final

__all__ = ["run_child"]

_SECONDS: Final = 600
#: What the line of an error begins with; SQLAlchemy says more after it.
_ERROR: Final = re.compile(r"[\w.]+(?:Error|Exception): ")
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")


def run_child(module: str, *arguments: str) -> str:
    """Run a module of this room, and return the last line it wrote.

    Args:
        module: ``making`` or ``opening``.
        arguments: For it; sent through its standard input, since addresses hold passwords. The
            child ends when this process does: it is told whose child it is.

    Raises:
        ChildProcessError: It failed; the text is the last error it named.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(("PYTHON", "PG"))
    }
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", f"{__package__}.{module}"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            input=json.dumps([os.getpid(), *arguments]),
            capture_output=True,
            check=False,
            env=environment,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ChildProcessError(f"no answer within {_SECONDS} s") from error
    if done.returncode:
        raise ChildProcessError(_reason(done.stderr) or f"exit code {done.returncode}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _reason(stderr: str) -> str:
    said = [line for line in stderr.splitlines() if line.strip()]
    named = [line for line in said if _ERROR.match(line)]
    return (named or said or [""])[-1][:500]
