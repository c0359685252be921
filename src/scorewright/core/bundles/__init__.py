"""The bundle: everything that is deployed, addressed by its digest."""

from scorewright.core.bundles.document import Bundle, GoldenRow, Manifest, ManifestFile

__all__ = ["Bundle", "GoldenRow", "Manifest", "ManifestFile"]
