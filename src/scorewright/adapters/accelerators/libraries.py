"""Compiled trees on disk: in the user's own cache, never in a project that may come from others."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from scorewright.adapters.durable import save
from scorewright.adapters.guarded import (
    WRITABLE_BY_OTHERS,
    NotRegularError,
    read_guarded,
    refuse_exposed_directory,
)
from scorewright.core.digests import sha256_hex
from scorewright.core.errors import ScorewrightError

__all__ = ["Libraries", "UnusableLibraryError"]

_LARGEST: Final = 256 * 1024 * 1024
_KEPT: Final = 50


class UnusableLibraryError(RuntimeError):
    """Compiled trees cannot be kept or loaded; says why. Another engine scores then."""


class Libraries:
    """Native code by its digest.

    To load such a file is to run it. So it is taken from one folder only, which belongs to the
    user and that nobody else can write in, and only with the digest that a proof names: what
    comes along with a project is never loaded.

    Args:
        folder: Made when the first library is kept; None where the account has no home.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, digest: str) -> Path:
        """Return the file of a library.

        Args:
            digest: SHA-256 of its bytes.

        Raises:
            UnusableLibraryError: It is gone, or altered, or others could alter it.
        """
        file = self._own() / _name(digest)
        try:
            refuse_exposed_directory(file.parent)
            data = read_guarded(file, _LARGEST, WRITABLE_BY_OTHERS, "600")
        except (OSError, NotRegularError, OverflowError) as error:
            raise UnusableLibraryError("the compiled trees are gone") from error
        except ScorewrightError as error:
            raise UnusableLibraryError(error.message.rstrip(".")) from error
        if sha256_hex(data) != digest:
            raise UnusableLibraryError("the compiled trees were altered")
        return file

    def keep(self, data: bytes) -> str:
        """Write a library whole; return its digest. Of many only the newest ones stay.

        Raises:
            UnusableLibraryError: See `prepare`.
            ScorewrightError: ``write-failed``.
        """
        folder, digest = self.prepare(), sha256_hex(data)
        save(folder / _name(digest), lambda stream: stream.write(data))
        self._forget_old(folder)
        return digest

    def prepare(self) -> Path:
        """Make the folder where it is missing, and return it: nobody compiles for nothing.

        Raises:
            UnusableLibraryError: There is no place that only we can write in.
        """
        folder = self._own()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_exposed_directory(folder)
        except OSError as error:
            raise UnusableLibraryError(f"{folder} cannot be made: {error.strerror}") from error
        except ScorewrightError as error:
            raise UnusableLibraryError(error.message.rstrip(".")) from error
        return folder

    def _own(self) -> Path:
        if self._folder is None:
            raise UnusableLibraryError(
                "this account has no folder for compiled trees; set XDG_CACHE_HOME"
            )
        return self._folder

    @staticmethod
    def _forget_old(folder: Path) -> None:
        """Delete the oldest libraries; a process that loaded one keeps it."""
        with suppress(OSError):
            found = sorted(folder.glob("*.lib"), key=lambda file: file.stat().st_mtime_ns)
            for file in found[:-_KEPT]:
                file.unlink(missing_ok=True)


def _name(digest: str) -> str:
    return f"{digest}.lib"
