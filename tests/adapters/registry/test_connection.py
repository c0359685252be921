"""What a look at a registry leaves behind when it was cut short."""

from __future__ import annotations

import subprocess
import sys

from tests.adapters.registry.conftest import Registered

_LOOK = """
import signal
import sys
from scorewright.adapters.registry.connection import PATIENT, Connection

class Timed:
    found = []

    def find_spec(self, name, path=None, target=None):
        if ".dbmodels" in name and signal.getitimer(signal.ITIMER_REAL)[0]:
            self.found.append(name)

sys.meta_path.insert(0, Timed())
answer = Connection(sys.argv[1], PATIENT).ask(lambda c: c.search_experiments(), "experiments")
print([found.name for found in answer], Timed.found)
"""


def test_the_clock_cuts_no_import(logged: Registered) -> None:
    """Table classes whose import is cut cannot be imported again: no later look would answer."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, logged.uri], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Default" in done.stdout
    assert done.stdout.strip().endswith("[]")
