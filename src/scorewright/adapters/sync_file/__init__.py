"""The file ``sync.json``: written by the sync process, read by the service."""

from scorewright.adapters.sync_file.file import SyncFile, only_one

__all__ = ["SyncFile", "only_one"]
