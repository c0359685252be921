"""The proof that a faster engine gives the same scores, made in a child that may die of it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.accelerators.fast import (
    COMPILED,
    ENGINE,
    FILE,
    compile_trees,
    engine_version,
    open_fast,
)
from scorewright.adapters.accelerators.sample import proof_rows
from scorewright.adapters.machine import processor
from scorewright.adapters.trees import LoadedLgbmModel, load_booster, read_trees
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import IntegrityError
from scorewright.core.matrix import Feature, FeatureSpace

__all__ = ["EngineProof", "compare", "main", "prove_engine", "setting"]

Floats = npt.NDArray[np.float64]

ROWS = 20_000
#: Rows that are scored one by one as well: engines have a way of their own for one.
ALONE = 2_000
TIMEOUT_SECONDS = 300.0
COMMAND = (sys.executable, "-P", "-m", "scorewright.adapters.accelerators")
REPORT_SIZE = 64_000


@dataclass(frozen=True, slots=True)
class EngineProof:
    """What came of comparing an engine with LightGBM on one model.

    Attributes:
        model: SHA-256 of the model's text.
        engine: `ENGINE` or `COMPILED`.
        setting: Versions and processor for which it holds; see `setting`.
        rows: Rows that were compared.
        different: Rows whose score differs in any bit.
        seconds: What it took.
        reason: Why it could not be compared; empty where it could.
        library: SHA-256 of the compiled trees that were compared; empty for `ENGINE`.
    """

    model: str
    engine: str
    setting: Mapping[str, str]
    rows: int
    different: int
    seconds: float
    reason: str = ""
    library: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether every row was compared and none differed."""
        return self.rows > 0 and self.different == 0 and not self.reason

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        return {"schema_version": 1, **asdict(self)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> EngineProof:
        """Read the form written by `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        if document["schema_version"] != 1:
            raise ValueError("another version")
        return cls(
            model=str(document["model"]),
            engine=str(document["engine"]),
            setting={str(k): str(v) for k, v in dict(document["setting"]).items()},
            rows=int(document["rows"]),
            different=int(document["different"]),
            seconds=float(document["seconds"]),
            reason=str(document["reason"]),
            library=str(document.get("library", "")),
        )


def setting() -> dict[str, str]:
    """Return what a proof holds for: another version or processor needs another proof."""
    return {
        ENGINE: engine_version() or "none",
        "lightgbm": version("lightgbm"),
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def prove_engine(
    text: bytes,
    golden: Floats,
    *,
    library: Path | None = None,
    rows: int = ROWS,
    timeout_seconds: float = TIMEOUT_SECONDS,
    command: Sequence[str] = COMMAND,
) -> EngineProof:
    """Compare the engine with LightGBM in a child process.

    Args:
        text: LightGBM's text format; bytes the canary survived.
        golden: Encoded golden rows, shape (g, p), one or more.
        library: Compiled trees to compare; compiled and written first where there are none. The
            proof does not name them yet. None compares the interpreter.
        rows: Rows to generate beside them.
        timeout_seconds: Wall time the child may take.
        command: The child's command.

    Returns:
        The proof; where the child dies or takes too long, one that says so.
    """
    began = time.monotonic()
    head = {
        "rows": rows,
        "golden": [[repr(v) for v in row] for row in golden.tolist()],
        "library": None if library is None else str(library),
    }
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out:
        given.write(json.dumps(head).encode("utf-8") + b"\n" + text)
        given.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command,
                stdin=given,
                stdout=out,
                stderr=subprocess.DEVNULL,
                timeout=timeout_seconds,
                check=False,
                env={**os.environ, "OMP_WAIT_POLICY": "passive"},
            )
            how = f"the child ended with status {done.returncode} and without a report"
        except subprocess.TimeoutExpired:
            how = f"the child did not answer in {timeout_seconds:g} seconds"
        out.seek(0)
        report = _report(out.read(REPORT_SIZE), how)
    return EngineProof(
        model=sha256_hex(text),
        engine=ENGINE if library is None else COMPILED,
        setting=setting(),
        rows=int(report.get("rows", 0)),
        different=int(report.get("different", 0)),
        seconds=round(time.monotonic() - began, 3),
        reason=str(report.get("reason", "")),
    )


def _report(out: bytes, how: str) -> Mapping[str, Any]:
    """Read the child's one line of JSON, if it lived to write one."""
    try:
        report = json.loads(out)
    except (ValueError, RecursionError):
        return {"reason": how}
    return report if isinstance(report, dict) else {"reason": how}


def main() -> int:
    """Compare what comes on standard input; print one line of JSON. The child's program."""
    report_to = os.dup(1)
    os.dup2(2, 1)
    head = json.loads(sys.stdin.buffer.readline())
    golden = np.array([[float(v) for v in row] for row in head["golden"]], dtype=np.float64)
    space = FeatureSpace(tuple(Feature(str(i)) for i in range(golden.shape[1])))
    try:
        model = load_booster({FILE: sys.stdin.buffer.read()}, space)
        library = None if head["library"] is None else Path(head["library"])
        if library is not None and not library.exists():
            compile_trees(model, library)
        report = compare(model, golden, int(head["rows"]), library)
    except (IntegrityError, ImportError, RuntimeError, ValueError, OSError) as error:
        report = {"rows": 0, "different": 0, "reason": f"{type(error).__name__}: {error}"[:500]}
    os.write(report_to, json.dumps(report).encode("utf-8") + b"\n")
    return 0


def compare(
    model: LoadedLgbmModel, golden: Floats, rows: int, library: Path | None = None
) -> dict[str, Any]:
    """Count the rows on which the engine and LightGBM differ in any bit.

    Args:
        model: As LightGBM reads it.
        golden: Encoded golden rows, shape (g, p).
        rows: Rows to generate beside them.
        library: Compiled trees; None compares the interpreter.

    Raises:
        ImportError, RuntimeError, ValueError, OSError: The engine does not take the model.
    """
    text = model.files()[FILE]
    trees = read_trees(text.decode("utf-8"))
    if trees is None:
        raise ValueError("the model is of a kind no sample is made for")
    fast = open_fast(model, library)
    seed = int(sha256_hex(text)[:8], 16)
    sample = np.concatenate([golden, proof_rows(trees, golden, rows, seed)])
    wanted, got = model.predict(sample), fast.predict(sample)
    differs = _bits(wanted) != _bits(got)
    for i in range(min(ALONE, len(sample))):
        row = sample[i : i + 1]
        alone = _bits(np.concatenate([model.predict(row), fast.predict(row)]))
        differs[i] |= bool(np.any(alone != _bits(wanted[i : i + 1])))
    return {"rows": len(sample), "different": int(differs.sum())}


def _bits(scores: Floats) -> npt.NDArray[np.int64]:
    return np.ascontiguousarray(scores).view(np.int64)
