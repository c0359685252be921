"""From findings to ideas: one maker per code that a plan can mend."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from scorewright.core.audit import AuditFinding, AuditReport
from scorewright.core.errors import UsageError
from scorewright.core.rationalise.duplicates import merge_duplicates
from scorewright.core.rationalise.ending import end_runs, explain_ends, free_children
from scorewright.core.rationalise.evidence import Evidence
from scorewright.core.rationalise.ideas import Proposal
from scorewright.core.rationalise.naming import rename_runs
from scorewright.core.rationalise.nobodys import bin_nobodys
from scorewright.core.rationalise.production import one_production
from scorewright.core.rationalise.readdress import readdress
from scorewright.core.rationalise.registry import add_aliases, drop_aliases, drop_empty_models
from scorewright.core.rationalise.tagging import describe_runs, fill_tags
from scorewright.core.rationalise.unmendable import INSTEAD

__all__ = ["ASKED", "FILE_CODES", "MENDABLE", "fixes"]

#: Mended only where the code itself is named: 'all' leaves them, for a person may have plans.
ASKED = frozenset({"MODEL-006"})

Maker = Callable[[Evidence, AuditFinding], Proposal]

#: Codes whose plans change files, and need their digests.
FILE_CODES = frozenset({"FILE-001", "FILE-002"})


def _tags(evidence: Evidence, finding: AuditFinding) -> Proposal:
    lacking: dict[str, list[str]] = {}
    for hit in finding.hits:
        tags = [*hit.detail.get("missing", ()), *hit.detail.get("invalid", {})]
        for subject in hit.subjects:
            lacking.setdefault(subject.id, []).extend(tags)
    return fill_tags(evidence, lacking)


def _duplicates(evidence: Evidence, finding: AuditFinding) -> Proposal:
    real = [hit.detail for hit in finding.hits if hit.severity != "info"]
    small = len(finding.hits) - len(real)
    note = (
        f"FILE-002: groups of small equal files are left, they are no fault: {small}."
        if small
        else ""
    )
    return merge_duplicates(evidence, real) + Proposal(notes=(note,) if note else ())


def _versions(finding: AuditFinding) -> list[tuple[str, int]]:
    found = []
    for subject in finding.subjects:
        name, _, number = subject.id.rpartition("/")
        found.append((name, int(number)))
    return found


#: Code -> what makes its ideas, in the order of the plan.
MENDABLE: dict[str, Maker] = {
    "STORE-002": lambda evidence, _: readdress(evidence),
    "RUN-001": lambda evidence, finding: end_runs(evidence, finding.run_ids),
    "RUN-002": lambda evidence, finding: explain_ends(evidence, finding.run_ids),
    "RUN-006": lambda evidence, finding: free_children(evidence, finding.run_ids),
    "RUN-007": lambda evidence, f: one_production(evidence, [hit.detail for hit in f.hits]),
    "CONV-001": lambda evidence, finding: rename_runs(evidence, finding.run_ids),
    "CONV-005": _tags,
    "CONV-009": lambda evidence, finding: describe_runs(evidence, finding.run_ids),
    "MODEL-003": lambda evidence, finding: add_aliases(evidence, _versions(finding)),
    "MODEL-005": lambda evidence, finding: drop_aliases(
        evidence, [subject.id for subject in finding.subjects]
    ),
    "MODEL-006": lambda evidence, finding: drop_empty_models(
        evidence, [subject.id for subject in finding.subjects]
    ),
    "FILE-002": _duplicates,
    "FILE-001": lambda evidence, finding: bin_nobodys(
        evidence, [subject.id for subject in finding.subjects]
    ),
}


def fixes(evidence: Evidence, report: AuditReport, codes: Iterable[str]) -> Proposal:
    """Make the ideas that mend findings, in a fixed order whatever the order of the codes.

    A code that no plan can mend gives a note that says what does.

    Args:
        evidence: The store the report is of.
        report: Of its audit.
        codes: Codes of findings, or ``all``, which leaves those of `ASKED`.

    Raises:
        UsageError: ``fix-unknown``: no finding has the code, with near misses.
    """
    found = {finding.code: finding for finding in report.findings}
    codes = tuple(codes)
    wanted = _wanted(codes, found)
    proposal = Proposal()
    for code, maker in MENDABLE.items():
        if code in wanted and code in found:
            proposal += maker(evidence, found[code])
    notes = [
        f"{code}: no plan can mend {found[code].counted} ({found[code].title}): "
        f"{INSTEAD.get(code) or found[code].remedy}."
        for code in sorted(wanted - MENDABLE.keys())
        if code in found
    ]
    if any(code.lower() == "all" for code in codes):
        notes += [
            f"{code}: {found[code].counted} ({found[code].title}) are left: 'all' does not mean "
            f"this code. If they should go: --fix {code}."
            for code in sorted(ASKED & found.keys() - wanted)
        ]
    notes += [f"{code}: there is no such finding." for code in sorted(wanted - found.keys())]
    return proposal + Proposal(notes=tuple(notes))


def _wanted(codes: Iterable[str], found: dict[str, AuditFinding]) -> set[str]:
    wanted: set[str] = set()
    known = {*MENDABLE, *INSTEAD, *found}
    for code in codes:
        if code.lower() == "all":
            wanted |= found.keys() - ASKED
            continue
        if code.upper() not in known:
            near = difflib.get_close_matches(code.upper(), known, n=3) or sorted(MENDABLE)
            raise UsageError(
                f"There is no finding with the code '{code}'.",
                remedy=f"Use one of: {', '.join(near)}; or all.",
                code="fix-unknown",
            )
        wanted.add(code.upper())
    return wanted
