"""What decides a score beside the model: versions of the installed packages, and the processor."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["library_versions", "processor"]

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


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            names = (line.partition(":")[2] for line in file if line.startswith("model name"))
            return next(names, "").strip() or platform.processor()
    except OSError:
        return platform.processor()
