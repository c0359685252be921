"""Why somebody may not."""

from __future__ import annotations

from scorewright.core.errors import ScorewrightError

__all__ = ["AccessError"]


class AccessError(ScorewrightError):
    """The caller is not known, may not do this, or asks too often.

    Args:
        status: HTTP status: 401, 403 or 429.
        code: ``unauthorised``, ``forbidden`` or ``too-many-requests``.
        message: What is wrong; never holds what was sent.
        remedy: What to do.
        retry_after: Seconds after which it may be tried again.
    """

    def __init__(
        self, status: int, code: str, message: str, *, remedy: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.status = status
        self.retry_after = retry_after
