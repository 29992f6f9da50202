"""What was touched, taken out, let in again or erased."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from thruline.flows.reports.answers import AnswerLine, Outcome
from thruline.flows.reports.models import RebuildView, ShardView
from thruline.flows.reports.sources import DocumentView, Refusal


@dataclass(frozen=True, kw_only=True)
class BlastReport:
    """Everything that was made from some records.

    documents, answered: how many records and answers there are; of these at most 100 are in records and answers.
    askers: everybody who was given one. first: the first ids of each kind.
    """

    records: tuple[DocumentView, ...]
    documents: int
    chunks: int
    vectors: int
    generations: int
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    answers: tuple[AnswerLine, ...]
    answered: int
    askers: tuple[str, ...]
    corpora: tuple[str, ...] = ()
    shards: tuple[ShardView, ...] = ()
    first: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """One thing that was made of something. record: whose own it is, of chunks and vectors.

    says: where a record lies, who was given an answer, where a set for training was written.
    """

    kind: str
    id: str
    record: str
    says: str


@dataclass(frozen=True, kw_only=True)
class TouchedPage:
    """Some of what was touched. next: what `after` has to say for the next page; empty on the last."""

    items: tuple[Touched, ...]
    next: str


@dataclass(frozen=True, kw_only=True)
class QuarantineReport:
    """Records taken out of, or let back into, every answer. near: what says nearly the same and answers on."""

    action: Literal["quarantined", "released"]
    blast: BlastReport
    generation: str
    dry_run: bool
    seconds: float
    near: tuple[DocumentView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refusing:
    """A rule under which documents may not be deleted, as `the hold 'tax law'`, and their `source/path`."""

    rule: str
    documents: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EraseReport:
    """What an erasure removes or removed. residue: hits of the byte scan afterwards, -1 when it was not run yet.

    receipt: path of the signed receipt. also_seen: other identifiers met beside these, for a person to judge.
    jobs: whose command or log names them. users: with their API keys. rebuilds: of the models that served.
    refused_by: rules for which it will be refused. expected_s, open_matches: of a dry run, how many seconds it takes,
    and how many pairs that may be this person wait for a decision.
    """

    subjects: tuple[str, ...]
    records: tuple[DocumentView, ...]
    chunks: int
    vectors: int
    answers: int
    models: tuple[str, ...]
    keys: int
    residue: int
    residue_places: tuple[str, ...]
    out_of_scope: tuple[str, ...]
    receipt: str
    dry_run: bool
    seconds: float
    also_seen: tuple[str, ...] = ()
    jobs: int = 0
    users: int = 0
    rebuilds: tuple[RebuildView, ...] = ()
    refused_by: tuple[Refusing, ...] = ()
    expected_s: float = 0.0
    open_matches: int = 0


@dataclass(frozen=True, kw_only=True)
class RectifyReport:
    """What a correction changes or changed. documents: that said the wrong words, as they were; older: versions of them
    that are deleted, not corrected. answers: that held the wrong words and are deleted; askers: who was told.

    elsewhere: documents that say the same words and were not meant. refused: documents that could not be read again.
    exports: copies made by us that went. sets: files written for training that hold the wrong words. The rest as in
    EraseReport.
    """

    documents: tuple[DocumentView, ...]
    older: int
    chunks: int
    vectors: int
    answers: tuple[AnswerLine, ...]
    askers: tuple[str, ...]
    models: tuple[str, ...]
    datasets: int
    exports: int
    sets: tuple[str, ...]
    elsewhere: tuple[DocumentView, ...]
    dry_run: bool
    seconds: float = 0.0
    refused: tuple[Refusal, ...] = ()
    refused_by: tuple[Refusing, ...] = ()
    rebuilds: tuple[RebuildView, ...] = ()
    keys: int = 0
    residue: int = -1
    residue_places: tuple[str, ...] = ()
    receipt: str = ""


@dataclass(frozen=True, kw_only=True)
class ReaskedAnswer:
    """An answer that was touched, and the one that is given now; before, now: their ids, text: of the one now."""

    before: str
    now: str
    asker: str
    question: str
    changed: bool
    outcome: Outcome
    text: str
