"""The schema of a table, and what has become of it since: column by column, a sentence each.

`schema_reading.schema_of` reads one from a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

SKETCH = 128  # overlaps are told to some +-.04
# A column is the same under another name when this share of values is shared, or half of it in the same place.
_SAME_VALUES = 0.5
_SAME_PLACE = 0.25
ChangeKind = Literal["added", "removed", "renamed", "retyped", "now_empty", "never_empty"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column as it was met. type: as contracts name it, `other` for lists and the like, `empty` without any value.

    has_empty: some row has no value there. sketch: the lowest hashes of its values, ascending; they tell whether a
    value was there, so keep them as well as the values, and they compare only within one version of the engine.
    """

    name: str
    type: str
    has_empty: bool
    sketch: tuple[int, ...] = ()


class Change(NamedTuple):
    """One thing that is different. column: as it is called now, or was, when it is gone."""

    kind: ChangeKind
    column: str
    sentence: str


def drift(old: Sequence[Field], new: Sequence[Field]) -> tuple[Change, ...]:
    """What changed between two schemas: columns gone, renamed and new, then other types and new or no empty values."""
    names = _renamed(old, new)
    before = {names.get(field.name, field.name): field for field in old}
    after = {field.name: field for field in new}
    return (
        *(
            _change("removed", f.name, f"is gone; it was {_a(f.type)}")
            for name, f in before.items()
            if name not in after
        ),
        *(_change("renamed", is_now, f"was called {was!r}, to judge by its values") for was, is_now in names.items()),
        *(_change("added", f.name, f"is new; it is {_a(f.type)}") for name, f in after.items() if name not in before),
        *(c for name, f in after.items() if name in before for c in _inside(before[name], f)),
    )


def overlap(old: Field, new: Field) -> float:
    """Share of values that two columns have in common (Jaccard), in [0, 1], as their sketches tell."""
    lowest = sorted({*old.sketch, *new.sketch})[:SKETCH]
    both = {*old.sketch} & {*new.sketch}
    return sum(value in both for value in lowest) / len(lowest) if lowest else 0.0


def _renamed(old: Sequence[Field], new: Sequence[Field]) -> dict[str, str]:
    """Old name -> new name, the surest first; each column once."""
    names: dict[str, str] = {}
    for _, was, is_now in sorted(_candidates(old, new), key=lambda c: (-c[0], c[1], c[2])):
        if was not in names and is_now not in names.values():
            names[was] = is_now
    return names


def _candidates(old: Sequence[Field], new: Sequence[Field]) -> Iterator[tuple[float, str, str]]:
    known, met = {field.name for field in old}, {field.name for field in new}
    for place, was in enumerate(old):
        for other_place, is_now in enumerate(new):
            if was.name in met or is_now.name in known or was.type != is_now.type:
                continue
            shared = overlap(was, is_now)
            if shared >= (_SAME_PLACE if place == other_place else _SAME_VALUES):
                yield shared + (place == other_place), was.name, is_now.name


def _inside(old: Field, new: Field) -> Iterator[Change]:
    if old.type != new.type and "empty" not in (old.type, new.type):
        yield _change("retyped", new.name, f"was {_a(old.type)} and is {_a(new.type)}")
    if new.has_empty and not old.has_empty:
        yield _change("now_empty", new.name, "has rows without a value; it had none")
    if old.has_empty and not new.has_empty:
        yield _change("never_empty", new.name, "has a value in every row; it had not")


def _change(kind: ChangeKind, column: str, what: str) -> Change:
    return Change(kind, column, f"Column {column!r} {what}.")


def _a(kind: str) -> str:
    """The type in a sentence."""
    if kind == "empty":
        return "without values"
    return "of another type" if kind == "other" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
