"""Quality: what is wrong with a source's documents, rule by rule, and how its scores moved since a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.nouns import Actor
from thruline.core.units import parse_moment
from thruline.data.drift import Measured, drift
from thruline.data.quality import PER_WORDS
from thruline.data.quality_columns import measure
from thruline.data.quality_rules import DEFAULT, Purpose, Rule
from thruline.data.records import Record
from thruline.flows.documents import Document, path_names, read_documents
from thruline.flows.reports import DriftView, QualityReport, QualityRule
from thruline.flows.sources import named

if TYPE_CHECKING:
    from thruline.flows.line import Line

EVERYTHING = 1 << 31
EXAMPLES = 5
PAGE = 256  # documents decrypted at a time
FEWEST = 20  # documents on each side of a moment: with less, nothing but a landslide shows


class _Scored(NamedTuple):
    records: Sequence[Record]
    english: np.ndarray
    columns: Mapping[str, np.ndarray]


def quality(line: Line, actor: Actor, source: str, purpose: Purpose, since: str) -> QualityReport:
    """What fails which rule of a purpose, and with since which scores of what came in then differ from before.

    Nothing is dropped: a failing document is named, and answers on. Rules for English are asked of English alone.
    """
    place = named(line, actor, source)
    scored = _scored(line, line.records.list(among=[place.id], state="live", limit=EVERYTHING))
    return QualityReport(
        source=place.name, purpose=purpose, documents=len(scored.records),
        rules=tuple(_judged(line, scored, rule) for rule in DEFAULT[purpose] if rule.score in scored.columns),
        drift=_moved(place.name, scored, parse_moment(since, line.clock.now())) if since else (),
    )  # fmt: skip


def _scored(line: Line, records: Sequence[Record]) -> _Scored:
    pages = [records[start : start + PAGE] for start in range(0, len(records), PAGE)]
    columns: dict[str, list[np.ndarray]] = {}
    english: list[bool] = []
    for page in pages:
        documents = read_documents(line, [r.document for r in page])
        found = [documents[r.document] for r in page]
        english += [_is_english(document) for document in found]
        for name, values in _columns(found).items():
            columns.setdefault(name, []).append(values)
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    return _Scored(records, np.array(english, np.bool_), joined)


def _columns(documents: Sequence[Document]) -> dict[str, np.ndarray]:
    columns = {name: np.asarray(values, float) for name, values in measure([d.text for d in documents]).items()}
    people = np.array([len(d.mentions) for d in documents], float)
    columns["pii_density"] = PER_WORDS * people / np.maximum(columns["words"], 1)
    return columns


def _is_english(document: Document) -> bool:
    spoken = [chunk.language for chunk in document.chunks if chunk.language]
    return not spoken or max(set(spoken), key=spoken.count) == "en"


def _judged(line: Line, scored: _Scored, rule: Rule) -> QualityRule:
    values = scored.columns[rule.score]
    bad = ~((rule.low <= values) & (values <= rule.high))
    rows = np.flatnonzero(bad & scored.english if rule.english else bad)
    names = path_names(line, [scored.records[row].id for row in rows[:EXAMPLES]])
    return QualityRule(
        rule=rule.score, low=_finite(rule.low), high=_finite(rule.high), source=rule.source, failing=len(rows),
        examples=tuple(sorted(names.values())),
    )  # fmt: skip


def _finite(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None


def _moved(source: str, scored: _Scored, since: int) -> tuple[DriftView, ...]:
    new = np.array([r.seen >= since for r in scored.records], np.bool_)
    if min(new.sum(), (~new).sum()) < FEWEST:
        return ()
    before = {Measured(source, name): values[~new] for name, values in scored.columns.items()}
    after = {Measured(source, name): values[new] for name, values in scored.columns.items()}
    return tuple(
        DriftView(score=d.score, before=d.reference, since=d.window, distance=d.distance, shift=d.shift, q=d.q,
                  alarm=d.is_alarm)
        for d in drift(before, after)
    )  # fmt: skip
