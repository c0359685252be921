"""Loads the rules of the audit from the package's TOML file and from entry points.

Packages of third parties offer a rule, or a list of rules, through the entry-point group
``scorewright.audit_rules``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.metadata import EntryPoint, entry_points

from scorewright.core.audit import Rule, rule_book
from scorewright.core.errors import UsageError

__all__ = ["GROUP", "load_rules"]

GROUP = "scorewright.audit_rules"


def load_rules(severity: Mapping[str, str] | None = None) -> tuple[Rule, ...]:
    """Return the rules to audit by, sorted by code.

    Args:
        severity: Code -> ``error``, ``warning``, ``info`` or ``off``: ``[store.audit] severity``.

    Raises:
        UsageError: ``audit-rule-unknown``, ``audit-severity-invalid``, or
            ``audit-rule-invalid`` for an entry point that offers something else.
    """
    file = resources.files("scorewright") / "resources" / "audit_rules.toml"
    document = tomllib.loads(file.read_text("utf-8"))
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return rule_book(document, [rule for point in points for rule in _offered(point)], severity)


def _offered(point: EntryPoint) -> Iterator[Rule]:
    try:
        offered = point.load()
    except (ImportError, AttributeError) as error:
        raise _invalid(point, f"cannot be imported: {error}") from error
    for rule in offered if isinstance(offered, list | tuple) else [offered]:
        if not isinstance(rule, Rule):
            raise _invalid(point, f"is a {type(rule).__name__}, no scorewright.core.audit.Rule")
        yield rule


def _invalid(point: EntryPoint, what: str) -> UsageError:
    return UsageError(
        f"The audit rule '{point.name}' ({point.value}) {what}.",
        remedy="Mend the package that brings the rule, or uninstall it.",
        code="audit-rule-invalid",
    )
