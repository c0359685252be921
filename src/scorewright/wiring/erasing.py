"""The erasure of an applicant from a project's decision log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scorewright.core.project import LogSettings
    from scorewright.flows.serve import Erasure

__all__ = ["ErasingRoom"]

CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ErasingRoom:
    """The decision log of a project, for who has to be forgotten.

    Attributes:
        root: Folder of the project.
        settings: ``[serve.log]``.
    """

    root: Path
    settings: LogSettings

    def erase(self, applicant: str) -> Erasure:
        """Blank everything of one applicant.

        Args:
            applicant: The id that came with the applications.

        Raises:
            UsageError: ``subject-key-missing``, ``log-url``, ``log-password``.
            ScorewrightError: ``log-unavailable``, ``log-busy``, ``log-schema``; those of the key.
        """
        from scorewright.adapters.decision_log import open_log, subject_key
        from scorewright.core.errors import UsageError

        path = self.root / self.settings.subject_key_file
        if not path.exists():
            # A key made now would find nobody, and seem to have erased.
            raise UsageError(
                f"There is no key of pseudonyms in {self.settings.subject_key_file}, so nobody "
                "can be found in the decision log.",
                remedy="Restore the key the service works with, or name it in "
                "serve.log.subject_key_file.",
                code="subject-key-missing",
            )
        key = subject_key(path)
        log = open_log(self.settings, self.root)
        try:
            return log.erase(key.pseudonym(applicant))
        finally:
            log.close(CLOSE_SECONDS)
