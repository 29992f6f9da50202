"""Informed: what somebody has to be told beside the data themselves (GDPR article 15(1)), as a letter in plain words.

What the platform knows stands there; what only its operator knows is asked in it, never made up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from thruline.data.uses import uses
from thruline.flows.reports import DataOrigin, PersonReport

if TYPE_CHECKING:
    from thruline.flows.line import Line

MISSING = "**not stated**"
AUTOMATED = (
    "A program sorts documents when they come in: what looks dangerous, repeats another or breaks a rule of its source "
    "is kept out of answers. A person can release it.",
    "A program puts answers together out of documents that the asker may see. It decides nothing about anybody.",
)
RIGHTS = (
    "to have wrong data put right (art. 16) and incomplete data completed",
    "to have your data erased (art. 17), unless a law requires to keep them",
    "to have them kept and not used (art. 18)",
    "to be given them in a form that a program reads (art. 20)",
    "to object to their use (art. 21), and to withdraw a consent at any time",
    "to complain to a supervisory authority (art. 77)",
)
QUESTIONS = (
    "Who is responsible, and how are they reached? The data protection officer?",
    "Does your organisation decide anything about people by program alone? By which logic, with what effect (art. 22)?",
    "Do the services named above lie outside the EU? Under which safeguards (art. 46)?",
    "Which supervisory authority is responsible?",
)


def origins(line: Line, names: Collection[str]) -> tuple[DataOrigin, ...]:
    """Where documents of these sources come from, what for, who may see them and how long they stay."""
    open_ = "everything" if line.limits.purposes == "open" else "nothing"
    return tuple(
        DataOrigin(
            source=s.name, kind=s.kind, purpose=s.options.get("purpose", ""), basis=s.options.get("basis", ""),
            residency=s.options.get("residency", ""), uses=tuple(sorted(uses(s.options) or (open_,))), groups=s.groups,
            kept=s.options.get("keep", ""),
        )
        for s in line.records.sources() if s.name in names
    )  # fmt: skip


def letter(report: PersonReport, made: str) -> str:
    """The letter, as Markdown, for a person to complete and read before it is sent."""
    return "\n".join(_letter(report, made)) + "\n"


def _letter(report: PersonReport, made: str) -> Iterator[str]:
    yield f"# What we hold of you\n\nMade on {made}. Known here as: {', '.join(report.called)}."
    yield "\n## Where it comes from, what for, who may see it, how long it stays"
    for o in report.origins:
        many = sum(d.source == o.source for d in report.documents)
        yield f"\n### {o.source}\n"
        yield f"- {many} document{'s' * (many != 1)}, read from a source of the kind {o.kind}"
        yield f"- purpose: {o.purpose or MISSING}; legal basis: {o.basis or MISSING}"
        yield f"- may be used for: {', '.join(o.uses)}; lies in: {o.residency or MISSING}"
        yield f"- may be seen by: {', '.join(o.groups)}"
        yield f"- kept: {o.kept or 'as long as the source holds it'}"
    yield from _listed("Kinds of personal data that were found", report.kinds, "none by a program; read the documents")
    yield from _listed("Who was given answers out of it", report.recipients, "nobody")
    yield from _listed("Services outside that questions, texts or notices are sent to", report.outside, "none")
    learned = [*report.models, *report.sets]
    yield from _listed("Models and sets for training made of it", learned, "none")
    said = [f"{c.state} for {c.purpose} on {c.since}" for c in report.consents]
    yield from _listed("What you said of its use", said, "nothing is recorded")
    right = [f"{c.document}: {c.wrong!r} is {c.right!r}, since {c.since}" for c in report.corrections]
    yield from _listed("What was put right", right, "nothing")
    yield from _listed("What programs do with it", AUTOMATED, "")
    yield from _listed("Your rights", RIGHTS, "")
    yield from _listed("To be completed before this is sent", QUESTIONS, "")


def _listed(title: str, found: Sequence[str], none: str) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield from (f"- {one}" for one in found or (none,))
