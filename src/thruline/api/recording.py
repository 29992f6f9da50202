"""What the gateway puts on the ledger: answers, and calls that came to nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from thruline.core.clock import iso
from thruline.core.errors import ThrulineError
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft
from thruline.data import privacy
from thruline.flows.answer import keep
from thruline.flows.line import Line
from thruline.flows.reports import AnswerReport, Outcome
from thruline.guard.screen import Screened

ASK, PASS, EMBED, RERANK = "vectors.ask", "gateway.chat", "gateway.embed", "gateway.rerank"


@dataclass(frozen=True, kw_only=True)
class Relayed:
    """An answer of the configured model, passed on without documents."""

    id: ArtifactId
    actor: Actor
    question: str
    text: str
    outcome: Outcome
    model: str
    tokens_in: int
    tokens_out: int
    screened: Screened
    began: float


def called(operation: str, actor: Actor, began: float, error: ThrulineError | None = None) -> Draft:
    """The line of the audit trail; began as time.monotonic gives it."""
    facts: dict[str, Fact] = {
        "operation": operation, "outcome": "failed" if error else "done", "error": error.code if error else "none",
        "ms": round((time.monotonic() - began) * 1000), "via": "openai",
    }  # fmt: skip
    return Draft(verb="operation.called", facts=facts, actor=actor.id)


def relayed(line: Line, said: Relayed) -> Sequence[Draft]:
    """Keeps prompt and reply, erasable, as any answer is kept; gives the events about them."""
    now, ms = line.clock.now(), round((time.monotonic() - said.began) * 1000, 1)
    report = AnswerReport(
        id=said.id, question=said.question, outcome=said.outcome, text=said.text, sentences=(), passages=(),
        mode="passthrough", model=said.model, generation="", embedder="", risk=round(said.screened.score, 4),
        asked=iso(now), asker=said.actor.name, ms=ms,
    )  # fmt: skip
    digest = keep(line, report, said.actor.id, privacy.find_mentions(said.question))
    facts: dict[str, Fact] = {
        "outcome": said.outcome, "cited": 0, "context": 0, "mode": "passthrough", "tokens_in": said.tokens_in,
        "tokens_out": said.tokens_out, "payload": digest, "ms": ms,
    }  # fmt: skip
    model = line.ids.artifact("model", "llm", said.model)
    given = Draft(verb="answer.given", inputs=(model,), outputs=(said.id,), facts=facts, actor=said.actor.id)
    return [*_judged(said), given]


def _judged(said: Relayed) -> list[Draft]:
    screened = said.screened
    if screened.outcome == "passed":
        return []
    facts: dict[str, Fact] = {
        "outcome": screened.outcome, "score": screened.score, "threshold": screened.threshold,
    }  # fmt: skip
    return [Draft(verb="prompt.screened", outputs=(said.id,), facts=facts, actor=said.actor.id)]
