"""What a job costs: what it used times what that is priced at."""

from __future__ import annotations

from dataclasses import dataclass

from thruline.core.units import Bytes
from thruline.ports.compute import JobStatus

HOUR_S = 3600.0
GB: Bytes = 10**9


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Currency units per hour of one core's work, of one GPU held, and of one decimal gigabyte of memory."""

    cpu_hour: float = 0.0
    gpu_hour: float = 0.0
    gb_hour: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Hours of core work and of GPUs held; memory at its peak over the whole time."""

    cpu_hours: float
    gpu_hours: float
    gb_hours: float


def usage(status: JobStatus) -> Usage:
    """What an ended job used."""
    return Usage(
        cpu_hours=status.cpu_seconds / HOUR_S,
        gpu_hours=status.gpu_seconds / HOUR_S,
        gb_hours=status.peak_memory / GB * seconds(status) / HOUR_S,
    )


def cost(used: Usage, prices: Prices) -> float:
    """Currency units, never negative for non-negative prices."""
    return used.cpu_hours * prices.cpu_hour + used.gpu_hours * prices.gpu_hour + used.gb_hours * prices.gb_hour


def seconds(status: JobStatus) -> float:
    """How long an ended job ran."""
    return max(0, status.ended - status.started) / 1e6
