"""Papers: a draft of what a law asks for, from what the ledger and the tables say, signed, with the gaps as questions.

Each statement names where it comes from. What only a person can know is asked and never made up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from thruline.core.clock import iso
from thruline.core.errors import NotFound
from thruline.core.nouns import Draft
from thruline.flows import paper_ai_act, paper_cards, paper_dpia
from thruline.flows.paper_facts import Section, Settings
from thruline.flows.reports import PaperReport
from thruline.ledger.proof import sign_document

if TYPE_CHECKING:
    from thruline.flows.line import Line

PaperKind = Literal["dpia", "ai-act", "data-card", "model-card"]
Writes = Callable[["Line", Settings, str], list[Section]]
PAPERS: Mapping[str, tuple[str, Writes]] = {
    "dpia": ("Data protection impact assessment, draft (GDPR art. 35)", paper_dpia.sections),
    "ai-act": (
        "Data governance and technical documentation, draft (EU AI Act art. 10, annex IV)",
        paper_ai_act.sections,
    ),
    "data-card": ("Data cards", paper_cards.of_data),
    "model-card": ("Model cards", paper_cards.of_models),
}


def write(line: Line, kind: PaperKind, about: str, settings: Settings, actor: str) -> PaperReport:
    """A paper of this moment; raises NotFound where there is nothing to write about.

    about: a source or a model, for that one alone. Its digest goes on the ledger, so that a copy can be held against
    it later.
    """
    title, sections = PAPERS[kind]
    written = sections(line, settings, about)
    if not written:
        raise NotFound(f"there is nothing to write a {kind} about", hint="`thruline sources`, `thruline models`")
    head = line.ledger.head()
    body = {
        "what": "paper", "kind": kind, "title": title, "at": iso(line.clock.now()),
        "head": {"seq": head.seq, "hash": head.hash}, "sections": [section.as_json() for section in written],
    }  # fmt: skip
    digest = digest_of(body)
    facts = {"kind": kind, "digest": digest, "questions": sum(len(s.questions) for s in written)}
    line.ledger.append([Draft(verb="paper.written", facts=facts, actor=actor)])
    return PaperReport(digest=digest, **sign_document(line.signer, body))


def digest_of(body: Mapping[str, object]) -> str:
    """SHA-256 of a body's canonical JSON."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def markdown(report: PaperReport) -> str:
    """The paper for people."""
    body = report.body
    head = f"event {body['head']['seq']}, `{body['head']['hash'][:16]}`"
    draft = "A draft: what is asked is for a person to answer, and to sign."
    lines = [f"# {body['title']}", "", f"Written {body['at']} from the ledger up to {head}. {draft}"]
    for section in body["sections"]:
        lines += ["", f"## {section['title']}", ""]
        lines += [f"- {fact['says']} _({fact['from']})_" for fact in section["facts"]]
        lines += [f"- **To answer:** {question}" for question in section["questions"]]
    lines += ["", "---", "", f"SHA-256 of the paper: `{report.digest}`; signed by `{report.public_key}`. "
              "`thruline events --verb paper.written` holds it."]  # fmt: skip
    return "\n".join(lines) + "\n"


def as_file(report: PaperReport) -> tuple[str, str]:
    """A name for a file, and what stands in it."""
    return f"{report.body['kind']}-{report.body['at'][:10]}.md", markdown(report)
