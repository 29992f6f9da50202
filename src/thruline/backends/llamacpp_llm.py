"""A small chat model in this process, by llama.cpp (extra `llm`).

The engine opens a loopback port beside the calls that we make; it takes a key that nobody knows.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from xllamacpp import CommonParams, Server  # pyright: ignore[reportAttributeAccessIssue]

from thruline.core.errors import Corrupt, Invalid, NotFound, ThrulineError, Unavailable
from thruline.ports.llm import Forwarded, LlmInfo, Message, Piece

_HELLO = '{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}'
BUFFERED = 64  # pieces that a slow reader may fall behind before the model waits for it
COUNT_S = 2.0  # longest wait for a count of tokens
_STREAM = ((b"content-type", b"text/event-stream; charset=utf-8"),)
_JSON = ((b"content-type", b"application/json"),)


class LlamaCppLlm:
    """Answers with the GGUF model at `path`, one request at a time, on `threads` cores.

    threads must not exceed the free physical cores, or the threads wait for each other. context: tokens of prompt and
    reply together. The engine speaks the protocol itself, `response_format` (by grammar) and token counts included.
    """

    def __init__(self, path: Path, *, threads: int, context: int = 4096) -> None:
        if not path.is_file():
            raise NotFound(f"there is no model file {str(path)!r}", hint="name a GGUF file")
        self.info = LlmInfo(name=path.stem, url="")
        key = secrets.token_urlsafe(32)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._server: Server | None = _load(path, threads, context, key)
        self._turns = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llamacpp")

    async def stream(self, messages: Sequence[Message], options: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """The reply piece by piece; closing the iterator early stops the model at its next token."""
        request = {"stream_options": {"include_usage": True}, **options, "messages": messages, "stream": True}
        finish, usage = "", {}
        async with aclosing(self._replies(msgspec.json.encode(request).decode())) as replies:
            async for reply in replies:
                chunk = msgspec.json.decode(reply)
                if "error" in chunk:
                    raise _refusal(chunk["error"])
                usage = chunk.get("usage") or usage
                for choice in chunk["choices"]:
                    finish = choice["finish_reason"] or finish
                    text, calls = choice["delta"].get("content"), choice["delta"].get("tool_calls")
                    if text or calls:
                        yield Piece(text=text or "", tool_calls=tuple(calls or ()))
        yield Piece(
            finish=finish, tokens_in=usage.get("prompt_tokens", 0), tokens_out=usage.get("completion_tokens", 0)
        )

    async def forward(self, body: bytes) -> Forwarded:
        """Give body, an OpenAI chat request, to the engine; the reply is in the protocol's own bytes."""
        try:
            streams = bool(msgspec.json.decode(body).get("stream"))
        except (msgspec.DecodeError, AttributeError) as error:
            raise Invalid("the chat request is not a JSON object", hint="see the OpenAI API reference") from error
        replies = self._replies(body.decode())
        first = await anext(replies)
        failure = msgspec.json.decode(first).get("error")
        if failure:
            await replies.aclose()
            return Forwarded(status=failure.get("code", 500), headers=_JSON, body=_once(first))
        body_of = _events(first, replies) if streams else _once(first)
        return Forwarded(status=200, headers=_STREAM if streams else _JSON, body=body_of)

    def tokens(self, text: str) -> int | None:
        """Counted by the engine; None once it is closed."""
        if self._server is None:
            return None
        link = HTTPConnection(urlsplit(self._server.listening_address).netloc, timeout=COUNT_S)
        try:
            link.request("POST", "/tokenize", msgspec.json.encode({"content": text}), self._headers)
            return len(msgspec.json.decode(link.getresponse().read())["tokens"])
        except (OSError, HTTPException):
            return None  # an estimate will do: the engine is busy, or ends
        finally:
            link.close()

    async def close(self) -> None:
        """End the model once the request that runs has ended."""
        await asyncio.to_thread(self._turns.shutdown)
        self._server = None

    async def _replies(self, request: str) -> AsyncGenerator[bytes, None]:
        """What the engine says, one JSON document an item, from its own thread."""
        loop, stopped = asyncio.get_running_loop(), threading.Event()
        said: asyncio.Queue[bytes | None] = asyncio.Queue()
        room = threading.Semaphore(BUFFERED)

        def hear(reply: str) -> bool:
            while not room.acquire(timeout=0.1):
                if stopped.is_set():
                    return True
            loop.call_soon_threadsafe(said.put_nowait, reply.encode())
            return stopped.is_set()

        def work() -> None:
            if self._server is not None and not stopped.is_set():
                self._server.handle_chat_completions(request, hear)

        turn = loop.run_in_executor(self._turns, work)
        turn.add_done_callback(lambda _: said.put_nowait(None))
        try:
            while (reply := await said.get()) is not None:
                room.release()
                yield reply
            await _finished(turn)
        finally:
            stopped.set()


async def _finished(turn: asyncio.Future[None]) -> None:
    try:
        await turn
    except ValueError as error:
        raise Invalid(f"the model cannot use this request: {error}", hint="see the OpenAI API reference") from error
    except RuntimeError as error:
        raise Corrupt("the model broke off", hint="try again; if it stays, check the model file") from error


def _load(path: Path, threads: int, context: int, key: str) -> Server:
    params = CommonParams()
    params.model.path = str(path)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_ctx = context
    params.warmup = params.ui = False
    params.verbosity = 0
    params.api_keys = [key]
    try:
        server = Server(params)
    except RuntimeError as error:
        raise Corrupt(f"{path.name!r} is not a model that llama.cpp can load", hint="fetch it again") from error
    # An engine that is ended before its loop has begun never ends: one token makes sure that it has.
    server.handle_chat_completions(_HELLO, lambda _: False)
    return server


def _refusal(error: Mapping[str, Any]) -> ThrulineError:
    message = f"the model refused the request: {error.get('message', '')}"
    return Invalid(message, hint="shorten it") if error.get("code", 500) < 500 else Unavailable(message)


async def _once(reply: bytes) -> AsyncGenerator[bytes, None]:
    yield reply


async def _events(first: bytes, rest: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield b"data: " + first + b"\n\n"
    async for reply in rest:
        yield b"data: " + reply + b"\n\n"
    yield b"data: [DONE]\n\n"
