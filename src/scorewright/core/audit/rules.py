"""The rules of an audit: data that ships with the package, others' rules, a person's changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from scorewright.core.audit.check_conventions import CONVENTION_CHECKS
from scorewright.core.audit.check_copies import COPY_CHECKS
from scorewright.core.audit.check_figures import FIGURE_CHECKS
from scorewright.core.audit.check_files import FILE_CHECKS
from scorewright.core.audit.check_location import LOCATION_CHECKS
from scorewright.core.audit.check_models import MODEL_CHECKS
from scorewright.core.audit.check_production import PRODUCTION_CHECKS
from scorewright.core.audit.check_roles import ROLE_CHECKS
from scorewright.core.audit.check_runs import RUN_CHECKS
from scorewright.core.audit.rule import CRITERIA, SEVERITIES, Check, Rule
from scorewright.core.errors import UsageError

__all__ = ["CHECKS", "OFF", "rule_book"]

#: What finds who breaks a rule, by code.
CHECKS: dict[str, Check] = {
    **CONVENTION_CHECKS,
    **LOCATION_CHECKS,
    **RUN_CHECKS,
    **MODEL_CHECKS,
    **COPY_CHECKS,
    **FIGURE_CHECKS,
    **ROLE_CHECKS,
    **PRODUCTION_CHECKS,
    **FILE_CHECKS,
}
#: In place of a severity: the rule is not asked.
OFF = "off"


def rule_book(
    document: Mapping[str, Any],
    more: Iterable[Rule] = (),
    severity: Mapping[str, str] | None = None,
) -> tuple[Rule, ...]:
    """Return the rules to audit by.

    Args:
        document: ``audit_rules.toml``: a table ``rules`` of code -> criterion, severity, title
            and remedy.
        more: Rules of third parties.
        severity: Code -> ``error``, ``warning``, ``info`` or ``off``, from the settings.

    Raises:
        UsageError: ``audit-rule-unknown`` for a code that no rule has, with near misses;
            ``audit-severity-invalid``; ``audit-rule-invalid`` for a rule that is no rule, or a
            code that is taken.
    """
    book = {code: _own(code, told) for code, told in document["rules"].items()}
    for rule in more:
        if rule.code in book:
            raise _invalid(f"There are two audit rules with the code '{rule.code}'.")
        book[rule.code] = _checked(rule)
    for code, wanted in (severity or {}).items():
        _change(book, code, wanted)
    return tuple(book[code] for code in sorted(book))


def _own(code: str, told: Mapping[str, Any]) -> Rule:
    if code not in CHECKS:
        raise _invalid(f"The audit rule '{code}' has no check.")
    return _checked(Rule(code=code, check=CHECKS[code], **told))


def _checked(rule: Rule) -> Rule:
    if rule.criterion not in CRITERIA or rule.severity not in SEVERITIES:
        raise _invalid(
            f"The audit rule '{rule.code}' has the criterion '{rule.criterion}' and the severity "
            f"'{rule.severity}'; expected one of {', '.join(CRITERIA)} and one of "
            f"{', '.join(SEVERITIES)}."
        )
    return rule


def _change(book: dict[str, Rule], code: str, wanted: str) -> None:
    if code not in book:
        near = difflib.get_close_matches(code.upper(), list(book), n=3) or sorted(book)
        raise UsageError(
            f"There is no audit rule '{code}'.",
            remedy=f"In [store.audit] severity, use one of: {', '.join(near)}.",
            code="audit-rule-unknown",
        )
    if wanted == OFF:
        del book[code]
        return
    for severity in SEVERITIES:
        if severity == wanted:
            book[code] = replace(book[code], severity=severity, is_overridden=True)
            return
    raise UsageError(
        f"The audit rule {code} cannot have the severity '{wanted}'.",
        remedy=f"In [store.audit] severity, use one of: {', '.join([*SEVERITIES, OFF])}.",
        code="audit-severity-invalid",
    )


def _invalid(message: str) -> UsageError:
    return UsageError(
        message,
        remedy="Mend the package that brings the rule, or uninstall it.",
        code="audit-rule-invalid",
    )
