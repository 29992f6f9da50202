"""Sources: declared, listed, shared, walked and taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from thruline.core.clock import iso
from thruline.core.errors import Denied, Invalid, NotFound, ThrulineError
from thruline.core.ids import ArtifactId
from thruline.core.nearest import meant
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.bases import OPTION as BASIS
from thruline.data.bases import checked as basis_checked
from thruline.data.freshness import alarm
from thruline.data.patience import patience
from thruline.data.places import PUSH, name_of, path_of, place_of
from thruline.data.policies import kept_s, policy, undecided_s
from thruline.data.records import NONE
from thruline.data.residency import checked as region_checked
from thruline.data.residency import labels
from thruline.data.rights import rights
from thruline.data.score_words import told
from thruline.data.uses import uses
from thruline.flows import corrections, holds
from thruline.flows.asked_fields import check_types
from thruline.flows.blast import blast
from thruline.flows.contracts import contract_of, forget
from thruline.flows.deletion import delete_records
from thruline.flows.documents import views
from thruline.flows.eyes import Cover, eyes
from thruline.flows.ingest import sync_source
from thruline.flows.look import look
from thruline.flows.named import EVERY, resolve
from thruline.flows.publish import publish_regrouped, publish_without
from thruline.flows.purposes import kept_out
from thruline.flows.reports import BlastReport, DocumentView, SourceView, SyncReport
from thruline.flows.sight import Sight, sight
from thruline.runs.runner import Cancelled

if TYPE_CHECKING:
    from thruline.flows.line import Line

Progress = Callable[[str, int, int], None]


def add(
    line: Line, location: str, name: str, groups: Sequence[str], options: Mapping[str, str], actor: str, *,
    unseen: bool = False,
) -> SourceView:  # fmt: skip
    """Declare a place, after a look at it unless unseen; no document is read yet.

    Raises Invalid for a location or options that cannot be meant, or that would read the home itself, and what `look`
    raises.
    """
    if not groups:
        raise Invalid("a source needs at least one group", hint="`everyone`, or a group of your users")
    kind, place = place_of(location)
    _check_home(line, path_of(place))
    source = Source(id=ArtifactId("source:new"), name=name, kind=kind, location=place, groups=(), options=options)
    check_stated(options)
    check_options(line, source)
    saw = "" if unseen else look(line, source)
    with line.database.transaction():
        source = line.records.add_source(_checked(name or name_of(place)), kind, place, groups, options)
        event = Draft(verb="source.added", outputs=(source.id,), facts={"kind": kind}, actor=actor)
        line.ledger.append([event, replace(_shared(line, source.id, groups), actor=actor)])
    return replace(view(line, source), saw=saw)


def check_stated(given: Mapping[str, str]) -> None:
    """Raises Invalid for a legal basis or a residency that cannot be meant; what an older home states stays."""
    if given.get(BASIS):
        basis_checked(given[BASIS])
    for region in labels(given):
        region_checked(region)


def check_options(line: Line, source: Source) -> None:
    """Raises Invalid for an option that a source of its kind does not have, or that cannot be meant."""
    known = line.engines.options(source.kind)
    if unknown := sorted(source.options.keys() - known.keys()):
        what = "that is sent to" if source.kind == PUSH else "of this kind"
        raise Invalid(f"{unknown[0]!r} is no option of a source {what}", hint=meant(unknown[0], known))
    policy(source.options)
    uses(source.options)
    kept_s(source.options)
    undecided_s(source.options)
    rights(source.options)
    check_types(line, source)
    contract_of(source)
    if source.kind != PUSH:
        line.engines.origin(source).close()


def _check_home(line: Line, path: Path | None) -> None:
    """Raises Invalid for a place that would read the home itself."""
    home = line.home.resolve()
    if path is not None and (path == home or path in home.parents or home in path.parents):
        raise Invalid(f"{str(path)!r} holds the home {str(home)!r}", hint="choose a place beside it")


def sync(line: Line, name: str, allow_empty: bool, actor: Actor, progress: Progress | None) -> tuple[SyncReport, ...]:
    """Walk one source, or all that the actor sees; two syncs of one source at once are refused."""
    known = [named(line, actor, name)] if name else list(sight(line, actor).sources.values())
    sources = [source for source in known if source.kind != PUSH]
    if known and name and not sources:
        raise Invalid(f"{name!r} is sent to, not read", hint="POST /v1/records, or `thruline push`")
    if not known:
        raise NotFound("there is no source yet", hint="thruline add FOLDER")
    if len(sources) == 1:
        done = (sync_one(line, sources[0], allow_empty=allow_empty, actor=actor.id, progress=progress),)
    else:
        done = tuple(_or_why_not(line, source, allow_empty, actor, progress) for source in sources)
    cover = eyes(line, actor).cover(None)
    return tuple(replace(r, refused=tuple(replace(x, path=cover(x.path)) for x in r.refused)) for r in done)


def _or_why_not(line: Line, source: Source, allow_empty: bool, actor: Actor, progress: Progress | None) -> SyncReport:
    """One of several: a source that is away holds up no other."""
    try:
        return sync_one(line, source, allow_empty=allow_empty, actor=actor.id, progress=progress)
    except Cancelled:
        raise
    except ThrulineError as error:
        return SyncReport(
            source=source.name, run="", seen=0, added=0, changed=0, moved=0, deleted=0, unchanged=0, indexed=0,
            duplicates=0, quarantined=0, refused=(), chunks=0, generation="", seconds=0.0,
            error=f"{error.message}; {error.hint}" if error.hint else error.message,
        )  # fmt: skip


def sync_one(
    line: Line, source: Source, *, allow_empty: bool = False, actor: str = "", progress: Progress | None = None
) -> SyncReport:
    """Walk one source; raises Conflict while somebody else does."""
    started = line.runs.start("sync", only=source.id, actor=actor, progress=progress)
    with started as run, closing(line.engines.origin(source)) as origin:
        return sync_source(line, run, source, origin, allow_empty=allow_empty)


def listing(line: Line, actor: Actor) -> tuple[SourceView, ...]:
    """The sources that the actor may see into."""
    seen = sight(line, actor)
    return tuple(view(line, s, seen.denied) for s in seen.sources.values())


def share(line: Line, name: str, groups: Sequence[str], actor: Actor) -> SourceView:
    """Set a source's groups; whoever loses sight of an original sees the repetition that is theirs at once.

    Raises NotFound for a source that the actor does not see, and Denied for a new group that the actor is not in.
    """
    if not groups:
        raise Invalid("a source needs at least one group", hint="`everyone`, or a group of your users")
    source = named(line, actor, name)
    foreign = set(groups) - set(source.groups) - actor.groups
    if foreign and not actor.sees_all:
        raise Denied(f"{actor.name!r} is not in {', '.join(sorted(foreign))}", hint="share with groups of your own")
    with line.runs.start("reindex", only="index", actor=actor.id) as run, run.commit():
        line.records.set_groups(source.id, groups)
        run.append(_shared(line, source.id, groups))
        publish_regrouped(line, run, "source")
    return view(line, line.records.source(source.id))


def remove(line: Line, name: str, dry_run: bool, actor: str) -> BlastReport:
    """Take a source out: its records leave answers, their bytes are deleted."""
    source = line.records.source(name)
    reach = blast(line, source.id)
    if dry_run:
        return reach
    records = line.records.of_source(source.id)
    with line.runs.start("sync", only=source.id, actor=actor) as run, run.commit():
        holds.check(line, [r.id for r in records])
        delete_records(line, run, records)
        line.records.remove_source(source.id)
        forget(line, source)
        corrections.forget(line, corrections.of_source(line, source.id))
        publish_without(line, run, "source", {r.id for r in records})
        run.append(Draft(verb="source.removed", inputs=(source.id,), facts={"records": len(records)}))
    return reach


def documents(
    line: Line, actor: Actor, *, source: str, state: str, limit: int, offset: int
) -> tuple[DocumentView, ...]:
    """Documents that the actor may see; `state` refused lists paths that could not be taken in."""
    seen = sight(line, actor)
    if state == "refused":
        return _refused(line, seen, eyes(line, actor).cover(None))
    sources = {s.name: s for s in seen.sources.values()}
    if source and source not in sources:
        raise NotFound(f"no source named {source!r}", hint=meant(source, sources))
    among = [sources[source].id] if source else [s.id for s in sources.values()]
    page = line.records.list(among=among, state=state, limit=limit, offset=offset, denied=seen.denied)
    return views(line, page, actor)


def document(line: Line, actor: Actor, what: str) -> DocumentView:
    """One document; one that the actor may not see is told like one that is not there."""
    try:
        found = list(sight(line, actor).among({r.id: r for r in resolve(line, what)}).values())
    except NotFound:
        if actor.sees_all:
            raise
        found = []
    if not found:
        raise NotFound(f"no document {what!r}", hint="`thruline documents` lists them")
    return views(line, found[:1], actor)[0]


def named(line: Line, actor: Actor, name: str) -> Source:
    """The source of this name or id; one that the actor does not see is told like one that is not there."""
    known = sight(line, actor).sources.values()
    for source in known:
        if name in (source.name, source.id):
            return source
    raise NotFound(f"no source named {name!r}", hint=meant(name, (s.name for s in known)))


def _shared(line: Line, source: ArtifactId, groups: Sequence[str]) -> Draft:
    """Names of groups may be personal: the chain holds a keyed digest, which tells whether they were the same."""
    named = sorted(set(groups))
    facts = {"groups": len(named), "named": line.ids.digest("groups", *named)}
    return Draft(verb="source.shared", inputs=(source,), facts=facts)


def _refused(line: Line, seen: Sight, cover: Cover) -> tuple[DocumentView, ...]:
    entries = [e for e in line.records.refused(seen.denied) if e.source in seen.sources]
    names = line.payloads.get_many([e.path for e in entries])
    return tuple(
        DocumentView(
            record="", source=seen.sources[ArtifactId(e.source)].name, path=cover(names.get(e.path, b"").decode()),
            title="", state="refused", reason=e.refused, chunks=0, size=e.size, people=0, duplicate_of="", risks=(),
            seen="",
        )
        for e in entries
    )  # fmt: skip


def view(line: Line, source: Source, denied: str = NONE) -> SourceView:
    """A source with what it holds, and how fresh it is; denied: rights that hide what is not counted."""
    counts = [c for c in line.records.counts(denied) if c.source == source.id]
    by_state = Counter({c.state: c.records for c in counts})
    live = [c for c in counts if c.state == "live"]
    synced = line.records.last_synced().get(source.id, 0)
    kept = kept_out(line, source.id)
    return SourceView(
        id=source.id, name=source.name, kind=source.kind, location=source.location, groups=source.groups,
        records=by_state["live"], chunks=sum(c.chunks for c in live), duplicates=sum(c.duplicates for c in live),
        quarantined=by_state["quarantined"], refused=sum(e.source == source.id for e in line.records.refused(denied)),
        last_synced=iso(synced) if synced else "", every=source.options.get("every", ""), alarm=alarm_of(line, source),
        drift=drift_of(line, source),
        waiting=kept.waiting, withheld=kept.withheld,
    )  # fmt: skip


def alarm_of(line: Line, source: Source) -> str:
    """What is wrong with a source's freshness, in words."""
    news, synced = line.records.news().get(source.id, []), line.records.last_synced().get(source.id, 0)
    return alarm(news, synced, patience(source.options).every_s, line.clock.now())


def drift_of(line: Line, source: Source) -> str:
    """How what a source brings has changed, in words: the largest move, and how many others."""
    moved = line.score_moves.all().get(source.id, [])
    others = f", and {len(moved) - 1} more" if len(moved) > 1 else ""
    return f"{told(moved[0][0])}{others}" if moved else ""


def _checked(name: str) -> str:
    if not name or "/" in name or name == EVERY or len(name) > 64:
        raise Invalid(f"{name!r} cannot name a source", hint="at most 64 characters, without a slash")
    return name
