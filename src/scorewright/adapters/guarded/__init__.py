"""Files nobody else may see or exchange: plain ones, closed to others, replaced whole."""

from scorewright.adapters.guarded.access import (
    WRITABLE_BY_OTHERS,
    exposure,
    read_guarded,
    refuse_exposed_directory,
)
from scorewright.adapters.guarded.files import (
    NotRegularError,
    open_regular,
    read_regular,
    replace_file,
    sync_directory,
    sync_file,
    write_new,
)
from scorewright.adapters.guarded.held import held_file, private_folder
from scorewright.adapters.guarded.secret import Secret, load_secret

__all__ = [
    "WRITABLE_BY_OTHERS",
    "NotRegularError",
    "Secret",
    "exposure",
    "held_file",
    "load_secret",
    "open_regular",
    "private_folder",
    "read_guarded",
    "read_regular",
    "refuse_exposed_directory",
    "replace_file",
    "sync_directory",
    "sync_file",
    "write_new",
]
