"""Trials that did not come to their end: their parameters are queued again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

__all__ = ["ATTEMPTS", "BASE", "DIGEST", "QUEUED", "SET", "is_retry", "queue_again"]

#: Attributes of a trial whose parameters were given.
SET, DIGEST, QUEUED = "set", "set_digest", "queued"

#: What a trial took from the settings for searched parameters that it does not set itself.
BASE = "base"

#: How often parameters are tried; those that kill every process are left alone then.
ATTEMPTS = 4

_FAILED, _ATTEMPT, _FIXED = "failed_trial", "attempt", "fixed_params"


def queue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queue the parameters of a trial, where it has any: the next one draws its own.

    Optuna's own `RetryHeartbeatStaleTrialCallback` takes along who worked on the trial and what
    it had found; the new trial would be taken for one of the dead process again.

    Args:
        study: The study.
        trial: One that failed, or is about to.
    """
    import optuna  # noqa: PLC0415 - heavy

    attempt = int(trial.system_attrs.get(_ATTEMPT, 1))
    if attempt >= ATTEMPTS or not _has_parameters(trial):
        return
    kept = {
        name: trial.user_attrs[name] for name in (SET, DIGEST, QUEUED) if name in trial.user_attrs
    }
    system: dict[str, Any] = {_FAILED: trial.number, _ATTEMPT: attempt + 1}
    if _FIXED in trial.system_attrs:
        system[_FIXED] = trial.system_attrs[_FIXED]
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=kept,
            system_attrs=system,
        )
    )


def is_retry(trial: FrozenTrial) -> bool:
    """Return whether a trial has the parameters of one that did not come to its end."""
    return _FAILED in trial.system_attrs


def _has_parameters(trial: FrozenTrial) -> bool:
    """Return whether something was given or drawn for a trial."""
    return bool(trial.params) or SET in trial.user_attrs or _FIXED in trial.system_attrs
