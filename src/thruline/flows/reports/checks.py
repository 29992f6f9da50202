"""Contracts, quality and corpora."""

from __future__ import annotations

from dataclasses import dataclass


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
class HeldFile:
    """A table file that breaks rules: `state.allowed in rows 3, 7 and 12 more`."""

    path: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContractReport:
    """A table held to its contract: rows = passed + quarantined + blocked. written: where the rows kept out are.

    files: how many make up the table, where it is a pattern of files; failing: those of them that break a rule.
    """

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
    files: int | None = None
    failing: tuple[HeldFile, ...] = ()


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
    """A source's documents under the rules of a purpose. drift: empty where one side has fewer than 20 documents.

    unjudged: documents that the judge was not heard about; 0 where there is no judge, and then no rule about it.
    """

    source: str
    purpose: str
    documents: int
    rules: tuple[QualityRule, ...]
    drift: tuple[DriftView, ...]
    unjudged: int = 0


@dataclass(frozen=True, kw_only=True)
class ScoreMove:
    """A score of a source that has moved, and is not back. says: a sentence without its capital and its dot.

    since: when the first of the documents that differ came in. before, now: the median, or the mean where the medians
    are equal; of `language` the share of one. distance: between the distributions, in [0, 1].
    """

    score: str
    says: str
    since: str
    before: float
    now: float
    distance: float
    documents: int


@dataclass(frozen=True, kw_only=True)
class ScoreView:
    """A score of what a source brought. usual: its middle in words. trend: its middle, a group of documents at a time.

    moved: whether it is another now than before.
    """

    score: str
    name: str
    usual: str
    trend: tuple[float, ...]
    moved: bool


@dataclass(frozen=True, kw_only=True)
class AcceptReport:
    """What of a source was taken for usual: a sentence for each score that had moved."""

    source: str
    accepted: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AlikePair:
    """A document that says in other words what another said first. path, of_path: with the source's name before.

    similarity: cosine of its least alike chunk.
    """

    record: str
    path: str
    of: str
    of_path: str
    similarity: float


@dataclass(frozen=True, kw_only=True)
class AlikeReport:
    """What was compared by meaning. alike: documents that say what an earlier one says; new: of these not known before.

    too_long: documents of too many chunks to compare. pairs: the most similar.
    """

    documents: int
    alike: int
    new: int
    too_long: int
    threshold: float
    pairs: tuple[AlikePair, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CorpusReport:
    """A cleaned set that was written: documents = written + repeated + alike + failing + contaminated + withheld.

    alike: say in other words what another says. by_rule: how many fail each rule. contaminated: stand in the set that
    is held out for testing. withheld: hold somebody who has not allowed the use, or objects. unjudged: how many of
    those that were looked at the judge of toxicity was not heard about.
    """

    file: str
    sheet: str
    purpose: str
    documents: int
    written: int
    repeated: int
    failing: int
    contaminated: int
    withheld: int
    by_rule: dict[str, int]
    words: int
    alike: int = 0
    unjudged: int = 0
