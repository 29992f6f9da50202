"""Push: records that a program sends come in as a sync's do, one call at a time, and answer when it returns."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Source
from thruline.data.fields import given, wanted
from thruline.data.places import PUSH
from thruline.data.policies import policy
from thruline.data.records import Entry
from thruline.flows import corrections, holds, residency, scored, toxicity
from thruline.flows.documents import given_with
from thruline.flows.gone import retire_unheld
from thruline.flows.prepare import REJUDGED, Prepared, Raw, prepare
from thruline.flows.publish import publish_changed, publish_live
from thruline.flows.regroup import regroup
from thruline.flows.reports import PushReport
from thruline.flows.sources import named
from thruline.flows.take_in import take_in
from thruline.ports.origin import Item
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

LONGEST_PATH = 512
WAIT_S = 60.0
LOOK_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A record that a program sends. data: Base64, instead of text.

    groups: who may read it, of those who see the source; all of them if none. fields: `name=value`, of those that the
    source keeps.
    """

    path: str
    text: str
    data: str
    groups: Sequence[str]
    fields: Sequence[str] = ()


def push(line: Line, source: str, sent: Sent, actor: Actor) -> PushReport:
    """Take in one record under a path of a source of kind `push`; the same path again replaces it.

    Raises Invalid for a path or bytes that cannot be meant, NotFound for a source that the actor does not see.
    """
    place = _pushed(line, source, actor)
    residency.check(line, place, "reads", "keeps")
    content, path = _bytes(sent.text, sent.data, line.limits.max_file), _checked(sent.path)
    said = given(place, sent.fields)
    digest = _digest(line, content, said)
    raw = Raw(
        source=place.id, record=ArtifactId(""), path=path, path_id=line.ids.artifact("path", place.id, path),
        data=content, digest=digest, size=len(content), mark=digest, change="added", policy=policy(place.options),
        wanted=wanted(place, said),
    )  # fmt: skip
    item = Item(path, digest, raw.size, (frozenset(sent.groups),) if sent.groups else ())
    with line.senders.turn(place.id, within_s=WAIT_S), _alone(line, place, actor) as run:
        _pushed(line, source, actor)  # it may have been removed while this call waited
        wrong = corrections.in_force(line, place.id).of(raw.path_id, digest)
        record = corrections.record_of(line, place.id, digest, [c.fix for c in wrong])
        raw = replace(raw, record=record, corrections=wrong)
        before = line.records.at([raw.path_id])
        regrouped = regroup(line, run, place, [item], [entry.path for entry in before])
        if any(entry.record == raw.record for entry in before):
            return _report(line, raw, "permissions" if regrouped else "unchanged", "")
        prepared = prepare(line, run, raw)
        scored.begin(line, run, place)
        came = scored.came_in(line, [prepared])
        with run.commit():
            _commit(line, run, place, prepared, before, came)
            line.records.note_news(place.id, line.clock.now())
            publish_changed(line, run, "sync", [record, *(entry.record for entry in before)])
        return _report(line, raw, "changed" if before else "added", prepared.refused)


def withdraw(line: Line, source: str, path: str, actor: Actor) -> PushReport:
    """Delete what a path holds; raises NotFound when it holds nothing."""
    place = _pushed(line, source, actor)
    path_id = line.ids.artifact("path", place.id, path)
    with line.senders.turn(place.id, within_s=WAIT_S), _alone(line, place, actor) as run:
        held = [entry.record for entry in line.records.at([path_id])]
        if not held:
            raise NotFound(
                f"{place.name!r} holds no {path!r}", hint=f"`thruline documents --source {place.name}` lists"
            )
        holds.check(line, held)
        versions = [*held, *line.records.versions([path_id])]
        with run.commit():
            line.records.drop_entry(place.id, path_id)
            line.payloads.delete([path_id])
            retire_unheld(line, run, place, among=versions)
            line.desk.settle(place.id, line.clock.now())
            line.item_rights.held_anew(place.id)
            line.item_rights.drop_stray(place.id)
            publish_changed(line, run, "sync", versions)
    return PushReport(source=place.name, path=path, record="", change="deleted", state="deleted", reason="", chunks=0)


def judge_again(line: Line, source: Source, actor: Actor) -> None:
    """Judge by today's rules what is to be read again, from the bytes that are kept; a refused record has none."""
    with _alone(line, source, actor) as run:
        for entry in line.records.entries(source.id):
            kept = line.payloads.get_many([entry.record, entry.path]) if entry.record and not entry.digest else {}
            if {entry.record, entry.path} <= kept.keys():
                residency.check(line, source, "reads", "keeps")
                again = prepare(line, run, _sent(line, source, entry, kept))
                _commit(line, run, source, again, [entry], scored.came_in(line, [again]))
        publish_live(line, run, "sync")
        toxicity.catch_up(line, run, source)


def _sent(line: Line, source: Source, entry: Entry, kept: Mapping[str, bytes]) -> Raw:
    data, said = kept[entry.record], given_with(line, [entry.record])
    digest = _digest(line, data, said)
    return Raw(
        source=source.id, record=ArtifactId(entry.record), path=kept[entry.path].decode(),
        path_id=ArtifactId(entry.path), data=data, digest=digest, size=len(data), mark=digest, change=REJUDGED,
        policy=policy(source.options), wanted=wanted(source, said),
    )  # fmt: skip


def _digest(line: Line, data: bytes, said: Sequence[tuple[str, str]]) -> str:
    """Of what was sent: the same words with other fields are another version."""
    return line.ids.digest("content", data, *(f"{name}={value}" for name, value in said))


def _pushed(line: Line, name: str, actor: Actor) -> Source:
    source = named(line, actor, name)
    if source.kind != PUSH:
        raise Invalid(f"{source.name!r} is read, not sent to", hint=f"thruline add push://{source.name}-sent")
    return source


def _checked(path: str) -> str:
    strange = not path or len(path) > LONGEST_PATH or path != path.strip("/ ") or not path.isprintable()
    if strange or ".." in path.split("/"):
        raise Invalid(f"{path[:80]!r} cannot name a record", hint="as orders/17.txt: its ending tells the format")
    return path


def _bytes(text: str, data: str, limit: int) -> bytes:
    if bool(text) == bool(data):
        raise Invalid("give either text or data", hint="text as it is, or bytes in Base64 as data")
    try:
        content = text.encode() if text else base64.b64decode(data, validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Invalid(f"the record's bytes cannot be read: {error}", hint="data is Base64, text is UTF-8") from error
    if len(content) > limit:
        raise Invalid(f"{len(content)} bytes are more than {limit}", hint="ingest.max_file sets the limit")
    return content


@contextmanager
def _alone(line: Line, source: Source, actor: Actor) -> Iterator[Run]:
    """A run of its own: calls to one source wait for each other, and for who removes it."""
    with ExitStack() as held:
        give_up = time.monotonic() + WAIT_S
        while True:
            try:
                run = held.enter_context(line.runs.start("sync", only=source.id, actor=actor.id))
            except Conflict:
                if time.monotonic() > give_up:
                    raise
                time.sleep(LOOK_S)
            else:
                break
        yield run


def _commit(
    line: Line, run: Run, source: Source, prepared: Prepared, before: Sequence[Entry], came: scored.Came
) -> None:
    with run.commit():
        take_in(line, run, [prepared])
        scored.note(line, run, source, came)
        scored.settle(line, run, source)
        retire_unheld(line, run, source, among=[entry.record for entry in before])
        line.desk.settle(source.id, line.clock.now())
        line.item_rights.held_anew(source.id)


def _report(line: Line, raw: Raw, change: str, refused: str) -> PushReport:
    record = line.records.get_many([raw.record]).get(raw.record)
    state = "refused" if refused or record is None else record.state
    reason = refused or (record.reason if record and record.reason != "none" else "")
    return PushReport(
        source=line.records.source(raw.source).name, path=raw.path, record="" if state == "refused" else raw.record,
        change=change, state=state, reason=reason, chunks=record.chunks if record and state != "refused" else 0,
    )  # fmt: skip
