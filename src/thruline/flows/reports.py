"""What flows give back: plain values, shown alike by the command line, HTTP, the console and the SDK."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["answered", "unknown", "refused", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A file that could not be taken in, and why (a reason of the closed list)."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """What a sync met. indexed + duplicates + quarantined + refused = seen.

    error: why the source could not be read; what was read before stays.
    """

    source: str
    run: str
    seen: int
    added: int
    changed: int
    moved: int
    deleted: int
    unchanged: int
    indexed: int
    duplicates: int
    quarantined: int
    refused: tuple[Refusal, ...]
    chunks: int
    generation: str
    seconds: float
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the source was read to its end."""
        return not self.error


@dataclass(frozen=True, kw_only=True)
class PushReport:
    """What became of a record that was sent. change: added, changed, unchanged or deleted. state: as a document's.

    reason: why it is refused or kept out of answers.
    """

    source: str
    path: str
    record: str
    change: str
    state: str
    reason: str
    chunks: int


@dataclass(frozen=True, kw_only=True)
class SourceView:
    """A source and what it holds. alarm: what is wrong with its freshness, in words."""

    id: str
    name: str
    kind: str
    location: str
    groups: tuple[str, ...]
    records: int
    chunks: int
    duplicates: int
    quarantined: int
    refused: int
    last_synced: str
    every: str = ""
    alarm: str = ""


@dataclass(frozen=True, kw_only=True)
class RiskView:
    """Why a document deserves distrust."""

    kind: str
    score: float
    evidence: str


@dataclass(frozen=True, kw_only=True)
class DocumentView:
    """A record version as a person sees it."""

    record: str
    source: str
    path: str
    title: str
    state: str
    reason: str
    chunks: int
    size: int
    people: int
    duplicate_of: str
    risks: tuple[RiskView, ...]
    seen: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A chunk that was found. number: how the answer cites it, from 1; 0 when it was not given to the answer."""

    number: int
    chunk: str
    record: str
    source: str
    path: str
    title: str
    text: str
    page: int
    score: float
    dense_rank: int
    text_rank: int
    state: str = "live"


@dataclass(frozen=True, kw_only=True)
class SearchReport:
    """Passages, best first, and how they were found."""

    question: str
    passages: tuple[Passage, ...]
    generation: str
    visible: int
    asked: int
    ms: float


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Characters start..end of a chunk's text."""

    chunk: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence of an answer and the passages it rests on; support is the share of it found there, 0..1.

    quotes: where exactly it stands in them, for an answer in the documents' own sentences.
    """

    text: str
    citations: tuple[int, ...]
    support: float
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnswerReport:
    """An answer and what it is made of; `id` is its receipt id."""

    id: str
    question: str
    outcome: Outcome
    text: str
    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    mode: str
    model: str
    generation: str
    embedder: str
    risk: float
    asked: str
    asker: str
    ms: float
    state: str = "current"


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """An answer in a list."""

    id: str
    question: str
    outcome: str
    asked: str
    asker: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing on the line and what it was made from. role: how its child used it (`from`, `via`)."""

    id: str
    kind: str
    label: str
    detail: str = ""
    role: str = "from"
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WhyReport:
    """An answer as a tree of what it is made of, and the events that made it."""

    answer: AnswerReport
    tree: Node
    artifacts: int
    events: int


@dataclass(frozen=True, kw_only=True)
class ReplayReport:
    """An answer made again. missing/added: chunks that retrieval lost or gained; diff: lines as `diff -u` prints."""

    answer: str
    retrieval: Literal["same", "changed"]
    generation: Literal["same", "changed", "unavailable"]
    missing: tuple[str, ...]
    added: tuple[str, ...]
    diff: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BlastReport:
    """Everything that was made from some records."""

    records: tuple[DocumentView, ...]
    chunks: int
    vectors: int
    generations: int
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    answers: tuple[AnswerLine, ...]
    askers: tuple[str, ...]
    corpora: tuple[str, ...] = ()


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
class EraseReport:
    """What an erasure removes or removed. residue: hits of the byte scan afterwards, -1 when it was not run yet.

    receipt: path of the signed receipt. also_seen: other identifiers met beside these, for a person to judge.
    jobs: whose command or log names them. users: with their API keys.
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


@dataclass(frozen=True, kw_only=True)
class HeldDocument:
    """A document that holds a person. groups: who may see it."""

    record: str
    source: str
    path: str
    title: str
    state: str
    seen: str
    size: int
    groups: tuple[str, ...]
    chunks: int


@dataclass(frozen=True, kw_only=True)
class RuleReport:
    """What became of one rule of a contract. taken: none, warned, quarantined or blocked; rows: the first that fail.

    share: failing of all rows. looked_at, distinct: distinct values that were looked at, of how many there are.
    """

    rule: str
    column: str
    outcome: str
    failing: int
    share: float
    rows: tuple[int, ...]
    taken: str
    looked_at: int
    distinct: int


@dataclass(frozen=True, kw_only=True)
class ContractReport:
    """A table held to its contract: rows = passed + quarantined + blocked. written: where the rows kept out are."""

    contract: str
    version: str
    table: str
    rows: int
    passed: int
    quarantined: int
    blocked: int
    written: str
    ok: bool
    rules: tuple[RuleReport, ...]


@dataclass(frozen=True, kw_only=True)
class QualityRule:
    """A rule, low <= score <= high (None: no bound), and the documents that fail it; examples: the paths of a few."""

    rule: str
    low: float | None
    high: float | None
    source: str
    failing: int
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DriftView:
    """How a score of what came in since a moment differs from before; before, since: how many documents.

    distance: Kolmogorov-Smirnov, in [0, 1]. shift: Wasserstein-1, in the score's unit. q: p among all scores.
    """

    score: str
    before: int
    since: int
    distance: float
    shift: float
    q: float
    alarm: bool


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """A source's documents under the rules of a purpose. drift: empty where one side has fewer than 20 documents."""

    source: str
    purpose: str
    documents: int
    rules: tuple[QualityRule, ...]
    drift: tuple[DriftView, ...]


@dataclass(frozen=True, kw_only=True)
class CorpusReport:
    """A cleaned set that was written: documents = written + repeated + failing + contaminated.

    by_rule: how many fail each rule. contaminated: stand in the set that is held out for testing.
    """

    file: str
    sheet: str
    purpose: str
    documents: int
    written: int
    repeated: int
    failing: int
    contaminated: int
    by_rule: dict[str, int]
    words: int


@dataclass(frozen=True, kw_only=True)
class PersonReport:
    """Everything that holds a person. called: as given, and as the documents tie to them; recipients: who was answered.

    people: pseudonyms that these words stand for. also_seen: other words that may be theirs, for a person to judge.
    """

    called: tuple[str, ...]
    people: int
    also_seen: tuple[str, ...]
    documents: tuple[HeldDocument, ...]
    answers: tuple[AnswerLine, ...]
    recipients: tuple[str, ...]
    datasets: tuple[str, ...]
    models: tuple[str, ...]
    jobs: tuple[str, ...]
    users: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PersonExport:
    """A copy of what is held of a person. size: bytes of the file."""

    file: str
    size: int
    records: int
    answers: int


@dataclass(frozen=True, kw_only=True)
class HoldView:
    """What may not be deleted, and the rule that says so."""

    name: str
    what: str
    since: str


@dataclass(frozen=True, kw_only=True)
class GenerationView:
    """A generation of an index."""

    id: str
    serving: bool
    since: str
    why: str
    chunks: int
    records: int


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
    """A run and how far it came."""

    id: str
    flow: str
    state: str
    started: str
    seconds: float
    done: int
    total: int
    error: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """A home at a glance."""

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


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that `doctor` looked at. state: ok, warn or fail; cure: what to do."""

    name: str
    state: Literal["ok", "warn", "fail"]
    says: str
    cure: str = ""
