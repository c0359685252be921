"""The conventions as data: read from a mapping, merged with a project's own lines."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from scorewright.core.errors import UsageError

__all__ = [
    "Artifacts",
    "Boosting",
    "Conventions",
    "CrossValidated",
    "Metrics",
    "NameRule",
    "Names",
    "Params",
    "TagRule",
]

Texts = tuple[str, ...]

#: Tables a project may add entries to; everywhere else an unknown entry is a slip of the pen.
OPEN_TABLES = frozenset({("params", "models"), ("tags",)})

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class NameRule:
    """A form for people and the pattern that the whole name must match."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    form: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Names:
    """How things are called.

    Attributes:
        purposes: Allowed endings of an experiment's name.
        automatic: Pattern of names MLflow makes up.
        experiment, run, registered_model: One rule each.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    purposes: Texts
    automatic: str
    experiment: NameRule
    run: NameRule
    registered_model: NameRule


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """What a cross-validated run logs besides, for every figure of ``groups``.

    Attributes:
        groups: Groups of `Metrics`.
        figures: Forms of the metrics, ``{f}`` is the figure.
        histories: Forms of the metrics whose history holds one value per fold.
        validations: Pattern of the ``validation`` tags that mean cross-validation.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    groups: Texts
    figures: Texts
    histories: Texts
    validations: str


@dataclass(frozen=True, slots=True)
class Boosting:
    """Which model types log which histories per iteration."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    model_types: Texts
    histories: Texts


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics of a finished training run, by group."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    ranking: Texts
    overfitting: Texts
    calibration: Texts
    threshold: Texts
    business: Texts
    run: Texts
    cross_validated: CrossValidated
    boosting: Boosting

    def groups(self) -> dict[str, Texts]:
        """Return the metrics every finished training run logs, by group."""
        return {
            "ranking": self.ranking,
            "overfitting": self.overfitting,
            "calibration": self.calibration,
            "threshold": self.threshold,
            "business": self.business,
            "run": self.run,
        }


@dataclass(frozen=True, slots=True)
class Params:
    """Parameters of a finished training run; ``a|b`` asks for one of the two.

    Attributes:
        common: Asked of every run.
        models: Asked besides, by model type.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    common: Texts
    models: dict[str, Texts]


@dataclass(frozen=True, slots=True)
class TagRule:
    """Allowed values of a tag: listed, or matching a pattern, or anything not empty.

    Attributes:
        values: Listed values.
        pattern: The whole value must match it, where it is not listed.
        description: For people.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    values: Texts = ()
    pattern: str = ""
    description: str = ""

    def allows(self, value: str) -> bool:
        """Return whether the tag may have this value."""
        if not self.values and not self.pattern:
            return bool(value.strip())
        matched = bool(self.pattern) and re.fullmatch(self.pattern, value) is not None
        return value in self.values or matched


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Files of a finished training run."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    required: Texts


@dataclass(frozen=True, slots=True)
class Conventions:
    """The whole policy.

    Attributes:
        names: Names of experiments, runs and registered models.
        metrics: Metrics and histories.
        params: Parameters.
        tags: Rules by tag name.
        artifacts: Files.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    names: Names
    metrics: Metrics
    params: Params
    tags: dict[str, TagRule]
    artifacts: Artifacts
    schema_version: Literal[1] = field(default=1)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Conventions:
        """Read the form written by `to_dict`, which is also that of the TOML file.

        Raises:
            UsageError: ``conventions-invalid``: an unknown, missing or mistyped entry, or a
                pattern that is not a regular expression. The message names the entry.
        """
        try:
            conventions = TypeAdapter(cls).validate_python(dict(document))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            what = first["msg"].replace("tuple", "list of texts")
            raise _invalid(f"The conventions are wrong at '{where}': {what}.") from error
        _refuse_unknown_groups(conventions.metrics)
        _refuse_bad_patterns(conventions)
        return conventions

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return asdict(self)

    def merged(self, overrides: Mapping[str, Any]) -> Conventions:
        """Return these conventions with a project's own lines.

        Tables are merged entry by entry; lists and texts are replaced whole. New tags and new
        model types may be added.

        Args:
            overrides: The ``[conventions]`` table of the settings.

        Raises:
            UsageError: ``conventions-invalid``: an unknown entry (with near misses) or a value
                of the wrong type.
        """
        return Conventions.from_dict(_merge(self.to_dict(), overrides, ()))


def _merge(base: Mapping[str, Any], overrides: Mapping[str, Any], path: Texts) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overrides.items():
        here = (*path, key)
        known = base.get(key)
        if key not in base and path not in OPEN_TABLES:
            near = difflib.get_close_matches(key, list(base), n=3) or sorted(base)
            raise _invalid(
                f"The conventions have no entry '{'.'.join(here)}'.",
                f"In [conventions] of scorewright.toml, use one of: {', '.join(near)}.",
            )
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(known, value, here)
        else:
            merged[key] = value
    return merged


def _refuse_unknown_groups(metrics: Metrics) -> None:
    for group in metrics.cross_validated.groups:
        if group not in metrics.groups():
            raise _invalid(
                f"The conventions name a group '{group}' at 'metrics.cross_validated.groups', "
                f"but the groups are: {', '.join(metrics.groups())}."
            )


def _refuse_bad_patterns(conventions: Conventions) -> None:
    names = conventions.names
    patterns = {
        "names.automatic": names.automatic,
        "names.experiment.pattern": names.experiment.pattern,
        "names.run.pattern": names.run.pattern,
        "names.registered_model.pattern": names.registered_model.pattern,
        "metrics.cross_validated.validations": conventions.metrics.cross_validated.validations,
        **{f"tags.{name}.pattern": rule.pattern for name, rule in conventions.tags.items()},
    }
    for where, pattern in patterns.items():
        try:
            re.compile(pattern)
        except re.error as error:
            raise _invalid(
                f"The conventions are wrong at '{where}': {error} in the regular expression."
            ) from error


def _invalid(
    message: str, remedy: str = "Correct [conventions] in scorewright.toml."
) -> UsageError:
    return UsageError(message, remedy=remedy, code="conventions-invalid")
