"""Write what is in an environment as a software bill of materials (CycloneDX 1.6, JSON).

``python tools/make_sbom.py ENVIRONMENT TARGET``, as ``make sbom`` calls it: ENVIRONMENT is a
virtual environment with what is shipped and nothing else. The same environment gives the same
bytes; with ``SOURCE_DATE_EPOCH`` the document bears that time, else none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def command(environment: Path, target: Path) -> list[str]:
    """Return the command that writes the document and validates it against its schema."""
    program = Path(sys.executable).with_name("cyclonedx-py")
    return [
        *(str(program), "environment", "--pyproject", str(ROOT / "pyproject.toml")),
        *("--mc-type", "application", "--spec-version", "1.6", "--validate"),
        *("--output-reproducible", "--output-format", "JSON"),
        *("--output-file", str(target), str(environment)),
    ]


def make(environment: Path, target: Path) -> int:
    """Write the document.

    Args:
        environment: The folder of a virtual environment.
        target: The file; its folder is made.

    Returns:
        How many components it names.

    Raises:
        CalledProcessError: The environment cannot be read; what is wrong stands on stderr.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.partial")
    try:
        subprocess.run(command(environment, aside), check=True)  # noqa: S603 - our own words
        count = len(json.loads(aside.read_text(encoding="utf-8")).get("components", ()))
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return count


def main(arguments: Sequence[str]) -> None:
    """Write it and say how much it names."""
    environment, target = (Path(argument) for argument in arguments)
    count = make(environment, target)
    print(f"{target}: {count} components")


if __name__ == "__main__":
    main(sys.argv[1:])
