"""What a reader should know before believing a fitted policy."""

from __future__ import annotations

from collections.abc import Iterator

from scorewright.core.project import Settings
from scorewright.core.strategy import Analysis, Question

__all__ = ["cautions"]

#: A rate among fewer people is known to more than ten points only (95 %, at a rate of a half).
_FEW = 100
#: Whoever approves less than this is hardly in business, though the limit is kept.
_LITTLE = 0.01


def cautions(settings: Settings, question: Question, analysis: Analysis) -> tuple[str, ...]:
    """Return sentences, without a full stop, the gravest first.

    Args:
        settings: The project; ``[policy]`` and ``[project]`` name the owner.
        question: What was asked.
        analysis: What came of it.
    """
    return (*_handful(question, analysis), *_nobody(settings))


def _handful(question: Question, analysis: Analysis) -> Iterator[str]:
    """A bad rate is low among a few: who approves hardly anybody keeps any limit."""
    limit = question.target if question.method == "max_bad_rate" else question.max_bad_rate
    final = analysis.final
    approved = round(final.approval_rate * analysis.rows)
    if limit is not None and (approved < _FEW or final.approval_rate < _LITTLE):
        yield (
            f"a bad rate of at most {100 * limit:g} % is kept only by approving {approved:,} of "
            f"{analysis.rows:,} applications: the limit is too low for this model, or the rate "
            "among so few is chance"
        )


def _nobody(settings: Settings) -> Iterator[str]:
    if not (settings.policy.owner or settings.project.owner):
        yield "nobody is named as the policy's owner: set policy.owner or project.owner"
