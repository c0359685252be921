"""Verify a bundle, and load one for serving: nothing answers before it has been proved.

The order is that of trust: signature, list of files and digests; the model parsed in a child
that may die; parsed here, from the bytes that were hashed; the golden rows once more.
"""

from scorewright.flows.verify_bundle.deployment import (
    Deployment,
    load_for_serving,
    load_with_policy,
)
from scorewright.flows.verify_bundle.policies import refuse_not_in_force, refuse_other_model
from scorewright.flows.verify_bundle.proving import (
    inspect_bundle,
    load_bundle,
    prove_bundle,
    verify_bundle,
)
from scorewright.flows.verify_bundle.report import BundleReport

__all__ = [
    "BundleReport",
    "Deployment",
    "inspect_bundle",
    "load_bundle",
    "load_for_serving",
    "load_with_policy",
    "prove_bundle",
    "refuse_not_in_force",
    "refuse_other_model",
    "verify_bundle",
]
