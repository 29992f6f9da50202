"""What a search is to reach, how measured plans lie to one another, and which of them to take: pure decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from thruline.core.units import Bytes, show_size
from thruline.vectors.plans import DensePlan
from thruline.vectors.rates import Rate

STAYS = 1.1  # times the least cost at which the plan in force stays: a switch for noise is none


@dataclass(frozen=True, kw_only=True)
class Goals:
    """recall: of the 10 nearest, in (0, 1]. p95_ms: of one search. memory: of the index, 0 for no limit."""

    recall: float
    p95_ms: float
    memory: Bytes = 0


@dataclass(frozen=True, kw_only=True)
class FilterRecall:
    """The recall under one filter. share: of the rows that it lets through, in (0, 1]."""

    name: str
    share: float
    recall: Rate


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A plan, measured. recall: over all own questions and filters; foreign: of questions about other things.

    memory: of this process, or of a cluster's; elsewhere: what it takes besides, on a server or in files.
    """

    plan: DensePlan
    recall: Rate
    foreign: Rate
    filters: tuple[FilterRecall, ...]
    p50_ms: float
    p95_ms: float
    memory: Bytes
    build_s: float
    elsewhere: Bytes = 0

    @property
    def worst(self) -> FilterRecall:
        """The filter under which the fewest neighbours are found."""
        return min(self.filters, key=lambda f: f.recall.value)

    @property
    def sure(self) -> float:
        """The recall that it is held to: the unlucky end over all, and no filter nor foreign question below it."""
        return min(self.recall.low, self.worst.recall.value, self.foreign.value)


class Choice(NamedTuple):
    """taken: the place of the plan that meets the goals at the least cost, -1 when none does. nearest: what comes
    nearest then; why: in one sentence.
    """

    taken: int
    nearest: int
    why: str


def frontier(of: Sequence[Measured]) -> list[int]:
    """Places of those that no other beats in one of recall, time and memory without losing in another.

    What differs by less than noise is equal, and the first of equals stands for them.
    """
    grades = [_grade(one) for one in of]
    return [
        n for n, ours in enumerate(grades)
        if ours not in grades[:n] and not any(theirs != ours and _no_worse(theirs, ours) for theirs in grades)
    ]  # fmt: skip


def choose(of: Sequence[Measured], goals: Goals, current: DensePlan) -> Choice:
    """The plan that meets every goal with the least of time x memory; the one in force where it costs hardly more.

    of: at least one.
    """
    meeting = [n for n, one in enumerate(of) if not missed(one, goals)]
    if not meeting:
        nearest = min(range(len(of)), key=lambda n: _distance(of[n], goals))
        return Choice(-1, nearest, f"no plan meets the goals; {of[nearest].plan.text} comes nearest: it "
                      f"{' and '.join(missed(of[nearest], goals))}")  # fmt: skip
    cheapest = min(meeting, key=lambda n: _cost(of[n]))
    stays = [n for n in meeting if of[n].plan == current and _cost(of[n]) <= STAYS * _cost(of[cheapest])]
    taken = stays[0] if stays else cheapest
    among = f"of {len(meeting)} plans that meet the goals" if len(meeting) > 1 else "alone meets the goals"
    least = f"the least time and memory {among}" if len(meeting) > 1 else among
    why = f"{of[taken].plan.text} {'takes ' if len(meeting) > 1 else ''}{least}"
    if stays and taken != cheapest:
        why = f"{of[taken].plan.text} is in force, and none {among} costs {STAYS - 1:.0%} less"
    return Choice(taken, taken, why)


def missed(one: Measured, goals: Goals) -> list[str]:
    """Which goals a plan misses and by how much, as ends of a sentence."""
    said: list[str] = []
    if one.sure < goals.recall:
        said.append(f"finds {one.sure:.3f} of {goals.recall:g}")
    if one.p95_ms > goals.p95_ms:
        said.append(f"takes {one.p95_ms:.2f} ms of {goals.p95_ms:g} ms")
    if goals.memory and one.memory > goals.memory:
        said.append(f"needs {show_size(one.memory)} of {show_size(goals.memory)}")
    return said


def _grade(one: Measured) -> tuple[int, ...]:
    """Less is better: misses in a thousand, time in steps of a tenth, memory in steps of a fiftieth."""
    time, memory = math.log(one.p95_ms, 1.1), math.log(max(one.memory, 1), 1.02)
    return round(1000 * (1 - one.recall.value)), round(time), round(memory)


def _no_worse(theirs: tuple[int, ...], ours: tuple[int, ...]) -> bool:
    return all(a <= b for a, b in zip(theirs, ours, strict=True))


def _cost(one: Measured) -> float:
    return one.p50_ms * (one.memory + one.elsewhere)


def _distance(one: Measured, goals: Goals) -> float:
    """In points of recall; twice the time or memory that is allowed counts as one."""
    over = math.log2(max(1.0, one.p95_ms / goals.p95_ms))
    if goals.memory:
        over += math.log2(max(1.0, one.memory / goals.memory))
    return over + 100 * max(0.0, goals.recall - one.sure)
