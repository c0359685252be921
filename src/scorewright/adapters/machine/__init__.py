"""The machine under us: clock, git, installed packages, disk, ports, child processes."""

from scorewright.adapters.machine.clock import SystemClock
from scorewright.adapters.machine.companion import accompanied, start_companion
from scorewright.adapters.machine.git import GitVersion
from scorewright.adapters.machine.inspection import SystemMachine
from scorewright.adapters.machine.packages import library_versions, processor
from scorewright.adapters.machine.service_process import ServiceProcess

__all__ = [
    "GitVersion",
    "ServiceProcess",
    "SystemClock",
    "SystemMachine",
    "accompanied",
    "library_versions",
    "processor",
    "start_companion",
]
