"""What ``doctor`` asks of the machine."""

from __future__ import annotations

import errno
import platform
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from scorewright.adapters.machine.packages import library_versions

__all__ = ["SystemMachine"]


class SystemMachine:
    """Implements the ``Machine`` port."""

    def python(self) -> tuple[int, int]:
        """Return Python's major and minor version."""
        major, minor, _ = platform.python_version_tuple()
        return int(major), int(minor)

    def packages(self, names: tuple[str, ...]) -> Mapping[str, str]:
        """Return package -> version for those of the names that are installed."""
        return library_versions(names)

    def free_bytes(self, path: Path) -> int:
        """Return free disk space at the nearest existing parent of ``path``."""
        there = next(p for p in (path, *path.parents) if p.exists())
        return shutil.disk_usage(there).free

    def is_writable(self, path: Path) -> bool:
        """Return whether a file could be made in ``path`` or its nearest existing parent."""
        there = next(p for p in (path, *path.parents) if p.exists())
        probe = there / ".scorewright-write-probe"
        try:
            probe.touch()
            probe.unlink()
        except OSError:
            return False
        return True

    def is_port_free(self, host: str, port: int) -> bool:
        """Return whether nobody listens there; an address that is not ours counts as free."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                return error.errno != errno.EADDRINUSE
        return True
