"""The command line, called in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from scorewright.entry.cli import main

__all__ = ["Call", "Said", "caller"]

Said = tuple[int, str, str]
Call = Callable[..., Said]


def caller(patch: pytest.MonkeyPatch) -> Call:
    """Return what calls ``scorewright store ...`` in this process."""
    patch.setenv("NO_COLOR", "1")
    patch.setenv("COLUMNS", "300")

    def call(*arguments: str | Path) -> Said:
        patch.setattr(sys, "argv", ["scorewright", "store", *map(str, arguments)])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        return code, out.getvalue(), err.getvalue()

    return call
