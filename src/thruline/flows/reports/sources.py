"""Sources, what a sync met in them, and their documents."""

from __future__ import annotations

from dataclasses import dataclass

from thruline.flows.reports.checks import ContractReport, ScoreMove, ScoreView


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A file that could not be taken in, and why (a reason of the closed list)."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """What a sync met. indexed + duplicates + quarantined + refused = seen.

    permissions: known items that others may read than before, whether their bytes changed or not.
    waiting, withheld: of the indexed, those that do not answer yet for want of a person's consent, and those that
    people keep out of answers. error: why the source could not be read or was held back; what was there before stays.
    contract: what became of its rules. changes: of the table's columns since it was judged before, a sentence each.
    tables: what became of its table files, pattern by pattern. unjudged: documents that the judge of
    `quality.judge` was not heard about; judge: why. embedder: that another one is set than the one that serves.
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
    permissions: int = 0
    waiting: int = 0
    withheld: int = 0
    error: str = ""
    contract: ContractReport | None = None
    changes: tuple[str, ...] = ()
    tables: tuple[ContractReport, ...] = ()
    unjudged: int = 0
    judge: str = ""
    embedder: str = ""

    @property
    def ok(self) -> bool:
        """Whether the source was read to its end."""
        return not self.error


@dataclass(frozen=True, kw_only=True)
class PushReport:
    """What became of a record that was sent. change: added, changed, permissions (the same bytes for others),
    unchanged or deleted. state: as a document's.

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
    """A source and what it holds. alarm: what is wrong with its freshness, in words. drift: how what it brings has
    changed, in words.

    saw: what a first look saw at its place; only in the report of what made that look. waiting, withheld: live
    documents that do not answer yet for want of a person's consent, and those that people keep out of answers.
    """

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
    drift: str = ""
    saw: str = ""
    waiting: int = 0
    withheld: int = 0


@dataclass(frozen=True, kw_only=True)
class SourceOption:
    """What a source can be told. value: what it was told, empty where nothing; secrets by reference."""

    name: str
    value: str
    says: str


@dataclass(frozen=True, kw_only=True)
class SourceCounts:
    """What became of all that a source holds: seen = indexed + duplicates + quarantined + refused."""

    seen: int
    indexed: int
    duplicates: int
    quarantined: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class PersonalKind:
    """Personal data met in a source's documents. people: how many it names; policy: what becomes of it."""

    kind: str
    people: int
    policy: str


@dataclass(frozen=True, kw_only=True)
class SourceReport:
    """A source at a glance, with every option that it takes. usual: how often it brings something new, in words.

    alike: documents that say in other words what another says. tables: its table files under its contract.
    moved: scores that are others than before. scores: of all that came in.
    uses: what it may be used for, empty for everything that the settings leave open. basis: the legal one, as it is
    stated. regions: the only ones where its documents may be. kept_from: parts outside that are not given them.
    """

    source: SourceView
    counts: SourceCounts
    usual: str
    personal: tuple[PersonalKind, ...]
    contract: ContractReport | None
    changes: tuple[str, ...]
    options: tuple[SourceOption, ...]
    alike: int = 0
    tables: tuple[ContractReport, ...] = ()
    moved: tuple[ScoreMove, ...] = ()
    scores: tuple[ScoreView, ...] = ()
    uses: tuple[str, ...] = ()
    basis: str = ""
    regions: tuple[str, ...] = ()
    kept_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RiskView:
    """Why a document deserves distrust."""

    kind: str
    score: float
    evidence: str


@dataclass(frozen=True, kw_only=True)
class FieldView:
    """A field that documents can be asked by. documents: that say something there. unread: whose value is of no such
    type. sources: that keep it.
    """

    name: str
    type: str
    documents: int
    unread: int
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DocumentView:
    """A record version as a person sees it. alike_to: the document that says the same in other words, and first.

    doubtful: words in it that were read off a picture with little certainty. unread: pages that are pictures, and
    pictures in it, that nobody could read. kept_out: why no answer uses it because of people in it: waiting (for a
    consent), withdrawn, objected. fields: what it can be asked by, as `price=12.5`.
    """

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
    doubtful: int = 0
    unread: int = 0
    alike_to: str = ""
    kept_out: str = ""
    fields: tuple[str, ...] = ()
