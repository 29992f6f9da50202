"""data: what comes in, what it touched, and how it leaves again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.app import papers as governance
    from thruline.flows import blast as blasting
    from thruline.flows import erase as erasure
    from thruline.flows import expectations, papers, reading, reports, rights
    from thruline.flows import holds as holding
    from thruline.flows import named as naming
    from thruline.flows import pages as paging
    from thruline.flows import push as pushing
    from thruline.flows import quarantine as quarantining
    from thruline.flows import reask as reasking
    from thruline.flows import source_options as choosing
    from thruline.flows import sources as sourcing
    from thruline.flows import uses as using
else:
    reports = lazy("thruline.flows.reports")
    blasting = lazy("thruline.flows.blast")
    erasure = lazy("thruline.flows.erase")
    expectations = lazy("thruline.flows.expectations")
    holding = lazy("thruline.flows.holds")
    governance = lazy("thruline.app.papers")
    naming = lazy("thruline.flows.named")
    paging = lazy("thruline.flows.pages")
    papers = lazy("thruline.flows.papers")
    pushing = lazy("thruline.flows.push")
    quarantining = lazy("thruline.flows.quarantine")
    reading = lazy("thruline.flows.reading")
    reasking = lazy("thruline.flows.reask")
    rights = lazy("thruline.flows.rights")
    choosing = lazy("thruline.flows.source_options")
    sourcing = lazy("thruline.flows.sources")
    using = lazy("thruline.flows.uses")

What = Annotated[
    str, "a record id, a source, a path as `sources` and `documents` show it (`wiki/fix.html`), or `*` within a time"
]
Since = Annotated[str, "only what came in from then on: `2026-11-22`, `2026-11-22T14:05Z`, or `2h` ago"]
Until = Annotated[str, "only what came in before then"]
Reason = Annotated[str, "only what is out for this reason, as `injection`"]
State = Literal["", "live", "quarantined", "superseded", "deleted", "refused"]
Identifiers = Annotated[tuple[str, ...], "how the person is called: name, e-mail, phone number, each in quotes"]
Unseen = Annotated[bool, "do without a look at the place, as when it is away for now"]
DryRun = Annotated[bool, "say what would happen, and change nothing"]


@operation(role="operator", cli="add", positional=("path",))
def add(
    p: Platform, *,
    path: Annotated[str, "folder or address (`s3://…`, `https://…`, `postgresql://…`) to read documents from"],
    name: Annotated[str, "name of the source; the place's own unless given"] = "",
    groups: Annotated[tuple[str, ...], "who may see what it holds"] = ("everyone",),
    options: Annotated[tuple[str, ...], "how to read it, as `every=1h`; docs/reference/sources.md lists them"] = (),
    secret: Annotated[str, "where its password or key stands: `env:NAME` or `file:PATH`"] = "",
    unseen: Unseen = False,
) -> reports.SourceView:  # fmt: skip
    """Declare a place as a source of documents, after a look at it; `sync` then reads it."""
    return sourcing.add(p.line, path, name, groups, choosing.parsed(options, secret), p.actor.id, unseen=unseen)


@operation(role="writer", cli="sync", positional=("source",))
def sync(
    p: Platform, *,
    source: Annotated[str, "one source; all that you see unless given"] = "",
    allow_empty: Annotated[bool, "believe a source that has become empty"] = False,
) -> tuple[reports.SyncReport, ...]:  # fmt: skip
    """Bring in what was added, changed, moved or deleted, and let it answer."""
    return sourcing.sync(p.line, source, allow_empty, p.actor, p.progress)


@operation(role="writer", cli="push", positional=("source", "path"), path="/v1/records")
def push(
    p: Platform, *,
    source: Annotated[str, "a source that was added as `push://name`"],
    path: Annotated[str, "its name there, as `orders/17.txt`: the ending tells the format"],
    text: Annotated[str, "what it says"] = "",
    data: Annotated[str, "its bytes in Base64, instead of text"] = "",
    groups: Annotated[tuple[str, ...], "who may read it, of those who see the source; all of them unless given"] = (),
    fields: Annotated[tuple[str, ...], "what it can be asked by, as `price=12.5`, of what the source keeps"] = (),
) -> reports.PushReport:  # fmt: skip
    """Send one record; when the call returns, it answers. The same path again replaces it."""
    return pushing.push(
        p.line, source, pushing.Sent(path=path, text=text, data=data, groups=groups, fields=fields), p.actor
    )


@operation(role="writer", cli="withdraw", positional=("source", "path"))
def withdraw(
    p: Platform, *, source: Annotated[str, "a source that is sent to"], path: Annotated[str, "as it was sent"]
) -> reports.PushReport:
    """Delete one record that was sent."""
    return pushing.withdraw(p.line, source, path, p.actor)


@operation(role="reader", cli="sources", reads=True)
def sources(p: Platform) -> tuple[reports.SourceView, ...]:
    """The sources and what they hold."""
    return sourcing.listing(p.line, p.actor)


@operation(role="writer", cli="share", positional=("source",))
def share(
    p: Platform, *, source: Annotated[str, "a source"], groups: Annotated[tuple[str, ...], "who may see it from now on"]
) -> reports.SourceView:
    """Set who may see what a source holds; the next question already knows."""
    return sourcing.share(p.line, source, groups, p.actor)


@operation(role="operator", cli="uses", positional=("source", "purposes"))
def uses(
    p: Platform, *,
    source: Annotated[str, "a source"],
    purposes: Annotated[tuple[str, ...], "what for, from now on; everything unless given"] = (),
) -> reports.SourceView:  # fmt: skip
    """Set what a source may be used for: answer, train, or a purpose of your own; the next question already knows."""
    return using.set_uses(p.line, source, purposes, p.actor)


@operation(role="operator", cli="remove", positional=("source",))
def remove(p: Platform, *, source: Annotated[str, "a source"], dry_run: DryRun = False) -> reports.BlastReport:
    """Take out a source and everything that came from it."""
    return sourcing.remove(p.line, source, dry_run, p.actor.id)


@operation(role="reader", cli="documents", reads=True)
def documents(
    p: Platform, *,
    source: Annotated[str, "only of this source"] = "",
    state: Annotated[State, "only live, quarantined, superseded, deleted or refused ones"] = "",
    limit: Annotated[int, "at most this many"] = 100,
    offset: Annotated[int, "skip this many"] = 0,
) -> tuple[reports.DocumentView, ...]:  # fmt: skip
    """Documents, the latest first, with their state and risks."""
    return sourcing.documents(p.line, p.actor, source=source, state=state, limit=limit, offset=offset)


@operation(role="reader", cli="document", positional=("record",), reads=True)
def document(p: Platform, *, record: What) -> reports.DocumentView:
    """One document."""
    return sourcing.document(p.line, p.actor, record)


@operation(role="reader", cli="text", positional=("record",), reads=True)
def text(p: Platform, *, record: What) -> tuple[reports.Passage, ...]:
    """The text of a document, chunk by chunk, as answers cite it."""
    return reading.text(p.line, p.actor, record)


@operation(role="reader", reads=True)
def page(p: Platform, *, record: What, page: Annotated[int, "its number, from 1"]) -> reports.PagePicture:
    """A page of a document as it looks, where nothing on it is covered for who asks."""
    return paging.picture(p.line, p.actor, record, page)


@operation(role="operator", cli="blast", positional=("what",), reads=True)
def blast(p: Platform, *, what: What, since: Since = "", until: Until = "") -> reports.BlastReport:
    """Everything that a record, path or source touched, from its chunks to the answers and who read them."""
    return blasting.blast(p.line, what, naming.window(p.line, since, until))


@operation(role="operator", cli="touched", positional=("what",), reads=True)
def touched(
    p: Platform, *,
    what: What, since: Since = "", until: Until = "",
    after: Annotated[str, "`next` of the page before"] = "",
    limit: Annotated[int, "about so many on a page, at most 10000"] = 1000,
) -> reports.TouchedPage:  # fmt: skip
    """List the exact ids of all that something touched: records, chunks, vectors, indexes, sets, models, answers."""
    return blasting.touched_page(p.line, what, naming.window(p.line, since, until), after, limit)


@operation(role="operator", cli="quarantine", positional=("what",))
def quarantine(
    p: Platform, *, what: What, since: Since = "", until: Until = "", dry_run: DryRun = False
) -> reports.QuarantineReport:
    """Take records out of every answer until they are released."""
    when = naming.window(p.line, since, until)
    return quarantining.quarantine(p.line, what, dry_run, p.actor.id, when)


@operation(role="operator", cli="release", positional=("what",))
def release(
    p: Platform, *, what: What, reason: Reason = "", since: Since = "", until: Until = "", dry_run: DryRun = False
) -> reports.QuarantineReport:
    """Let quarantined records answer again."""
    return quarantining.release(p.line, what, dry_run, p.actor.id, naming.window(p.line, since, until), reason)


@operation(role="operator", cli="reask", positional=("what",))
def reask(
    p: Platform, *,
    what: What, since: Since = "", until: Until = "",
    limit: Annotated[int, "at most this many questions, the latest first"] = 100,
) -> tuple[reports.ReaskedAnswer, ...]:  # fmt: skip
    """Give the answers that something touched again, from what is there now, to who asked them."""
    return reasking.reask(p.line, what, naming.window(p.line, since, until), limit, p.operator)


@operation(role="operator", cli="check", positional=("table", "contract"))
def check(
    p: Platform, *,
    table: Annotated[str, "a CSV, Parquet or JSON lines file"],
    contract: Annotated[str, "its contract: a .toml file, or an Open Data Contract Standard .yaml"],
    of: Annotated[str, "which table, where the contract describes several"] = "",
    out: Annotated[str, "where to write the rows that it keeps out, as Parquet"] = "",
) -> reports.ContractReport:  # fmt: skip
    """Hold a table to its contract; exit code 1 when rows are kept out."""
    return expectations.hold(p.line, table, contract, of, out, p.actor.id)


@operation(role="operator", cli="hold", positional=("name", "what"))
def hold(p: Platform, *, name: Annotated[str, "the rule, as 'tax law, ten years'"], what: What) -> reports.HoldView:
    """Forbid to delete something: erasures that would are refused, and a sync keeps its bytes."""
    return holding.place(p.line, name, what, p.actor.id)


@operation(role="operator", cli="unhold", positional=("name",))
def unhold(p: Platform, *, name: Annotated[str, "a hold, as `holds` lists it"]) -> reports.HoldView:
    """End a hold; what it kept may be deleted again."""
    return holding.lift(p.line, name, p.actor.id)


@operation(role="operator", cli="holds", reads=True)
def holds(p: Platform) -> tuple[reports.HoldView, ...]:
    """The holds, and what each keeps."""
    return holding.listing(p.line)


@operation(role="operator", cli="person", positional=("identifiers",))
def person(p: Platform, *, identifiers: Identifiers) -> reports.PersonReport:
    """List everything that is held of a person, and who was told."""
    return rights.person(p.line, identifiers, governance.outside(p), p.actor.id)


@operation(role="operator", cli="export", positional=("identifiers",))
def export(p: Platform, *, identifiers: Identifiers) -> reports.PersonExport:
    """Write a copy of what is held of a person into the home, for them to take along."""
    return rights.export(p.line, identifiers, governance.outside(p), p.actor.id)


@operation(role="operator", cli="processing", reads=True)
def processing(p: Platform) -> str:
    """Write the record of processing activities (GDPR art. 30) from what is known, as Markdown."""
    return papers.processing(p.line, governance.outside(p))


@operation(role="operator", cli="erase", positional=("identifiers",), path="/v1/erasures")
def erase(
    p: Platform, *,
    identifiers: Identifiers,
    one_word: Annotated[bool, "a single word may stand for them, as a login that nobody else has"] = False,
    dry_run: DryRun = False,
) -> reports.EraseReport:  # fmt: skip
    """Erase a person from everything, look for what is left in every byte of the home, and sign a receipt."""
    return erasure.erase(p.line, identifiers, one_word=one_word, dry_run=dry_run, actor=p.actor.id, progress=p.progress)
