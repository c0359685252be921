"""pylignum: an interpreter of LightGBM's trees that is four times as fast for one row.

A C compiler may turn the trees into native code, which takes a minute or less: it needs half the
time again for one row as for many.

It is young (alpha), so it never scores by its word alone: see `scorewright.adapters.accelerators`.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scorewright.adapters.trees import LoadedLgbmModel

__all__ = ["COMPILED", "ENGINE", "FastModel", "compile_trees", "engine_version", "open_fast"]

Floats = npt.NDArray[np.float64]

ENGINE = "pylignum"
COMPILED = "pylignum, compiled"
MODULE = "lignum"
FILE = "model.txt"
FEW_ROWS = 16
#: Twice as soon done as with more of it, and as fast within the noise.
OPTIMISED = "-O1" if os.name == "posix" else ""


class FastModel:
    """A LightGBM model whose scores pylignum computes; all else stays with LightGBM.

    Args:
        model: As LightGBM reads it.
        engine: As pylignum reads it.
    """

    def __init__(self, model: LoadedLgbmModel, engine: Any) -> None:  # noqa: ANN401 - the library may be absent
        self._model = model
        self._engine = engine

    def predict(self, x: Floats) -> Floats:
        """Return raw scores of shape (n,)."""
        is_few = len(x) <= FEW_ROWS
        scores: Floats = self._engine.predict(
            x, n_jobs=1 if is_few else -1, strategy="serial" if is_few else "auto"
        )
        return scores

    def contributions(self, x: Floats) -> Floats:
        """Return what each column adds to the log-odds, shape (n, p + 1); the last is the base."""
        return self._model.contributions(x)

    def files(self) -> Mapping[str, bytes]:
        """Return LightGBM's text format."""
        return self._model.files()

    def importance(self) -> Mapping[str, float]:
        """Return total gain per feature."""
        return self._model.importance()

    def loss_history(self) -> Sequence[float]:
        """Return nothing: the text does not hold it."""
        return self._model.loss_history()


def engine_version() -> str | None:
    """Return the version of pylignum, or None where it is not installed."""
    try:
        return version(ENGINE) if find_spec(MODULE) else None
    except PackageNotFoundError:
        return None


def open_fast(model: LoadedLgbmModel, compiled: Path | None = None) -> FastModel:
    """Let pylignum read a model.

    Args:
        model: As LightGBM reads it.
        compiled: Its trees as `compile_trees` wrote them. To load that file is to run it.

    Raises:
        ImportError: It is not installed, or not for this system.
        RuntimeError, ValueError, OSError: It does not take the model, or the compiled trees are
            those of another one.
    """
    library = importlib.import_module(MODULE)
    with _as_file(model.files()[FILE]) as path:
        return FastModel(model, library.load(path, format="lightgbm", compiled=compiled))


def compile_trees(model: LoadedLgbmModel, file: Path) -> None:
    """Write a model's trees as native code of this machine.

    Args:
        model: As LightGBM reads it.
        file: The library; what the compiler needs besides is written next to it.

    Raises:
        ImportError: pylignum is not installed, or not for this system.
        RuntimeError, ValueError, OSError: It does not take the model, or there is no C compiler.
    """
    library = importlib.import_module(MODULE)
    with _as_file(model.files()[FILE]) as path:
        read = library.load(path, format="lightgbm")
    read.compile(flags=OPTIMISED, work_dir=str(file.parent), library=file)


@contextmanager
def _as_file(text: bytes) -> Iterator[str]:
    """Give bytes a name for a library that reads files; where possible it is no file on a disk."""
    if hasattr(os, "memfd_create"):
        number = os.memfd_create(FILE)
        try:
            with os.fdopen(number, "wb", closefd=False) as file:
                file.write(text)
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        path.write_bytes(text)
        yield str(path)
