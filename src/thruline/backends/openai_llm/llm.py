"""The chat model behind an OpenAI-compatible address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from thruline.backends.openai_llm.client import BUSY, Client, Limits, Reply, end_to_end
from thruline.backends.openai_llm.events import EventParser
from thruline.backends.openai_llm.pool import parse_address
from thruline.backends.openai_llm.protocol import Chunk, ErrorBody, Usage
from thruline.core.errors import Corrupt, Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.ports.llm import Forwarded, LlmInfo, Message, Piece

CHECK_ADDRESS = "the address must be that of an OpenAI-compatible API, mostly ending in /v1"
MAX_ERROR = 64 * 1024
DONE = b"[DONE]"

_chunk = msgspec.json.Decoder(Chunk)
_error = msgspec.json.Decoder(ErrorBody)


class OpenAiLlm:
    """Streams from, and forwards to, `{url}/chat/completions`.

    key gives the secret at each request, None where the server wants none; it is sent to that address only, and
    no error or repr shows it. first_byte_timeout_s covers loading and prefill; idle_timeout_s the time between two
    portions of a stream; deadline_s everything.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: Callable[[], str] | None = None,
        *,
        connect_timeout_s: float = 5.0,
        first_byte_timeout_s: float = 60.0,
        idle_timeout_s: float = 30.0,
        deadline_s: float = 300.0,
    ) -> None:
        address = parse_address(url)
        self.info = LlmInfo(name=model, url=url)
        self._at = f"the language model at {address.origin!r}"
        limits = Limits(
            connect_s=connect_timeout_s, first_byte_s=first_byte_timeout_s, idle_s=idle_timeout_s, deadline_s=deadline_s
        )
        self._key = key
        self._client = Client(address, key, limits)

    async def stream(self, messages: Sequence[Message], options: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """The reply piece by piece; closing the iterator early ends the connection."""
        request = {
            "stream_options": {"include_usage": True},
            **options,
            "model": self.info.name,
            "messages": messages,
            "stream": True,
        }
        reply = await self._client.post(msgspec.json.encode(request), accept=b"text/event-stream")
        await self._check(reply)
        async with aclosing(self._pieces(reply)) as pieces:
            async for piece in pieces:
                yield piece

    async def forward(self, body: bytes) -> Forwarded:
        """Send body, an OpenAI chat request, as it is; the reply comes as it is."""
        reply = await self._client.post(body)
        return Forwarded(status=reply.head.status, headers=end_to_end(reply.head), body=reply)

    def tokens(self, text: str) -> int | None:  # noqa: ARG002
        """None: the protocol has no way to ask."""
        return None

    async def close(self) -> None:
        """Close idle connections; the next call opens new ones."""
        self._client.close()
        await asyncio.sleep(0)  # transports end in the loop's next turn, which may be its last

    async def _check(self, reply: Reply) -> None:
        if reply.head.status != 200:
            raise self._refusal(reply.head.status, await reply.read(MAX_ERROR))
        kind = reply.head.header(b"content-type").partition(b";")[0].strip().decode("latin-1")
        if kind != "text/event-stream":
            await reply.aclose()
            raise Corrupt(f"{self._at} replied with {kind[:80]!r}, not an event stream", hint=CHECK_ADDRESS)

    async def _pieces(self, reply: Reply) -> AsyncGenerator[Piece, None]:
        """Pieces as they come; finish reason and tokens on a last one of their own."""
        parser, finish, usage = EventParser(), "", Usage()
        async with aclosing(reply):
            async for portion in reply:
                for event in parser.feed(portion):
                    if event == DONE:
                        continue
                    chunk = self._chunk(event)
                    usage = chunk.usage or usage
                    for choice in chunk.choices or ():
                        finish = choice.finish_reason or finish
                        if choice.delta.content or choice.delta.tool_calls:
                            yield Piece(
                                text=choice.delta.content or "", tool_calls=tuple(choice.delta.tool_calls or ())
                            )
        if not finish:
            raise Unavailable(f"{self._at} ended its reply before it was finished", hint="look at its log; try again")
        yield Piece(finish=finish, tokens_in=usage.prompt_tokens, tokens_out=usage.completion_tokens)

    def _chunk(self, event: bytes) -> Chunk:
        try:
            chunk = _chunk.decode(event)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Corrupt(f"{self._at} sent an event that is not a chat chunk", hint=CHECK_ADDRESS) from error
        if chunk.error is not None:
            raise Unavailable(f"{self._at} broke off: {self._said(event)}", hint="look at its log; try again")
        return chunk

    def _refusal(self, status: int, body: bytes) -> ThrulineError:
        said = f": {text}" if (text := self._said(body)) else ""
        if status in (401, 403):
            # What it says may quote the key.
            return Denied(f"{self._at} did not accept the key ({status})", hint="check the key's reference, llm.key")
        if status == 404:
            hint = f"{CHECK_ADDRESS}, and the model {self.info.name!r} be one of its /models"
            return NotFound(f"{self._at} has no such page or model ({status})", hint=hint)
        if status in BUSY:
            return Unavailable(f"{self._at} is overloaded or failing ({status}){said}", hint="try again later")
        if 400 <= status < 500:
            return Invalid(f"{self._at} refused the request ({status}){said}", hint="shorten it, or check its options")
        return Corrupt(f"{self._at} answered with status {status}", hint=CHECK_ADDRESS)

    def _said(self, body: bytes) -> str:
        """The server's own message, in one short line without the key; empty where it is not the protocol's error."""
        try:
            message = _error.decode(body).message()
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        secret = self._key() if self._key is not None else ""
        return " ".join((message.replace(secret, "***") if secret else message).split())[:200]
