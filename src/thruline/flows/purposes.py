"""Purposes: which documents may be used for what, decided before anything is searched or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Source
from thruline.data import bases
from thruline.data.bases import Basis, basis_of
from thruline.data.consents import Bars, of_source
from thruline.data.uses import ANSWER, OPTION, TRAIN, allows, checked

if TYPE_CHECKING:
    from thruline.flows.line import Line

__all__ = ["ANSWER", "TRAIN", "Kept", "Permitted", "bars", "check_uses", "kept_out", "permitted", "still_permitted"]


class Permitted(NamedTuple):
    """What may be used for a purpose: these sources, all where there is None, without these records."""

    sources: frozenset[ArtifactId] | None
    without: frozenset[ArtifactId]


def permitted(line: Line, purpose: str) -> Permitted:
    """By what sources name, and by what the people in their records said; raises Invalid for what cannot be a purpose.

    Every way to the text of documents for a purpose begins here: search, answers, sets for training, tables.
    """
    checked(purpose)
    known = line.records.sources()
    allowed = frozenset(s.id for s in known if allows(s.options, purpose, line.limits.purposes))
    without = line.consents.without(purpose, _stated(known), line.clock.now())
    return Permitted(None if len(allowed) == len(known) else allowed, without)


def bars(line: Line, purpose: str) -> Bars:
    """The records that people keep out of a purpose, or have not let into it, and why."""
    return line.consents.barred(checked(purpose), _stated(line.records.sources()), line.clock.now())


class Kept(NamedTuple):
    """How many live documents of a source people have not let into a purpose yet, and how many they keep out of it."""

    waiting: int
    withheld: int


def kept_out(line: Line, source: str, purpose: str = ANSWER) -> Kept:
    """Documents of a source that its people keep out of a purpose."""
    whys = [bar.why for bar in of_source(bars(line, purpose), source)]
    return Kept(whys.count("waiting"), len(whys) - whys.count("waiting"))


def still_permitted(line: Line, purpose: str, records: Sequence[ArtifactId]) -> None:
    """Raises Conflict where one of these records may not be used so any more: somebody spoke while they were used."""
    if not permitted(line, purpose).without.isdisjoint(records):
        raise Conflict(f"somebody in it does not allow the use for {purpose!r} any more", hint="start it again")


def _stated(known: Sequence[Source]) -> Mapping[ArtifactId, Basis | None]:
    return {source.id: basis_of(source.options.get(bases.OPTION, "")) for source in known}


def check_uses(line: Line, chosen: Sequence[Source], purpose: str) -> None:
    """Raises Conflict for the first of these sources that may not be used so."""
    for source in chosen:
        if not allows(source.options, checked(purpose), line.limits.purposes):
            named = source.options.get(OPTION) or "nothing"
            raise Conflict(
                f"{source.name!r} may not be used for {purpose!r}",
                hint=f"it may be used for: {named}; `thruline uses {source.name}` sets that",
            )
