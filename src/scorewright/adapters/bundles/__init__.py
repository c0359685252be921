"""Bundles on disk: signed, addressed by digest, proved in a disposable child."""

from scorewright.adapters.bundles.canary import CanaryProver
from scorewright.adapters.bundles.keys import KeyRing
from scorewright.adapters.bundles.remembered import RememberedProofs
from scorewright.adapters.bundles.store import DiskBundles

__all__ = ["CanaryProver", "DiskBundles", "KeyRing", "RememberedProofs"]
