"""A place that documents come from: listed without being read, then read one by one, never written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from thruline.core.units import Bytes

Secret = Callable[[], str]  # asked for when it is needed, so that a rotated one is used at once


class Item(NamedTuple):
    """Something that a place holds.

    path: its name there, unique and stable, of words that a person reads; its ending tells the format (`.md`, `.txt`).
    mark: another mark means that the bytes may be others; "" where the place cannot tell, so that it is always read.
    readers: who may read it there, in the place's words: somebody of each of these. `everyone` among them is everyone,
    none of a set is nobody; nothing at all where the place does not tell.
    """

    path: str
    mark: str
    size: Bytes = 0
    readers: tuple[frozenset[str], ...] = ()


class Refusal(NamedTuple):
    """What was not taken in, and which of facts.REASONS says why."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a place holds now. refused: what it holds and nobody can take in.

    unseen: how paths begin that could not be looked at; what was known there is left as it is.
    """

    items: Sequence[Item]
    refused: Sequence[Refusal] = ()
    unseen: Sequence[str] = ()


class Reading(NamedTuple):
    """An item's bytes, and the mark that they have; "" when they may be others already."""

    data: bytes
    mark: str


class Origin(Protocol):
    """One place. Used by several threads at once.

    marks_content: equal marks under two paths mean equal bytes, so that a move shows without reading.
    """

    marks_content: bool

    def look(self, *, within_s: float) -> str:
        """What is there, in one line and without reading it all: `214 files, 31 MB: 200 md, 14 pdf`.

        Asked once, and given up after some within_s seconds. Raises as `list`, NotFound for a place that never was,
        and Invalid for what the options name and the place does not have.
        """
        ...

    def list(self) -> Listing:
        """Everything that is there.

        Raises Unavailable when it cannot be told (away, half an answer): nothing then counts as deleted; and Denied
        when the place refuses us.
        """
        ...

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """An item's bytes.

        Raises Refused `too_large` before more than limit bytes are held, `unreadable` for what went away or cannot be
        had, `changed_while_read` for what should be read again; Unavailable and Denied as `list`.
        """
        ...

    def close(self) -> None:
        """Give back connections and files."""
        ...


class OpensOrigin(Protocol):
    """What the entry point `origin:<kind>` names."""

    options: Mapping[str, str]  # name -> what it sets; others are refused

    def __call__(self, location: str, options: Mapping[str, str], secret: Secret | None, /) -> Origin:
        """The place at location; raises Invalid for a location or options that cannot be meant."""
        ...
