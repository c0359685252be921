"""What no plan can mend, and what does."""

from __future__ import annotations

__all__ = ["INSTEAD", "RERUN_CODES"]

_RERUN = "rerun: train the run again with its own parameters"
_BACKFILL = (
    "figures are recomputed where predictions are stored: scorewright store plan --backfill; for "
    f"the others {_RERUN}"
)
_CONTRADICTED = f"{_RERUN}; what was logged is never overwritten"
_INTO = "scorewright store consolidate LOCATION --into NEW"
_CONSOLIDATE = f"a new store leaves them out and lists them: {_INTO}"
_RESTORE = "restore the files from a backup"

#: Code of a finding -> what to do instead of a plan.
INSTEAD: dict[str, str] = {
    "CONV-002": "a purpose cannot be guessed: say the new names in [store.rationalise] rename",
    "CONV-003": _BACKFILL,
    "CONV-004": f"{_RERUN}; what was not written down cannot be told afterwards",
    "CONV-006": _BACKFILL,
    "CONV-007": f"{_RERUN}; a model cannot be made up",
    "CONV-008": f"{_RERUN}; nobody can tell afterwards what it read",
    "CONV-010": f"{_RERUN}; folds cannot be told afterwards",
    "RUN-003": f"{_RESTORE}, or {_RERUN}",
    "RUN-004": _RERUN,
    "RUN-005": "decide which one stays, and archive or delete the experiment of the copies in "
    "[store.rationalise]",
    "RUN-008": "rerun: find out what divides by nothing, then train the run again",
    "RUN-009": f"{_RERUN}, and deploy what it makes",
    "RUN-010": _CONTRADICTED,
    "RUN-011": _CONTRADICTED,
    "RUN-012": _CONTRADICTED,
    "RUN-013": "rerun: predict rows the model has not seen; no figure of these runs can be "
    "believed",
    "RUN-014": "decide: keep the run whose threshold its stored predictions confirm, and archive "
    "the others in [store.rationalise]",
    "FILE-004": f"{_RERUN}, or delete the files",
    "FILE-005": "rerun: train the run again; Scorewright keeps models in their library's own "
    "format",
    "MODEL-001": "restore the run where it is only deleted: mlflow runs restore --run-id RUN_ID; "
    "else delete the version in MLflow",
    "MODEL-002": f"{_RESTORE}, or delete the version in MLflow",
    "MODEL-004": f"{_RERUN}, and register what it makes",
    "MODEL-007": "programs load a model by its name, and no plan can see them; when all of them "
    "are known: MlflowClient().rename_registered_model(OLD, NEW) with the MLflow that serves the "
    "store, then change the programs",
    "STORE-001": f"bring everything into one store: {_INTO}",
    "STORE-003": f"bring everything into one store: {_INTO}",
    "STORE-004": f"bring everything into one store: {_INTO}",
    "STORE-020": _CONSOLIDATE,
    "STORE-021": _CONSOLIDATE,
    "STORE-022": f"a new store has the newest schema: {_INTO}",
    "STORE-023": "update Scorewright, or read the store with the MLflow that wrote it",
    "STORE-024": f"a new store gets experiment 0 'Default': {_INTO}",
    "STORE-025": _RESTORE,
    "STORE-026": _CONSOLIDATE,
    "STORE-027": _CONSOLIDATE,
    "STORE-028": _CONSOLIDATE,
    "STORE-029": _CONSOLIDATE,
    "STORE-030": _CONSOLIDATE,
    "STORE-031": "correct the values in the program that wrote them",
    "STORE-032": "steward each workspace in a store of its own: mlflow db move-resources",
    "STORE-099": "see the message of the finding",
}

#: Codes of findings that nothing but another training of the run mends. Figures and files that
#: are missing are not among them: where predictions are stored they are filled in.
RERUN_CODES = frozenset(
    code for code, text in INSTEAD.items() if text.startswith("rerun:") or code == "RUN-003"
)
