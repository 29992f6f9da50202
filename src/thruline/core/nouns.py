"""The nouns that all systems share. Frozen, keyword-only, plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from thruline.core.clock import Micros
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId
from thruline.core.units import Bytes

Role = Literal["from", "via"]


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Anything that was made: a record version, chunk, vector set, index generation, dataset, model, answer.

    seq: the event that first named it.
    """

    id: ArtifactId
    kind: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An event that has not been appended yet.

    inputs: what the outputs' content came from. via: what it passed through on the way (the index that found it).
    Blame follows inputs at any depth; it follows `via` only from the artifact that was asked about, because the
    inputs already say precisely which content was used.
    """

    verb: str
    inputs: tuple[ArtifactId, ...] = ()
    outputs: tuple[ArtifactId, ...] = ()
    via: tuple[ArtifactId, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    run: str = ""
    actor: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A draft in its place on the chain; `hash` covers the previous hash and every field."""

    seq: int
    at: Micros
    verb: str
    run: str
    actor: str
    inputs: tuple[ArtifactId, ...]
    outputs: tuple[ArtifactId, ...]
    via: tuple[ArtifactId, ...]
    facts: Mapping[str, Fact]
    prev: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the chain ends: the number of events and the last hash."""

    seq: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Child was made from (or by way of) parent, in event seq."""

    parent: ArtifactId
    child: ArtifactId
    role: Role
    seq: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place that records come from, and who may see what it holds.

    kind: of the place, as `folder` or `s3`. options: how to read it; secrets by reference only.
    """

    id: ArtifactId
    name: str
    kind: str
    location: str
    groups: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Link:
    """A person was met in an artifact; an edge in the ledger, not a column."""

    subject: ArtifactId
    artifact: ArtifactId
    how: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A rule's judgement of an artifact, with the numbers behind it."""

    of: ArtifactId
    rule: str
    outcome: Literal["passed", "failed", "warned"]
    score: float
    threshold: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Target:
    """A place to compute, as it is now."""

    id: ArtifactId
    name: str
    backend: str
    cpus: int
    memory: Bytes
    disk_free: Bytes
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who is asking, and the groups whose documents they may see. `*` in groups means all (the operator)."""

    id: ArtifactId
    name: str
    groups: frozenset[str]
    may: frozenset[str] = frozenset()

    @property
    def sees_all(self) -> bool:
        """Whether no document is hidden from them."""
        return "*" in self.groups

    @property
    def is_operator(self) -> bool:
        """Whether they may do everything."""
        return "operator" in self.may
