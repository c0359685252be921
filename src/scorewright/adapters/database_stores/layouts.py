"""Revisions of MLflow's schema, and which MLflow writes them."""

from __future__ import annotations

from typing import Final

from scorewright.core.findings import Finding

__all__ = ["judge_revision", "layout_of"]

#: Every migration from MLflow 1.0 to 3.17, each built on the one before it.
_CHAIN: Final = """
451aebb31d03 90e64c465722 181f10493468 df50e92ffc5e 7ac759974ad8 89d4b8295536 2b4d017a5e9b
cfd24bdc0731 0a8213491aaa 728d730b5ebd 27a6a02d2cf1 84291f40a231 a8c4a736bde6 39d1c3be5f05
c48cb773bb87 bd07f7e963c5 0c779009ac13 cc1f77228345 97727af70f4d 3500859a5d39 7f2a7d5fae7d
2d6e25af4d3e acf3f17fdcc7 867495a8f9d4 5b0e9adcef9c 4465047574b1 f5a4f2784254 0584bdc529eb
400f98739977 6953534de441 bda7b8c39065 cbc13b556ace 770bee3ae1dd a1b2c3d4e5f6 de4033877273
1a0cddfcaa16 534353b11cbc 71994744cf8e 3da73c924c2f bf29a5ff90ea 1bd49d398cd23 b7c8d9e0f1a2
5d2d30f0abce c9d4e5f6a7b8 2c33131f4dae d3e4f5a6b7c8 d0e1f2a3b4c5 c8d9e0f1a2b3 1b5f0d9ad7c1
e1f2a3b4c5d6 76601a5f987d c3d6457b6d8a a5b4c3d2e1f0 ae8bbe7743c9 7d34483879f0 da6fb0208061
89d3d66ed43f b7e4c1a90f23 a8b9c0d1e2f3 c1d2e3f4a5b6 c3d9e7f1a2b4 6f8d9c3b2a1e 1971f2d9a75b
17e22815139b b7e2c1a4d9f3 75868b020152 dc11669786a5
"""
_REVISIONS: Final = tuple(_CHAIN.split())

#: Last revision of a range -> in words. The heads of 1.8, 1.30, 2.0, 2.22, 3.0 and 3.17 were looked
#: up in those versions; the versions between them go by the dates of the migrations.
_LAYOUTS: Final = {
    "0a8213491aaa": "MLflow 1.0 to 1.9",
    "cc1f77228345": "MLflow 1.10 to 1.29",
    "97727af70f4d": "MLflow 1.30 to 2.2",
    "0584bdc529eb": "MLflow 2.3 to 2.22",
    "bda7b8c39065": "MLflow 3.0",
    "75868b020152": "MLflow 3.1 to 3.17",
    "dc11669786a5": "MLflow 3.17",
}


def layout_of(revision: str) -> str:
    """Say in words which MLflow writes a schema.

    Args:
        revision: As the migrations call it, "" where the database names none.
    """
    if not revision:
        return "MLflow before 1.0"
    if revision not in _REVISIONS:
        return "not known"
    place = _REVISIONS.index(revision)
    return next(words for last, words in _LAYOUTS.items() if place <= _REVISIONS.index(last))


def judge_revision(revision: str, head: str, location: str) -> tuple[Finding, ...]:
    """Compare a schema with the one of the installed MLflow.

    Args:
        revision: Of the store.
        head: Of the installed MLflow.
        location: For people.
    """
    if revision == head:
        return ()
    evidence = {"revision": revision, "layout": layout_of(revision), "installed": head}
    if _is_older(revision, head):
        return (
            Finding(
                code="STORE-022",
                severity="warning",
                subject=location,
                message=f"The schema is that of {evidence['layout']}: the installed MLflow would "
                "upgrade the database when it opens it, and lock the older MLflow out.",
                remedy="Do not open it with the installed MLflow; consolidate it into a new "
                "store: scorewright store consolidate",
                evidence=evidence,
            ),
        )
    return (
        Finding(
            code="STORE-023",
            severity="error",
            subject=location,
            message=f"The schema '{revision}' is not known to the installed MLflow: a newer one "
            "made it. What is known was read.",
            remedy="pip install --upgrade mlflow scorewright",
            evidence=evidence,
        ),
    )


def _is_older(revision: str, head: str) -> bool:
    if not revision:
        return True
    if revision not in _REVISIONS:
        return False
    return head not in _REVISIONS or _REVISIONS.index(revision) < _REVISIONS.index(head)
