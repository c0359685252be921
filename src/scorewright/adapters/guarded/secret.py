"""A secret of 256 bits in a file of its own, made when it is first needed."""

from __future__ import annotations

import hashlib
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from scorewright.adapters.guarded.access import read_guarded, refuse_exposed_directory
from scorewright.adapters.guarded.files import NotRegularError, replace_file
from scorewright.core.errors import ScorewrightError

__all__ = ["Secret", "load_secret"]

LENGTH = 32
LIMIT = 1_000
READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret and the name it goes by.

    Attributes:
        id: 8 hexadecimal characters that tell secrets apart and tell nothing of them.
        data: 32 bytes.
    """

    id: str
    data: bytes = field(repr=False)


def load_secret(path: Path) -> Secret:
    """Read a secret; make it where there is none, in a folder closed to others.

    Args:
        path: 64 hexadecimal characters in a file with mode 600.

    Raises:
        ScorewrightError: ``key-permissions``; ``secret-invalid``: the file holds something else,
            or cannot be read or made.
    """
    try:
        if not path.exists():
            _make(path)
        text = read_guarded(path, LIMIT, READABLE_BY_OTHERS, "600").decode("ascii").strip()
        data = bytes.fromhex(text)
    except (NotRegularError, OverflowError, ValueError, OSError) as error:
        raise _invalid(path) from error
    if len(data) != LENGTH:
        raise _invalid(path)
    return Secret(hashlib.sha256(b"name of a secret\0" + data).hexdigest()[:8], data)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    refuse_exposed_directory(path.parent)
    with FileLock(path.with_name(f".{path.name}.lock")):
        if not path.exists():
            replace_file(path, f"{secrets.token_hex(LENGTH)}\n".encode("ascii"), mode=0o600)


def _invalid(path: Path) -> ScorewrightError:
    return ScorewrightError(
        f"{path} cannot be used as a secret: it has to hold 64 hexadecimal characters.",
        remedy="Restore it from where your secrets are kept; a new one would not recognise what "
        "the old one made. Without the file a new one is made.",
        code="secret-invalid",
    )
