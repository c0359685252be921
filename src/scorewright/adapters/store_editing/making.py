"""Makes an empty store with MLflow; run as a program, see `run_child`."""

from __future__ import annotations

from scorewright.adapters.store_editing.orphans import arguments_of_parent

__all__ = ["main"]


def main() -> None:
    """Make the store at a URI, whose new experiments put their artifacts below a root."""
    uri, artifact_root = arguments_of_parent()
    # The class is what `mlflow server --default-artifact-root` constructs; a client has no way to
    # say where artifacts go, not even those of the experiment "Default".
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415 - heavy

    store = SqlAlchemyStore(uri, artifact_root)  # type: ignore[no-untyped-call]
    store.engine.dispose()


if __name__ == "__main__":
    main()
