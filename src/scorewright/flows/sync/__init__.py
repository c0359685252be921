"""Bring what the registry's alias names: fetched, verified, proved, deployed, or refused."""

from scorewright.flows.sync.address import ModelAddress
from scorewright.flows.sync.freshness import Freshness
from scorewright.flows.sync.ports import Candidate, Shelf, SyncMemory, SyncRegistry
from scorewright.flows.sync.register import Publication, Registered, Registrar, register
from scorewright.flows.sync.report import SyncReport, Taken
from scorewright.flows.sync.syncer import Syncer

__all__ = [
    "Candidate",
    "Freshness",
    "ModelAddress",
    "Publication",
    "Registered",
    "Registrar",
    "Shelf",
    "SyncMemory",
    "SyncRegistry",
    "SyncReport",
    "Syncer",
    "Taken",
    "register",
]
