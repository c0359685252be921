"""A store that is put back after each crash, at the same place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.adapters.store_editing.small import (
    Small,
    clock,
    fingerprint,
    full_plan,
    small_at,
)

from scorewright.core.plans import Plan
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan
from scorewright.flows.store.undo_receipt import undo_receipt, undo_unfinished

__all__ = ["CALLS", "Crashes"]

ROOT = Path(__file__).resolve().parents[3]
#: System calls that change anything on disk, and bring it there.
CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "link", "linkat", "mkdir",
    "ftruncate", "sendfile",
)  # fmt: skip


class Crashes:
    """Kills a process that carries out a plan, and proves what remains."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        self.small: Small = small_at(folder, template)
        self.plan: Plan = full_plan(self.small)
        (folder / "plan.json").write_text(json.dumps(self.plan.to_json()))
        self.pristine = folder / "pristine"
        shutil.copytree(self.small.folder, self.pristine)
        self.begin = fingerprint(self.small)
        apply_plan(self.plan, self.small.open(self.plan), clock, ignore, "ana")
        self.end = fingerprint(self.small)

    def reset(self) -> None:
        shutil.rmtree(self.small.folder)
        shutil.copytree(self.pristine, self.small.folder)

    def start(self, *prefix: str) -> subprocess.Popen[str]:
        self.reset()
        module = "tests.adapters.store_editing.crash_child"
        return subprocess.Popen(
            [*prefix, sys.executable, "-m", module, str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def prove(self, *, is_resumed: bool) -> None:
        """Go on, or take back what was done; then the other way round."""
        if is_resumed:
            receipt = apply_plan(self.plan, self.small.open(self.plan), clock, ignore, "ben")
            assert fingerprint(self.small) == self.end
            undo_receipt(receipt, self.small.open, clock, ignore, "ben")
        elif self._is_midway():
            undo_unfinished(self.plan, self.small.open, clock, ignore, "ben")
        else:
            receipt = apply_plan(self.plan, self.small.open(self.plan), clock, ignore, "ben")
            undo_receipt(receipt, self.small.open, clock, ignore, "ben")
        assert fingerprint(self.small) == self.begin
        apply_plan(self.plan, self.small.open(self.plan), clock, ignore, "ben")
        assert fingerprint(self.small) == self.end

    def _is_midway(self) -> bool:
        entries = self.small.open(self.plan).journal.entries()
        return bool(entries) and all(entry["entry"] != "end" for entry in entries)
