"""Addresses of artifacts: what MLflow wrote down, understood on any machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote, urlsplit

__all__ = ["Address", "AddressKind", "parse_address"]

#: A drive letter at the start: "C:/", "C:\\", or "/C:/" as file URIs write it.
_DRIVE = re.compile(r"/?([A-Za-z]:)[/\\]")


class AddressKind(Enum):
    """What an address points at."""

    POSIX = "posix"
    WINDOWS = "windows"
    RELATIVE = "relative"
    PROXIED = "proxied"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True)
class Address:
    """An artifact address.

    Attributes:
        kind: ``POSIX`` and ``WINDOWS`` are absolute paths of some machine, ``RELATIVE`` depends
            on where a program was started, ``PROXIED`` is below a server's artifact root,
            ``REMOTE`` is an object store or the like.
        path: With slashes and without one at the end; for ``REMOTE`` the whole URI.
    """

    kind: AddressKind
    path: str


def parse_address(uri: str) -> Address:
    """Understand what MLflow keeps as ``artifact_uri``, ``artifact_location`` or ``source``.

    Args:
        uri: A path or URI of any machine, such as ``file:///C:/Users/x/mlruns/1``.
    """
    text = uri.strip()
    is_path = text.startswith("/") and not text.startswith("//")  # nearly all, of thousands
    return _local(text) if is_path and not _DRIVE.match(text) else _parsed(text)


def _parsed(text: str) -> Address:
    parts = urlsplit(text)
    drive = _DRIVE.match(unquote(parts.path) if parts.scheme == "file" else text)
    if drive:
        path = unquote(parts.path) if parts.scheme == "file" else text
        return _windows(path[drive.start(1) :])
    match parts.scheme:
        case "file" if parts.netloc in ("", "localhost"):
            return _local(unquote(parts.path))
        case "file":
            return _windows(f"//{parts.netloc}{unquote(parts.path)}")
        case "mlflow-artifacts":
            return Address(AddressKind.PROXIED, parts.path.strip("/"))
        case "":
            return _windows(text) if text.startswith("\\\\") else _local(text)
        case _:
            return Address(AddressKind.REMOTE, text.rstrip("/"))


def _windows(path: str) -> Address:
    return Address(AddressKind.WINDOWS, path.replace("\\", "/").rstrip("/"))


def _local(path: str) -> Address:
    kind = AddressKind.POSIX if path.startswith("/") else AddressKind.RELATIVE
    cleaned = path.rstrip("/") if len(path) > 1 else path
    return Address(kind, cleaned.removeprefix("./") if kind is AddressKind.RELATIVE else cleaned)
