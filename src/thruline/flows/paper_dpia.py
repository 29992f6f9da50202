"""The draft of a data protection impact assessment: GDPR article 35(7), letter by letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from thruline.data.policies import policy
from thruline.flows import paper_facts as told
from thruline.flows.paper_facts import Fact, Section, Settings

if TYPE_CHECKING:
    from thruline.flows.line import Line


def sections(line: Line, settings: Settings, about: str) -> list[Section]:
    """The whole of it; about: one source, or all."""
    sources = [s for s in line.records.sources() if about in ("", s.name, s.id)]
    if not sources:
        return []
    return [
        Section(
            title="(a) What is processed, and why",
            facts=[fact for s in sources for fact in told.of_source(line, s)],
            questions=[question for s in sources for question in told.stated(s)],
        ),
        Section(title="(a) Personal data met", facts=[f for s in sources for f in told.of_people(line, s)]),
        Section(title="(a) Recipients", facts=list(_recipients(line, settings)), questions=_RECIPIENTS),
        Section(title="(b) Necessity and proportionality", questions=_NECESSITY),
        Section(title="(c) Risks that were measured", facts=list(_risks(line, settings)), questions=_RISKS),
        Section(title="(d) Measures switched on", facts=list(told.of_measures(line, settings))),
        Section(title="(d) Rights of people", facts=list(told.of_rights(line)), questions=_RIGHTS),
        Section(title="Advice and decision", questions=_DECISION),
    ]  # fmt: skip


def _recipients(line: Line, settings: Settings) -> Iterator[Fact]:
    users = line.access.users()
    yield Fact(f"{len(users)} users may ask", "operation guard.users")
    groups = sorted({group for s in line.records.sources() for group in s.groups})
    yield Fact(f"groups that see a source: {', '.join(groups)}", "operation data.sources")
    outside = ", ".join(settings.outside) or "nobody: nothing is sent anywhere"
    yield Fact(f"services outside: {outside}", "settings answer, embed and notify")


def _risks(line: Line, settings: Settings) -> Iterator[Fact]:
    """What stands in the ledger of what went wrong, or could."""
    for source in line.records.sources():
        kinds = line.subjects.kinds_in(source.id)
        shown = sorted(kinds.keys() - policy(source.options).mask)
        if shown:
            yield Fact(f"{source.name}: answers may show {', '.join(shown)}", "options of the source")
        yield from told.of_hiding(line, source)
    reasons = Counter(str(e.facts["reason"]) for e in told.events(line, "record.quarantined"))
    yield from (Fact(f"documents taken out for {r.replace('_', ' ')}: {n}", "events record.quarantined")
                for r, n in sorted(reasons.items()))  # fmt: skip
    judged = Counter(str(e.facts["outcome"]) for e in told.events(line, "prompt.screened"))
    yield Fact(f"questions that read like an attack: {judged['failed']} refused, {judged['warned']} let through with a "
               "warning", "events prompt.screened")  # fmt: skip
    left = sum(int(e.facts.get("residue", 0)) for e in told.events(line, "erase.done"))
    done = sum(1 for _ in told.events(line, "erase.done"))
    yield Fact(f"{done} erasures left {left} places", "events erase.done")
    if serving := line.registry.serving("detector"):
        yield from (fact for fact in told.of_model(line, serving) if "interval" in fact.says)
    yield Fact(f"names are found by the detector {settings.names!r}", "setting guard.names")


_RECIPIENTS = ("Does any recipient lie outside the EEA, and under which safeguard (art. 44-49)?",)
_NECESSITY = (
    "Why is each purpose not reached with less personal data?",
    "How were the people informed (art. 13, 14)?",
    "Are special categories (art. 9) or children's data in it, and on which ground?",
    "Is a decision with legal effect taken on an answer alone (art. 22)?",
)
_RISKS = (
    "How likely and how severe is each risk for the people concerned?",
    "How much personal data does the detection miss in documents of yours? Read a sample: figures of published sets "
    "are not figures of yours.",
    "Who may open the machine, its backups and the file with the master key?",
)
_RIGHTS = ("Who answers a request within one month, and how is the person identified?",)
_DECISION = (
    "Who is the controller, and the data protection officer?",
    "What did the data protection officer advise (art. 35(2))?",
    "Were the people or their representatives heard (art. 35(9))?",
    "Is a high risk left, so that the authority must be asked (art. 36)?",
    "Who decides, when, and when is this reviewed (art. 35(11))?",
)
