"""Artifact files on this machine: found again, listed and digested."""

from scorewright.adapters.artifact_files.local import LocalArtifacts

__all__ = ["LocalArtifacts"]
