"""``scorewright erase``: forget an applicant in the decision log."""

from __future__ import annotations

from typing import Annotated

import typer

from scorewright.entry.cli.screen import JsonOption, print_json, print_pairs, session

__all__ = ["command"]


def command(
    context: typer.Context,
    applicant: Annotated[str, typer.Argument(help="The application_id that was sent.")],
    as_json: JsonOption = False,
) -> None:
    """Blank what the decision log holds of one applicant, and say what stays.

    It may run while services answer; what arrives late is blanked too.
    """
    from scorewright import wiring

    erasure = wiring.project(session(context).config).erasing.erase(applicant)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "subject": erasure.subject,
                "decisions": erasure.decisions,
                "shadows": erasure.shadows,
                "spooled": erasure.spooled,
                "outcomes": erasure.outcomes,
                "kept": list(erasure.kept),
            }
        )
        return
    found = erasure.decisions + erasure.shadows + erasure.spooled + erasure.outcomes
    print_pairs(
        "Erased" if found else "Nothing of that applicant was found",
        [
            ("pseudonym", erasure.subject),
            ("decisions", str(erasure.decisions)),
            ("shadows", str(erasure.shadows)),
            ("in the spool", str(erasure.spooled)),
            *(("stays", line) for line in erasure.kept),
        ],
    )
