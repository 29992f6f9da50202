"""Told: who was given answers that a removal deleted, by the ledger alone: the answers themselves are gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Event

if TYPE_CHECKING:
    from thruline.flows.line import Line


def told(line: Line, done: Event, began: str) -> list[str]:
    """The pseudonyms of whoever was given an answer that went; done: the removal's last event, began: its first verb.

    Also of what a killed one deleted before: it is on this one's receipt.
    """
    before = [e.seq for e in line.ledger.read(verbs=(done.verb,), limit=sys.maxsize) if e.seq < done.seq]
    events = line.ledger.read(verbs=(began,), after=before[-1] if before else 0, limit=sys.maxsize)
    answers = {id for e in events if e.seq < done.seq for id in e.inputs if kind_of(id) == "answer"}
    return sorted(set(_askers(line, sorted(answers))))


def _askers(line: Line, answers: list[ArtifactId]) -> Iterator[str]:
    for artifact in line.ledger.artifacts(answers):
        given = next(line.ledger.read(after=artifact.seq - 1, limit=1))
        if given.verb == "answer.given" and given.actor:
            yield given.actor
