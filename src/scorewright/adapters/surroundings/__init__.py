"""What the machine around a service says."""

from scorewright.adapters.surroundings.system import SystemSurroundings

__all__ = ["SystemSurroundings"]
