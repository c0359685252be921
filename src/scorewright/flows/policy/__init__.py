"""Policies: fitted with their uncertainty, published, compared, put in force."""

from scorewright.flows.policy.document import draft_policy
from scorewright.flows.policy.fit import PolicyFit, fit_policy
from scorewright.flows.policy.report import policy_report
from scorewright.flows.policy.result import (
    NAMED_COLUMNS,
    SEGMENT_COLUMNS,
    fit_document,
    fit_pairs,
    named_rows,
    segment_rows,
)
from scorewright.flows.policy.tools import FitWish, PolicyTools
from scorewright.flows.policy.versions import (
    HISTORY_COLUMNS,
    Activated,
    FoundPolicy,
    HistoryRow,
    PolicyDiff,
    activate_policy,
    diff_policies,
    find_policy,
    policy_history,
)

__all__ = [
    "HISTORY_COLUMNS",
    "NAMED_COLUMNS",
    "SEGMENT_COLUMNS",
    "Activated",
    "FitWish",
    "FoundPolicy",
    "HistoryRow",
    "PolicyDiff",
    "PolicyFit",
    "PolicyTools",
    "activate_policy",
    "diff_policies",
    "draft_policy",
    "find_policy",
    "fit_document",
    "fit_pairs",
    "fit_policy",
    "named_rows",
    "policy_history",
    "policy_report",
    "segment_rows",
]
