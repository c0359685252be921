"""Versions of the installed packages that decide a score."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

__all__ = ["library_versions"]

PACKAGES = (
    "scorewright", "catboost", "imbalanced-learn", "lightgbm", "mlflow", "numpy", "optbinning",
    "polars", "scikit-learn", "scipy", "xgboost",
    "fastapi", "uvicorn",
)  # fmt: skip


def library_versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Return package -> version for those that are installed, and Python's own."""
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
