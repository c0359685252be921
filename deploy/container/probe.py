# noqa: INP001 - a program of its own
"""Ask a service of this machine how it is: the health check of the container.

``probe.py [PATH] [PORT]`` asks ``http://127.0.0.1:PORT/PATH``, by default ``health`` on 8800.
Exit code 0 says 200, anything else says 1. Nothing but the standard library: it starts in a few
hundredths of a second and needs no shell.
"""

from __future__ import annotations

import http.client
import sys

OK = 200


def answers(path: str = "health", port: str = "8800", seconds: float = 3.0) -> bool:
    """Tell whether ``GET /path`` on the loopback address is answered with 200 in time."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=seconds)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    path, port = [*sys.argv[1:], *("health", "8800")[len(sys.argv) - 1 :]]
    sys.exit(0 if answers(path, port) else 1)
