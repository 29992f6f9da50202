"""Replacing: a record gives its place to one with the right words, and leaves every table with what was made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft, Link, Source
from thruline.data.fields import wanted
from thruline.data.mending import Fix, mended_text
from thruline.data.places import PUSH
from thruline.data.policies import policy
from thruline.data.records import Entry, Record
from thruline.flows import corrections, kinship, residency, restrictions
from thruline.flows.corrections import Correction, Corrections
from thruline.flows.documents import documents_of, given_with
from thruline.flows.holds import check
from thruline.flows.misstated import MadeOf, made_of
from thruline.flows.prepare import Prepared, Raw, owner_of, prepare
from thruline.flows.publish import publish_instead, serving_sets
from thruline.flows.rebuild import cut
from thruline.flows.rights import drop_exports
from thruline.flows.same import text_digest
from thruline.flows.store import Ready, store
from thruline.flows.take_in import embedded
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Anew(NamedTuple):
    """A record that says wrong words and, prepared, what takes its place; correction: what is put right in it."""

    old: Record
    prepared: Prepared
    correction: Correction


class _Turn(NamedTuple):
    """One record's turn to be replaced. entries: its paths, with their names."""

    old: Record
    ready: Ready
    correction: Correction
    entries: Mapping[str, tuple[Entry, bytes]]

    @property
    def new(self) -> ArtifactId:
        """The record that takes its place."""
        return self.ready.raw.record


def anew(line: Line, run: Run, source: Source, known: Corrections, record: Record, fix: Fix) -> Anew:
    """The record with the right words; `prepared` says why where it cannot be read again.

    known: what is in force in the source already.
    """
    residency.check(line, source, "reads", "keeps")
    made = _made(known, record)
    data = line.payloads.get(record.id)
    digest = made[0].digest if made else line.ids.digest("content", data)
    at = max(line.clock.now(), *(c.at + 1 for c in made)) if made else line.clock.now()
    correction = Correction(
        id=random_id(corrections.KIND), source=source.id, path="", digest=digest, record="", wrong=fix.wrong,
        right=fix.right, at=at,
    )  # fmt: skip
    names = line.payloads.get_many([record.path])
    raw = Raw(
        source=source.id, record=corrections.record_of(line, source.id, digest, [*(c.fix for c in made), fix]),
        path=names.get(record.path, b"").decode(), path_id=ArtifactId(record.path), data=data, digest=digest,
        size=record.size, mark="", change="changed", policy=policy(source.options), corrections=(correction,),
        wanted=wanted(source, _given(line, source, record, fix)),
    )  # fmt: skip
    return Anew(record, prepare(line, run, raw), correction)


def _given(line: Line, source: Source, record: Record, fix: Fix) -> list[tuple[str, str]]:
    """The fields that were sent with it, put right."""
    said = given_with(line, [record.id]) if source.kind == PUSH else []
    return [(name, mended_text(word, [fix])[0]) for name, word in said]


def give_way(line: Line, run: Run, source: Source, group: Sequence[Anew], older: Sequence[Record], fix: Fix) -> MadeOf:
    """Replace the records of a group and delete older versions, in one transaction; what went with them.

    A record that is gone by now is left out. Raises Conflict for one that a hold keeps.
    """
    items = list(embedded(line, [a.prepared for a in group]))
    with run.commit():
        here = line.records.get_many([a.old.id for a in group] + [r.id for r in older])
        turns = list(_turns(line, source, group, items, here))
        going = [*(t.old for t in turns), *(r for r in older if r.id in here)]
        check(line, [r.id for r in going], restricted=False)
        made = made_of(line, fix, going)
        run.append(Draft(verb="rectify.began", inputs=(*(r.id for r in going), *made.answers, *made.models)))
        serving = serving_sets(line)
        came = {t.new for t in turns if t.old.id in serving or t.old.canonical in serving}
        held, tied = _held(line, turns), _tied(line, turns)
        drop(line, run, made)
        _delete(line, turns, going)
        shut = restrictions.restricted(line)
        for turn in turns:
            _put(line, run, turn, shut)
        line.records.hold(held, line.clock.now())
        ties = [tie for subject, records in tied for tie in line.subjects.link(subject, records)]
        run.append(*map(_tie, ties))
        _follow(line, source, turns)
        publish_instead(line, run, "rectify", {r.id for r in going}, came)
    return made


def drop(line: Line, run: Run, made: MadeOf) -> None:
    """Delete the answers, copies, data sets and models that hold wrong words, and leave a plan to make a model anew."""
    planned = cut(line, run, made)
    for model in made.models:
        line.registry.remove(model)
    drop_exports(line, made.exports)
    line.payloads.delete([*made.exports, *(d for d in made.datasets if d != planned)])
    line.answers.delete(made.answers)
    line.subjects.unlink([*made.answers, *made.chunks])


def _made(known: Corrections, record: Record) -> list[Correction]:
    """What was put right in a record before, each once."""
    return list({(c.at, c.fix): c for c in known.made(record)}.values())


def _turns(
    line: Line, source: Source, group: Sequence[Anew], items: Sequence[Ready], here: Mapping[str, Record]
) -> Iterator[_Turn]:
    entries = [e for e in line.records.entries(source.id) if e.record in here]
    names = line.payloads.get_many([e.path for e in entries])
    for one, ready in zip(group, items, strict=True):
        if one.old.id in here:
            mine = {e.path: (e, names.get(e.path, b"")) for e in entries if e.record == one.old.id}
            yield _Turn(here[one.old.id], ready, one.correction, mine)


def _held(line: Line, turns: Sequence[_Turn]) -> list[str]:
    """What the new records say of whom an operator took the words out of answers."""
    said = line.records.texts([t.old.id for t in turns])
    return [
        text_digest(line, t.ready.document) for t in turns
        if t.old.id in said and line.records.is_held(said[t.old.id])
    ]  # fmt: skip


def _tied(line: Line, turns: Sequence[_Turn]) -> list[tuple[str, list[ArtifactId]]]:
    """Who said something of the use of their data, with the new records that it holds for, whatever they say now."""
    found: list[tuple[str, list[ArtifactId]]] = []
    for turn in turns:
        met = sorted({link.subject for link in line.subjects.met_in([turn.old.id])})
        found += [(consent.subject, [turn.new]) for consent in line.consents.of(met)]
    return found


def _delete(line: Line, turns: Sequence[_Turn], going: Sequence[Record]) -> None:
    ids = [r.id for r in going]
    for turn in turns:
        for entry, _ in turn.entries.values():
            line.records.put_entry(entry.holding(turn.new))
        decision = line.desk.decision(turn.old.id)
        if decision in ("kept", "released"):
            line.desk.decide([(turn.new, turn.old.source)], decision, line.clock.now())
    parts = [*ids, *documents_of(line, going), *line.generations.sets_of(ids)]
    line.payloads.delete([*parts, *line.runs.forget(ids), *line.judged.made_of(ids)])
    line.subjects.unlink(ids)
    line.tokens.release(ids)
    line.records.delete(ids)


def _put(line: Line, run: Run, turn: _Turn, shut: restrictions.Restricted) -> None:
    raw, document = turn.ready.raw, turn.ready.document
    store(line, run, [turn.ready], shut, instead_of={raw.record: turn.old})
    for path, (_, name) in turn.entries.items():
        line.payloads.put(path, name, owner_of(raw, document))
        corrections.note(line, [turn.correction], turn.new, path, raw.digest, raw.places)
    places = {"places": sum(raw.places)}
    run.append(Draft(verb="record.rectified", inputs=(turn.old.id,), outputs=(turn.new,), facts=places))


def _tie(tie: Link) -> Draft:
    facts = {"how": tie.how, "score": tie.score}
    return Draft(verb="subject.linked", inputs=(tie.subject,), outputs=(tie.artifact,), facts=facts)


def _follow(line: Line, source: Source, turns: Sequence[_Turn]) -> None:
    """What was said of the old records holds for the new ones."""
    instead: dict[str, ArtifactId] = {t.old.id: t.new for t in turns}
    corrections.follow(line, instead)
    restrictions.follow(line, instead)
    kinship.follow(line, instead)
    line.desk.settle(source.id, line.clock.now())
    line.item_rights.held_anew(source.id)
