"""What graphics processors a machine has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from thruline.core.units import Bytes


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One device, in PCI bus order: the n-th here is the n-th for CUDA_DEVICE_ORDER=PCI_BUS_ID."""

    name: str
    memory: Bytes


@dataclass(frozen=True, kw_only=True)
class GpuReport:
    """The devices; when there are none, why."""

    gpus: tuple[Gpu, ...] = ()
    reason: str = ""


class GpuProbe(Protocol):
    """Looks at the machine that it runs on."""

    def look(self) -> GpuReport:
        """The devices as they are now; never raises for their absence."""
        ...
