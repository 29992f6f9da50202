"""The measured plans as points: time against recall, with the goals as lines. All lengths in SVG user units."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from thruline.flows.reports import PlanMeasure, TuneReport

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 20, 48
SMALLEST, LARGEST = 5.0, 14.0  # radii, by memory
FLOORS = (0.999, 0.99, 0.97, 0.95, 0.9, 0.8, 0.5, 0.0)  # of the recall axis
ROUND = tuple(step * 10.0**n for n in range(-6, 9) for step in (1, 2, 5))  # milliseconds that an axis may begin at
NEAR = 1.001

Place = Callable[[float], float]


class Tick(NamedTuple):
    """A value on an axis and where it stands."""

    at: float
    says: str


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A plan; number: its place in the table."""

    number: int
    x: float
    y: float
    r: float
    says: str
    on_frontier: bool
    taken: bool


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Points and axes. line: through the frontier from fast to slow. goal_x, goal_y: -1 where they lie outside."""

    dots: tuple[Dot, ...]
    line: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    goal_x: float
    goal_y: float


def plot(report: TuneReport) -> Plot:
    """The drawing of a measurement."""
    times = [m.p95_ms for m in report.measured]
    x, across = _logarithmic(times)
    floor = _floor(min([*(m.recall.value for m in report.measured), report.goals.recall]))
    y = _linear(floor)
    most = max(m.memory for m in report.measured) or 1
    dots = tuple(
        Dot(
            number=n, x=x(m.p95_ms), y=y(m.recall.value), says=_says(m), on_frontier=m.on_frontier, taken=m.taken,
            r=round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(m.memory / most), 1),
        )
        for n, m in enumerate(report.measured, 1)
    )  # fmt: skip
    edge = sorted((d for d in dots if d.on_frontier), key=lambda d: d.x)
    goal_x = x(report.goals.p95_ms)
    return Plot(
        dots=dots, line="M" + "L".join(f"{d.x} {d.y}" for d in edge) if len(edge) > 1 else "", across=across,
        up=tuple(Tick(y(floor + (1 - floor) * step / 4), f"{floor + (1 - floor) * step / 4:.4g}") for step in range(5)),
        goal_x=goal_x if LEFT <= goal_x <= WIDTH - RIGHT else -1, goal_y=y(report.goals.recall),
    )  # fmt: skip


def _says(of: PlanMeasure) -> str:
    return f"{of.plan}: recall {of.recall.value:.3f}, {of.p95_ms:.2f} ms"


def _floor(least: float) -> float:
    return next(floor for floor in FLOORS if floor < least or floor == 0)


def _linear(floor: float) -> Place:
    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value) / (1 - floor), 1)

    return y


def _logarithmic(values: Sequence[float]) -> tuple[Place, tuple[Tick, ...]]:
    """From values above 0 to places, between the round numbers around them, and those numbers."""
    first = max(0, bisect_right(ROUND, min(values) * NEAR) - 1)
    last = max(first + 1, min(len(ROUND) - 1, bisect_left(ROUND, max(values) / NEAR)))
    low, high = ROUND[first], ROUND[last]

    def x(value: float) -> float:
        share = math.log(max(value, low) / low) / math.log(high / low)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    return x, tuple(Tick(x(mark), f"{mark:.4g}") for mark in ROUND[first : last + 1])
