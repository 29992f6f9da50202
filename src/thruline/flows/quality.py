"""Quality: what is wrong with a source's documents, rule by rule, and how its scores moved since a moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.nouns import Actor
from thruline.core.units import parse_moment
from thruline.data.drift import Measured, drift
from thruline.data.quality_columns import Columns, failing
from thruline.data.quality_rules import DEFAULT, Purpose, Rule
from thruline.data.records import ALL, Record
from thruline.flows.documents import pages_of, path_names
from thruline.flows.reports import DriftView, QualityReport, QualityRule
from thruline.flows.scored import columns_of
from thruline.flows.sight import sight
from thruline.flows.sources import named
from thruline.flows.toxicity import column

if TYPE_CHECKING:
    from thruline.flows.line import Line

EXAMPLES = 5
FEWEST = 20  # documents on each side of a moment: with less, nothing but a landslide shows


def quality(line: Line, actor: Actor, source: str, purpose: Purpose, since: str) -> QualityReport:
    """What fails which rule of a purpose, and with since which scores of what came in then differ from before.

    Nothing is dropped: a failing document is named, and answers on. Rules for English are asked of English alone.
    """
    place = named(line, actor, source)
    seen = sight(line, actor)
    records = line.records.list(among=[place.id], state="live", limit=ALL, denied=seen.denied)
    judged = judge(line, records)
    return QualityReport(
        source=place.name, purpose=purpose, documents=len(judged.records),
        rules=tuple(_told(line, actor, judged, rule) for rule in DEFAULT[purpose] if rule.score in judged.columns),
        drift=_moved(place.name, judged, parse_moment(since, line.clock.now())) if since else (),
        unjudged=judged.unjudged,
    )  # fmt: skip


class Judged(NamedTuple):
    """Records with a column for each score; english: those whose language is English, or not told."""

    records: Sequence[Record]
    english: np.ndarray
    columns: Columns

    def failing(self, rule: Rule) -> np.ndarray:
        """Which of the records fail a rule, by their index."""
        rows = failing(self.columns, rule)
        return rows[self.english[rows]] if rule.english else rows

    @property
    def unjudged(self) -> int:
        """How many of them no judge of toxicity was heard about; 0 where there is none."""
        return int(np.isnan(self.columns["toxicity"]).sum()) if "toxicity" in self.columns else 0


def judge(line: Line, records: Sequence[Record]) -> Judged:
    """The scores of these records' documents; of one that was erased meanwhile there is none."""
    kept: list[Record] = []
    english: list[bool] = []
    parts: dict[str, list[np.ndarray]] = {}
    for page in pages_of(line, records):
        kept += [record for record, _ in page]
        documents = [document for _, document in page]
        english += [document.language in ("", "en") for document in documents]
        for name, values in columns_of(documents, column(line, [record.id for record, _ in page])).items():
            parts.setdefault(name, []).append(values)
    columns = {name: np.concatenate(values) for name, values in parts.items()}
    return Judged(kept, np.array(english, np.bool_), columns)


def _told(line: Line, actor: Actor, judged: Judged, rule: Rule) -> QualityRule:
    rows = judged.failing(rule)
    names = path_names(line, [judged.records[row].id for row in rows[:EXAMPLES]], actor)
    return QualityRule(
        rule=rule.score, low=_finite(rule.low), high=_finite(rule.high), source=rule.source, failing=len(rows),
        examples=tuple(sorted(names.values())),
    )  # fmt: skip


def _finite(bound: float) -> float | None:
    return bound if np.isfinite(bound) else None


def _moved(source: str, judged: Judged, since: int) -> tuple[DriftView, ...]:
    new = np.array([r.seen >= since for r in judged.records], np.bool_)
    if min(new.sum(), (~new).sum()) < FEWEST:
        return ()
    known = {name: np.isfinite(values) for name, values in judged.columns.items()}
    both = [name for name, is_known in known.items() if min((is_known & new).sum(), (is_known & ~new).sum()) >= FEWEST]
    before = {Measured(source, name): judged.columns[name][known[name] & ~new] for name in both}
    after = {Measured(source, name): judged.columns[name][known[name] & new] for name in both}
    return tuple(
        DriftView(score=d.score, before=d.reference, since=d.window, distance=d.distance, shift=d.shift, q=d.q,
                  alarm=d.is_alarm)
        for d in drift(before, after)
    )  # fmt: skip
