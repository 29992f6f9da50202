"""A chat model that speaks the OpenAI protocol, wherever it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Message = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class LlmInfo:
    """Which model answers and where; no secret in it."""

    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a streamed reply. The last piece has a finish reason and, if the server counts, the tokens."""

    text: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0


class Llm(Protocol):
    """Streams a reply. Raises Unavailable when the server refuses, hangs past its deadline or dies mid-stream,
    and Corrupt when what it sends is not the protocol."""

    info: LlmInfo

    def stream(self, messages: Sequence[Message], options: Mapping[str, Any]) -> AsyncIterator[Piece]:
        """The reply piece by piece; options are the OpenAI request's other fields (temperature, max_tokens …)."""
        ...

    async def close(self) -> None:
        """Close pooled connections, end a model that runs in this process."""
        ...
