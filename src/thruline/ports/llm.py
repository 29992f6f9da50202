"""A chat model that speaks the OpenAI protocol, wherever it runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Mapping, Sequence
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
    """A part of a streamed reply. The last piece has a finish reason and, if the server counts, the tokens.

    tool_calls: the raw deltas of the protocol, to be passed on as they came.
    """

    text: str = ""
    finish: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    tool_calls: tuple[Mapping[str, Any], ...] = ()


class Body(Protocol):
    """Bytes as they come. Whoever stops before the end calls `aclose`."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Itself."""
        ...

    def __anext__(self) -> Awaitable[bytes]:
        """The next bytes, never empty; raises Unavailable when the server dies or is silent for too long."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Read no more; twice is as good as once."""
        ...


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """A reply passed on as the server gave it: its status, its end-to-end headers (lower-case) and its bytes."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: Body


class Llm(Protocol):
    """Streams a reply.

    Raises Unavailable when the server refuses, hangs past its deadline or dies mid-stream, Denied when it does not
    accept the key, Invalid when it does not accept the request, and Corrupt when what it sends is not the protocol.
    One instance serves any number of concurrent calls of one event loop.
    """

    info: LlmInfo

    def stream(self, messages: Sequence[Message], options: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """The reply piece by piece; options are the OpenAI request's other fields (temperature, max_tokens …).

        Whoever stops before the end calls `aclose` (`contextlib.aclosing`): the server then stops as well.
        """
        ...

    async def forward(self, body: bytes) -> Forwarded:
        """Send an OpenAI chat request as it is, and give the reply as it is, streamed or not, errors included."""
        ...

    def tokens(self, text: str) -> int | None:
        """How many tokens the model reads in a text; None where its tokenizer is not here. Safe from any thread."""
        ...

    async def close(self) -> None:
        """Close pooled connections, end a model that runs in this process; twice is as good as once."""
        ...
