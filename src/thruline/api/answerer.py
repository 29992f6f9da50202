"""The model `thruline`: the last question of a chat, answered from the documents that its asker may see."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool

from thruline.api.filters import filters_of
from thruline.api.gateway import ANSWERER, Call, Gateway, record_failure
from thruline.api.openai_shapes import BadParameter, Chat, Chunks, completion, error_event, read_as, usage_of
from thruline.api.recording import ASK, called
from thruline.api.wire import ClientGone, EventStream, WhileConnected, send_whole
from thruline.core.errors import ThrulineError
from thruline.core.nouns import Draft
from thruline.flows.answer import finish, prepare
from thruline.flows.budget import uncounted
from thruline.flows.reports import AnswerReport, Filters
from thruline.flows.words import ANSWER_TOKENS, Asked, Words, by_extract, by_words, said_already
from thruline.ports.llm import Piece
from thruline.vectors.context import TOKENS_A_WORD

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_SENTENCE = re.compile(r".+?(?:\[\d+\])+\s*|.+", re.DOTALL)
_FOR_THE_MODEL = (
    "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "seed", "presence_penalty",
    "frequency_penalty", "logit_bias", "response_format", "reasoning_effort", "verbosity",
)  # fmt: skip
_NOT_EXTRACTIVE = ("stop", "reasoning_effort", "verbosity", "logit_bias")
_NEVER = (
    "tools", "functions", "function_call", "logprobs", "top_logprobs", "audio", "prediction", "web_search_options",
)  # fmt: skip

_Count = Annotated[int, Meta(ge=1)] | None
_Penalty = Annotated[float, Meta(ge=-2, le=2)] | None


class Question(Chat, forbid_unknown_fields=True, kw_only=True):
    """Every parameter that OpenAI knows; those without effect there have none here either."""

    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: _Count = None
    max_completion_tokens: _Count = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: _Penalty = None
    frequency_penalty: _Penalty = None
    logit_bias: dict[str, float] | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    n: int | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    functions: list[Any] | None = None
    function_call: Any = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    modalities: list[str] | None = None
    audio: Any = None
    prediction: Any = None
    web_search_options: Any = None
    parallel_tool_calls: bool | None = None
    user: Any = None
    metadata: Any = None
    store: Any = None
    service_tier: Any = None
    safety_identifier: Any = None
    prompt_cache_key: Any = None
    prompt_cache_retention: Any = None


_question = msgspec.json.Decoder(Question)


@dataclass(kw_only=True)
class _Speech:
    """What was said so far. fixed: words that were known before the first of them was sent. is_prose: not JSON."""

    fixed: Words | None = None
    parts: list[str] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0
    finish: str = "stop"
    is_started: bool = False
    is_prose: bool = True

    def hear(self, piece: Piece) -> None:
        self.parts.append(piece.text)
        self.tokens_in, self.tokens_out = piece.tokens_in or self.tokens_in, piece.tokens_out or self.tokens_out
        self.finish = piece.finish or self.finish

    @property
    def text(self) -> str:
        return "".join(self.parts)


def read_question(call: Call, *, has_llm: bool) -> Question:
    """The request; raises BadParameter for what this model cannot do."""
    asked: Question = read_as(_question, call.body)
    refused = [name for name in _NEVER if getattr(asked, name)]
    refused += ["n"] if asked.n not in (None, 1) else []
    refused += ["tool_choice"] if asked.tool_choice not in (None, "none", "auto") else []
    refused += ["modalities"] if asked.modalities not in (None, ["text"]) else []
    if not has_llm:
        refused += [name for name in _NOT_EXTRACTIVE if getattr(asked, name)]
        refused += ["response_format"] if (asked.response_format or {}).get("type", "text") != "text" else []
    if refused:
        raise BadParameter(
            f"the model {ANSWERER!r} does not take {refused[0]!r}", param=refused[0], code="unsupported_parameter"
        )
    _check_messages(asked)
    return asked


async def answer(gateway: Gateway, call: Call) -> None:
    """Answer a chat request, streamed if it says so, with a receipt."""
    request = read_question(call, has_llm=_is_llm(gateway))
    filters = await run_in_threadpool(filters_of, gateway.line, call.actor, request.metadata)
    asked = await run_in_threadpool(_prepared, gateway, call, request.question, filters)
    speech = await _begin(gateway, asked, request)
    speak = _stream if request.stream else _whole
    try:
        async with WhileConnected(call.receive):
            await speak(gateway, call, request, asked, speech)
    except ClientGone:
        await _keep(gateway, call, asked, _words(gateway, asked, speech, whole=False))


def _prepared(gateway: Gateway, call: Call, question: str, filters: Filters) -> Asked:
    tokens = gateway.llm.tokens if gateway.llm is not None else uncounted
    return prepare(gateway.line, call.actor, question, filters=filters, tokens=tokens)


async def _whole(gateway: Gateway, call: Call, request: Question, asked: Asked, speech: _Speech) -> None:
    try:
        async with aclosing(_pieces(gateway, asked, request, speech)) as pieces:
            async for piece in pieces:
                speech.hear(piece)
    except ThrulineError as error:
        await record_failure(gateway, ASK, call, error)
        raise
    report = await _keep(gateway, call, asked, _words(gateway, asked, speech, whole=True))
    body = completion(
        id=_chat_id(asked), made=int(time.time()), model=ANSWERER, text=report.text, finish=speech.finish,
        usage=_usage(asked, speech), extra=_extra(report),
    )  # fmt: skip
    await send_whole(call.send, 200, body, {"x-receipt-id": asked.id})


async def _stream(gateway: Gateway, call: Call, request: Question, asked: Asked, speech: _Speech) -> None:
    stream = EventStream(call.send)
    chunks = Chunks(_chat_id(asked), int(time.time()), ANSWERER, with_usage=request.wants_usage)
    # What is sent cannot be taken back: where sentences may be left out, they are judged before the first is sent.
    is_held = asked.unsupported != "mark" and speech.fixed is None
    try:
        async with aclosing(_pieces(gateway, asked, request, speech)) as pieces:
            async for piece in pieces:
                if not speech.is_started:
                    speech.is_started = True
                    await stream.start({"x-receipt-id": asked.id})
                    await stream.raw(chunks.first())
                speech.hear(piece)
                await stream.raw(chunks.text(piece.text) if piece.text and not is_held else b"")
    except ThrulineError as error:
        if not speech.is_started:
            await record_failure(gateway, ASK, call, error)
            raise
        await _keep(gateway, call, asked, _words(gateway, asked, speech, whole=False))
        await stream.end(error_event(error))
        return
    words = _words(gateway, asked, speech, whole=True)
    rest = words.text if is_held else words.text.removeprefix(speech.text)  # that passages disagree
    await stream.raw(chunks.text(rest) if rest else b"")
    report = await _keep(gateway, call, asked, words)
    await stream.end(chunks.last(speech.finish, _usage(asked, speech), _extra(report)))


async def _begin(gateway: Gateway, asked: Asked, request: Question) -> _Speech:
    """With its words already, where no language model has to find them."""
    if settled := said_already(asked):
        return _Speech(fixed=settled, finish="content_filter" if asked.is_refused else "stop")
    if _is_llm(gateway) and asked.is_for_model:
        if asked.unsupported != "mark" and (request.response_format or {}).get("type", "text") != "text":
            raise BadParameter(
                "sentences that no passage says are left out here, which would break this form",
                param="response_format", hint="ask for text",
            )  # fmt: skip
        return _Speech(is_prose=(request.response_format or {}).get("type", "text") == "text")
    if _is_llm(gateway) and (request.response_format or {}).get("type", "text") != "text":
        raise BadParameter(
            "what was found may not be sent to the language model, and without it nothing is said in this form",
            param="response_format", hint="ask for text: sentences of the documents are quoted then",
        )  # fmt: skip
    words = await run_in_threadpool(by_extract, gateway.line, asked)
    most = request.max_completion_tokens or request.max_tokens
    cut = _cut(words, most) if most else words
    return _Speech(fixed=cut, finish="stop" if cut is words else "length")


async def _pieces(gateway: Gateway, asked: Asked, request: Question, speech: _Speech) -> AsyncGenerator[Piece, None]:
    if speech.fixed:
        for sentence in _SENTENCE.findall(speech.fixed.text):
            yield Piece(text=sentence)
        return
    assert gateway.llm is not None
    given = {name: getattr(request, name) for name in _FOR_THE_MODEL}
    options = {"temperature": 0} | {name: value for name, value in given.items() if value is not None}
    if "max_completion_tokens" not in options:  # a small model that has lost its way goes on for ever otherwise
        options = {"max_tokens": ANSWER_TOKENS} | options
    async with aclosing(gateway.llm.stream(asked.messages(), options)) as pieces:
        async for piece in pieces:
            yield piece


def _words(gateway: Gateway, asked: Asked, speech: _Speech, *, whole: bool) -> Words:
    if speech.fixed:
        return speech.fixed if whole else replace(speech.fixed, outcome="interrupted")
    assert gateway.llm is not None
    tokens = (speech.tokens_in, speech.tokens_out)
    alone = not speech.is_prose or speech.finish != "stop"
    return by_words(asked, speech.text, gateway.llm.info.name, tokens, whole=whole, alone=alone)


async def _keep(gateway: Gateway, call: Call, asked: Asked, words: Words) -> AnswerReport:
    """The report, once the answer is on the ledger."""
    kept: list[AnswerReport] = []

    def change() -> Sequence[Draft]:
        kept.append(finish(gateway.line, asked, words))
        return [called(ASK, call.actor, call.began)]

    await gateway.group.submit(change)
    gateway.metrics.answer(words.outcome)
    return kept[-1]


def _extra(report: AnswerReport) -> dict[str, Any]:
    """What OpenAI's shape has no place for."""
    citations = [
        {"n": p.number, "title": p.title, "source": p.source, "path": p.path, "page": p.page, "record": p.record,
         "chunk": p.chunk}
        for p in report.cited
    ]  # fmt: skip
    kept = {"left_out": report.left_out, "kept_home": report.kept_home, "unreachable": report.unreachable}
    told = {name: number for name, number in kept.items() if number}
    return {"receipt": report.id, "outcome": report.outcome, "mode": report.mode, "citations": citations, **told}


def _check_messages(asked: Question) -> None:
    for place, message in enumerate(asked.messages):
        param = f"messages.[{place}]"
        if message.role not in ROLES:
            raise BadParameter(f"no role {message.role!r}", param=f"{param}.role", hint=f"one of {', '.join(ROLES)}")
        others = [p.type for p in message.content if p.type != "text"] if isinstance(message.content, list) else []
        if others:
            raise BadParameter(
                f"the model {ANSWERER!r} reads text only, not {others[0]!r}", param=f"{param}.content",
                code="unsupported_content",
            )  # fmt: skip
    if not asked.question.strip():
        raise BadParameter(
            "no message of the user asks anything", param="messages", hint="the last one is the question"
        )


def _is_llm(gateway: Gateway) -> bool:
    return gateway.llm is not None and gateway.line.limits.mode == "llm"


def _cut(words: Words, tokens: int) -> Words:
    """At most so many tokens of the words."""
    kept = re.match(rf"(?:\s*\S+){{0,{max(1, int(tokens / TOKENS_A_WORD))}}}", words.text)
    text = kept[0] if kept else ""
    if len(text) >= len(words.text.rstrip()):
        return words
    said = tuple(s for s in words.sentences if s.text in text)
    return replace(words, text=text, sentences=said)


def _usage(asked: Asked, speech: _Speech) -> dict[str, int]:
    """Tokens as the language model counts them; where there is none, as an average one would."""
    if not speech.fixed:
        return usage_of(speech.tokens_in, speech.tokens_out)
    counted = [round(len(text.split()) * TOKENS_A_WORD) for text in (asked.question, speech.fixed.text)]
    return usage_of(*counted)


def _chat_id(asked: Asked) -> str:
    return f"chatcmpl-{asked.id.partition(':')[2]}"
