"""Holds: what a law or a case forbids to delete stays, whoever asks, until the hold is lifted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from thruline.core.clock import iso
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId, is_id, random_id
from thruline.core.nouns import Draft
from thruline.flows import restrictions
from thruline.flows.reports import DocumentView, HoldView, Refusing

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "hold"


def place(line: Line, name: str, what: str, actor: str) -> HoldView:
    """Hold a source, a `source/path` or a record; raises Conflict for a name in use, NotFound for nothing there."""
    if not name.strip() or len(name) > 200:
        raise Invalid(f"{name[:80]!r} cannot name a hold", hint="name the rule, as 'tax law, ten years'")
    if any(hold.name == name for hold in listing(line)):
        raise Conflict(f"there is a hold {name!r} already", hint="`thruline holds` lists them")
    id = random_id(KIND)
    said = HoldView(name=name, what=what, since=iso(line.clock.now()))
    with line.database.transaction():
        kept = {"name": name, "what": what, "since": said.since, "records": _records(line, what)}
        line.payloads.put(id, json.dumps(kept).encode(), id)
        line.ledger.append([Draft(verb="hold.placed", outputs=(id,), actor=actor)])
    return said


def lift(line: Line, name: str, actor: str) -> HoldView:
    """End a hold: the next sync or erasure may delete what it held. Raises NotFound."""
    for id, hold in _all(line).items():
        if hold.name == name:
            with line.database.transaction():
                line.payloads.delete([id])
                line.ledger.append([Draft(verb="hold.lifted", inputs=(ArtifactId(id),), actor=actor)])
            return hold
    raise NotFound(f"no hold {name!r}", hint="`thruline holds` lists them")


def listing(line: Line) -> tuple[HoldView, ...]:
    """Every hold, by name."""
    return tuple(sorted(_all(line).values(), key=lambda hold: hold.name))


def held(line: Line) -> dict[ArtifactId, str]:
    """Records that may not be deleted, and a rule that says so: a hold, or a restriction of somebody's records."""
    return restrictions.kept(line) | ruled(line)


def ruled(line: Line) -> dict[ArtifactId, str]:
    """Records that a hold keeps, and the hold, as `the hold 'tax law'`."""
    found: dict[ArtifactId, str] = {}
    for kept in _kept(line).values():
        for record in (*kept["records"], *_records(line, kept["what"], gone=True)):
            found[ArtifactId(record)] = f"the hold {kept['name']!r}"
    return found


def check(line: Line, records: Iterable[str], *, restricted: bool = True) -> None:
    """Raises Conflict, with the rule's name, when one of these may not be deleted.

    restricted: whether a restriction forbids it too, as it does unless what is deleted is replaced at once.
    """
    rules = held(line) if restricted else ruled(line)
    stopped = [record for record in records if record in rules]
    if stopped:
        count = f"{len(stopped)} document{'s' * (len(stopped) > 1)}"
        raise Conflict(
            f"{count} must be kept under {rules[ArtifactId(stopped[0])]}",
            hint="`thruline quarantine` keeps them out of answers; `unhold` or `unrestrict` ends the rule in time",
        )


def refusing(line: Line, shown: Iterable[DocumentView], *, restricted: bool = True) -> tuple[Refusing, ...]:
    """The rules under which some of these documents may not be deleted, each with its documents; as `check` does."""
    rules = held(line) if restricted else ruled(line)
    found: dict[str, list[str]] = {}
    for view in shown:
        if rule := rules.get(ArtifactId(view.record)):
            found.setdefault(rule, []).append(f"{view.source}/{view.path}")
    return tuple(Refusing(rule=rule, documents=tuple(documents)) for rule, documents in sorted(found.items()))


def _all(line: Line) -> dict[str, HoldView]:
    return {id: HoldView(name=k["name"], what=k["what"], since=k["since"]) for id, k in _kept(line).items()}


def _kept(line: Line) -> dict[str, dict[str, Any]]:
    """Holds as they are kept: `records` are those that were meant when it was placed, wherever they lie now."""
    said = line.payloads.get_many(list(line.payloads.ids(KIND)))
    return {id: json.loads(data) for id, data in said.items()}


def _records(line: Line, what: str, *, gone: bool = False) -> list[ArtifactId]:
    """Every version that is meant, in answers or not; gone: a source that has been removed means none."""
    if is_id(what):
        return list(line.records.get_many([what])) if gone else [line.records.get(what).id]  # pyright: ignore[reportReturnType]
    name, _, path = what.partition("/")
    try:
        source = line.records.source(name)
    except NotFound:
        if gone:
            return []
        raise
    path_id = line.ids.artifact("path", source.id, path) if path else ""
    known = [r for r in line.records.of_source(source.id) if r.state != "deleted"]
    here = {e.record for e in line.records.at([path_id])} if path else set()
    found = [r.id for r in known if not path or r.path == path_id or r.id in here]
    if path and not found and not gone:
        raise NotFound(f"{name!r} holds no {path!r}", hint=f"`thruline documents --source {name}` lists them")
    return found
