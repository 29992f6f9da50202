"""What operations of guard, models and infra give back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class UserView:
    """Somebody who may ask."""

    id: str
    name: str
    role: str
    groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeyView:
    """An API key without its secret."""

    id: str
    public: str
    user: str
    made: str


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A new API key; the secret is not kept and not shown again."""

    id: str
    user: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class ScreenView:
    """A judgement of a text: failed from the threshold on; by rules alone while no detector serves."""

    outcome: str
    score: float
    threshold: float
    detector: str


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """The kinds of personal data that the members of a group see."""

    group: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """An operation that somebody called."""

    seq: int
    at: str
    actor: str
    operation: str
    outcome: str
    error: str
    ms: int
    via: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class ModelReport:
    """A model, how good it is on rows that it never saw, and what its gate said."""

    model: str
    dataset: str
    job: str
    rows: int
    metrics: tuple[Metric, ...]
    gate: str
    reasons: tuple[str, ...]
    serving: bool
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it passed its gate."""
        return self.gate == "passed"


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """A model on the shelf. auroc, recall_at_1pct: of a detector, None of others and of one that nobody judged."""

    id: str
    made: str
    gate: str
    auroc: float | None
    recall_at_1pct: float | None
    serves: tuple[str, ...]
    sha256: str
    role: str = "detector"


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job: what it asked for, how it ended, what it used."""

    id: str
    state: str
    command: str
    cpus: int
    memory: str
    gpus: int
    queued: str
    seconds: float
    cpu_seconds: float
    peak_memory: str
    cost: float
    exit_code: int
    reason: str

    @property
    def ok(self) -> bool:
        """Whether it did not end badly."""
        return self.state in ("queued", "running", "succeeded")


@dataclass(frozen=True, kw_only=True)
class NodeView:
    """A machine."""

    id: str
    name: str
    backend: str
    cpus: int
    memory: str
    disk_free: str
    gpus: tuple[str, ...]
    system: str
    cpu_model: str
    gpu_note: str
