"""LightGBM's own library without its Python package: what a service needs to predict.

``import lightgbm`` brings pandas, scipy and scikit-learn where they are installed: seconds and
a hundred megabytes that one row does not need. The library itself is a file in the package, and
its C interface is stable: https://lightgbm.readthedocs.io/en/stable/C-API.html
"""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LibraryError", "NativeBooster", "native_library"]

Floats = npt.NDArray[np.float64]

#: Where the package keeps its library, on the systems it is built for.
PLACES = (
    "lib/lib_lightgbm.so",
    "lib/lib_lightgbm.dylib",
    "bin/lib_lightgbm.dll",
    "lib_lightgbm.dll",
)
FLOAT64 = 1
ROW_MAJOR = 1
NORMAL, RAW, CONTRIBUTIONS = 0, 1, 3
ALL_TREES = -1
GAIN = 1
#: Rows up to which starting threads costs more than they bring.
FEW_ROWS = 16
QUIET = b"verbosity=-1 num_threads=1"
QUIET_ALL_THREADS = b"verbosity=-1 num_threads=0"


class LibraryError(Exception):
    """LightGBM's library reported a failure; the argument is what it said."""


@cache
def native_library() -> ctypes.CDLL | None:
    """Return LightGBM's library, or None where it is not where the package keeps it."""
    found = find_spec("lightgbm")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for place in PLACES:
            file = Path(folder) / place
            if file.is_file():
                return _opened(file)
    return None


def _opened(file: Path) -> ctypes.CDLL | None:
    """Open the library; None where it lacks what is called here."""
    try:
        library = ctypes.CDLL(str(file))
        library.LGBM_GetLastError.restype = ctypes.c_char_p
        for name, kinds in SIGNATURES.items():
            getattr(library, name).argtypes = kinds
    except (OSError, AttributeError):
        return None
    if "lightgbm" not in sys.modules:
        # The package listens itself, and takes over when it is imported later.
        library.LGBM_RegisterLogCallback(_hear_nothing)
    return library


_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
#: Keeps what the library says off standard output; failures come as return codes.
_hear_nothing = _CALLBACK(lambda _: None)

_HANDLE, _INT, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_INT32, _ADDRESS = ctypes.c_int32, ctypes.c_void_p

SIGNATURES: Mapping[str, list[Any]] = {
    "LGBM_RegisterLogCallback": [_CALLBACK],
    "LGBM_BoosterLoadModelFromString": [_TEXT, _ADDRESS, _ADDRESS],
    "LGBM_BoosterFree": [_HANDLE],
    "LGBM_FastConfigFree": [_HANDLE],
    "LGBM_BoosterGetNumFeature": [_HANDLE, _ADDRESS],
    "LGBM_BoosterGetNumClasses": [_HANDLE, _ADDRESS],
    "LGBM_BoosterFeatureImportance": [_HANDLE, _INT, _INT, _ADDRESS],
    "LGBM_BoosterPredictForMat": [
        _HANDLE, _ADDRESS, _INT, _INT32, _INT32, _INT, _INT, _INT, _INT, _TEXT,
        _ADDRESS, _ADDRESS,
    ],
    "LGBM_BoosterPredictForMatSingleRowFastInit": [
        _HANDLE, _INT, _INT, _INT, _INT, _INT32, _TEXT, _ADDRESS,
    ],
    "LGBM_BoosterPredictForMatSingleRowFast": [_HANDLE, _ADDRESS, _ADDRESS, _ADDRESS],
}  # fmt: skip


class NativeBooster:
    """A booster read from text. It may be used from any number of threads.

    Calls for one row share a buffer inside the library, which locks it: they go one at a time,
    and the interpreter is released meanwhile.

    Args:
        library: From `native_library`.
        text: LightGBM's text format. Only bytes a disposable child has survived.

    Raises:
        LibraryError: The text is refused, or makes a model of several classes.
    """

    def __init__(self, library: ctypes.CDLL, text: bytes) -> None:
        self._library = library
        handle, trees = ctypes.c_void_p(), ctypes.c_int()
        _check(
            library,
            library.LGBM_BoosterLoadModelFromString(
                text, ctypes.addressof(trees), ctypes.addressof(handle)
            ),
        )
        self._handle = handle.value
        fast: list[int | None] = []
        # Not at exit: a thread may still be scoring then, and the system takes all back anyway.
        weakref.finalize(self, _free, library, self._handle, fast).atexit = False
        self.columns = self._number(library.LGBM_BoosterGetNumFeature)
        if self._number(library.LGBM_BoosterGetNumClasses) != 1:
            raise LibraryError("it scores more than two classes")
        self._one = self._fast()
        fast.append(self._one)
        self._local = threading.local()

    def predict(self, x: Floats) -> Floats:
        """Return probabilities of shape (n,) for a matrix of shape (n, p)."""
        if len(x) == 1 and x.shape[1] == self.columns:
            return self._row(x)
        return self._matrix(x, NORMAL, 1).ravel()

    def sums(self, x: Floats) -> Floats:
        """Return the sums of the trees, shape (n,)."""
        return self._matrix(x, RAW, 1).ravel()

    def contributions(self, x: Floats) -> Floats:
        """Return Shapley values of the sum of the trees, shape (n, p + 1); the last is the base."""
        return self._matrix(x, CONTRIBUTIONS, self.columns + 1)

    def gain(self) -> Floats:
        """Return the total gain per column, shape (p,)."""
        out = np.empty(self.columns)
        code = self._library.LGBM_BoosterFeatureImportance(
            self._handle, ALL_TREES, GAIN, out.ctypes.data
        )
        _check(self._library, code)
        return out

    def _row(self, x: Floats) -> Floats:
        """Predict one row; the count the library returns is known before."""
        x, out, count = np.ascontiguousarray(x, dtype=np.float64), np.empty(1), self._count()
        # Addresses read this way cost a fifth of what `ndarray.ctypes` does.
        code = self._library.LGBM_BoosterPredictForMatSingleRowFast(
            self._one,
            x.__array_interface__["data"][0],
            count[1],
            out.__array_interface__["data"][0],
        )
        if code:
            _check(self._library, code)
        return out

    def _matrix(self, x: Floats, kind: int, width: int) -> Floats:
        x = np.ascontiguousarray(x, dtype=np.float64)
        out = np.empty((len(x), width))
        if not len(x):
            return out
        code = self._library.LGBM_BoosterPredictForMat(
            self._handle,
            x.ctypes.data,
            FLOAT64,
            x.shape[0],
            x.shape[1],
            ROW_MAJOR,
            kind,
            0,
            ALL_TREES,
            QUIET if len(x) <= FEW_ROWS else QUIET_ALL_THREADS,
            self._count()[1],
            out.ctypes.data,
        )
        _check(self._library, code)
        return out

    def _fast(self) -> int | None:
        """Prepare predictions of single rows."""
        fast = ctypes.c_void_p()
        code = self._library.LGBM_BoosterPredictForMatSingleRowFastInit(
            self._handle,
            NORMAL,
            0,
            ALL_TREES,
            FLOAT64,
            self.columns,
            QUIET,
            ctypes.addressof(fast),
        )
        _check(self._library, code)
        return fast.value

    def _count(self) -> tuple[ctypes.c_int64, int]:
        """Return a place for the number of values written, one a thread."""
        found: tuple[ctypes.c_int64, int] | None = getattr(self._local, "count", None)
        if found is None:
            place = ctypes.c_int64()
            found = self._local.count = (place, ctypes.addressof(place))
        return found

    def _number(self, ask: Any) -> int:  # noqa: ANN401 - a function of the library
        number = ctypes.c_int()
        _check(self._library, ask(self._handle, ctypes.addressof(number)))
        return number.value


def _free(library: ctypes.CDLL, booster: int | None, fast: list[int | None]) -> None:
    """Give back what the library holds for a booster."""
    for prepared in fast:
        library.LGBM_FastConfigFree(prepared)
    library.LGBM_BoosterFree(booster)


def _check(library: ctypes.CDLL, code: int) -> None:
    """Raise what the library says where a call failed."""
    if code:
        said = library.LGBM_GetLastError()
        raise LibraryError(said.decode("utf-8", "replace") if said else f"code {code}")
