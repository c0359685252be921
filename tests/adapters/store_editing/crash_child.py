"""Carries out a plan in a process of its own, which somebody kills: FOLDER."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from tests.adapters.store_editing.small import Small, clock

from scorewright.core.errors import ScorewrightError
from scorewright.core.plans import read_plan
from scorewright.flows.events import ignore
from scorewright.flows.store.apply_plan import apply_plan


def main() -> None:
    """Say the code of the error, if there is one."""
    folder = Path(sys.argv[1])
    small = Small(folder / "store", folder / "source", folder / "payload.db")
    plan = read_plan(json.loads((folder / "plan.json").read_text()), "plan.json")
    workshop = replace(small.open(plan), threads=1)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        apply_plan(plan, workshop, clock, ignore, "ana")
    except ScorewrightError as error:
        sys.stdout.write(f"{error.code}: {error}\n")
        sys.exit(3)


if __name__ == "__main__":
    main()
