"""The rules of the audit: the file that ships with the package, and entry points of others."""

from scorewright.adapters.audit_rules.predictions import PredictionTables
from scorewright.adapters.audit_rules.rules import load_rules

__all__ = ["PredictionTables", "load_rules"]
