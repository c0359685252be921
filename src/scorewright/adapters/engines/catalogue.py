"""Which engines there are: ours, and those that other packages offer by entry point."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from scorewright.core.errors import UsageError

if TYPE_CHECKING:
    from scorewright.flows.features.ports import Engine  # imports Polars, workers must not yet

__all__ = ["GROUP", "engine", "engine_names", "refuse_unknown"]

GROUP = "scorewright.engines"

Maker = Callable[[int, str | None], "Engine"]


def engine_names() -> tuple[str, ...]:
    """Return the names of our own and of third parties' engines, sorted."""
    return tuple(sorted({*_OURS, *(point.name for point in entry_points(group=GROUP))}))


def engine(name: str, processes: int, address: str | None = None) -> Engine:
    """Return the engine of that name; nothing is started before its first task.

    A package of a third party offers one in the entry-point group ``scorewright.engines``: a
    function of ``processes`` and ``address`` that returns an ``Engine``.

    Args:
        name: ``local``, ``ray``, ``spark`` or a third party's.
        processes: Workers on this machine; a cluster at an address has its own number.
        address: Of the cluster: ``ray://host:10001``, ``host:6379`` or ``auto`` for Ray, a master
            URL for Spark; None runs on this machine.

    Raises:
        UsageError: ``engine-unknown`` with near misses; ``engine-address`` for a local pool.
        MissingExtraError: Its package is not installed.
    """
    if name in _OURS:
        return _OURS[name](processes, address)
    for point in entry_points(group=GROUP):
        if point.name == name:
            return cast("Maker", point.load())(processes, address)
    raise _unknown(name)


def refuse_unknown(name: str) -> None:
    """Refuse a name that no engine has; nothing is imported, installed or not.

    Raises:
        UsageError: ``engine-unknown`` with near misses.
    """
    if name not in engine_names():
        raise _unknown(name)


def _unknown(name: str) -> UsageError:
    near = difflib.get_close_matches(name, engine_names(), n=3) or list(engine_names())
    return UsageError(
        f"There is no engine called '{name}'.",
        remedy=f"Name one of: {', '.join(near)}.",
        code="engine-unknown",
        details={"engine": name, "known": list(engine_names())},
    )


def _local(processes: int, address: str | None) -> Engine:
    from scorewright.adapters.engines.local import LocalEngine  # noqa: PLC0415 - see module's room

    if address is not None:
        raise UsageError(
            f"The local engine runs on this machine and takes no address, such as '{address}'.",
            remedy="Leave the address out, or choose the engine 'ray' or 'spark'.",
            code="engine-address",
        )
    return LocalEngine(processes)


def _ray(processes: int, address: str | None) -> Engine:
    from scorewright.adapters.engines.ray_engine import RayEngine  # noqa: PLC0415 - heavy

    return RayEngine(address, processes)


def _spark(processes: int, address: str | None) -> Engine:
    from scorewright.adapters.engines.spark_engine import SparkEngine  # noqa: PLC0415 - heavy

    return SparkEngine(address or f"local[{processes}]")


_OURS: dict[str, Maker] = {"local": _local, "ray": _ray, "spark": _spark}
