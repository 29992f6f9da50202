"""The platform itself: its generations, ledger, runs and health."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class GenerationView:
    """A generation of an index. note: of the one that serves, that another embedder is set, and the way there.

    back: a rollback returns to it. tags: what people called it. chunking: how its documents were cut, where that is
    not as the settings said when they came in.
    """

    id: str
    serving: bool
    since: str
    why: str
    chunks: int
    records: int
    embedder: str = ""
    note: str = ""
    back: bool = False
    tags: tuple[str, ...] = ()
    chunking: str = ""


@dataclass(frozen=True, kw_only=True)
class ProblemView:
    """Something that is wrong with the ledger, and where."""

    seq: int
    what: str


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """Whether the ledger is what was written."""

    ok: bool
    events: int
    seals: int
    head: str
    problems: tuple[ProblemView, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class BackupReport:
    """A copy of a home: data and keys in two files, to be kept apart."""

    data: str
    keys: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class EventView:
    """An event of the ledger."""

    seq: int
    at: str
    verb: str
    actor: str
    run: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    facts: dict[str, int | float | bool | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run and how far it came. source: the one that it reads, by name.

    left_s: seconds that it will still take if it goes on as it went; 0 where that cannot be told.
    """

    id: str
    flow: str
    source: str
    state: str
    started: str
    seconds: float
    done: int
    total: int
    left_s: float
    error: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """A home at a glance. drifted: sources that bring something else than before. waiting: documents that do not answer
    for want of a person's consent; withheld: that people keep out of answers. versions: how often another generation
    of the index began to serve.
    """

    home: str
    version: str
    documents: int
    chunks: int
    duplicates: int
    quarantined: int
    people: int
    answers: int
    events: int
    generation: str
    models: int
    running: int
    size: int
    drifted: int = 0
    waiting: int = 0
    withheld: int = 0
    versions: int = 0


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that `doctor` looked at. state: ok, warn or fail; cure: what to do."""

    name: str
    state: Literal["ok", "warn", "fail"]
    says: str
    cure: str = ""
