"""Audit: the tables that decide what answers, against the events that made them.

The chain proves what happened; questions are answered from tables. Whoever can write to the database can leave the
chain alone and change those, so each is replayed or looked up here, and every contradiction is one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple, get_args

import msgspec

from thruline.core.errors import Corrupt, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Event
from thruline.data.records import Record
from thruline.flows import INDEX
from thruline.flows.documents import Document, is_cut_into
from thruline.flows.line import Line
from thruline.flows.quarantine import may_answer
from thruline.models.deployments import ModelRole
from thruline.vectors.choices import What
from thruline.vectors.segments import buckets
from thruline.vectors.sets import decode_set

ALL = 1 << 31
PAGE = 128  # records or answers decrypted at a time


class Contradiction(NamedTuple):
    """The event that a table contradicts, 0 for none in particular, and how."""

    seq: int
    what: str


def state_problems(line: Line) -> list[Contradiction]:
    """Every contradiction between the chain and what answers are made from, by event."""
    checks: Sequence[Callable[[Line], Iterable[Contradiction]]] = (
        _quarantined, _switched, _planned, _chosen, _tagged, _deployed, _stored, _answered, _suppressed,
    )  # fmt: skip
    return sorted(problem for check in checks for problem in check(line))


def _events(line: Line, *verbs: str) -> Iterator[Event]:
    return line.ledger.read(verbs=verbs, limit=ALL)


def _quarantined(line: Line) -> Iterator[Contradiction]:
    last = {e.inputs[0]: e for e in _events(line, "record.quarantined", "record.released")}
    for record in line.records.list(limit=ALL):
        event = last.get(record.id)
        is_out = event is not None and event.verb == "record.quarantined"
        if event and is_out and may_answer(record):
            yield Contradiction(event.seq, f"{record.id} was quarantined, and the table says {record.state}")
        elif record.state == "quarantined" and not is_out:
            yield Contradiction(event.seq if event else 0, f"{record.id} is quarantined in the table: no event did it")


def _switched(line: Line) -> Iterator[Contradiction]:
    """The history of switches, and that what serves holds the vectors that its id was made of."""
    for event, row in zip_longest(_events(line, "index.switched"), line.generations.history(INDEX)):
        if event is None or row is None:
            what = f"a switch to {row.generation} is in the table" if row else "its switch is missing in the table"
            yield Contradiction(event.seq if event else 0, what)
        elif (event.inputs[0], event.facts["why"]) != (row.generation, row.why):
            yield Contradiction(event.seq, f"it switched to {event.inputs[0]}, the table says to {row.generation}")
    active = line.generations.active(INDEX)
    if active and not _is_as_built(line, active):
        yield Contradiction(0, f"{active} serves and does not hold the vectors that it was built from")


def _planned(line: Line) -> Iterator[Contradiction]:
    """Which engine searches the index, and with which numbers."""
    for event, row in zip_longest(_events(line, "index.planned"), line.plans.history(INDEX)):
        if event is None or row is None:
            what = f"a plan of {row.plan.engine} is in the table" if row else "its plan is missing in the table"
            yield Contradiction(event.seq if event else 0, what)
        elif (event.facts["plan"], event.facts["why"]) != (row.plan.digest, row.why):
            yield Contradiction(event.seq, f"it planned another way to search than the table's {row.plan.text}")


def _chosen(line: Line) -> Iterator[Contradiction]:
    """How rankings are joined, and from where on there is an answer."""
    events = list(_events(line, "index.chosen"))
    for what in get_args(What):
        said = [e for e in events if e.facts["what"] == what]
        for event, row in zip_longest(said, line.choices.history(what)):
            if event is None or row is None:
                missing = f"a {what} is in the table" if row else f"its {what} is missing in the table"
                yield Contradiction(event.seq if event else 0, missing)
            elif (event.facts["value"], event.facts["why"]) != (row.digest, row.why):
                yield Contradiction(event.seq, f"it chose another {what} than the table's")


def _tagged(line: Line) -> Iterator[Contradiction]:
    """Which generation is meant by a tag."""
    last = {e.facts["tag"]: e for e in _events(line, "index.tagged")}
    said = {tag: e for tag, e in last.items() if e.facts["state"] == "put"}
    for tag, generation in line.tags.all(INDEX).items():
        event = said.pop(line.tags.digest(tag), None)
        if event is None or event.inputs[0] != generation:
            yield Contradiction(
                event.seq if event else 0, f"{generation} is tagged {tag!r} in the table: no event did it"
            )
    yield from (Contradiction(event.seq, "its tag is missing in the table") for event in said.values())


def _is_as_built(line: Line, generation: ArtifactId) -> bool:
    """A generation's id is made of its content, so made again from the tables it is the same."""
    spread = buckets(dict(line.generations.members(generation)))
    segments = [line.ids.artifact("segment", *sets) for sets in spread.values()]
    try:
        recipe = line.generations.get(generation).recipe
    except NotFound:
        return False
    return line.ids.artifact("index", recipe.text, *sorted(segments)) == generation


def _deployed(line: Line) -> Iterator[Contradiction]:
    events = list(_events(line, "deployment.changed"))
    for role in get_args(ModelRole):
        said = [e for e in events if e.facts["role"] == role]
        for event, row in zip_longest(said, line.registry.deployments.history(role)):
            if event is None or row is None:
                what = f"{row.model} is {row.why} in the table" if row else "its change is missing in the table"
                yield Contradiction(event.seq if event else 0, f"{role}: {what}")
            elif (event.inputs[0], event.facts["why"]) != (row.model, row.why):
                yield Contradiction(event.seq, f"{role}: it changed {event.inputs[0]}, the table says {row.model}")


def _stored(line: Line) -> Iterator[Contradiction]:
    """Every live record opens, and its document is the one that was cut into its chunks."""
    chunked: dict[ArtifactId, dict[tuple[ArtifactId, ...], int]] = {}
    for event in _events(line, "record.chunked"):
        chunked.setdefault(event.inputs[0], {})[event.outputs] = event.seq
    live = line.records.list(state="live", limit=ALL)
    for start in range(0, len(live), PAGE):
        page = live[start : start + PAGE]
        held, corrupt = _open(line, [p for r in page for p in (r.id, r.document, r.vectors)])
        for record in page:
            told = chunked.get(record.id)
            if told is None:
                yield Contradiction(0, f"{record.id} is live in the table: no event made it")
            elif what := _wrong_with(line, record, told.keys(), held, corrupt):
                yield Contradiction(max(told.values()), f"{record.id} is live: {what}")


def _wrong_with(
    line: Line, record: Record, told: Collection[tuple[ArtifactId, ...]], held: dict[str, bytes], corrupt: set[str]
) -> str:
    """told: into which chunks it was ever cut."""
    for part, id in (("its bytes", record.id), ("its document", record.document), ("its vectors", record.vectors)):
        if id not in held:
            return f"{part} cannot be opened" if id in corrupt else f"{part} cannot be found"
    document = msgspec.msgpack.decode(held[record.document], type=Document)
    cut = next((one.cut for one in line.cuts.of([record.id]) if one.document == record.document), "")
    chunks = next((chunks for chunks in told if is_cut_into(line, record.id, document, chunks, cut)), None)
    if chunks is None:
        return "its document is not the one that was cut into its chunks"
    if decode_set(held[record.vectors]).chunks != chunks:
        return "its vectors are not those of its chunks"
    return ""


def _open(line: Line, ids: Sequence[str]) -> tuple[dict[str, bytes], set[str]]:
    """What opens, and which is here and does not; one by one only where a page holds something broken."""
    try:
        return line.payloads.get_many(ids), set()
    except Corrupt:
        held: dict[str, bytes] = {}
        corrupt: set[str] = set()
        for id in ids:
            try:
                held |= line.payloads.get_many([id])
            except Corrupt:
                corrupt.add(id)
        return held, corrupt


def _answered(line: Line) -> Iterator[Contradiction]:
    """Every answer that is kept is the one that was given."""
    given = {e.outputs[0]: e for e in _events(line, "answer.given")}
    ids = line.answers.all()
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        held, _ = _open(line, page)
        for id in page:
            event = given.get(id)
            if event is None:
                yield Contradiction(0, f"{id} is in the table: no event gave it")
            elif id not in held:
                yield Contradiction(event.seq, f"{id} is in the table and its words cannot be opened")
            elif line.ids.digest("answer", held[id]) != event.facts["payload"]:
                yield Contradiction(event.seq, f"{id} does not hold the words that were given")


def _suppressed(line: Line) -> Iterator[Contradiction]:
    last = max((e.seq for e in _events(line, "erase.done")), default=0)
    if last and not line.records.count_suppressed():
        yield Contradiction(last, "somebody was erased, and nothing keeps them from coming in again")
