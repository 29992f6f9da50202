"""Which rows a snapshot serves, of which records, and who may see them: decided before anything is scored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from thruline.core.fields import Field
from thruline.core.ids import ArtifactId
from thruline.vectors.columns import Columns, Told, Where

EVERYBODY = "*"
_RECORD_BITS, _PLACE_BITS = 44, 19  # of a row's place in the order of ties: its record's digest, then its chunk


class Label(NamedTuple):
    """Who may see a row. rights: one group of each of these is needed besides."""

    source: ArtifactId
    groups: frozenset[str]
    rights: frozenset[frozenset[str]]


class Labelled(NamedTuple):
    """A record with its chunks, who may see it, and what it says of itself."""

    record: ArtifactId
    label: Label
    chunks: Sequence[ArtifactId]
    fields: Sequence[Field] = ()


class Allowed(NamedTuple):
    """mask: of rows, None where every row there ever was may be seen. rows: how many. left_out: records.

    `left_out` counts those that might be seen and are not searched, since they may not be used.
    """

    mask: np.ndarray | None
    rows: int
    left_out: int


class _Out(NamedTuple):
    """What leaving these records out means. first: one row of each."""

    records: frozenset[ArtifactId]
    first: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Those of one snapshot. A row keeps its number in all later ones, and no number is given twice.

    chunks, records: of every row, also of later snapshots: they are shared, and grow. order: what breaks ties, the
    same for a record wherever its rows lie.
    """

    chunks: list[ArtifactId] = field(default_factory=list)
    records: list[ArtifactId] = field(default_factory=list)
    spans: Mapping[ArtifactId, slice] = field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    label_of: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))
    lives: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    order: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    columns: Columns = field(default_factory=Columns)
    _meant: list[_Out] = field(default_factory=lambda: [_Out(frozenset(), *(np.empty(0, np.int64),) * 2)], init=False)

    @cached_property
    def count(self) -> int:
        """Rows that live."""
        return int(np.count_nonzero(self.lives))

    @cached_property
    def served(self) -> frozenset[ArtifactId]:
        """The records."""
        return frozenset(self.spans)

    def rows_of(self, records: Collection[ArtifactId]) -> np.ndarray:
        """int64, of those that are here."""
        spans = [self.spans[record] for record in records if record in self.spans]
        return np.concatenate([np.arange(s.start, s.stop) for s in spans]) if spans else np.empty(0, np.int64)

    def label(self, row: int) -> Label:
        """Who may see it."""
        return self.labels[self.label_of[row]]

    def after(
        self, came: Sequence[Labelled], gone: Collection[ArtifactId], relabelled: Mapping[ArtifactId, Label]
    ) -> Rows:
        """The next snapshot's: what came lies behind all there ever was; only for the newest."""
        number = {label: i for i, label in enumerate(self.labels)}
        for label in (*(record.label for record in came), *relabelled.values()):
            number.setdefault(label, len(number))
        label_of = np.concatenate([self.label_of, *(_all(len(r.chunks), number[r.label]) for r in came)])
        for record, label in relabelled.items():
            label_of[self.spans[record]] = number[label]
        lives = np.concatenate([self.lives, np.ones(sum(len(r.chunks) for r in came), bool)])
        lives[self.rows_of(gone)] = False
        spans = {record: span for record, span in self.spans.items() if record not in gone} if gone else {**self.spans}
        end = len(self.lives)
        for record in came:
            spans[record.record] = slice(end, end + len(record.chunks))
            end += len(record.chunks)
            self.chunks.extend(record.chunks)
            self.records.extend(record.record for _ in record.chunks)
        order = np.concatenate([self.order, *(_places(r.record, len(r.chunks)) for r in came)])
        columns = self.columns.after(len(self.lives), [Told(r.fields, len(r.chunks)) for r in came])
        return replace(
            self, spans=spans, labels=tuple(number), label_of=label_of, lives=lives, order=order, columns=columns
        )

    def allowed(
        self, groups: frozenset[str], sources: frozenset[ArtifactId] | None, without: frozenset[ArtifactId],
        only: frozenset[ArtifactId] | None, where: Where | None = None,
    ) -> Allowed:  # fmt: skip
        """Rows that may be searched. sources, only, where: None for all."""
        seen = [_may_see(label, groups, sources) for label in self.labels]
        _, first, out = self._out(without)
        if all(seen) and not len(first) and only is None and where is None:
            return Allowed(None if self.count == len(self.lives) else self.lives, self.count, 0)
        mask = np.array(seen, bool)[self.label_of] & self.lives
        if only is not None:
            mask &= self._inside(only)
        if where is not None:
            mask &= self.columns.fits(where, len(mask))
        left_out = int(np.count_nonzero(mask[first]))
        mask[out] = False
        return Allowed(mask, int(np.count_nonzero(mask)), left_out)

    def _out(self, without: frozenset[ArtifactId]) -> _Out:
        """The first row of each of these records, and all of their rows.

        The set is the very same until somebody says something else: what it meant last is kept.
        """
        known = self._meant[0]
        if known.records is not without:
            here = [self.spans[record] for record in without if record in self.spans]
            known = _Out(without, np.array([span.start for span in here], np.int64), self.rows_of(without))
            self._meant[0] = known
        return known

    def _inside(self, records: frozenset[ArtifactId]) -> np.ndarray:
        inside = np.zeros(len(self.lives), bool)
        inside[self.rows_of(records)] = True
        return inside


def _all(count: int, number: int) -> np.ndarray:
    return np.full(count, number, np.int32)


def _places(record: ArtifactId, chunks: int) -> np.ndarray:
    digest = int(record.partition(":")[2][: _RECORD_BITS // 4], 16)  # its beginning: the order of the ids themselves
    return (digest << _PLACE_BITS) + np.arange(chunks)


def _may_see(label: Label, groups: frozenset[str], sources: frozenset[ArtifactId] | None) -> bool:
    wanted = sources is None or label.source in sources
    return wanted and (EVERYBODY in groups or not any(map(groups.isdisjoint, (label.groups, *label.rights))))
