"""A language model server that hangs, dies or talks rubbish: one clear sentence, no secret, and never a wrong answer."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.openai_llm import OpenAiLlm
from thruline.backends.openai_llm.events import EventParser
from thruline.core.errors import Corrupt, Denied, Invalid, ThrulineError, Unavailable
from thruline.ports.llm import Piece
from thruline.testing.fake_llm import Day, FakeLlm

ASK = [{"role": "user", "content": "say something short"}]
SECRET = "sk-very-secret-0123456789"


def llm(url: str, key: Callable[[], str] = lambda: SECRET) -> OpenAiLlm:
    return OpenAiLlm(url, "fake", key, connect_timeout_s=5, first_byte_timeout_s=0.5, idle_timeout_s=0.5, deadline_s=10)


async def read(model: OpenAiLlm) -> list[Piece]:
    try:
        return [piece async for piece in model.stream(ASK, {})]
    finally:
        await model.close()


def failure(*script: Day) -> tuple[ThrulineError, FakeLlm]:
    with FakeLlm(*script) as fake, pytest.raises(ThrulineError) as caught:
        asyncio.run(read(llm(fake.url)))
    return caught.value, fake


@pytest.mark.parametrize(
    ("day", "kind", "says"),
    [
        ("hang", Unavailable, "no first byte"),
        ("hang_after_head", Unavailable, "fell silent"),
        ("idle_mid_stream", Unavailable, "fell silent"),
        ("die", Unavailable, "hung up before"),
        ("die_mid_stream", Unavailable, "hung up in the middle"),
        ("cut_short", Unavailable, "before it was finished"),
        ("error_mid_stream", Unavailable, "out of memory"),
        ("rubbish", Corrupt, "not a chat chunk"),
        ("html", Corrupt, "text/html"),
        ("not_http", Corrupt, "not HTTP"),
        ("long_line", Corrupt, "larger than"),
        ("unauthorized", Denied, "did not accept the key"),
        ("bad_request", Invalid, "4096 tokens"),
    ],
)
def test_a_bad_day_is_one_error_with_a_hint_and_without_the_key(day: Day, kind: type[ThrulineError], says: str) -> None:
    error, fake = failure(day)
    assert type(error) is kind
    assert says in error.message
    assert error.hint
    assert SECRET not in f"{error!r} {error.as_problem()} {error.__cause__!r}"
    assert len(fake.requests) == 1


def test_a_server_that_drips_byte_by_byte_is_read_whole() -> None:
    with FakeLlm("drip") as fake:
        reply = asyncio.run(read(llm(fake.url)))
    assert "".join(piece.text for piece in reply) == "You said: say something short"


def test_a_busy_server_is_asked_again_before_the_first_byte() -> None:
    with FakeLlm("rate_limited", "error", "ok") as fake:
        reply = asyncio.run(read(llm(fake.url)))
    assert reply[-1].finish == "stop"
    assert len(fake.requests) == 3


def test_a_server_that_stays_busy_is_asked_three_times_in_all() -> None:
    error, fake = failure("error", "error", "error", "ok")
    assert type(error) is Unavailable
    assert "CUDA error" in error.message
    assert len(fake.requests) == 3


def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    with FakeLlm("rate_limited", retry_after="3600") as fake, pytest.raises(Unavailable):
        asyncio.run(read(llm(fake.url)))
    assert len(fake.requests) == 1


def test_a_reply_that_began_is_never_asked_for_again() -> None:
    _, fake = failure("die_mid_stream", "ok")
    assert len(fake.requests) == 1


def test_connections_are_kept_for_the_next_request() -> None:
    async def three(url: str) -> None:
        model = llm(url)
        for _ in range(3):
            assert [piece async for piece in model.stream(ASK, {})]
        await model.close()

    with FakeLlm() as fake:
        asyncio.run(three(fake.url))
    assert (fake.connections, len(fake.requests)) == (1, 3)


def test_a_pooled_connection_that_the_server_closed_costs_nothing() -> None:
    async def twice(url: str) -> list[Piece]:
        model = llm(url)
        assert [piece async for piece in model.stream(ASK, {})]
        return await read(model)

    with FakeLlm("ok", "die", "ok") as fake:
        reply = asyncio.run(twice(fake.url))
    assert reply[-1].finish == "stop"
    assert len(fake.requests) == 3


def test_one_model_serves_one_event_loop_after_another() -> None:
    with FakeLlm() as fake:
        model = llm(fake.url)
        assert asyncio.run(read(model)) == asyncio.run(read(model))


def test_two_hundred_questions_at_once_each_get_their_answer() -> None:
    async def ask(model: OpenAiLlm, i: int) -> str:
        messages = [{"role": "user", "content": f"question {i}"}]
        return "".join([piece.text async for piece in model.stream(messages, {})])

    async def everybody(url: str) -> list[str]:
        model = llm(url)
        said = await asyncio.gather(*(ask(model, i) for i in range(200)))
        await model.close()
        return said

    with FakeLlm() as fake:
        assert asyncio.run(everybody(fake.url)) == [f"You said: question {i}" for i in range(200)]


def test_a_forwarded_error_comes_as_the_server_gave_it() -> None:
    async def forward(url: str) -> tuple[int, bytes]:
        model = llm(url)
        reply = await model.forward(json.dumps({"messages": ASK}).encode())
        body = b"".join([portion async for portion in reply.body])
        await model.close()
        return reply.status, body

    with FakeLlm("bad_request") as fake:
        status, body = asyncio.run(forward(fake.url))
    assert status == 400
    assert "maximum context length" in json.loads(body)["error"]["message"]


def test_the_key_is_sent_as_a_bearer_token_and_shown_nowhere() -> None:
    with FakeLlm() as fake:
        model = llm(fake.url)
        asyncio.run(read(model))
    assert fake.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in f"{model!r} {model.info!r}"


@pytest.mark.parametrize("key", ["two words", "line\r\nx-evil: 1", "\u00fcmlaut"])
def test_a_key_that_would_break_the_request_is_refused_without_being_shown(key: str) -> None:
    with FakeLlm() as fake, pytest.raises(Invalid) as caught:
        asyncio.run(read(llm(fake.url, lambda: key)))
    assert key not in str(caught.value)
    assert fake.requests == []


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/v1", "http://", "http://a:99999/v1", "http://a b/v1"])
def test_what_is_not_an_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid):
        llm(url)


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(Invalid) as caught:
        llm("https://user:hunter2@example.org/v1")
    assert "hunter2" not in f"{caught.value!r}{caught.value.hint}"


def test_nothing_that_listens_is_said_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with pytest.raises(Unavailable, match="nothing listens"):
            asyncio.run(read(llm(url)))


def test_a_host_that_is_not_there_is_said_so() -> None:
    with pytest.raises(Unavailable, match="there is no host"):
        asyncio.run(read(llm("http://nowhere.invalid/v1")))


def test_tls_to_a_server_without_it_is_said_so() -> None:
    with FakeLlm() as fake, pytest.raises(Unavailable):
        asyncio.run(read(llm(fake.url.replace("http:", "https:"))))


EVENTS = st.lists(st.text(alphabet="abc \u00e9\u20ac{}:", min_size=1, max_size=12), max_size=8)


@given(EVENTS, st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 400), max_size=12))
def test_events_are_the_same_however_the_bytes_are_cut(data: list[str], newline: str, cuts: list[int]) -> None:
    lines = [f": ping{newline}{newline}event: x{newline}data: {one}{newline}{newline}" for one in data]
    stream = "".join(lines).encode()
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    parser = EventParser()
    found = [event for a, b in pairwise(edges) for event in parser.feed(stream[a:b])]
    assert found == [one.encode() for one in data]
