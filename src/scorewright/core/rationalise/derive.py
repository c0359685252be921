"""Tags of a run derived from what it logged. What cannot be told is not made up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from scorewright.core.conventions import ARCHIVE_PREFIX, Conventions
from scorewright.core.rationalise.facts import RunFacts

__all__ = ["DERIVED", "Derive", "allowed", "derived", "folds_of", "name_words"]

#: A run and the policy -> what follows, and from what; None where nothing does.
Derive = Callable[[RunFacts, Conventions], tuple[str, str] | None]

_MODELS = (
    ("lgbm", r"lgbm|lightgbm|light_gbm"),
    ("xgboost", r"xgb"),
    ("catboost", r"catboost"),
    ("random_forest", r"random_?forest|(^|_)rf(_|$)"),
    ("logistic", r"logistic|logreg"),
    ("scorecard", r"scorecard"),
    ("ensemble", r"ensemble|stacking|voting"),
    ("dummy", r"dummy"),
)
_MODEL_PARAMS = (
    "model_type", "model", "model_name", "algorithm", "classifier", "estimator", "learner",
)  # fmt: skip
#: Parameters that only one library has.
_OWN_PARAMS = (
    ("lgbm", {"num_leaves"}),
    ("xgboost", {"tree_method"}),
    ("catboost", {"l2_leaf_reg"}),
)
_FLAVORS = {"lightgbm": "lgbm", "xgboost": "xgboost", "catboost": "catboost"}
_FOLD_PARAMS = ("cv_folds", "n_folds", "n_splits", "folds", "cv", "kfold")
_SAMPLING_PARAMS = ("sampling_strategy", "sampling", "sampler", "resampling", "balance")
_FEATURE_PARAMS = ("feature_strategy", "feature_set", "features", "strategy")
_TRUE = ("true", "1", "yes")
_LEAST_FOLDS = 2
#: A name that keeps the conventions says how the run was made.
_NAMED = re.compile(r"[a-z]+\d{2,}_(cv|split|nested|oot)_(.+)")
_FOLD_HISTORY = re.compile(r"fold_")


def allowed(tag: str, value: str, conventions: Conventions) -> bool:
    """Return whether a tag may have a value."""
    rule = conventions.tags.get(tag)
    return bool(value) and (rule is None or rule.allows(value))


def derived(tag: str, run: RunFacts, conventions: Conventions) -> tuple[str, str] | None:
    """Return a tag's value and where it comes from, None where nothing tells it.

    Args:
        tag: Of the conventions.
        run: What the run logged.
        conventions: The policy; a value it does not allow is none.
    """
    make = DERIVED.get(tag)
    found = None if make is None else make(run, conventions)
    return found if found and allowed(tag, found[0], conventions) else None


def _project(run: RunFacts, conventions: Conventions) -> tuple[str, str] | None:
    # What archives an experiment puts a word before its name; the project stays what it was.
    name = run.experiment.removeprefix(ARCHIVE_PREFIX)
    for purpose in sorted(conventions.names.purposes, key=len, reverse=True):
        head = name.removesuffix(f"_{purpose}")
        if head != name and re.fullmatch(r"[a-z][a-z0-9_]*", head):
            return head, "the experiment's name"
    return None


def _model_type(run: RunFacts, _: Conventions) -> tuple[str, str] | None:
    said = [(run.tags.get("model_type", ""), "the tag as it was")]
    said += [(run.params.get(name, ""), f"parameter {name}") for name in _MODEL_PARAMS]
    said += [(_FLAVORS.get(name, ""), "the logged model") for name in sorted(run.flavors)]
    said += [(run.name, "the run's name")]
    for text, place in said:
        word = re.sub(r"[^a-z0-9]+", "_", text.lower())
        for model_type, pattern in _MODELS:
            if word and re.search(pattern, word):
                return model_type, place
    for model_type, names in _OWN_PARAMS:
        if names <= run.params.keys():
            return model_type, f"parameter {min(names)}"
    return None


def folds_of(run: RunFacts) -> tuple[int, str] | None:
    """Return the number of folds and where it comes from."""
    for name in _FOLD_PARAMS:
        value = run.params.get(name, "")
        if value.isdecimal() and _LEAST_FOLDS <= int(value) < 100:  # noqa: PLR2004
            return int(value), f"parameter {name}"
    points = {f.points for k, f in run.figures.items() if _FOLD_HISTORY.match(k)}
    if len(points) == 1 and min(points) >= _LEAST_FOLDS:
        return min(points), "the values per fold"
    return None


def _validation(run: RunFacts, conventions: Conventions) -> tuple[str, str] | None:
    scheme = " ".join(run.params.get(k, "") for k in ("validation", "scheme", "split")).lower()
    words = {**name_words(run.name, conventions)}
    if "nested" in scheme or words.get("validation") == "nested":
        return "nested CV", "how the run was set up"
    if "out_of_time" in scheme or words.get("validation") == "oot":
        return "out of time", "how the run was set up"
    if folds := folds_of(run):
        return f"{folds[0]}-fold CV", folds[1]
    if words.get("validation") == "split" or "test_size" in run.params:
        return "single split", "how the run was set up"
    return None


def _stage(run: RunFacts, _: Conventions) -> tuple[str, str] | None:
    by_status = {"deployed": "production", "archived": "archived", "retired": "archived"}
    status = run.tags.get("status", "")
    if status in by_status:
        return by_status[status], f"status {status}"
    return "development", "nothing says more"


def _status(run: RunFacts, _: Conventions) -> tuple[str, str] | None:
    if run.tags.get("stage") == "archived":
        return "archived", "stage archived"
    return "active", "nothing says more"


def _features(run: RunFacts, conventions: Conventions) -> tuple[str, str] | None:
    for name in _FEATURE_PARAMS:
        value = run.params.get(name, "").strip().lower()
        if allowed("feature_strategy", value, conventions):
            return value, f"parameter {name}"
    named = name_words(run.name, conventions).get("features")
    return (named, "the run's name") if named else None


def _sampling(run: RunFacts, conventions: Conventions) -> tuple[str, str] | None:
    for name in _SAMPLING_PARAMS:
        value = run.params.get(name, "").strip().lower()
        if allowed("sampling_strategy", value, conventions):
            return value, f"parameter {name}"
    named = name_words(run.name, conventions).get("sampling")
    if named:
        return named, "the run's name"
    if run.params.get("is_unbalance", "").lower() in _TRUE:
        return "balanced", "parameter is_unbalance"
    if run.params.get("class_weight", "").strip("'\"").lower() == "balanced":
        return "balanced", "parameter class_weight"
    return None


def _data_version(run: RunFacts, _: Conventions) -> tuple[str, str] | None:
    training = [d for d in run.datasets if d[2].lower() in ("training", "train")]
    told = {(name, digest) for name, digest, _ in training or run.datasets if name and digest}
    if len(told) != 1:
        return None
    ((name, digest),) = told
    label = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)
    return f"{label}@{digest.lower()}", "the digest of its data set"


def _git_commit(run: RunFacts, _: Conventions) -> tuple[str, str] | None:
    commit = run.tags.get("mlflow.source.git.commit") or run.source_version
    return (commit, "the commit MLflow noted") if commit else None


def name_words(name: str, conventions: Conventions) -> Mapping[str, str]:
    """Read validation, features and sampling from a name that keeps the conventions."""
    match = _NAMED.fullmatch(name)
    if match is None:
        return {}
    found, rest = {"validation": match[1]}, match[2]
    for features in _listed("feature_strategy", conventions):
        tail = rest.removeprefix(f"{features}_")
        if tail != rest:
            found["features"], rest = features, tail
            break
    for sampling in _listed("sampling_strategy", conventions):
        if rest == sampling or rest.endswith(f"_{sampling}"):
            found["sampling"] = sampling
            break
    return found


def _listed(tag: str, conventions: Conventions) -> Iterable[str]:
    rule = conventions.tags.get(tag)
    return () if rule is None else sorted(rule.values, key=len, reverse=True)


DERIVED: dict[str, Derive] = {
    "project": _project,
    "stage": _stage,
    "status": _status,
    "feature_strategy": _features,
    "sampling_strategy": _sampling,
    "model_type": _model_type,
    "validation": _validation,
    "data_version": _data_version,
    "git_commit": _git_commit,
}
