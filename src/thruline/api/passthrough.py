"""The configured model under its own name: requests and replies as they are, with a receipt for each answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

import msgspec
from starlette.concurrency import run_in_threadpool

from thruline.api.gateway import Call, Gateway, record_failure
from thruline.api.openai_shapes import (
    BadParameter,
    Chunks,
    Reply,
    Tokens,
    completion,
    decode_reply,
    encode,
    error_event,
    read_fields,
    usage_of,
)
from thruline.api.recording import PASS, Relayed, relayed
from thruline.api.wire import ClientGone, EventStream, WhileConnected, send_whole
from thruline.core.errors import Corrupt, ThrulineError, Unavailable
from thruline.core.ids import ArtifactId, random_id
from thruline.flows.reports import Outcome
from thruline.flows.words import REFUSED
from thruline.guard.screen import Screened
from thruline.ports.llm import Forwarded, Llm

MAX_REPLY = 64 * 1024 * 1024
MAX_EVENT = 1 << 20
UNSCREENED = Screened(outcome="passed", score=0.0, threshold=1.0)
DONE = b"[DONE]"
THEIR_FAULT = frozenset((400, 413, 422))
_message = msgspec.json.Decoder(dict[str, object])


@dataclass(kw_only=True)
class _Said:
    """What came so far."""

    id: ArtifactId
    screened: Screened
    parts: list[str] = field(default_factory=list)
    tokens: Tokens = field(default_factory=Tokens)
    is_finished: bool = False
    is_started: bool = False

    def hear(self, reply: Reply) -> None:
        if reply.usage:
            self.tokens = reply.usage
        for choice in reply.choices:
            if text := choice.text:
                self.parts.append(text)
            if choice.finish_reason:
                self.is_finished = True


async def relay(gateway: Gateway, call: Call) -> None:
    """Pass a request on and its reply back; the reply's last byte waits for the receipt."""
    llm = gateway.llm
    assert llm is not None
    said = _Said(id=random_id("answer"), screened=await _screen(gateway, call))
    if said.screened.outcome == "failed":
        await _refuse(gateway, call, said)
        return
    try:
        async with WhileConnected(call.receive):
            await _exchange(gateway, llm, call, said)
    except ClientGone:
        await _keep(gateway, call, said, "interrupted")
    except ThrulineError as error:
        await record_failure(gateway, PASS, call, error)
        raise


async def _exchange(gateway: Gateway, llm: Llm, call: Call, said: _Said) -> None:
    strip_usage = bool(call.chat.stream) and not call.chat.wants_usage
    reply = await llm.forward(_with_usage(call.body) if strip_usage else call.body)
    async with aclosing(reply.body):
        kind = next((v for k, v in reply.headers if k == b"content-type"), b"")
        if reply.status != 200:
            raise _refusal(reply.status, await _read(reply))
        if kind.startswith(b"text/event-stream"):
            await _stream(gateway, call, said, reply, strip_usage)
        else:
            await _whole(gateway, call, said, await _read(reply))


async def _whole(gateway: Gateway, call: Call, said: _Said, body: bytes) -> None:
    said.hear(_decode(body))
    await _keep(gateway, call, said, "answered")
    await send_whole(call.send, 200, body, {"x-receipt-id": said.id})


async def _stream(gateway: Gateway, call: Call, said: _Said, reply: Forwarded, strip_usage: bool) -> None:
    stream = EventStream(call.send)
    try:
        async for events in _events(reply.body):
            passed, failure = _pass(said, events, strip_usage)
            if passed and not said.is_started:
                said.is_started = True
                await stream.start({"x-receipt-id": said.id})
            await stream.raw(passed)
            if failure:
                raise failure
        if not said.is_finished:
            raise Unavailable("the language model ended its reply before it was finished", hint="try again")
    except ThrulineError as error:
        if not said.is_started:
            raise
        await _keep(gateway, call, said, "interrupted")
        await stream.end(error_event(error))
        return
    await _keep(gateway, call, said, "answered")
    await stream.end(b"data: [DONE]\n\n")


def _pass(said: _Said, events: list[bytes], strip_usage: bool) -> tuple[bytes, ThrulineError | None]:
    """What the client is to get, up to the first event that is none; the mark of the end waits for the receipt."""
    passed: list[bytes] = []
    for event in events:
        data = event[6:] if event.startswith(b"data: ") and b"\n" not in event else _data(event)
        if data == DONE:
            continue
        if data:
            try:
                reply = _decode(data)
            except ThrulineError as error:
                return _joined(passed), error
            said.hear(reply)
            if strip_usage and reply.usage and not reply.choices:
                continue
        passed.append(event)
    return _joined(passed), None


def _joined(events: list[bytes]) -> bytes:
    return b"\n\n".join((*events, b""))


async def _events(body: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Whole events without the blank line after them, as many as each portion completes."""
    rest = b""
    async for portion in body:
        *whole, rest = (rest + portion).replace(b"\r\n", b"\n").split(b"\n\n")
        if len(rest) > MAX_EVENT:
            raise Corrupt(f"one event of the reply is larger than {MAX_EVENT} bytes", hint="is this a chat model?")
        if whole:
            yield whole


def _data(event: bytes) -> bytes:
    """What an event says; nothing for a comment."""
    lines = (line for line in event.split(b"\n") if line.startswith(b"data:"))
    return b"\n".join(line[5:].removeprefix(b" ") for line in lines)


async def _screen(gateway: Gateway, call: Call) -> Screened:
    if not call.guarded or not call.chat.question:
        return UNSCREENED
    return await run_in_threadpool(gateway.line.screen.prompt, call.chat.question)


async def _refuse(gateway: Gateway, call: Call, said: _Said) -> None:
    said.parts.append(REFUSED)
    await _keep(gateway, call, said, "refused")
    id, headers = f"chatcmpl-{said.id.partition(':')[2]}", {"x-receipt-id": said.id}
    made, usage, extra = int(time.time()), usage_of(0, 0), {"receipt": said.id, "outcome": "refused"}
    if not call.chat.stream:
        body = completion(
            id=id, made=made, model=call.chat.model, text=REFUSED, finish="content_filter", usage=usage, extra=extra
        )
        await send_whole(call.send, 200, body, headers)
        return
    stream = EventStream(call.send)
    chunks = Chunks(id, made, call.chat.model, with_usage=call.chat.wants_usage)
    await stream.start(headers)
    await stream.end(chunks.first() + chunks.text(REFUSED) + chunks.last("content_filter", usage, extra))


async def _keep(gateway: Gateway, call: Call, said: _Said, outcome: Outcome) -> None:
    answer = Relayed(
        id=said.id, actor=call.actor, question=call.chat.question, text="".join(said.parts), outcome=outcome,
        model=call.chat.model, tokens_in=said.tokens.prompt_tokens, tokens_out=said.tokens.completion_tokens,
        screened=said.screened, began=call.began,
    )  # fmt: skip
    await gateway.group.submit(lambda: relayed(gateway.line, answer))
    gateway.metrics.answer(outcome)


async def _read(reply: Forwarded) -> bytes:
    body = bytearray()
    async for portion in reply.body:
        body += portion
        if len(body) > MAX_REPLY:
            raise Corrupt("the reply of the language model does not end", hint="is this a chat model?")
    return bytes(body)


def _decode(data: bytes) -> Reply:
    try:
        return decode_reply(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if said := _their_words(data):
            raise Unavailable(f"the language model broke off: {said}", hint="try again") from error
        raise Corrupt("the language model sent what is not a chat reply", hint="check answer.llm_url") from error


def _refusal(status: int, body: bytes) -> ThrulineError:
    """Their refusal in our words. A key that they do not accept is ours, not the client's."""
    said = _their_words(body)
    if status in THEIR_FAULT:
        return BadParameter(said or "the language model refused the request", param="")
    if status in (401, 403):
        return Unavailable("the language model does not accept the gateway's key", hint="check answer.llm_key")
    if status == 404:
        return Unavailable(
            "the language model's server does not know it", hint="check answer.llm_url, answer.llm_model"
        )
    return Unavailable(f"the language model is overloaded or failing ({status})", hint="try again later")


def _their_words(body: bytes) -> str:
    try:
        error = _message.decode(body).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    text = error.get("message") if isinstance(error, dict) else error
    return " ".join(text.split())[:300] if isinstance(text, str) else ""


def _with_usage(body: bytes) -> bytes:
    """The same request, asking for the tokens at the end of the stream."""
    return encode(read_fields(body) | {"stream_options": {"include_usage": True}})
