"""A chat server on 127.0.0.1 whose replies are fixed and whose bad days are scripted.

    with FakeLlm("hang", "ok") as fake:
        OpenAiLlm(fake.url, "fake", first_byte_timeout_s=0.1)

The first chat request hangs, all after it are answered. It serves chat completions (streamed or not), models and
embeddings; it is also the instant upstream of the benches.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import httptools

from thruline.testing import fake_replies as replies

Day = Literal[
    "ok",
    "hang",
    "hang_after_head",
    "idle_mid_stream",
    "die",
    "die_mid_stream",
    "drip",
    "rubbish",
    "html",
    "not_http",
    "long_line",
    "cut_short",
    "error_mid_stream",
    "rate_limited",
    "error",
    "unauthorized",
    "bad_request",
]
DRIP_S = 0.002
CONTEXT_WORDS = 16_000


class Request(NamedTuple):
    """What the server was sent; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, decoded."""
        return json.loads(self.body)


class FakeLlm:
    """A server in a thread of its own. `requests` holds what it was sent; `script` what is still to go wrong.

    pieces: how many events a streamed reply has, 0 for one a word. retry_after: that header of `rate_limited`. says:
    what it answers, whatever it is asked.
    """

    def __init__(self, *script: Day, pieces: int = 0, retry_after: str = "0", says: str = "") -> None:
        self.script = list(script)
        self.requests: list[Request] = []
        self.connections = 0
        self.pieces = pieces
        self.retry_after = retry_after
        self.says = says
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._stop: Callable[[], object] = lambda: None

    def __enter__(self) -> FakeLlm:
        """Start; `url` is good from here on."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *error: object) -> None:
        """Hang up on everybody and end."""
        self._stop()
        self._thread.join()

    def next_day(self) -> Day:
        """What happens to the chat request that just came in."""
        return self.script.pop(0) if self.script else "ok"

    async def _serve(self) -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        open_connections: set[_Connection] = set()
        server = await loop.create_server(lambda: _Connection(self, open_connections), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        self._ready.set()
        await stopped.wait()
        server.close()
        for connection in list(open_connections):
            await connection.end()


class _Connection(asyncio.Protocol):
    """Parses requests and answers each before the next; clients here do not pipeline."""

    def __init__(self, fake: FakeLlm, among: set[_Connection]) -> None:
        self._fake = fake
        self._among = among
        self._parser = httptools.HttpRequestParser(self)
        self._path, self._headers, self._body = "", {}, bytearray()
        self._task: asyncio.Task[None] | None = None

    async def end(self) -> None:
        """Hang up."""
        self._transport.abort()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._among.add(self)
        self._fake.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._among.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path, self._headers, self._body = url.decode(), {}, bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        request = Request(self._path, self._headers, bytes(self._body))
        self._fake.requests.append(request)
        if request.path.endswith("/chat/completions"):
            self._chat(request)
        elif request.path.endswith("/embeddings"):
            self._transport.write(replies.plain(200, replies.embeddings(request.json)))
        else:
            self._transport.write(replies.plain(200, replies.MODELS))

    def _chat(self, request: Request) -> None:
        day, asked = self._fake.next_day(), {**request.json, replies.SAYS: self._fake.says}
        if replies.usage(asked)["prompt_tokens"] > CONTEXT_WORDS:
            day = "bad_request"
        if day == "ok":
            self._transport.write(replies.reply(asked, self._fake.pieces))
        elif day in replies.WHOLE:
            self._transport.write(replies.WHOLE[day](self._fake.retry_after))
        else:
            self._task = asyncio.get_running_loop().create_task(self._misbehave(day, asked))

    async def _misbehave(self, day: Day, asked: dict[str, Any]) -> None:
        write, events = self._transport.write, replies.events(asked, self._fake.pieces)
        if day in ("hang_after_head", "idle_mid_stream", "die_mid_stream", "drip", "error_mid_stream", "cut_short"):
            write(replies.STREAM_HEAD)
        if day in ("idle_mid_stream", "die_mid_stream", "error_mid_stream", "cut_short"):
            write(b"".join(events[:2]))
        match day:
            case "drip":
                for byte in b"".join(events) + replies.LAST:
                    write(bytes((byte,)))
                    await asyncio.sleep(DRIP_S if byte == ord("\n") else 0)
            case "error_mid_stream":
                write(replies.chunked(b'data: {"error": {"message": "out of memory"}}\n\n') + replies.LAST)
            case "cut_short":
                write(replies.LAST)
            case "long_line":
                write(replies.STREAM_HEAD + replies.chunked(b"data: " + b"x" * 10_000_000))
            case "die" | "die_mid_stream":
                self._transport.close()
