"""What fitting a policy says: as JSON, and as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from scorewright.core.decision import ThresholdChoice
from scorewright.core.statistics import CostComparison
from scorewright.core.strategy import Analysis, NamedChoice, SegmentRow
from scorewright.flows.policy.document import comparison, decided_by
from scorewright.flows.policy.fit import PolicyFit

__all__ = [
    "NAMED_COLUMNS", "SEGMENT_COLUMNS", "fit_document", "fit_pairs", "named_rows", "segment_rows",
]  # fmt: skip

NAMED_COLUMNS = ("threshold", "PD", "approved", "bad among them", "cost", "profit", "guardrails")
SEGMENT_COLUMNS = ("value", "rows", "bads", "threshold", "own", "95 %", "saves", "p", "note")


def fit_document(fit: PolicyFit) -> dict[str, Any]:
    """Return the JSON document of ``scorewright policy fit --json``."""
    a, fitted = fit.analysis, fit.fitted
    return {
        "schema_version": 1,
        "run_id": fitted.run_id,
        "bundle": None if fitted.manifest is None else fitted.manifest.digest,
        "data_role": fitted.role,
        "data_digest": fitted.digest,
        "data_version": fitted.data_version,
        "rows": a.rows,
        "bads": a.bads,
        "method": fit.question.method,
        "costs": {"decided_by": decided_by(a), **asdict(fit.question.costs)},
        "cautions": list(fit.cautions),
        "verdict": {"word": a.verdict.word, "why": a.verdict.why},
        "chosen": asdict(a.chosen),
        "final": asdict(a.final),
        "optimum": {
            **asdict(a.best),
            "within_one_percent": list(a.band),
            "interval": asdict(a.interval),
        },
        "bayes_threshold": a.bayes,
        "cross_fitted_cost": a.cross_fitted_cost,
        "saving": {"against": a.cheaper, **comparison(a.saving)},
        "present": None if a.present is None else asdict(a.present),
        "regret": None if a.regret is None else comparison(a.regret),
        "strategy": [asdict(point) for point in a.strategy],
        "thresholds": [
            {
                "name": n.name, **asdict(n.choice), "profit": n.profit, "emp": n.emp,
                "keeps_guardrails": n.is_allowed,
            }
            for n in a.named
        ],
        "referral": None if a.referral is None else asdict(a.referral),
        "referral_proposal": asdict(a.proposal),
        "segments": _segments(a),
        "loans": None if a.loans is None else _loans(a),
        "emp": asdict(a.emp),
        "adverse_impact": None if a.air is None else _air(a),
        "policy": None if fit.draft is None else (fit.published or fit.draft).to_dict(),
        "published": None if fit.file is None else str(fit.file),
    }  # fmt: skip


def _segments(a: Analysis) -> dict[str, Any] | None:
    found = a.segments
    if found is None:
        return None
    return {
        "column": found.column,
        "note": found.note,
        "saving": None if found.saving is None else comparison(found.saving),
        "rows": [
            {
                "value": row.value,
                "rows": row.rows,
                "bads": row.bads,
                "threshold": row.threshold,
                "own": row.own,
                "interval": None if row.interval is None else asdict(row.interval),
                "saving": None if row.saving is None else comparison(row.saving),
                "p_value_holm": row.p_value,
                "note": row.note,
            }
            for row in found.rows
        ],
    }


def _loans(a: Analysis) -> dict[str, Any]:
    if a.loans is None:
        return {}
    return {
        "cost": a.loans.cost,
        "approval_rate": a.loans.approval_rate,
        "saving": comparison(a.loans.saving),
    }


def _air(a: Analysis) -> dict[str, Any]:
    if a.air is None:
        return {}
    document = asdict(a.air)
    ratio = a.air.ratio if a.air.ratio != float("inf") else None
    return {**document, "ratio": ratio, "is_adverse": a.air.is_adverse()}


def fit_pairs(fit: PolicyFit) -> list[tuple[str, str]]:
    """Return names and values of the summary."""
    a, final = fit.analysis, fit.analysis.final
    pairs = [
        ("verdict", f"{a.verdict.word}: {a.verdict.why}"),
        (
            "fitted on",
            (
                f"{a.rows:,} rows, {a.bads:,} bad, {fit.fitted.role.replace('_', ' ')}, run "
                f"{fit.fitted.run_id}"
            ),
        ),
        ("chosen", f"{a.chosen.threshold:.6g} by {fit.question.method}"),
        ("costs", _costs(fit)),
        ("this brings", _brings(final, a.rows)),
        (
            "least cost",
            (
                f"{a.best.cost:,.6g} at {a.best.threshold:.6g} (95 % interval "
                f"{a.interval.low:.4f} to {a.interval.high:.4f})"
            ),
        ),
        ("within 1 %", f"{a.band[0]:.4f} to {a.band[1]:.4f}"),
        ("Bayes threshold", f"{a.bayes:.4f}"),
        ("on other rows", f"{a.cross_fitted_cost:,.6g}, thresholds chosen without them"),
        (f"saves against {a.cheaper}", _interval(a.saving)),
    ]
    if a.present is not None and a.regret is not None:
        pairs.append(("present policy", f"{a.present.threshold:.6g}: {_brings(a.present, a.rows)}"))
        pairs.append(("regret of keeping it", _interval(a.regret)))
    return pairs + _more(a) + [("take care", text) for text in fit.cautions]


def _more(a: Analysis) -> list[tuple[str, str]]:
    """Return the lines that not every policy has."""
    pairs = []
    band = a.referral or a.proposal
    said = f"{band.low:.4f} to {band.high:.4f}, {100 * band.referred:.1f} % referred"
    pairs.append(("referral band" if a.referral else "a band could be", said))
    if a.loans is not None:
        pairs.append(
            (
                "each loan by its own costs",
                (
                    f"{a.loans.cost:,.6g}, {100 * a.loans.approval_rate:.1f} % approved; saves "
                    f"{_interval(a.loans.saving)}"
                ),
            )
        )
    if a.segments is not None and a.segments.saving is not None:
        pairs.append(("thresholds per segment save", _interval(a.segments.saving)))
    if a.segments is not None and a.segments.note:
        pairs.append(("segments", a.segments.note))
    pairs.append(
        ("EMP", f"{a.emp.value:.5f} of the amount, declining {100 * a.emp.fraction:.1f} %")
    )
    if a.air is not None:
        word = "adverse" if a.air.is_adverse() else "not adverse"
        pairs.append(("adverse impact ratio", f"{a.air.ratio:.3f}, p {a.air.p_value:.3g}: {word}"))
    return pairs


def _brings(choice: ThresholdChoice, rows: int) -> str:
    return (
        f"cost {choice.cost:,.6g} ({choice.cost / rows:.4g} each), "
        f"{100 * choice.approval_rate:.1f} % approved, "
        f"{100 * choice.default_rate_approved:.2f} % of them bad"
    )


def _costs(fit: PolicyFit) -> str:
    """Say which costs decided."""
    c = fit.question.costs
    said = f"{c.false_negative:g} for a bad approved, {c.false_positive:g} for a good declined"
    if decided_by(fit.analysis) == "loan_costs":
        return f"those of each loan, [policy.loans]; not the matrix ({said})"
    return f"the matrix: {said}"


def _interval(found: CostComparison) -> str:
    d = found.difference
    return f"{d.estimate:,.6g} (95 % interval {d.low:,.6g} to {d.high:,.6g})"


def named_rows(a: Analysis) -> list[tuple[str, ...]]:
    """Return a row per threshold somebody might choose, under `NAMED_COLUMNS`."""
    return [
        (
            n.name,
            f"{n.choice.threshold:.6g}",
            f"{100 * n.choice.approval_rate:.1f} %",
            f"{100 * n.choice.default_rate_approved:.2f} %",
            f"{n.choice.cost:,.6g}",
            _profit(n),
            "kept" if n.is_allowed else "broken",
        )
        for n in a.named
    ]


def _profit(named: NamedChoice) -> str:
    """Write the profit; that of EMP, which has another unit, with its unit."""
    if named.emp is not None:
        return f"{named.emp:.4g} of the amount"
    return "" if named.profit is None else f"{named.profit:,.6g}"


def segment_rows(rows: Sequence[SegmentRow]) -> list[tuple[str, ...]]:
    """Return a row per segment, under `SEGMENT_COLUMNS`."""
    return [
        (
            row.value or "(missing)",
            f"{row.rows:,}",
            f"{row.bads:,}",
            f"{row.threshold:.6g}",
            "" if row.own is None else f"{row.own:.6g}",
            "" if row.interval is None else f"{row.interval.low:.4f} to {row.interval.high:.4f}",
            "" if row.saving is None else _interval(row.saving),
            "" if row.p_value is None else f"{row.p_value:.3f}",
            row.note,
        )
        for row in rows
    ]
