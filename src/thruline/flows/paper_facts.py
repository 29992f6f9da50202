"""Statements that several papers make, each with where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from thruline.core.clock import iso
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Event, Source
from thruline.data.policies import STATED, policy
from thruline.data.uses import uses
from thruline.flows import holds
from thruline.flows.purposes import kept_out

if TYPE_CHECKING:
    from thruline.flows.line import Line

EVERY = 1 << 31


class Fact(NamedTuple):
    """A statement, and where it comes from."""

    says: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """Part of a paper. questions: what the law asks and nothing here knows."""

    title: str
    facts: Sequence[Fact] = ()
    questions: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """As a paper holds it."""
        facts = [{"says": fact.says, "from": fact.source} for fact in self.facts]
        return {"title": self.title, "facts": facts, "questions": list(self.questions)}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is switched on, by setting. outside: services that questions or texts are sent to."""

    outside: Sequence[str]
    hidden_text: str
    names: str
    host: str


def events(line: Line, *verbs: str, about: str = "") -> Iterator[Event]:
    """Events of these verbs, of one artifact where given."""
    found = line.ledger.read(verbs=verbs, limit=EVERY)
    return (e for e in found if not about or about in (*e.inputs, *e.outputs))


def stated(source: Source) -> list[str]:
    """What the law asks of a source and its options do not say."""
    return [f"{says} of {source.name}?".capitalize() for name, says in STATED.items() if not source.options.get(name)]


def of_source(line: Line, source: Source) -> Iterator[Fact]:
    """Where its documents come from, why, what is met in them, who sees them, how long they stay."""
    declared = f"event {_born(line, source.id)}"
    options = "options of the source"
    told = source.options
    yield Fact(f"{source.name} is a source of the kind {source.kind}", declared)
    yield from (Fact(f"{says}: {told[name]}", options) for name, says in STATED.items() if told.get(name))
    if named := uses(told):
        yield Fact(f"may be used for: {', '.join(sorted(named))}", options)
    counts = {c.state: c.records for c in line.records.counts() if c.source == source.id}
    held = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "nothing yet"
    yield Fact(f"documents: {held}", "operation data.sources")
    kept = kept_out(line, source.id)
    if kept.waiting or kept.withheld:
        said = f"{kept.waiting} wait for a consent, {kept.withheld} kept out by people who withdrew one or object"
        yield Fact(f"documents that are not used for answers: {said}", "events consent.recorded, objection.recorded")
    yield Fact(f"seen by the groups {', '.join(source.groups)}", _latest(line, "source.shared", source.id))
    yield Fact(f"kept {told.get('keep') or 'as long as the source holds it'}", options)


def of_people(line: Line, source: Source) -> Iterator[Fact]:
    """Which kinds of personal data were met, and which of them answers still show."""
    kinds = line.subjects.kinds_in(source.id)
    told = policy(source.options)
    if not kinds:
        yield Fact(f"{source.name}: nobody was tied to a document", "events subject.linked")
    for kind, people in sorted(kinds.items()):
        shown = "covered in answers" if kind in told.mask else "shown in answers to who may see the source"
        yield Fact(f"{source.name}: {kind} of {people} people, {shown}", "events subject.linked, options of the source")


def of_hiding(line: Line, source: Source) -> Iterator[Fact]:
    """How well people hide in a source's rows, as it was measured last."""
    for e in _last(events(line, "anonymity.measured", about=source.id)):
        f = e.facts
        varied = f", at least {f['distinct']} sensitive values a group" if f["asked_l"] else ""
        yield Fact(
            f"{source.name}: k = {f['k']} in {f['rows']} rows by {f['quasi']} columns that others may know{varied}; "
            f"{f['at_risk']} rows at risk where k = {f['asked_k']} is asked, measured {iso(e.at)}", f"event {e.seq}",
        )  # fmt: skip


def of_measures(line: Line, settings: Settings) -> Iterator[Fact]:
    """What protects the data, as it is switched on."""
    yield Fact("texts, vectors, questions and answers are encrypted with a key for each owner", "the store of payloads")
    yield Fact("rights are decided before anything is searched", "operation vectors.search")
    yield Fact(f"documents with hidden instructions: {settings.hidden_text}", "setting guard.hidden_text")
    yield Fact(f"the server listens on {settings.host}", "setting server.host")
    sealed = next(iter(_last(events(line, "ledger.sealed"))), None)
    yield (
        Fact("the ledger was never sealed", "no event ledger.sealed")
        if sealed is None
        else Fact(
            f"the ledger was last sealed {iso(sealed.at)}, up to event {sealed.facts['upto']}", f"event {sealed.seq}"
        )
    )
    made = next(iter(_last(events(line, "backup.made"))), None)
    yield (
        Fact("no backup was made", "no event backup.made")
        if made is None
        else Fact(f"the last backup was made {iso(made.at)}", f"event {made.seq}")
    )
    serving = line.registry.serving("detector")
    screen = f"the model {serving} and rules" if serving else "rules alone"
    yield Fact(f"questions are screened by {screen}", "events deployment.changed")


def of_rights(line: Line) -> Iterator[Fact]:
    """How people's requests were answered, and what is held back."""
    asked = Counter(e.verb for e in events(line, "person.reported", "person.exported", "rectify.done"))
    yield Fact(f"requests for access that were answered: {asked['person.reported']}", "events person.reported")
    yield Fact(f"copies that were handed over: {asked['person.exported']}", "events person.exported")
    yield Fact(f"corrections that were made: {asked['rectify.done']}", "events rectify.done")
    for done in events(line, "erase.done"):
        left = done.facts.get("residue", 0)
        yield Fact(
            f"an erasure of {done.facts['records']} documents left {left} places in the home", f"event {done.seq}"
        )
    held = holds.listing(line)
    yield from (Fact(f"held back from deletion: {h.what} under {h.name}", "operation data.holds") for h in held)


def of_model(line: Line, model: ArtifactId) -> Iterator[Fact]:
    """Its data, figures with their intervals, and what gates said."""
    info = next(m for m in line.registry.models() if m.id == model)
    trained = next(events(line, "model.trained", about=model))
    yield Fact(f"made {iso(info.made)}, {trained.facts['parameters']} parameters", f"event {trained.seq}")
    yield Fact(f"SHA-256 of its files {info.sha256}, signed", _latest(line, "model.registered", model))
    if info.report:
        yield Fact(
            f"judged on {info.report.rows} held-out rows, {info.report.attacks} of them attacks", "its evaluation"
        )
    for name in ("auroc", "recall_at_1pct", "recall", "false_alarms", "precision", "brier") if info.report else ():
        figure = getattr(info.report, name)
        shown = f"{figure.value:.4f}, 95 % interval {figure.low:.4f} to {figure.high:.4f}"
        yield Fact(f"{name.replace('_', ' ')}: {shown}", "its evaluation")
    for e in events(line, "verdict.given", about=model):
        f = e.facts
        yield Fact(
            f"{f['rule']} said {f['outcome']}: {f['score']:.4f} ({f['low']:.4f} to {f['high']:.4f}), "
            f"threshold {f['threshold']:.4f}", f"event {e.seq}",
        )  # fmt: skip
    yield from of_dataset(line, info.dataset)


def of_dataset(line: Line, dataset: ArtifactId) -> Iterator[Fact]:
    """Its rows and where they come from."""
    built = next(events(line, "dataset.built", about=dataset))
    f = built.facts
    yield Fact(f"trained on {f['train']} and tested on {f['test']} of {f['rows']} rows", f"event {built.seq}")
    kinds = Counter(kind_of(id) for id in built.inputs)
    yield Fact(f"made of {kinds['archive']} published sets and {kinds['record']} documents", f"event {built.seq}")
    names = {s.id: s.name for s in line.records.sources()}
    of = Counter(r.source for r in line.records.get_many(built.inputs).values())
    yield from (Fact(f"{n} of these documents are of {names.get(id, 'a source that is gone')}",
                     f"event {built.seq}") for id, n in of.items())  # fmt: skip


def of_service(line: Line) -> Iterator[Fact]:
    """Every change of what serves."""
    for e in events(line, "deployment.changed"):
        forced = ", against its gate" if e.facts.get("forced") else ""
        yield Fact(f"{iso(e.at)}: {e.inputs[0]} {e.facts['why']} as {e.facts['role']}{forced}", f"event {e.seq}")


def _born(line: Line, id: ArtifactId) -> int:
    return line.ledger.artifacts([id])[0].seq


def _latest(line: Line, verb: str, about: str) -> str:
    found = _last(events(line, verb, about=about))
    return f"event {found[0].seq}" if found else f"no event {verb}"


def _last(found: Iterator[Event]) -> list[Event]:
    """The last of them, alone."""
    last: list[Event] = []
    for event in found:
        last = [event]
    return last
