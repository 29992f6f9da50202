"""Identities: tellings that are surely of one person, and the pairs of them that may be one more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from thruline.data.kin import Identifier, Told


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A name with the identifiers that documents tie to it. records: which tell of it."""

    told: Told
    records: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """Tells it from others of the same tellings."""
        ids = (f"{kind} {value}" for kind, value in sorted(self.told.ids))
        return (*self.told.words, *(ids if self.told.ids else self.records))


def identities(tellings: Iterable[tuple[str, Told]]) -> list[Identity]:
    """Identities of (record, telling) pairs: one name and a shared identifier is one.

    What tells of a name alone is one, too, while no two people are known by it; else each record may mean another.
    """
    by_name: dict[tuple[str, ...], list[tuple[str, Told]]] = defaultdict(list)
    for record, told in tellings:
        by_name[told.words].append((record, told))
    found: list[Identity] = []
    for _, same in sorted(by_name.items()):
        known = _sharing([pair for pair in same if pair[1].ids])
        bare = [pair for pair in same if not pair[1].ids]
        found += map(_identity, [*known, *([[pair] for pair in bare] if len(known) > 1 else [bare] * bool(bare))])
    return found


def pairs(people: Sequence[Identity]) -> Iterator[tuple[Identity, Identity]]:
    """Those that share a key, each pair once."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for number, person in enumerate(people):
        for key in sorted(person.told.blocks()):
            blocks[key].append(number)
    seen = {(a, b) for block in blocks.values() for n, a in enumerate(block) for b in block[n + 1 :]}
    return ((people[a], people[b]) for a, b in sorted(seen))


def _sharing(same: Sequence[tuple[str, Told]]) -> list[list[tuple[str, Told]]]:
    """Tellings of one name, by the identifiers that they share."""
    groups: list[tuple[set[Identifier], list[tuple[str, Told]]]] = []
    for record, told in same:
        ours = (set(told.ids), [(record, told)])
        apart = []
        for ids, group in groups:
            if ids & told.ids:
                ours[0].update(ids)
                ours[1][:0] = group
            else:
                apart.append((ids, group))
        groups = [*apart, ours]
    return [group for _, group in groups]


def _identity(group: Sequence[tuple[str, Told]]) -> Identity:
    ids = frozenset(x for _, told in group for x in told.ids)
    return Identity(told=Told(name=group[0][1].name, ids=ids), records=tuple(sorted({r for r, _ in group})))
