"""Filters: what somebody narrows a question to, worked out as records before anything is scored.

They narrow what the asker may see and never widen it: a name that they do not see is not found, and a path is compared
as it is shown to them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from thruline.core.clock import Micros, exact, iso
from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nearest import meant
from thruline.core.nouns import Actor
from thruline.core.units import parse_moment
from thruline.flows import INDEX
from thruline.flows.asked_fields import conditions
from thruline.flows.documents import pages_of, path_names
from thruline.flows.named import ALWAYS, Window, window
from thruline.flows.reports import ALL, Filters
from thruline.flows.sight import sight
from thruline.vectors.serving import Serving
from thruline.vectors.tags import is_tag

if TYPE_CHECKING:
    from thruline.flows.line import Line

__all__ = ["ALL", "Filters", "fitting", "given", "nothing_fits", "serving", "within"]

_CODE = re.compile(r"[a-z]{2}")
LONGEST_PATTERN = 200


def given(
    line: Line, actor: Actor, *, source: Sequence[str] = (), since: str = "", until: str = "", path: str = "",
    language: str = "", as_of: str = "", where: Sequence[str] = (),
) -> Filters:  # fmt: skip
    """What the actor narrows a question to, with moments made absolute, so that a replay means the same.

    Raises NotFound for a source or a field that they do not see or a moment before the first generation, Invalid for
    what cannot be meant.
    """
    _check_sources(line, actor, source)
    if language and not _CODE.fullmatch(language):
        raise Invalid(f"{language!r} is no code of a language", hint="two letters as in ISO 639-1: en, de, fr, zh")
    if len(path) > LONGEST_PATTERN:
        raise Invalid(f"the path has {len(path)} characters", hint=f"at most {LONGEST_PATTERN}; `*` stands for any")
    when = window(line, since, until) if since or until else ALWAYS
    filters = Filters(
        sources=tuple(dict.fromkeys(source)), since=exact(when.since) if since else "",
        until=exact(when.until) if until else "", path=path, language=language,
        as_of=as_of if is_tag(as_of) or not as_of else exact(parse_moment(as_of, line.clock.now())),
        where=tuple(condition.text for condition in conditions(line, actor, where)),
    )  # fmt: skip
    if as_of:
        _generation_at(line, filters)
    return filters


def serving(line: Line, filters: Filters) -> Serving:
    """The snapshot to search: the one that serves, or the one that served at a moment."""
    if not filters.as_of:
        return line.shelf.serving()
    generation = _generation_at(line, filters)
    now = line.shelf.serving()
    return now if now.generation == generation else line.shelf.past(generation)


def within(line: Line, filters: Filters, sources: frozenset[ArtifactId] | None) -> frozenset[ArtifactId] | None:
    """Of these sources, or of all where there is None, those that the filters name."""
    if not filters.sources:
        return sources
    named = frozenset(s.id for s in line.records.sources() if s.name in filters.sources)
    return named if sources is None else named & sources


def fitting(line: Line, actor: Actor, filters: Filters, among: Collection[ArtifactId]) -> frozenset[ArtifactId] | None:
    """The records, of those that a snapshot holds, that fit; None where nothing was narrowed but the sources.

    Of a past snapshot never what has been taken out of answers since: looking back is no way around a quarantine.
    """
    if replace(filters, sources=(), where=()) == ALL:
        return None
    known = {s.name: s.id for s in line.records.sources()}
    sources = [known[name] for name in filters.sources if name in known] if filters.sources else None
    when = Window(_moment(filters.since) or ALWAYS.since, _moment(filters.until) or ALWAYS.until)
    found = line.records.servable(sources, when.since, when.until) & frozenset(among)
    if filters.path and found:
        found = _at_path(line, actor, filters.path, found)
    if filters.language and found:
        found = _in_language(line, filters.language, found)
    return found


def nothing_fits(filters: Filters) -> str:
    """What is said instead of an answer where no document fits."""
    return f"No document that you may see fits what you narrowed the question to: {filters.words}."


def _check_sources(line: Line, actor: Actor, names: Sequence[str]) -> None:
    seen = sorted(source.name for source in sight(line, actor).sources.values())
    for name in names:
        if name not in seen:
            raise NotFound(f"no source named {name!r}", hint=meant(name, seen, none="you see none"))


def _at_path(line: Line, actor: Actor, pattern: str, records: frozenset[ArtifactId]) -> frozenset[ArtifactId]:
    """By the path that the actor is shown; the source's name may stand before it.

    The true paths are compared first because covering one takes its document. `*` and `?` match what covers a word as
    well as the word, and nothing else does: whoever is shown `████.pdf` learns nothing by asking for letters in it.
    """
    matches = re.compile(fnmatch.translate(pattern.replace("[", "[[]")), re.IGNORECASE).match
    name = {s.id: s.name for s in line.records.sources()}
    source = {id: name.get(r.source, "") for id, r in line.records.get_many(sorted(records)).items()}

    def fit(paths: dict[str, str]) -> list[str]:
        return [id for id, path in paths.items() if matches(path) or matches(f"{source[id]}/{path}")]

    true = fit(path_names(line, sorted(records)))
    return frozenset(map(ArtifactId, true if actor.sees_all else fit(path_names(line, true, actor))))


def _in_language(line: Line, language: str, records: frozenset[ArtifactId]) -> frozenset[ArtifactId]:
    known = line.languages.of(records)
    unknown = [r for id, r in line.records.get_many(sorted(records - known.keys())).items() if id not in known]
    for page in pages_of(line, unknown):
        with line.database.transaction():
            line.languages.note((record.id, record.document, document.language) for record, document in page)
        known |= {record.id: document.language for record, document in page}
    return frozenset(record for record in records if known.get(record) == language)


def _generation_at(line: Line, filters: Filters) -> ArtifactId:
    if is_tag(filters.as_of):
        return line.tags.get(INDEX, filters.as_of)
    moment = _moment(filters.as_of)
    if moment > line.clock.now():
        raise Invalid(f"{filters.as_of!r} is still to come", hint="leave it out for what serves now")
    switches = line.generations.history(INDEX)
    served = [s.generation for s in switches if s.at <= moment]
    if not served:
        first = f"the first generation served from {iso(switches[0].at)}" if switches else "nothing was synced yet"
        raise NotFound(f"nothing answered at {filters.as_of!r}", hint=first)
    return served[-1]


def _moment(text: str) -> Micros:
    return parse_moment(text, 0) if text else 0
