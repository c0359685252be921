"""Parameters of libraries, which may be absent, and what they say to those they do not take."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from scorewright.core.errors import MissingExtraError, UsageError

__all__ = ["NATIVE_ONLY", "library", "refusals"]

#: Parameters of LightGBM without a name in the scikit-learn API. ``use_quantized_grad`` is left out
#: on purpose: it aborts the process in LightGBM 4.7.
NATIVE_ONLY = frozenset({
    "bagging_seed", "cat_l2", "cat_smooth", "extra_trees", "feature_fraction_bynode", "max_bin",
    "max_cat_threshold", "max_cat_to_onehot", "max_delta_step", "min_data_in_bin",
    "min_data_per_group", "monotone_constraints_method", "monotone_penalty", "path_smooth",
    "scale_pos_weight",
})  # fmt: skip


def library(name: str) -> ModuleType:
    """Return the library of that name; its extra is called the same.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(name, name) from error


@contextmanager
def refusals(name: str, *errors: type[Exception]) -> Iterator[None]:
    """Translate what a library raises while it trains.

    Args:
        name: The library's name for people.
        errors: Its own exceptions; TypeError and ValueError are always among them.

    Raises:
        UsageError: ``learner-params``.
    """
    known: tuple[type[Exception], ...] = (*errors, TypeError, ValueError)
    try:
        yield
    except known as error:
        said = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        raise UsageError(
            f"{name} refused to train: {said.rstrip('.')}.",
            remedy="Correct [learner.params] in scorewright.toml.",
            code="learner-params",
        ) from error
