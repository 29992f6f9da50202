"""The draft for the EU AI Act: data governance (article 10) and technical documentation (annex IV)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from thruline import __version__
from thruline.core.ids import ArtifactId
from thruline.flows import INDEX
from thruline.flows import paper_facts as told
from thruline.flows.paper_facts import Fact, Section, Settings

if TYPE_CHECKING:
    from thruline.flows.line import Line


def sections(line: Line, settings: Settings, about: str) -> list[Section]:
    """Article 10 and annex IV; about: one model, or all that serve."""
    known = [m.id for m in line.registry.models() if about == m.id or (not about and m.serves)]
    if about and not known:
        return []
    sources = line.records.sources()
    return [
        Section(title="Annex IV 1. The system", facts=list(_system(line, settings)), questions=_SYSTEM),
        Section(
            title="Art. 10(2)(b), annex IV 2(d). Where the data comes from",
            facts=[f for s in sources for f in told.of_source(line, s)],
            questions=[question for s in sources for question in told.stated(s)],
        ),
        Section(title="Art. 10(2)(c). How the data was prepared", facts=list(_preparation(line))),
        Section(
            title="Art. 10(2)(f)-(h), 10(5). Bias, gaps, personal data",
            facts=[f for s in sources for f in told.of_people(line, s)], questions=_BIAS,
        ),
        *(Section(title=f"Annex IV 2(e)-(g). The model {id}", facts=list(told.of_model(line, ArtifactId(id))))
          for id in known),
        Section(title="Annex IV 3. Monitoring and control", facts=list(_monitoring(line)), questions=_MONITORING),
        Section(title="Art. 14. Human oversight", facts=list(_oversight(line)), questions=_OVERSIGHT),
        Section(title="Art. 15. Security", facts=list(told.of_measures(line, settings))),
        Section(title="Annex IV 6. Changes", facts=list(_changes(line))),
        Section(title="Annex IV 5, 7-9. Left to the provider", questions=_PROVIDER),
    ]  # fmt: skip


def _system(line: Line, settings: Settings) -> Iterator[Fact]:
    yield Fact(f"thruline {__version__}", "operation ledger.status")
    generation = line.generations.active(INDEX)
    if generation:
        chunks = line.generations.get(generation).chunks
        yield Fact(f"answers rest on {chunks} passages of the index version {generation}", "events index.switched")
    yield Fact(f"answers are made by the mode {line.limits.mode}", "setting answer.mode")
    yield Fact(f"services outside: {', '.join(settings.outside) or 'none'}", "settings answer, embed and notify")


def _preparation(line: Line) -> Iterator[Fact]:
    for e in told.events(line, "corpus.exported"):
        f = e.facts
        out = f"{f['repeated']} repeated, {f['failing']} failing a rule, {f['contaminated']} of the test"
        yield Fact(f"a set of {f['rows']} documents; left out: {out}", f"event {e.seq}")
    for e in told.events(line, "contract.checked"):
        f = e.facts
        yield Fact(f"a table of {f['rows']} rows under its contract: {f['quarantined']} kept out, {f['failed']} rules "
                   "broken", f"event {e.seq}")  # fmt: skip
    repeated = sum(1 for _ in told.events(line, "record.duplicate"))
    yield Fact(f"documents that repeat another, kept as an edge: {repeated}", "events record.duplicate")


def _monitoring(line: Line) -> Iterator[Fact]:
    given = Counter(str(e.facts["outcome"]) for e in told.events(line, "answer.given"))
    yield from (Fact(f"answers {outcome}: {n}", "events answer.given") for outcome, n in sorted(given.items()))
    judged = Counter(str(e.facts["outcome"]) for e in told.events(line, "prompt.screened"))
    yield from (
        Fact(f"questions screened, {outcome}: {n}", "events prompt.screened") for outcome, n in sorted(judged.items())
    )
    yield from told.of_service(line)


def _oversight(line: Line) -> Iterator[Fact]:
    roles = Counter(user.role for user in line.access.users())
    yield from (Fact(f"users with the role {role}: {n}", "operation guard.users") for role, n in sorted(roles.items()))
    acted = Counter(str(e.facts["operation"]) for e in told.events(line, "operation.called"))
    for name in (
        "data.quarantine",
        "data.release",
        "models.promote",
        "models.rollback",
        "data.erase",
        "vectors.replay",
    ):
        yield Fact(f"{name} was called {acted[name]} times", "events operation.called")


def _changes(line: Line) -> Iterator[Fact]:
    yield from told.of_service(line)
    switched = Counter(str(e.facts["why"]) for e in told.events(line, "index.switched"))
    yield from (Fact(f"index versions by {why}: {n}", "events index.switched") for why, n in sorted(switched.items()))


_SYSTEM = (
    "What is the system's intended purpose, and who is its provider and its deployer?",
    "Is it a high-risk system (annex III), and why or why not?",
    "On which hardware is it meant to run, and how is it given to users?",
)
_BIAS = (
    "Which groups of people are missing from the documents, or stand there in a distorted way?",
    "Which assumptions were made about what the data measures and represents (art. 10(2)(d))?",
    "If special categories are processed to correct bias, why is it strictly necessary (art. 10(5))?",
)
_MONITORING = ("In which situations is the system known to be wrong, and what may come of it?",)
_OVERSIGHT = ("Who watches it, with which training, and who may stop it?",)
_PROVIDER = (
    "What is the risk management system (art. 9)?",
    "Which harmonised standards are applied, in full or in part?",
    "Where is the EU declaration of conformity?",
    "How is it watched after it is on the market (art. 72)?",
)
