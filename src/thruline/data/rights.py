"""Who may read an item: what its place says, in the groups of this home, and what the operator says by folder.

Rights are clauses: whoever sees the source and is in a group of each clause may read. No clause hides nothing, and a
clause without groups hides from everybody. So the stricter of two rights wins by putting their clauses together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thruline.core.errors import Invalid
from thruline.ports.origin import Item

EVERYONE = "everyone"
RIGHTS: Mapping[str, str] = {
    "map": "what the place's groups are called here, as `group staff:people,everyone:members`; others are nobody",
    "folders": "who may read what lies below a path, as `hr/:people,hr/open/:everyone`; the longest that fits counts",
}
Clauses = frozenset[frozenset[str]]
_FREE: Clauses = frozenset()


@dataclass(frozen=True, kw_only=True)
class Rights:
    """How a source tells who may read what. groups: the place's -> ours, None where they are called alike."""

    groups: Mapping[str, frozenset[str]] | None
    folders: Sequence[tuple[str, frozenset[str]]]

    def of(self, item: Item) -> Clauses:
        """Who may read an item, besides seeing its source."""
        if not (item.readers or self.folders):
            return _FREE
        below = [groups for folder, groups in self.folders if item.path.startswith(folder)]
        clauses = [*map(self._here, item.readers), *below[:1]]
        return frozenset(c for c in clauses if EVERYONE not in c)

    def _here(self, readers: frozenset[str]) -> frozenset[str]:
        if self.groups is None:
            return readers
        return frozenset().union(*(self.groups.get(reader, ()) for reader in readers))


def rights(options: Mapping[str, str]) -> Rights:
    """What a source's options say; raises Invalid."""
    folders = _pairs(options.get("folders", ""), "folders", "hr/:people")
    longest_first = sorted(folders.items(), key=lambda one: (-len(one[0]), one[0]))
    groups = _pairs(options.get("map", ""), "map", "group staff:people")
    return Rights(groups={EVERYONE: frozenset([EVERYONE])} | groups if groups else None, folders=longest_first)


def loses(then: Clauses, now: Clauses) -> bool:
    """Whether somebody who could read then may no longer; never False where somebody does."""
    return not all(any(before <= clause for before in then) for clause in now)


def _pairs(text: str, option: str, example: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, colon, group = (part.strip() for part in pair.rpartition(":"))
        if not (name and colon and group):
            raise Invalid(f"{pair!r} in {option} says nothing", hint=f"write {option}={example}")
        found[name] = found.get(name, frozenset()) | {group}
    return found
