"""What every chat model must do.

class TestMine(LlmSuite):
    @pytest.fixture
    def llm(self): ...
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing

import pytest

from thruline.core.errors import Invalid
from thruline.ports.llm import Llm, Message, Piece

ASK = [{"role": "user", "content": "Name three colours of the rainbow."}]
SHORT = {"temperature": 0, "max_tokens": 12}
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "maxLength": 40}},
    "required": ["answer"],
    "additionalProperties": False,
}


async def pieces(llm: Llm, messages: Sequence[Message], options: Mapping[str, object]) -> list[Piece]:
    """The whole reply, in its pieces."""
    return [piece async for piece in llm.stream(messages, options)]


def said(reply: list[Piece]) -> str:
    """The reply's text."""
    return "".join(piece.text for piece in reply)


class LlmSuite:
    """Subclass it with a fixture `llm`; each test gets a fresh one, which the suite closes."""

    def test_a_reply_comes_in_pieces_and_ends_with_a_reason_and_the_tokens(self, llm: Llm) -> None:
        async def check() -> None:
            reply = await pieces(llm, ASK, SHORT)
            assert len(reply) > 2
            assert said(reply)
            assert [bool(piece.finish) for piece in reply] == [False] * (len(reply) - 1) + [True]
            assert reply[-1].tokens_in > 0
            assert 0 < reply[-1].tokens_out <= 12
            await llm.close()

        asyncio.run(check())

    def test_a_reply_that_max_tokens_cuts_says_so(self, llm: Llm) -> None:
        async def check() -> None:
            reply = await pieces(llm, ASK, {"temperature": 0, "max_tokens": 2})
            assert reply[-1].finish == "length"
            await llm.close()

        asyncio.run(check())

    def test_the_same_request_at_temperature_0_gives_the_same_reply(self, llm: Llm) -> None:
        async def check() -> None:
            assert said(await pieces(llm, ASK, SHORT)) == said(await pieces(llm, ASK, SHORT))
            await llm.close()

        asyncio.run(check())

    def test_two_replies_at_once_do_not_mix(self, llm: Llm) -> None:
        other = [{"role": "user", "content": "Count from one to five."}]

        async def check() -> None:
            alone = [said(await pieces(llm, ask, SHORT)) for ask in (ASK, other)]
            together = await asyncio.gather(pieces(llm, ASK, SHORT), pieces(llm, other, SHORT))
            assert [said(reply) for reply in together] == alone
            await llm.close()

        asyncio.run(check())

    def test_a_reader_who_leaves_early_leaves_the_model_usable(self, llm: Llm) -> None:
        async def check() -> None:
            async with aclosing(llm.stream(ASK, {"temperature": 0, "max_tokens": 200})) as reply:
                assert (await anext(reply)).text
            assert said(await pieces(llm, ASK, SHORT))
            await llm.close()

        asyncio.run(check())

    def test_json_mode_gives_json_of_the_schema(self, llm: Llm) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}}

        async def check() -> None:
            reply = await pieces(llm, ASK, {"temperature": 0, "max_tokens": 80, "response_format": form})
            assert list(json.loads(said(reply))) == ["answer"]
            await llm.close()

        asyncio.run(check())

    def test_a_forwarded_request_comes_back_whole_in_the_protocol(self, llm: Llm) -> None:
        body = json.dumps({"model": llm.info.name, "messages": ASK, **SHORT}).encode()

        async def check() -> None:
            reply = await llm.forward(body)
            whole = json.loads(b"".join([portion async for portion in reply.body]))
            assert reply.status == 200
            assert whole["object"] == "chat.completion"
            assert whole["choices"][0]["message"]["content"] == said(await pieces(llm, ASK, SHORT))
            await llm.close()

        asyncio.run(check())

    def test_a_forwarded_stream_comes_back_as_events_up_to_done(self, llm: Llm) -> None:
        body = json.dumps({"model": llm.info.name, "messages": ASK, "stream": True, **SHORT}).encode()

        async def check() -> None:
            reply = await llm.forward(body)
            assert dict(reply.headers)[b"content-type"].startswith(b"text/event-stream")
            lines = b"".join([portion async for portion in reply.body]).split(b"\n\n")
            events = [json.loads(line[6:]) for line in lines if line.startswith(b"data: {")]
            assert all(event["object"] == "chat.completion.chunk" for event in events)
            assert b"data: [DONE]" in lines
            await llm.close()

        asyncio.run(check())

    def test_a_request_that_is_too_long_is_invalid(self, llm: Llm) -> None:
        async def check() -> None:
            with pytest.raises(Invalid):
                await pieces(llm, [{"role": "user", "content": "word " * 20_000}], SHORT)
            await llm.close()

        asyncio.run(check())

    def test_closing_twice_is_as_good_as_once(self, llm: Llm) -> None:
        async def check() -> None:
            await llm.close()
            await llm.close()

        asyncio.run(check())

    def test_tokens_are_counted_or_it_says_that_it_cannot(self, llm: Llm) -> None:
        async def check() -> None:
            short, long = llm.tokens("colours"), llm.tokens("three colours of the rainbow " * 20)
            assert (short is None) == (long is None)
            if short is not None and long is not None:
                assert 0 < short < 80 <= long
            await llm.close()

        asyncio.run(check())

    def test_info_names_the_model(self, llm: Llm) -> None:
        assert llm.info.name
        asyncio.run(llm.close())
