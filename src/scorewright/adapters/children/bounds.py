"""What this process may take at the most, so that what it reads cannot take the machine."""

from __future__ import annotations

import os
import sys

__all__ = ["bound"]


def bound(
    address_space: int, *, data: int | None = None, file_size: int | None = None, niceness: int = 0
) -> None:
    """Bound memory and files of this process, and leave no core dump; cannot be taken back.

    A bound that is set already and lower stays. Windows has none of them.

    Args:
        address_space: Bytes. Libraries reserve far more than they use.
        data: Bytes of memory that is really written to.
        file_size: Bytes any file may have that this process writes.
        niceness: How far this process stands back for others.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on every system

    wanted = {
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_DATA: data,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        if value is not None:
            hard = resource.getrlimit(kind)[1]
            allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (allowed, allowed))
    os.nice(niceness)
