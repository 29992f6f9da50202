"""Papers from facts: the record of processing activities that GDPR article 30(1) asks for, as Markdown.

What the platform knows stands there as it is now; what only its operator knows is named as missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from thruline.core.clock import iso
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Source
from thruline.data.consents import OBJECTIONS
from thruline.data.policies import STATED
from thruline.data.uses import uses
from thruline.flows import holds
from thruline.flows.purposes import kept_out

if TYPE_CHECKING:
    from thruline.flows.line import Line

MISSING = "**not stated**"
MEASURES = (
    "Raw bytes, texts, vectors, questions and answers are encrypted (AES-GCM) with a data key for each person's "
    "records, or each source, under a master key that lies apart.",
    "Who may see a source is decided before anything is searched; no permission reads as not found.",
    "Every operation is on a hash-chained, signed ledger that holds ids and numbers, no texts.",
    "Erasure is physical: keys are destroyed, stores rewritten, every byte of the home searched; receipts are signed.",
    "Files of others are parsed in a child process without a network and with limits on memory and time.",
)


def processing(line: Line, receivers: Sequence[str]) -> str:
    """The record, of this moment. receivers: services outside that questions or texts are sent to, by setting."""
    return "\n".join(_processing(line, receivers)) + "\n"


def _processing(line: Line, receivers: Sequence[str]) -> Iterator[str]:
    sources = line.records.sources()
    yield "# Record of processing activities (GDPR art. 30(1))"
    yield f"\nMade from this home's ledger and tables on {iso(line.clock.now())}, event {line.ledger.head().seq}."
    yield f"\n## (a) Controller and contact\n\n{MISSING}: the operator of this home fills this in."
    yield "\n## (b) Purposes, (c) people and data, (d) recipients, (f) time limits, by source"
    for source in sources:
        yield from _source(line, source)
    if not sources:
        yield "\nThere is no source yet."
    yield "\n## (e) Services outside\n"
    yield from (f"- {receiver}" for receiver in receivers or ["none: nothing is sent anywhere"])
    yield "\n## (f) What may not be deleted yet\n"
    yield from (f"- {h.what}: {h.name}, since {h.since}" for h in holds.listing(line))
    if not holds.listing(line):
        yield "- nothing is held"
    yield "\n## What people said of the use of their data\n"
    yield from _consents(line)
    yield "\n## (g) Security\n"
    yield from (f"- {measure}" for measure in MEASURES)
    yield "\n## Rights of people, so far\n"
    asked = {verb: sum(1 for _ in line.ledger.read(verbs=(verb,), limit=1 << 31)) for verb in _RIGHTS}
    yield from (f"- {says}: {asked[verb]}" for verb, says in _RIGHTS.items())


_RIGHTS = {
    "person.reported": "requests for access that were answered", "person.exported": "copies that were handed over",
    "erase.done": "erasures", "rectify.done": "corrections", "person.restricted": "restrictions",
}  # fmt: skip


def _source(line: Line, source: Source) -> Iterator[str]:
    told = source.options
    counts = {c.state: c.records for c in line.records.counts() if c.source == source.id}
    kinds = line.subjects.kinds_in(source.id)
    met = ", ".join(_met(kind, people) for kind, people in sorted(kinds.items())) or "none found"
    yield f"\n### {source.name}\n"
    yield from (f"- {says}: {told.get(name) or MISSING}" for name, says in STATED.items())
    open_ = "everything" if line.limits.purposes == "open" else "nothing"
    yield f"- may be used for: {', '.join(sorted(uses(told) or ())) or f'{open_}, since it names nothing'}"
    kept = kept_out(line, source.id)
    used = counts.get("live", 0) - kept.waiting - kept.withheld
    yield f"- documents: {used} in answers, {counts.get('quarantined', 0)} in quarantine"
    yield (
        f"- not used for answers: {kept.waiting} wait for a consent, {kept.withheld} kept out by people, who "
        "withdrew a consent or object"
    )
    yield f"- personal data that was detected: {met}"
    instead = "; ".join(f"{name}: {told[name]}" for name in ("pseudonym", "token", "drop") if told.get(name))
    yield f"- exchanged for tokens, or cut out: {instead or 'nothing'}"
    yield f"- covered in answers: {told.get('mask') or 'nothing'}; not let in: {told.get('block') or 'nothing'}"
    yield f"- who may see it: {', '.join(source.groups)}"
    yield f"- kept: {told.get('keep') or 'as long as the source holds it'}"


def _consents(line: Line) -> Iterator[str]:
    """The last word of each person, counted by purpose; of a consent and of an objection apart."""
    last: dict[tuple[str, str, bool], str] = {}
    now = line.clock.now()
    for said in (said for said in line.consents.all() if said.state != "basis"):
        state = "expired" if said.until and said.until <= now else said.state
        last.setdefault((said.subject, said.purpose, said.state in OBJECTIONS), state)
    counted = Counter((purpose, state) for (_, purpose, _), state in last.items())
    yield from (f"- {purpose}: {state} by {n}" for (purpose, state), n in sorted(counted.items()))
    names = {s.id: s.name for s in line.records.sources()}
    bases = line.consents.own_bases().items()
    own = Counter((basis.replace("_", " "), names.get(ArtifactId(at), "all sources")) for (_, at), basis in bases)
    yield from (f"- legal basis of their own: {basis} in {at}, of {n}" for (basis, at), n in sorted(own.items()))
    if not counted and not own:
        yield "- nobody said anything"


def _met(kind: str, people: int) -> str:
    return f"{kind} ({people} {'person' if people == 1 else 'people'})"
