"""Named: which records a person means by an id, a source, a path or a time."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.clock import Micros
from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import ArtifactId, is_id, kind_of
from thruline.core.units import parse_moment
from thruline.data.records import Record
from thruline.flows.documents import path_names
from thruline.flows.publish import serving_sets

if TYPE_CHECKING:
    from thruline.flows.line import Line

ALL = 1 << 31
EVERY = "*"  # every source; no source can be called so
PAGE = 1000  # records read at a time


class Window(NamedTuple):
    """When records came in, in microseconds: from since on, and before until."""

    since: Micros = 0
    until: Micros = 1 << 62

    def holds(self, record: Record) -> bool:
        """Whether it came in then."""
        return self.since <= record.seen < self.until


ALWAYS = Window()


def window(line: Line, since: str, until: str) -> Window:
    """The window that a person means; raises Invalid for what is no moment, or ends before it begins."""
    now = line.clock.now()
    meant = Window(*(parse_moment(text, now) if text else d for text, d in zip((since, until), ALWAYS, strict=True)))
    if meant.since >= meant.until:
        raise Invalid(f"nothing lies between {since!r} and {until!r}", hint="the earlier moment is --since")
    return meant


def resolve(line: Line, what: str, when: Window = ALWAYS, *, within: bool = False) -> list[Record]:
    """The current records that a person means by an id, a source's name, `source/path` or `*`; raises NotFound.

    within: something else than a time says which of all are meant.
    """
    if what == EVERY and when == ALWAYS and not within:
        raise Invalid("`*` means everything that came in within a time", hint="say --since, as 2h or 2026-11-22")
    named = [s.name for s in line.records.sources()] if what == EVERY else [what]
    return [r for name in named for r in _resolve(line, name) if when.holds(r)]


def by_id(line: Line, what: str, when: Window = ALWAYS, after: str = "") -> Iterator[Record]:
    """The same records in the order of their ids, those after one alone; of whole sources never all in memory."""
    sources = _whole(line, what, when)
    if sources is None:
        named = sorted(resolve(line, what, when), key=lambda record: record.id)
        yield from (record for record in named if record.id > after)
        return
    serving = serving_sets(line)
    while page := line.records.page(sources, after, when.since, when.until, PAGE):
        yield from (record for record in page if _is_current(record, serving))
        after = page[-1].id


def _whole(line: Line, what: str, when: Window) -> list[ArtifactId] | None:
    """The sources that are meant as a whole; None where single records are."""
    if what == EVERY and when != ALWAYS:
        return [s.id for s in line.records.sources()]
    if is_id(what):
        return [ArtifactId(what)] if kind_of(ArtifactId(what)) == "source" else None
    return None if what == EVERY or "/" in what else [line.records.source(what).id]


def _resolve(line: Line, what: str) -> list[Record]:
    if is_id(what):
        return _by_id(line, ArtifactId(what))
    name, _, path = what.partition("/")
    source = line.records.source(name)
    current = _current(line, source.id)
    if not path:
        return current
    found = _at_path(line, source.id, path, current)
    if not found:
        names = path_names(line, [r.id for r in current])
        near = [n for n in names.values() if path.rpartition("/")[2] in n][:3]
        raise NotFound(f"{name!r} holds no {path!r}", hint=f"like it: {', '.join(near) or 'nothing'}")
    return found


def _at_path(line: Line, source: ArtifactId, path: str, current: Sequence[Record]) -> list[Record]:
    """What the path holds, and of what no path holds any more what this one held last; a record may have many paths."""
    path_id = line.ids.artifact("path", source, path)
    here = {e.record for e in line.records.at([path_id])}
    held = line.records.paths([r.id for r in current])
    return [r for r in current if r.id in here or (r.id not in held and r.path == path_id)]


def _current(line: Line, source: ArtifactId) -> list[Record]:
    """A source's records that are in answers or quarantined; under a rollback, older versions are in answers."""
    serving = serving_sets(line)
    return [r for r in line.records.list(among=[source], limit=ALL) if _is_current(r, serving)]


def _is_current(record: Record, serving: Container[str]) -> bool:
    return record.state in ("live", "quarantined") or (record.state == "superseded" and record.id in serving)


def _by_id(line: Line, id: ArtifactId) -> list[Record]:
    kind = kind_of(id)
    if kind == "source":
        return _current(line, id)
    if kind == "chunk" and (places := line.records.places([id])):
        return [line.records.get(places[id].record)]
    return [line.records.get(id)]
