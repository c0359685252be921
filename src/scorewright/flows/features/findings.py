"""What can be wrong with histories and with the features made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scorewright.core.features import AsOfProof, FeatureBuild, FeaturePlan
from scorewright.core.findings import Finding

__all__ = ["build_findings", "duplicate_findings", "table_findings"]


def table_findings(
    plan: FeaturePlan, proof: AsOfProof, rows: int, orphans: int
) -> Iterator[Finding]:
    """Yield what is wrong with the rows of a history.

    Args:
        plan: Says what its dates mean.
        proof: Over the rows that belong to an application.
        rows: All rows of the table.
        orphans: Those whose parent row does not exist.
    """
    table = proof.table
    evidence = {"rows": proof.rows, "offenders": proof.to_dict()["offenders"]}
    if proof.future:
        yield Finding(
            "FEAT-001",
            "error",
            table,
            f"{proof.future:,} of {proof.rows:,} rows were not known at their decision: "
            f"{_first(proof, is_dated=True)}.",
            f"Take those rows out of the table, or mend as_of and latest under [tables.{table}] "
            "of the feature file if they were known.",
            {**evidence, "future": proof.future},
        )
    if proof.undated:
        yield Finding(
            "FEAT-002",
            "error",
            table,
            f"{proof.undated:,} of {proof.rows:,} rows have no date: "
            f"{_first(proof, is_dated=False)}.",
            f"Fill {proof.columns[0]}, take those rows out, or name another column as as_of "
            f"under [tables.{table}] of the feature file.",
            {**evidence, "undated": proof.undated},
        )
    if orphans:
        parent = plan.relations.history(table).parent
        yield Finding(
            "FEAT-004",
            "warning",
            table,
            f"{orphans:,} of {rows:,} rows name a row of '{parent}' that does not exist; nothing "
            "is made of them.",
            f"See whether the file of '{parent}' is whole.",
            {"rows": rows, "orphans": orphans},
        )
    if not proof.columns:
        yield Finding(
            "FEAT-005",
            "warning",
            table,
            "No date says when a row became known, so nothing proves that it was before the "
            "decision.",
            f"Name the column with the date as as_of under [tables.{table}] of the feature file.",
            {"rows": proof.rows},
        )


def _first(proof: AsOfProof, *, is_dated: bool) -> str:
    """Name the first offender of the kind; undated rows are shown with the others."""
    kind = [o for o in proof.offenders if (o.date != "missing") == is_dated]
    if not kind:
        return f"in {', '.join(proof.columns)}"
    one = kind[0]
    if one.date == "missing":
        return f"application {one.key}, {one.column} is missing"
    return f"application {one.key}, {one.column} = {one.date}, decision {one.decision}"


def duplicate_findings(
    table: str, key: str | None, duplicates: int, examples: Sequence[str]
) -> Iterator[Finding]:
    """Yield what is wrong with a key.

    Args:
        table: Whose.
        key: The column; None where the table has none.
        duplicates: How many of its values are repeated or missing.
        examples: The first few of them.
    """
    if duplicates:
        yield Finding(
            "FEAT-003",
            "error",
            table,
            f"The key '{key}' does not tell the rows apart: {duplicates:,} "
            f"value{'s are' if duplicates > 1 else ' is'} repeated or missing, such as "
            f"{', '.join(examples)}.",
            f"Keep one row per '{key}', or name the column that tells the rows apart.",
            {"key": key, "values": duplicates, "examples": list(examples)},
        )


def build_findings(build: FeatureBuild) -> Iterator[Finding]:
    """Yield the features of a build that say nothing.

    Args:
        build: Of the rows as they are.
    """
    for column in build.profiles:
        if column.rows == 0:
            continue
        evidence = {"rows": column.rows, "missing": column.missing}
        if column.missing == column.rows:
            yield Finding(
                "FEAT-006",
                "warning",
                column.name,
                f"The feature has no value in any of {column.rows:,} applications.",
                f"Look at its definition: scorewright features describe {column.name}",
                evidence,
            )
        elif column.minimum is not None and column.minimum == column.maximum and not column.missing:
            yield Finding(
                "FEAT-007",
                "warning",
                column.name,
                f"The feature is {column.minimum:,.6g} in all {column.rows:,} applications.",
                f"Look at its definition: scorewright features describe {column.name}",
                {**evidence, "value": column.minimum},
            )
