"""Matches: pairs that may be one person, with the evidence, for somebody to decide; and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Conflict, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.data.identities import Identity, pairs
from thruline.data.kin import Told
from thruline.data.kin_score import Crowd, Judged, judge
from thruline.flows.kinship import Decision, Side, around, decisions, everybody, people_of
from thruline.flows.reports import MatchEvidence, MatchView
from thruline.flows.tellings import telling

if TYPE_CHECKING:
    from thruline.flows.line import Line

MOST = 200  # pairs in one list: more than anybody decides in a day


class _Pair(NamedTuple):
    id: ArtifactId
    sides: tuple[Identity, Identity]
    judged: Judged
    decision: Decision | None


def listing(line: Line, identifiers: Sequence[tuple[str, str]] = (), *, decided: bool = False) -> tuple[MatchView, ...]:
    """Doubtful pairs, the likeliest first; of somebody alone where identifiers are given, (kind, value).

    decided: those that were decided instead.
    """
    found = [p for p in _pairs(line, identifiers) if (p.decision is not None) == decided]
    ranked = sorted(found, key=lambda pair: (-pair.judged.probability, pair.id))
    return tuple(_view(line, pair) for pair in ranked[:MOST])


def waiting(line: Line) -> int:
    """How many pairs wait for a decision, of all; reads every document with people in it."""
    return sum(pair.decision is None for pair in _pairs(line, ()))


def open_matches(line: Line, identifiers: Sequence[tuple[str, str]]) -> int:
    """How many pairs of somebody wait for a decision."""
    return sum(pair.decision is None for pair in _pairs(line, identifiers))


def decide(line: Line, same: Sequence[str], different: Sequence[str], actor: str) -> None:
    """Keep what a person decided about these pairs; raises NotFound for an id that is no pair."""
    if both := set(same) & set(different):
        raise Conflict(f"{min(both)!r} cannot be both", hint="say it under --same or under --different")
    known = {pair.id: pair for pair in _pairs(line, ())}
    for id in (*same, *different):
        if id not in known:
            raise NotFound(f"no match {id!r}", hint="`thruline matches` lists them")
    with line.database.transaction():
        for id in (*same, *different):
            pair = known[ArtifactId(id)]
            first, second = (Side(told=identity.told, records=identity.records) for identity in pair.sides)
            made = Decision(id=pair.id, same=id in same, sides=(first, second))
            if pair.decision:
                line.payloads.delete([pair.decision.id])
            line.payloads.put(made.id, made.payload, made.id)
            outcome = "same" if made.same else "different"
            line.ledger.append([_event((made.id,), outcome, actor)])


def undo(line: Line, ids: Sequence[str], actor: str) -> None:
    """Forget what was decided about these pairs; raises NotFound where nothing was."""
    for id in ids:
        if not line.payloads.exists(id):
            raise NotFound(f"nothing was decided about {id!r}", hint="`thruline matches --decided` lists what was")
    with line.database.transaction():
        line.payloads.delete(ids)
        line.ledger.append([_event((ArtifactId(id),), "undone", actor) for id in ids])


def declare(line: Line, people: Sequence[Sequence[tuple[str, str]]], actor: str) -> int:
    """Keep that the identifiers of each of these people are one person's; how many decisions that made.

    An identifier need not be in any document yet.
    """
    made = [decision for pairs_of in people for decision in _declared(line, pairs_of)]
    with line.database.transaction():
        for decision in made:
            line.payloads.put(decision.id, decision.payload, decision.id)
        line.ledger.append([_event((decision.id,), "same", actor) for decision in made])
    return len(made)


def _declared(line: Line, given: Sequence[tuple[str, str]]) -> list[Decision]:
    """Each further name beside the first, both with every number: a chain that is one person."""
    ids = frozenset((kind, value.casefold()) for kind, value in given if kind != "name")
    names = [value for kind, value in given if kind == "name"]
    sides = [Side(told=Told(name=name, ids=ids), records=()) for name in names]
    chain = zip(sides, sides[1:] or sides, strict=False)
    return [
        Decision(id=line.ids.artifact("match", "declared", *sorted(map(str, ids)), a.told.name, b.told.name), same=True,
                 sides=(a, b))
        for a, b in chain
    ]  # fmt: skip


def _pairs(line: Line, identifiers: Sequence[tuple[str, str]]) -> list[_Pair]:
    """The pairs that are doubtful or were decided; of somebody alone where identifiers are given."""
    people = people_of(identifiers)
    known = around(line, people) if identifiers else everybody(line)
    crowd = Crowd(identity.told for identity in known)
    decided: dict[tuple[str, ...], list[Decision]] = {}
    for decision in decisions(line):
        for side in decision.sides:
            decided.setdefault(side.told.words, []).append(decision)
    ours = {identity.key for identity in known if not identifiers or _is_one(identity, people)}
    found = []
    for one, other in pairs(known):
        if one.key not in ours and other.key not in ours:
            continue
        decision = next((d for d in decided.get(one.told.words, ()) if d.fits(one, other)), None)
        judged = judge(one.told, other.told, crowd)
        if decision or judged.verdict == "doubtful":
            id = decision.id if decision else line.ids.artifact("match", *sorted(map(str, (one.key, other.key))))
            found.append(_Pair(id, (one, other), judged, decision))
    return found


def _is_one(identity: Identity, people: Sequence[Told]) -> bool:
    """Whether an identity may be one of these: by name and not other identifiers, or by an identifier."""
    told = identity.told
    return any(told.ids & p.ids or (told.words == p.words and not (told.ids and p.ids)) for p in people)


def _view(line: Line, pair: _Pair) -> MatchView:
    one, other = (telling(line, identity) for identity in pair.sides)
    decided = "" if pair.decision is None else "same" if pair.decision.same else "different"
    return MatchView(
        id=pair.id, one=one, other=other, probability=round(pair.judged.probability, 3), decided=decided,
        evidence=tuple(MatchEvidence(says=f.says, bits=f.weight) for f in pair.judged.features),
    )  # fmt: skip


def _event(ids: tuple[ArtifactId, ...], outcome: str, actor: str) -> Draft:
    return Draft(verb="match.decided", outputs=ids, facts={"outcome": outcome}, actor=actor)
