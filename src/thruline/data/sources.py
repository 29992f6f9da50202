"""What changed at a place since the last look: added, changed, moved, deleted; told before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from thruline.core.errors import Unavailable
from thruline.ports.origin import Item, Listing, Refusal

# Fewer known items than this may honestly be deleted all at once.
_SUSPICIOUS = 10


class Move(NamedTuple):
    """The same content under another path."""

    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a place holds compared with what was known. `changed` items may turn out equal when they are read.

    unseen: known paths that could not be looked at; neither deleted nor unchanged, so leave them be.
    """

    added: tuple[Item, ...]
    changed: tuple[Item, ...]
    moved: tuple[Move, ...]
    deleted: tuple[str, ...]
    unchanged: int
    refused: tuple[Refusal, ...]
    unseen: tuple[str, ...]


def compare(
    listing: Listing, known: Mapping[str, str], *, where: str, marks_content: bool, allow_empty: bool = False,
    kept: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> Changes:  # fmt: skip
    """Tell what became of everything that was known; sorted by path.

    known: path -> its mark when it was last read. kept: a place's marks -> the form in which known marks are.
    Raises Unavailable for a place that has become empty, unless allow_empty: an unmounted disk and an empty answer must
    not read as "everything was deleted".
    """
    if not listing.items and len(known) >= _SUSPICIOUS and not allow_empty:
        raise Unavailable(
            f"{where!r} is empty and held {len(known)} items before",
            hint="is the disk mounted, the address right? if they were deleted on purpose, sync with allow_empty",
        )
    items = {item.path: item for item in listing.items}
    missing = [path for path in known if path not in items]
    blocked = tuple(listing.unseen)
    unseen = {path for path in missing if blocked and path.startswith(blocked)}
    gone = {path: known[path] for path in sorted(missing) if path not in unseen}
    added = {path: item for path, item in items.items() if path not in known}
    marked = [item for item in items.values() if item.mark]
    marks = dict(zip((item.path for item in marked), kept(item.mark for item in marked), strict=True))
    changed = [item for path, item in items.items() if path in known and marks.get(path) != known[path]]
    moved = pair_moves(gone, {path: marks[path] for path in added if path in marks}) if marks_content else ()
    old, new = {m.old for m in moved}, {m.new for m in moved}
    return Changes(
        added=tuple(sorted(item for path, item in added.items() if path not in new)),
        changed=tuple(sorted(changed)),
        moved=moved,
        deleted=tuple(path for path in gone if path not in old),
        unchanged=len(items) - len(added) - len(changed),
        refused=tuple(sorted(listing.refused)),
        unseen=tuple(sorted(unseen)),
    )


def pair_moves(deleted: Mapping[str, str], added: Mapping[str, str]) -> tuple[Move, ...]:
    """Moves among deleted and added items (path -> what tells their content): each path once, equal names first."""
    by_content: dict[str, list[str]] = {}
    for old in sorted(deleted):
        by_content.setdefault(deleted[old], []).append(old)
    moves: list[Move] = []
    for new in sorted(added, key=lambda path: (not _keeps_name(path, by_content.get(added[path], ())), path)):
        candidates = by_content.get(added[new], [])
        if candidates:
            old = next((c for c in candidates if _name(c) == _name(new)), candidates[0])
            candidates.remove(old)
            moves.append(Move(old, new))
    return tuple(sorted(moves))


def _keeps_name(new: str, olds: Iterable[str]) -> bool:
    return any(_name(old) == _name(new) for old in olds)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
