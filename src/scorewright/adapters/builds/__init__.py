"""Feature builds on disk: one folder per digest of definition and inputs."""

from scorewright.adapters.builds.store import DiskBuilds

__all__ = ["DiskBuilds"]
