"""The commit of the project's code."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["GitVersion"]

TIMEOUT_SECONDS = 5


class GitVersion:
    """Implements the ``CodeVersion`` port by asking git."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def commit(self) -> str:
        """Return the commit, ``-dirty`` appended where the tree was, or ``unknown``."""
        head = self._git("rev-parse", "HEAD")
        if not head:
            return "unknown"
        return f"{head}-dirty" if self._git("status", "--porcelain") else head

    def _git(self, *arguments: str) -> str:
        """Return git's answer, empty where there is no git, no repository or no commit."""
        try:
            done = subprocess.run(  # noqa: S603 - fixed program, fixed arguments
                ["git", "-C", str(self._root), *arguments],  # noqa: S607 - the user's own git
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""
