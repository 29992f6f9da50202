"""The index: what plans of it were measured to do, what serves, and how well."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RateView:
    """A share with its 95 % interval, all in [0, 1]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class FilterView:
    """Recall under one filter; share: of the rows that it lets through."""

    name: str
    share: float
    recall: RateView


@dataclass(frozen=True, kw_only=True)
class PlanMeasure:
    """One plan, measured. foreign: recall of questions about other things. memory in bytes; misses: goals, in words.

    elsewhere: bytes that it takes besides on its server or in files. on_frontier: no other plan is better in recall,
    time or memory without being worse in another.
    """

    plan: str
    recall: RateView
    worst: FilterView
    foreign: RateView
    p50_ms: float
    p95_ms: float
    memory: int
    build_s: float
    on_frontier: bool
    taken: bool
    misses: tuple[str, ...]
    filters: tuple[FilterView, ...]
    elsewhere: int = 0


@dataclass(frozen=True, kw_only=True)
class GoalsView:
    """recall: of the 10 nearest; p95_ms: of a search; memory in bytes, 0 for no limit."""

    recall: float
    p95_ms: float
    memory: int


@dataclass(frozen=True, kw_only=True)
class TuneReport:
    """What was measured and taken. plan: the one that meets the goals at the least cost, or that comes nearest.

    ok: whether one meets them. changed: whether another plan is in force now. questions: of the user's own, of which
    `logged` were asked by people and the others made of titles and sentences. rows: that were measured, of of_rows.
    unmeasured: engines elsewhere that could not be, each with the reason.
    at, evidence: of the verdict on the ledger; empty after a dry run.
    """

    collection: str
    ok: bool
    plan: str
    before: str
    changed: bool
    why: str
    goals: GoalsView
    measured: tuple[PlanMeasure, ...]
    rows: int
    of_rows: int
    questions: int
    logged: int
    foreign: int
    generation: str
    seconds: float
    dry_run: bool
    at: str = ""
    evidence: str = ""
    unmeasured: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A way to search the index. since: empty for the one that a home begins with."""

    plan: str
    in_force: bool
    since: str
    why: str


@dataclass(frozen=True, kw_only=True)
class RecallView:
    """How well the plan in force finds in use: searches that were served, done again exactly.

    ok: no alarm since it came into force. alarmed: since when. watched: whether the server is set to look.
    """

    plan: str
    goal: float
    queries: int
    recall: RateView
    since: str
    alarmed: str
    ok: bool
    watched: bool


@dataclass(frozen=True, kw_only=True)
class MoveReport:
    """What another engine found of the index's own rows, and whether it searches them now.

    recall, filtered: shares of the 10 nearest that it found, among all rows and among a random tenth; least: what was
    asked of both. off: by how much a cosine differed at most.
    """

    plan: str
    before: str
    ok: bool
    moved: bool
    rows: int
    recall: float
    filtered: float
    least: float
    off: float
    build_s: float
    seconds: float
    dry_run: bool
