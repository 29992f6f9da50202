"""What both kinds of chat model share: the parts that a request needs, and the request itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import Receive, Send

from thruline.api.metrics import Metrics
from thruline.api.openai_shapes import Chat
from thruline.api.recording import called
from thruline.core.errors import ThrulineError
from thruline.core.nouns import Actor
from thruline.flows.line import Line
from thruline.ledger.group import GroupCommit
from thruline.ports.llm import Llm

ANSWERER = "thruline"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """llm: the configured model, of this event loop alone."""

    line: Line
    llm: Llm | None
    group: GroupCommit
    metrics: Metrics


@dataclass(frozen=True, kw_only=True)
class Call:
    """A chat request that was let in. guarded: whether the user's words are screened."""

    chat: Chat
    body: bytes
    actor: Actor
    guarded: bool
    receive: Receive
    send: Send
    began: float = field(default_factory=time.monotonic)


async def record_failure(gateway: Gateway, operation: str, call: Call, error: ThrulineError) -> None:
    """An answer that did not come about, on the audit trail."""
    await gateway.group.submit(lambda: [called(operation, call.actor, call.began, error)])
