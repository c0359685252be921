"""What a tree could not tell, kept as findings."""

from __future__ import annotations

from scorewright.core.findings import Finding, Severity

__all__ = ["Damage", "readable_name"]

_RESTORE = "Restore it from a backup; until then what it held is in no result."
_REMEDIES = {
    "STORE-025": _RESTORE,
    "STORE-026": "Nothing to mend: what is understood was read. The evidence holds the lines.",
    "STORE-027": "Nothing to mend: each line is read once, and written once when consolidated.",
    "STORE-028": "Check the text: it was read as Latin-1.",
    "STORE-029": "Restore its meta.yaml or its place in the tree, or move the folder away.",
    "STORE-030": "Remove the copy, or give it a tree of its own and compare: "
    "scorewright store compare A B.",
}
#: Lines of one file that a finding quotes, and how long each may be.
_LINES, _WIDTH = 100, 500


def readable_name(name: str) -> str:
    """Return a file's name as text that can be kept; bytes that are not UTF-8 become Latin-1."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogateescape").decode("latin-1")
    return name


class Damage:
    """Collects findings while a tree is read."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, by code and subject."""
        return tuple(sorted(self._found, key=lambda finding: (finding.code, finding.subject)))

    def unreadable(self, path: str, reason: str) -> None:
        """Keep a file or folder whose content is lost to the reader.

        Args:
            path: The file or folder.
            reason: Why, in words that end a sentence.
        """
        self._add("STORE-025", "error", path, f"It cannot be read: {reason}.", reason=reason)

    def lines(self, path: str, rejected: list[str], doubtful: list[str]) -> None:
        """Keep lines of a metric's file: those not understood, and a last one without an end."""
        if rejected:
            message = f"{len(rejected)} line(s) are cut or not understood and were left out."
        else:
            message = "The last line has no end; it was read, but may be cut."
        self._add(
            "STORE-026",
            "error" if rejected else "warning",
            path,
            message,
            left_out=len(rejected),
            lines=[line[:_WIDTH] for line in rejected[:_LINES]],
            doubtful=[line[:_WIDTH] for line in doubtful[:_LINES]],
        )

    def no_lines(self, path: str) -> None:
        """Keep a metric's file that has no line at all."""
        self._add("STORE-026", "error", path, "The metric's file is empty.", left_out=0, lines=[])

    def repeated(self, path: str, count: int) -> None:
        """Keep a metric's file that holds lines more than once."""
        message = f"{count} line(s) repeat an earlier one and were read once."
        self._add("STORE-027", "info", path, message, repeated=count)

    def latin(self, path: str, what: str) -> None:
        """Keep a text that is not UTF-8.

        Args:
            path: The file.
            what: Its "content" or its "name".
        """
        message = f"Its {what} is not UTF-8; it was read as Latin-1."
        self._add("STORE-028", "warning", path, message, what=what)

    def homeless(
        self, path: str, message: str, *, severity: Severity = "warning", **evidence: object
    ) -> None:
        """Keep a folder that MLflow does not see as an experiment, a run or a model."""
        self._add("STORE-029", severity, path, message, **evidence)

    def twin(self, path: str, message: str, **evidence: object) -> None:
        """Keep a folder whose id another folder has too."""
        self._add("STORE-030", "error", path, message, **evidence)

    def _add(
        self, code: str, severity: Severity, path: str, message: str, **evidence: object
    ) -> None:
        subject = readable_name(path)
        self._found.append(
            Finding(code, severity, subject, message, _REMEDIES[code], evidence=evidence)
        )
