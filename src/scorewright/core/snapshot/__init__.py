"""A tracking store as values: what it holds, whatever wrote it."""

from scorewright.core.snapshot.addresses import Address, AddressKind, parse_address
from scorewright.core.snapshot.roots import RootRule, resolve, suggest_rules
from scorewright.core.snapshot.snapshot import Snapshot, Source, SourceKind, snapshot_of
from scorewright.core.snapshot.tables import FILES, HISTORY, TABLES, empty, shaped

__all__ = [
    "FILES",
    "HISTORY",
    "TABLES",
    "Address",
    "AddressKind",
    "RootRule",
    "Snapshot",
    "Source",
    "SourceKind",
    "empty",
    "parse_address",
    "resolve",
    "shaped",
    "snapshot_of",
    "suggest_rules",
]
