"""Notices: what a person should hear of at once, as signed webhooks. Ids, numbers and a link; no words of a document.

In the form of Standard Webhooks: the id, the time and the body are signed together (HMAC-SHA256).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import Invalid
from thruline.core.ids import kind_of, random_id
from thruline.core.nouns import Event
from thruline.flows.outbox import Message
from thruline.flows.told import told
from thruline.flows.touched import touched

if TYPE_CHECKING:
    from thruline.flows.line import Line

MOST_IDS = 100  # listed in one notice; the count says how many there are
PAGE = 1000

Data = dict[str, Any]
Tells = Callable[["Line", Sequence[Event]], Data]


class Kind(NamedTuple):
    """A kind of notice: the verb it speaks of, whether an event of that verb is one, and what it says."""

    verb: str
    is_one: Callable[[Event], bool]
    tells: Tells
    says: str


def kinds(text: str) -> dict[str, Kind]:
    """The kinds that a setting names; raises Invalid for one that there is not."""
    if text.strip() == "all":
        return dict(KINDS)
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [word for word in wanted if word not in KINDS]:
        raise Invalid(f"notify.events names {unknown[0]!r}", hint=f"known: all, {', '.join(KINDS)}")
    return {name: KINDS[name] for name in wanted}


def messages(line: Line, of: Mapping[str, Kind], public_url: str, after: int) -> Iterator[Message]:
    """Notices about what happened after an event. What one transaction did to many is one notice."""
    verbs = {kind.verb: (name, kind) for name, kind in of.items()}
    for _, group in groupby(_events(line, tuple(verbs), after), key=lambda e: (e.verb, e.run, e.at)):
        events = tuple(group)
        name, kind = verbs[events[0].verb]
        if kind.is_one(events[0]):
            yield _message(line, name, kind, events, public_url)


def headers(secret: Callable[[], str] | None, id: str, body: bytes, now_s: int) -> dict[str, str]:
    """The headers of one attempt; the signature covers them and the body."""
    said = {"webhook-id": id, "webhook-timestamp": str(now_s)}
    if secret is None:
        return said
    mac = hmac.new(_key(secret()), b".".join((id.encode(), str(now_s).encode(), body)), hashlib.sha256)
    return said | {"webhook-signature": f"v1,{base64.b64encode(mac.digest()).decode()}"}


def trial(line: Line) -> Message:
    """A notice of nothing."""
    body = json.dumps({"type": "test", "timestamp": iso(line.clock.now()), "data": {}}).encode()
    return Message(_id(line, random_id("run")), 0, lambda: body)


def _events(line: Line, verbs: Sequence[str], after: int) -> Iterator[Event]:
    while page := list(line.ledger.read(after=after, verbs=verbs, limit=PAGE)):
        yield from page
        after = page[-1].seq


def _message(line: Line, name: str, kind: Kind, events: Sequence[Event], public_url: str) -> Message:
    def body() -> bytes:
        data = kind.tells(line, events)
        data["link"] = public_url + data.get("link", "/")
        said = {"type": name, "timestamp": iso(events[0].at), "data": {"event": events[0].seq, **data}}
        return json.dumps(said, separators=(",", ":")).encode()

    return Message(_id(line, str(events[0].seq)), events[-1].seq, body)


def _id(line: Line, what: str) -> str:
    """The same whenever the same thing is told, and of this home alone."""
    return f"msg_{uuid.UUID(line.ids.digest('notice', what)).hex}"


def _key(secret: str) -> bytes:
    """As the libraries for it read a secret: what follows `whsec_` is base64, anything else is itself."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise Invalid("the secret of the webhook is no base64", hint="`whsec_` is followed by base64") from error


def _of_records(line: Line, events: Sequence[Event]) -> Data:
    """Which records, why, and everything that was made of them; who was answered from them by pseudonym."""
    records = [id for event in events for id in event.inputs]
    reached = touched(line, records)
    by_kind = Counter(kind_of(id) for id in reached)
    answers = line.answers.rows(id for id in reached if kind_of(id) == "answer")
    users = sorted({row.asker for row in answers})
    link = f"/data/{records[0]}" if len(records) == 1 else "/data#quarantine"
    return {
        "by": events[0].actor, "count": len(records), "records": records[:MOST_IDS],
        "reasons": dict(Counter(str(e.facts["reason"]) for e in events)),
        "reached": {k: by_kind[k] for k in ("chunk", "vectors", "index", "dataset", "model", "answer")},
        "answers": [row.id for row in answers][:MOST_IDS], "users": users[:MOST_IDS], "users_count": len(users),
        "look_up": "thruline users list", "link": link,
    }  # fmt: skip


def _of_scores(line: Line, events: Sequence[Event]) -> Data:
    """Which scores of a source have moved, and which are as before again."""
    del line
    scores = [{name: e.facts[name] for name in ("score", "state", "before", "now", "distance")} for e in events]
    return {
        "by": events[0].actor,
        "about": list(events[0].inputs),
        "run": events[0].run,
        "scores": scores,
        "link": "/data",
    }


def _of_one(link: str) -> Tells:
    """What the event says itself, and what it is about."""

    def tells(line: Line, events: Sequence[Event]) -> Data:
        del line
        event = events[0]
        about = [id for id in (*event.inputs, *event.outputs) if kind_of(id) not in ("subject", "run")]
        to = link.format(id=next(iter(event.inputs), ""))
        return {"by": event.actor, "about": about[:MOST_IDS], "run": event.run, **event.facts, "link": to}

    return tells


def _of_removal(began: str) -> Tells:
    """What the event says itself, and who was given an answer that went: those are to be told (GDPR art. 19)."""

    def tells(line: Line, events: Sequence[Event]) -> Data:
        users = told(line, events[0], began)
        more = {"users": users[:MOST_IDS], "users_count": len(users), "look_up": "thruline users list"}
        return {**_of_one("/data")(line, events), **more}

    return tells


def _of_a_run(line: Line, events: Sequence[Event]) -> Data:
    event = events[0]
    began = next(line.ledger.read(run=event.run, verbs=("run.started",), limit=1), None)
    flow = str(began.facts["flow"]) if began else ""
    return {"by": event.actor, "run": event.run, "flow": flow, "error": event.facts["error"], "link": "/runs"}


def _always(event: Event) -> bool:
    del event
    return True


KINDS: Mapping[str, Kind] = {
    "record.quarantined": Kind("record.quarantined", _always, _of_records, "documents were taken out of answers"),
    "record.released": Kind("record.released", _always, _of_records, "documents were let back in"),
    "person.erased": Kind("erase.done", _always, _of_removal("erase.began"), "a person was erased"),
    "person.rectified": Kind(
        "rectify.done", _always, _of_removal("rectify.began"), "wrong words of somebody were put right"
    ),
    "contract.failed": Kind(
        "contract.checked", lambda e: any(e.facts[name] for name in ("failed", "quarantined", "blocked")),
        _of_one("/data"), "a table broke its contract",
    ),
    "gate.refused": Kind(
        "verdict.given", lambda e: (e.facts["rule"], e.facts["outcome"]) == ("detector_gate", "failed"),
        _of_one("/lineage/{id}"), "a gate refused a model",
    ),
    "source.silent": Kind(
        "source.watched", lambda e: e.facts["state"] == "silent", _of_one("/data"), "a source fell silent"
    ),
    "source.drifted": Kind(
        "source.drifted", lambda e: e.facts["state"] == "moved", _of_scores, "a source brings other than before"
    ),
    "recall.fell": Kind("recall.fell", _always, _of_one("/indexes"), "the index finds less than its goal"),
    "run.failed": Kind("run.finished", lambda e: e.facts["outcome"] == "failed", _of_a_run, "a run failed"),
}  # fmt: skip
