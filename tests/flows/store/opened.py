"""Real stores, opened."""

from __future__ import annotations

from pathlib import Path

from scorewright.adapters.audit_rules import PredictionTables, load_rules
from scorewright.adapters.machine import SystemClock
from scorewright.adapters.mlflow_store import load_conventions
from scorewright.flows.events import Notify, ignore
from scorewright.flows.store.audit_store import AuditTools
from scorewright.flows.store.ports import OpenedStore
from scorewright.wiring import LocationOpener

__all__ = ["audit_tools", "opened"]


def opened(location: Path | str) -> OpenedStore:
    """Open a store as the command line does."""
    return LocationOpener().open(str(location))


def audit_tools(notify: Notify = ignore) -> AuditTools:
    """What an audit works with."""
    return AuditTools(SystemClock(), PredictionTables(), load_conventions(), load_rules(), notify)
