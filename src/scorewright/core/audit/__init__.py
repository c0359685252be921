"""The audit of a tracking store: seven criteria, a score, and findings by rule."""

from scorewright.core.audit.audit import audit
from scorewright.core.audit.figure_names import role_of, role_of_file
from scorewright.core.audit.figures import logged_doubt
from scorewright.core.audit.inputs import MISSING, AuditInput, AuditLimits, ProjectFacts
from scorewright.core.audit.models import ModelState, TriedModel
from scorewright.core.audit.predictions import BACKFILLED, KEYS, LABELS, Predictions, predictions_of
from scorewright.core.audit.report import AuditFinding, AuditReport, CriterionResult, State
from scorewright.core.audit.rule import CRITERIA, SEVERITIES, Check, Criterion, Hit, Rule
from scorewright.core.audit.rules import OFF, rule_book
from scorewright.core.audit.subjects import STORE, Subject, SubjectKind
from scorewright.core.audit.view import StoreView, view_of

__all__ = [
    "BACKFILLED",
    "CRITERIA",
    "KEYS",
    "LABELS",
    "MISSING",
    "OFF",
    "SEVERITIES",
    "STORE",
    "AuditFinding",
    "AuditInput",
    "AuditLimits",
    "AuditReport",
    "Check",
    "Criterion",
    "CriterionResult",
    "Hit",
    "ModelState",
    "Predictions",
    "ProjectFacts",
    "Rule",
    "State",
    "StoreView",
    "Subject",
    "SubjectKind",
    "TriedModel",
    "audit",
    "logged_doubt",
    "predictions_of",
    "role_of",
    "role_of_file",
    "rule_book",
    "view_of",
]
