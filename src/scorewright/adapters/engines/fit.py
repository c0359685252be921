"""Whether the packages of the engines fit together, for ``doctor``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

__all__ = ["OLDEST_JAVA", "Fit", "fit_together", "java_version"]

#: What Spark 4 runs on.
OLDEST_JAVA: Final = 17
OLDEST_RAY: Final = (2, 60)
OLDEST_SPARK: Final = (4, 3)
#: What ``mapInArrow`` of Spark 4.3 asks for; it looks for pandas though it passes Arrow.
OLDEST_ARROW: Final = (18, 0)
OLDEST_PANDAS: Final = (2, 2)
#: From here on Spark 4.3 warns.
NEWEST_PANDAS: Final = (3,)
_JAVA_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True, slots=True)
class Fit:
    """One answer; the fields are those of a doctor's check.

    Attributes:
        name: The subject: ``ray``, ``spark``.
        status: ``ok``; ``warning`` where it works with a reservation or is not installed;
            ``error`` where the engine would not run.
        detail: The versions, and what is wrong with them.
        remedy: Empty where all is well.
    """

    name: str
    status: Literal["ok", "warning", "error"]
    detail: str
    remedy: str = ""


def fit_together(versions: Mapping[str, str] | None = None, java: int | None = None) -> list[Fit]:
    """Say of each optional engine whether it is installed and its packages fit together.

    Args:
        versions: Package -> version; None looks at what is installed.
        java: Java's major version, used with ``versions``; None there means no Java.

    Returns:
        One answer for Ray and one for Spark; an engine that is not installed is no fault.
    """
    if versions is None:
        versions, java = _installed(), java_version(os.environ)
    return [_ray(versions), _spark(versions, java)]


def java_version(environment: Mapping[str, str]) -> int | None:
    """Return the major version of the Java that Spark would start, or None.

    Args:
        environment: ``JAVA_HOME`` counts before the search path.
    """
    home = environment.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return None
    try:
        said = subprocess.run(  # noqa: S603 - the user's own Java
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _JAVA_VERSION.search(said.stderr + said.stdout)
    return int(found[1]) if found else None


def _ray(versions: Mapping[str, str]) -> Fit:
    found = versions.get("ray")
    if found is None:
        return Fit("ray", "ok", "not installed; only --engine ray needs it")
    if _parts(found) < OLDEST_RAY:
        return Fit(
            "ray",
            "error",
            f"{found} is older than {_text(OLDEST_RAY)}",
            "pip install --upgrade 'scorewright[ray]'",
        )
    return Fit("ray", "ok", f"{found}; a cluster's machines need the same Ray and Python")


def _spark(versions: Mapping[str, str], java: int | None) -> Fit:
    found, pandas = versions.get("pyspark"), versions.get("pandas", "")
    if found is None:
        return Fit("spark", "ok", "not installed; only --engine spark needs it")
    trouble = _spark_trouble(versions, java)
    if trouble is not None:
        what, remedy = trouble
        return Fit("spark", "error", f"{found}, but {what}", remedy)
    if _parts(pandas) >= NEWEST_PANDAS:
        return Fit(
            "spark",
            "warning",
            f"{found} with pandas {pandas}, which Spark does not fully support yet; Scorewright "
            "passes Arrow alone, your own pandas functions on Spark may differ",
            "pip install 'pandas<3' if you use pandas on Spark yourself",
        )
    return Fit("spark", "ok", f"{found}, Java {java}, pandas {pandas}")


def _spark_trouble(versions: Mapping[str, str], java: int | None) -> tuple[str, str] | None:
    """Return what keeps Spark from running, and the remedy."""
    upgrade = "pip install --upgrade 'scorewright[spark]'"
    if _parts(versions["pyspark"]) < OLDEST_SPARK:
        return f"the oldest that works is {_text(OLDEST_SPARK)}", upgrade
    if java is None or java < OLDEST_JAVA:
        what = "there is no Java" if java is None else f"Java {java} is too old"
        return what, f"Install Java {OLDEST_JAVA} or newer and set JAVA_HOME."
    for package, oldest in (("pyarrow", OLDEST_ARROW), ("pandas", OLDEST_PANDAS)):
        had = versions.get(package)
        if had is None or _parts(had) < oldest:
            what = f"{package} {had} is too old" if had else f"{package} is not installed"
            return what, upgrade
    return None


def _installed() -> dict[str, str]:
    found = {}
    for package in ("ray", "pyspark", "pyarrow", "pandas"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _text(parts: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in parts)
