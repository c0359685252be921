"""What a child process of ours is given: one thread for each library, and bounds.

This room imports nothing heavy: children pass through it before their libraries are imported.
"""

from scorewright.adapters.children.bounds import bound
from scorewright.adapters.children.threads import ONE_THREAD

__all__ = ["ONE_THREAD", "bound"]
