"""Names: how they are made, and whether one keeps the conventions."""

from __future__ import annotations

import re
from functools import cache

from scorewright.core.conventions.document import Conventions, NameRule
from scorewright.core.errors import UsageError

__all__ = [
    "ARCHIVE_PREFIX",
    "experiment_name",
    "experiment_problem",
    "is_registered_model_name",
    "model_name",
    "run_name",
    "run_problem",
]

#: What stands before the name of an experiment that was archived; the name behind it is judged.
ARCHIVE_PREFIX = "archive_"
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def experiment_name(project: str, purpose: str) -> str:
    """Return ``{project}_{purpose}``.

    Raises:
        UsageError: ``name-invalid``: a part is not snake_case.
    """
    return _joined(project, purpose)


def model_name(project: str, model_type: str) -> str:
    """Return the registered model's name, ``{project}_{model_type}``.

    Raises:
        UsageError: ``name-invalid``: a part is not snake_case.
    """
    return _joined(project, model_type)


def run_name(kind: str, number: int, validation: str, features: str, sampling: str) -> str:
    """Return ``{kind}{NN}_{validation}_{features}_{sampling}``, such as ``exp05_cv_domain_smote``.

    Args:
        kind: Letters only: ``exp``, ``tune``.
        number: From 0; at least two digits are written.
        validation: ``cv``, ``split``, ``nested``, ``oot``.
        features: Feature strategy.
        sampling: Sampling strategy.

    Raises:
        UsageError: ``name-invalid``: a part is not snake_case, or the number is negative.
    """
    if number < 0 or not re.fullmatch(r"[a-z]+", kind):
        raise _invalid(f"{kind}{number}")
    return _joined(f"{kind}{number:02d}", validation, features, sampling)


def run_problem(name: str, conventions: Conventions) -> str | None:
    """Say what is wrong with a run's name, None if nothing is; of an archived one with the old."""
    names = conventions.names
    if not name:
        return "The run has no name."
    if re.fullmatch(names.automatic, name.removeprefix(ARCHIVE_PREFIX)):
        return f"The run name '{name}' was made up by MLflow."
    if not _keeps(name.removeprefix(ARCHIVE_PREFIX), names.run, conventions):
        return f"The run name '{name}' is not of the form {names.run.form}."
    return None


def experiment_problem(name: str, project: str, conventions: Conventions) -> str | None:
    """Say what is wrong with an experiment's name, None if nothing is.

    An archived one is judged by the name it had.

    Args:
        name: The experiment's name.
        project: Value of the run's ``project`` tag; empty where it is not known.
        conventions: The policy.
    """
    rule = conventions.names.experiment
    judged = name.removeprefix(ARCHIVE_PREFIX)
    if not _keeps(judged, rule, conventions):
        return f"The experiment name '{name}' is not of the form {rule.form}."
    if project and not judged.startswith(f"{project}_"):
        return f"The experiment name '{name}' does not begin with the project's name '{project}'."
    return None


def is_registered_model_name(name: str, conventions: Conventions) -> bool:
    """Return whether a registered model's name keeps the conventions."""
    return _keeps(name, conventions.names.registered_model, conventions)


def _keeps(name: str, rule: NameRule, conventions: Conventions) -> bool:
    model_types = conventions.tags["model_type"].values if "model_type" in conventions.tags else ()
    pattern = rule.pattern.replace("{purposes}", _one_of(conventions.names.purposes))
    return re.fullmatch(pattern.replace("{model_types}", _one_of(model_types)), name) is not None


@cache
def _one_of(words: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(re.escape(word) for word in words)})" if words else "[a-z0-9_]+"


def _joined(*parts: str) -> str:
    for part in parts:
        if not _WORD.fullmatch(part):
            raise _invalid(part)
    return "_".join(parts)


def _invalid(part: str) -> UsageError:
    return UsageError(
        f"'{part}' cannot be part of a name in the tracking store.",
        remedy="Use lower-case letters, digits and underscores, a letter first.",
        code="name-invalid",
    )
