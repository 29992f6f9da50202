"""Near: people whose names are almost the one that was given, where nobody bears that; offered, never taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from thruline.data.identities import Identity
from thruline.data.near_names import keys_near, nearness
from thruline.flows.kinship import at_keys, everybody
from thruline.flows.reports import NearName
from thruline.flows.tellings import telling

if TYPE_CHECKING:
    from thruline.flows.line import Line

MOST = 5  # people: more are no hint
READ = 2000  # records that are read where no key leads to anybody: about a second


def near(line: Line, names: Sequence[str]) -> tuple[NearName, ...]:
    """Who bears a name near one of these, the nearest first, with what speaks for it."""
    return tuple(
        NearName(of=name, person=telling(line, identity), evidence=evidence)
        for name, identity, evidence in _nearest(line, names)
    )


def hint(line: Line, names: Sequence[str]) -> str:
    """Whom these names may mean, and how to name them; empty where nobody is near."""
    found = [
        f"{identity.told.name!r} ({'; '.join([*(value for _, value in sorted(identity.told.ids)), *evidence])})"
        for _, identity, evidence in _nearest(line, names)
    ]
    return f"near, and not meant unless you name them: {', '.join(found)}" if found else ""


def _nearest(line: Line, names: Sequence[str]) -> list[tuple[str, Identity, tuple[str, ...]]]:
    found = [
        (name, identity, evidence) for name in names for identity in _candidates(line, name)
        if (evidence := nearness(name, identity.told.name))
    ]  # fmt: skip
    return sorted(found, key=lambda near: (len(near[2]), -len(near[1].records), near[1].key))[:MOST]


def _candidates(line: Line, name: str) -> list[Identity]:
    """By the keys of names one letter off; of a small home everybody, since another script shares no key."""
    found = at_keys(line, keys_near(name))
    if any(nearness(name, identity.told.name) for identity in found):
        return found
    return everybody(line) if len(line.subjects.kin_records()) <= READ else []
