"""Opens a copy of a store with MLflow and reads a sample; run as a program, see `run_child`."""

from __future__ import annotations

import json
import sys
from typing import Final

from scorewright.adapters.store_editing.orphans import arguments_of_parent

__all__ = ["main"]

_PAGE: Final = 1000


def main() -> None:
    """Print what a client finds: experiments, runs with histories, models, aliases."""
    (uri,) = arguments_of_parent()
    from mlflow import MlflowClient  # noqa: PLC0415 - heavy
    from mlflow.entities import ViewType  # noqa: PLC0415 - heavy

    client = MlflowClient(uri, uri)
    found = {"experiments": 0, "runs": 0, "points": 0, "models": 0, "aliases": 0}
    token = None
    while True:
        page = client.search_experiments(ViewType.ALL, max_results=_PAGE, page_token=token)
        for experiment in page:
            found["experiments"] += 1
            runs = client.search_runs([experiment.experiment_id], "", ViewType.ALL, max_results=1)
            for run in runs:
                found["runs"] += 1
                for key in run.data.metrics:
                    found["points"] += len(client.get_metric_history(run.info.run_id, key))
        token = page.token
        if not token:
            break
    for model in client.search_registered_models(max_results=_PAGE):
        found["models"] += 1
        client.search_model_versions(f"name = '{model.name}'" if "'" not in model.name else None)
        for alias in model.aliases:
            client.get_model_version_by_alias(model.name, alias)
            found["aliases"] += 1
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
