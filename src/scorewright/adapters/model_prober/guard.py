"""What the child may not do: take all memory, reach a network, write files, start programs."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any, Final

from scorewright.adapters.children import bound

__all__ = ["forbid", "limit"]

#: Address space in bytes. Generous: libraries reserve far more than they use.
_ADDRESS_SPACE: Final = 16 * 1024**3
#: Bytes any file may have that this process writes.
_FILE_SIZE: Final = 1_000_000
_NEW_NETWORK: Final = 0x40000000
_NEW_USERS: Final = 0x10000000
_EVENTS: Final = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostby", "socket.sendto",
    "socket.sendmsg", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn",
    "os.fork", "pty.", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link",
    "os.symlink", "os.chmod", "os.chown", "os.mkdir", "os.kill", "shutil.",
)  # fmt: skip
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit() -> None:
    """Bound memory and files, and leave the network where the system allows it."""
    bound(_ADDRESS_SPACE, file_size=_FILE_SIZE)
    if sys.platform == "linux":
        own = ctypes.CDLL(None, use_errno=True)
        # A network of its own, without any connection; root needs no users of its own for it.
        if own.unshare(_NEW_NETWORK):
            own.unshare(_NEW_USERS | _NEW_NETWORK)


def forbid() -> None:
    """Refuse network, programs and written files from here on; this cannot be taken back."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_EVENTS):
        raise PermissionError(f"a model may not do this: {event}")
    if event == "open" and len(arguments) > 2:  # noqa: PLR2004 - path, mode, flags
        path, mode, flags = arguments[:3]
        is_written = isinstance(mode, str) and bool(set(mode) & set("wax+"))
        is_written |= isinstance(flags, int) and bool(flags & _WRITING)
        # What is open already was not opened by a model.
        if is_written and not isinstance(path, int) and path != os.devnull:
            raise PermissionError("a model may not write files")
