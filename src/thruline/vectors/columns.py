"""Columns: the fields of every row in arrays, so that a condition is a mask in microseconds, made before any score.

A value that holds personal data of a kind that whoever asks is not cleared for is for them no value at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from thruline.core.conditions import Condition
from thruline.core.facts import MENTION_KINDS
from thruline.core.fields import Field, FieldType, Value

_BIT = {kind: 1 << n for n, kind in enumerate(MENTION_KINDS)}
_ABSENT, _UNFIT = -1, -2  # codes of a row without the field, and with a value that was not understood


class Where(NamedTuple):
    """All of these conditions hold. hidden: kinds of personal data that whoever asks is not cleared for."""

    conditions: tuple[Condition, ...]
    hidden: frozenset[str] = frozenset()


class Told(NamedTuple):
    """What a record says of itself: its fields, for so many rows."""

    fields: Sequence[Field]
    rows: int


class Count(NamedTuple):
    """Of how many rows a field is there, and of how many its value was not understood."""

    has: int
    unfit: int


class KeptColumn(NamedTuple):
    """A column put away. values, kinds: arrays as bytes; words: what the codes of texts and lists stand for."""

    name: str
    type: FieldType
    values: bytes
    kinds: bytes
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class _Words:
    """What the codes of a column stand for; shared by all snapshots, and grows. In small letters."""

    entries: list[tuple[str, ...]] = field(default_factory=list)
    codes: dict[tuple[str, ...], int] = field(default_factory=dict)
    having: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def code(self, value: Value) -> int:
        """The code of a text, or of a list's words."""
        words = tuple(str(word).casefold() for word in (value if isinstance(value, tuple) else (value,)))
        if (known := self.codes.get(words)) is not None:
            return known
        self.codes[words] = code = len(self.entries)
        self.entries.append(words)
        for word in words:
            self.having[word].append(code)
        return code


@dataclass(frozen=True, kw_only=True)
class Column:
    """One field of every row. values: codes (int32) of texts and lists, else float64 (NaN: none, -inf: not understood).

    kinds: of personal data in each row's value, as bits; None where no value holds any.
    """

    type: FieldType
    values: np.ndarray
    kinds: np.ndarray | None = None
    words: _Words = field(default_factory=_Words)

    def has(self, hidden: int) -> np.ndarray:
        """Rows that have a value, for whoever these kinds are hidden from."""
        there = self.values >= 0 if self._is_coded else np.isfinite(self.values)
        return there if self.kinds is None or not hidden else there & (self.kinds & hidden == 0)

    @property
    def unfit(self) -> np.ndarray:
        """Rows whose value was not understood."""
        return self.values == (_UNFIT if self._is_coded else -np.inf)

    def fits(self, asked: Condition, hidden: int) -> np.ndarray:
        """Rows of which the condition holds; `!=` and `lacks` hold of a row without a value, too."""
        if asked.op in ("lacks", "!="):
            return ~(self.has(hidden) if asked.op == "lacks" else self._equal(asked) & self.has(hidden))
        if asked.op == "has":
            return self.has(hidden)
        return (self._equal(asked) if asked.op == "=" else self._ordered(asked)) & self.has(hidden)

    def after(self, rows: int, told: Sequence[tuple[slice, Field]]) -> Column:
        """With so many rows more, of which these say something."""
        came = np.full(rows, _ABSENT if self._is_coded else np.nan, self.values.dtype)
        where = _rows_of([span for span, _ in told])
        lengths = [span.stop - span.start for span, _ in told]
        came[where] = np.repeat(np.array([self._kept(one.value) for _, one in told], self.values.dtype), lengths)
        kinds = self._kinds_after(rows, where, lengths, [bits(one.kinds) for _, one in told])
        return Column(type=self.type, values=np.concatenate([self.values, came]), words=self.words, kinds=kinds)

    def _kinds_after(self, rows: int, where: np.ndarray, lengths: list[int], told: list[int]) -> np.ndarray | None:
        if self.kinds is None and not any(told):
            return None
        came = np.zeros(rows, np.int64)
        came[where] = np.repeat(np.array(told, np.int64), lengths)
        before = np.zeros(len(self.values), np.int64) if self.kinds is None else self.kinds
        return np.concatenate([before, came])

    @property
    def _is_coded(self) -> bool:
        return self.type in ("text", "list")

    def _kept(self, value: Value | None) -> float:
        if value is None:
            return _UNFIT if self._is_coded else -np.inf
        return self.words.code(value) if self._is_coded else float(value)  # type: ignore[arg-type]

    def _equal(self, asked: Condition) -> np.ndarray:
        if self._is_coded:
            codes = [code for word in asked.values for code in self.words.having.get(str(word), ())]
            if len(codes) == 1:  # a tenth of the time of a table
                return self.values == codes[0]
            wanted = np.zeros(len(self.words.entries) + 2, bool)  # two more for the codes below nought
            wanted[codes] = True
            return wanted[self.values]
        if self.type == "date":
            edges = zip(asked.values[::2], asked.values[1::2], strict=True)
            return np.logical_or.reduce([(self.values >= a) & (self.values < b) for a, b in edges])
        return np.logical_or.reduce([self.values == value for value in asked.values])

    def _ordered(self, asked: Condition) -> np.ndarray:
        first, last = asked.values[0], asked.values[-1]
        match asked.op, self.type == "date":
            case ("<", _):
                return self.values < first
            case (">=", _):
                return self.values >= first
            case ("<=", False):
                return self.values <= first
            case (">", False):
                return self.values > first
            case ("<=", True):  # of a whole day, month or year
                return self.values < last
            case _:
                return self.values >= last


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The fields of the rows of one snapshot, by name and type; nothing where no record has any."""

    known: Mapping[tuple[str, FieldType], Column] = field(default_factory=dict)

    def after(self, before: int, came: Sequence[Told]) -> Columns:
        """The next snapshot's: these lie behind the rows that there were."""
        told: dict[tuple[str, FieldType], list[tuple[slice, Field]]] = defaultdict(
            list, {key: [] for key in self.known}
        )
        at = 0
        for record in came:
            span = slice(at, at := at + record.rows)
            for one in record.fields:
                told[one.name, one.type].append((span, one))
        new = {key: self.known.get(key) or _empty(key[1], before) for key in told}
        return Columns(known={key: new[key].after(at, said) for key, said in told.items()}) if told else self

    def fits(self, where: Where, rows: int) -> np.ndarray:
        """Rows of which every condition holds."""
        hidden, mask = bits(where.hidden), np.ones(rows, bool)
        for asked in where.conditions:
            column = self.known.get((asked.name, asked.type)) or _empty(asked.type, rows)
            mask &= column.fits(asked, hidden)
        return mask

    def counts(self, rows: np.ndarray, hidden: Collection[str]) -> dict[tuple[str, FieldType], Count]:
        """Of these rows, how many say something, by field."""
        away = bits(hidden)
        return {
            key: Count(int(column.has(away)[rows].sum()), int(column.unfit[rows].sum()))
            for key, column in self.known.items()
        }

    def put_away(self) -> list[KeptColumn]:
        """All of it as bytes."""
        return [
            KeptColumn(
                name, kind, column.values.tobytes(), b"" if column.kinds is None else column.kinds.tobytes(),
                tuple(column.words.entries),
            )
            for (name, kind), column in self.known.items()
        ]  # fmt: skip

    @classmethod
    def restored(cls, kept: Sequence[KeptColumn]) -> Columns:
        """As it was put away."""
        return cls(known={(one.name, one.type): _restored(one) for one in kept})


def _rows_of(spans: Sequence[slice]) -> np.ndarray:
    """The rows of these spans, in their order."""
    starts = np.array([span.start for span in spans], np.int64)
    lengths = np.array([span.stop - span.start for span in spans], np.int64)
    return np.arange(lengths.sum()) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)


def bits(kinds: Collection[str]) -> int:
    """Kinds of personal data as bits."""
    return sum(_BIT[kind] for kind in kinds if kind in _BIT) if kinds else 0


def _empty(kind: FieldType, rows: int) -> Column:
    coded = kind in ("text", "list")
    return Column(type=kind, values=np.full(rows, _ABSENT if coded else np.nan, np.int32 if coded else np.float64))


def _restored(kept: KeptColumn) -> Column:
    words = _Words()
    for entry in kept.words:
        words.code(entry)
    dtype = np.int32 if kept.type in ("text", "list") else np.float64
    kinds = np.frombuffer(kept.kinds, np.int64) if kept.kinds else None
    return Column(type=kept.type, values=np.frombuffer(kept.values, dtype), kinds=kinds, words=words)
