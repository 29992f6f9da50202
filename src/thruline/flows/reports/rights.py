"""What is held of a person, and what may not be deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thruline.flows.reports.answers import AnswerLine, SearchLine
from thruline.flows.reports.models import ShardView
from thruline.flows.reports.sources import DocumentView


@dataclass(frozen=True, kw_only=True)
class HeldDocument:
    """A document that holds a person. groups: who may see it. reason: why it is out of answers.

    kept_out: why it is used for none though it is there: `withdrawn` or `objected` by somebody in it, or `waiting`.
    fields: what it can be asked by.
    """

    record: str
    source: str
    path: str
    title: str
    state: str
    seen: str
    size: int
    groups: tuple[str, ...]
    chunks: int
    reason: str = ""
    kept_out: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RevealedToken:
    """What a token stands for: a kind of personal data, and its value as it is compared."""

    token: str
    kind: str
    value: str


@dataclass(frozen=True, kw_only=True)
class ConsentView:
    """What a person said of a use of their data. person: the pseudonym's first digits.

    state: given, withdrawn or expired of a consent; objected, lifted or overruled of an objection; `basis` where a
    legal basis was recorded that holds for them instead of the source's, in this source, or in all. until: its end.
    """

    person: str
    purpose: str
    state: str
    since: str
    evidence: str
    until: str = ""
    basis: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsentReport:
    """What was recorded. people: pseudonyms that these words stand for, or rows of a list. documents: of theirs.

    sets, models: made of them for this purpose or another before, which a withdrawal does not change. staying: of the
    documents, those whose legal basis gives no right to object. unchanged: rows that say what was said already.
    ignored: columns of the list that were not read. waiting: of the documents, those that somebody else in them, or
    another address or number, must allow too.
    """

    purpose: str
    state: str
    people: int
    documents: int
    sets: tuple[str, ...]
    models: tuple[str, ...]
    dry_run: bool
    staying: int = 0
    unchanged: int = 0
    ignored: tuple[str, ...] = ()
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class WaitingFor:
    """Somebody whose consent documents of a source wait for. called: as they stand there; path: of one of them."""

    called: tuple[str, ...]
    source: str
    documents: int
    path: str


@dataclass(frozen=True, kw_only=True)
class CorrectionView:
    """Words of a document that are put right whenever it comes in.

    needed: whether its source still said the wrong ones when it last came in.
    """

    id: str
    document: str
    wrong: str
    right: str
    since: str
    needed: bool


@dataclass(frozen=True, kw_only=True)
class DataOrigin:
    """A source of what is held: what for, under which basis, where it lies and how long; empty where nobody stated it.

    uses: what its documents may be used for. groups: who may see them.
    """

    source: str
    kind: str
    purpose: str
    basis: str
    residency: str
    uses: tuple[str, ...]
    groups: tuple[str, ...]
    kept: str


@dataclass(frozen=True, kw_only=True)
class PersonReport:
    """Everything that holds a person. called: as given, and as the documents tie to them; recipients: who was answered.

    origins: of the documents; kinds: of personal data that gave them away. outside: services that texts are sent to.
    people: pseudonyms that these words stand for. also_seen: other words that may be theirs, for a person to judge.
    sets: files that were written for training and hold them. open_matches: pairs that wait for a decision. corrections:
    what was put right in what is told of them. searches: that name them, or that they made.
    judged: questions that are kept to measure search by.
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
    consents: tuple[ConsentView, ...] = ()
    shards: tuple[ShardView, ...] = ()
    sets: tuple[str, ...] = ()
    open_matches: int = 0
    corrections: tuple[CorrectionView, ...] = ()
    origins: tuple[DataOrigin, ...] = ()
    kinds: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    searches: tuple[SearchLine, ...] = ()
    judged: tuple[str, ...] = ()


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
class RestrictionReport:
    """Documents that a restriction takes out of use, or gives back. answers: that were made of them before."""

    id: str
    action: Literal["restricted", "unrestricted"]
    called: tuple[str, ...]
    documents: tuple[DocumentView, ...]
    answers: tuple[AnswerLine, ...]
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class RestrictionView:
    """Somebody whose records are kept and not used. documents: how many are out of answers for it."""

    id: str
    called: tuple[str, ...]
    since: str
    documents: int


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Somebody as documents tell of them. records: how many do; documents, words: some of them, and what they say."""

    name: str
    identifiers: tuple[str, ...]
    documents: tuple[str, ...]
    words: tuple[str, ...]
    records: int


@dataclass(frozen=True, kw_only=True)
class MatchEvidence:
    """A feature of a pair; bits above 0 speak for one person, below for two."""

    says: str
    bits: float


@dataclass(frozen=True, kw_only=True)
class MatchView:
    """Two that may be one person. probability: of pairs with this evidence, the share that is; decided: what was."""

    id: str
    one: Telling
    other: Telling
    probability: float
    evidence: tuple[MatchEvidence, ...]
    decided: str = ""


@dataclass(frozen=True, kw_only=True)
class PeopleReport:
    """How many people are known, and what there is to decide. doubtful: pairs that wait, -1 where nobody counted.

    decided: pairs that were; restricted: people whose records are not used; corrected: documents put right, by words.
    """

    known: int
    doubtful: int
    decided: int
    restricted: int
    corrected: int


@dataclass(frozen=True, kw_only=True)
class NearName:
    """Somebody whose name is near one that nobody bears. evidence: what speaks for it, in words."""

    of: str
    person: Telling
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """How many people were declared, by how many identifiers."""

    people: int
    identifiers: int
