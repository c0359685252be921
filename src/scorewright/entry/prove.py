"""The canary's own program: ``python -m scorewright.entry.prove DIRECTORY``.

It parses a bundle's model, scores the golden rows and prints one line of JSON. It may be killed
by what it parses; its parent (`scorewright.adapters.bundles`) lives on. The parent has verified
signature and digests; here only the digests are compared again, while the bytes are read.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from scorewright import wiring
from scorewright.core.bundles import Bundle, Manifest
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import IntegrityError, ScorewrightError
from scorewright.core.scoring import Scorer, check_golden
from scorewright.wiring.children import bound

__all__ = ["main"]

#: Address space in bytes. Generous: libraries reserve far more than they use.
ADDRESS_SPACE = 16 * 1024**3
#: Bytes any file may have that this process writes: its report.
REPORT_SIZE = 1_000_000


def main(arguments: list[str]) -> int:
    """Prove one bundle.

    Args:
        arguments: The bundle's directory.

    Returns:
        0 when the golden rows agree, 1 otherwise.
    """
    bound(ADDRESS_SPACE, file_size=REPORT_SIZE)
    out = _own_stdout()
    try:
        report = {"ok": True, **_prove(Path(arguments[0]))}
    except ScorewrightError as error:
        report = {
            "ok": False,
            "code": error.code,
            "message": error.message,
            "remedy": error.remedy,
            "details": dict(error.details),
        }
    os.write(out, json.dumps(report).encode("utf-8") + b"\n")
    return 0 if report["ok"] else 1


def _prove(directory: Path) -> dict[str, Any]:
    """Read, parse, score, compare."""
    data = (directory / "manifest.json").read_bytes()
    manifest = Manifest.from_bytes(data)
    files = {entry.path: (directory / entry.path).read_bytes() for entry in manifest.files}
    if any(sha256_hex(files[entry.path]) != entry.sha256 for entry in manifest.files):
        raise IntegrityError(
            "The bundle is refused: a file changed while it was being proved.",
            remedy="Get the bundle again from where it was made; do not edit it.",
            code="bundle-file-changed",
        )
    bundle = Bundle.from_files(manifest, files)
    learner = wiring.learners().get(bundle.learner)
    model = learner.load(bundle.model_files, bundle.space)
    largest = check_golden(Scorer.of(bundle, model), bundle.golden)
    return {
        "bundle": sha256_hex(data),
        "rows": len(bundle.golden),
        "largest_difference": largest,
    }


def _own_stdout() -> int:
    """Keep standard output for the report; what libraries print goes where errors go."""
    out = os.dup(1)
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
