"""What counts as too good to be true, and how to answer a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

__all__ = ["LeakageLimits", "answer"]


@dataclass(frozen=True, slots=True)
class LeakageLimits:
    """Limits of the checks before training, as under ``[leakage]`` in the settings.

    Attributes:
        max_auc: A single column may reach this AUC, not more.
        max_iv: A single column may reach this information value, not more.
        denied_names: Glob patterns of names known only after the outcome; case is ignored.
    """

    max_auc: float = 0.95
    max_iv: float = 0.5
    denied_names: Sequence[str] = ()


def answer(code: str, column: str, alternative: str | None = None) -> str:
    """Return the remedy of an error: mend it, or accept it with a reason.

    Args:
        code: Code of the finding.
        column: Its subject.
        alternative: How to mend it; prohibiting the column unless given.
    """
    mend = alternative or (
        f"If it is known only after the outcome, set use = \"prohibited\" for column '{column}' "
        "in its contract"
    )
    return f'{mend}. If it is sound: scorewright data accept {code} {quote(column)} --reason "..."'
