"""What the fake chat server says: always the same to the same request."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

DIMS = 64
LAST = b"0\r\n\r\n"
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
MODELS = {"object": "list", "data": [{"id": "fake", "object": "model", "created": 0, "owned_by": "thruline"}]}
SAYS = "fake_says"  # of a request: what to say instead
_PASSAGE = re.compile(r"<<passage (\d+) [0-9a-f]+>>\n(?:title: [^\n]*\n)?(.*?[.!?])(?=\s|$)", re.DOTALL)


def reply(asked: Mapping[str, Any], pieces: int) -> bytes:
    """The whole answer to a request, streamed if it says so."""
    if asked.get("stream"):
        return b"".join((STREAM_HEAD, *events(asked, pieces), LAST))
    return completion(asked)


def text(asked: Mapping[str, Any]) -> str:
    """The first sentence of the first passage with its citation, else an echo of the last message.

    JSON when JSON was asked for. max_tokens cuts after that many words.
    """
    content = str(asked["messages"][-1]["content"])
    passage = _PASSAGE.search(content)
    said = f"{' '.join(passage[2].split())} [{passage[1]}]" if passage else f"You said: {content}"
    said = str(asked.get(SAYS) or said)
    if "response_format" in asked:
        return json.dumps({"answer": said})
    return " ".join(said.split(" ")[: asked.get("max_tokens")])


def usage(asked: Mapping[str, Any]) -> dict[str, int]:
    """Words, for want of a tokenizer."""
    prompt = sum(len(str(m["content"]).split()) for m in asked["messages"])
    completion = len(text(asked).split())
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def finish(asked: Mapping[str, Any]) -> str:
    """Whether max_tokens cut the reply."""
    return "length" if len(text(asked).split()) >= asked.get("max_tokens", math.inf) else "stop"


def completion(asked: Mapping[str, Any]) -> bytes:
    """A reply that is not streamed."""
    message = {"role": "assistant", "content": text(asked)}
    choice = {"index": 0, "message": message, "finish_reason": finish(asked)}
    return plain(200, {**_envelope("chat.completion"), "choices": [choice], "usage": usage(asked)})


def events(asked: Mapping[str, Any], pieces: int) -> list[bytes]:
    """A streamed reply as HTTP chunks, one an event; `pieces` of them carry text (0: one a word)."""
    words = re.findall(r"\s*\S+\s*", text(asked)) or [""]
    words = [words[i % len(words)] for i in range(pieces)] if pieces else words
    deltas = [_choice({"content": word}) for word in words] + [_choice({}, finish(asked))]
    bodies = [{**_envelope("chat.completion.chunk"), "choices": [delta]} for delta in deltas]
    if asked.get("stream_options", {}).get("include_usage"):
        bodies.append({**_envelope("chat.completion.chunk"), "choices": [], "usage": usage(asked)})
    lines = [b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies]
    return [chunked(line) for line in [b": ping\n\n", *lines, b"data: [DONE]\n\n"]]


def embeddings(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Unit vectors in which texts that share words are near."""
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    data = [{"object": "embedding", "index": i, "embedding": _vector(one)} for i, one in enumerate(texts)]
    words = sum(len(one.split()) for one in texts)
    return {"object": "list", "model": "fake", "data": data, "usage": {"prompt_tokens": words, "total_tokens": words}}


def plain(status: int, body: object, extra: str = "") -> bytes:
    """A whole reply of JSON."""
    return whole(status, "application/json", json.dumps(body).encode(), extra)


def whole(status: int, kind: str, body: bytes, extra: str = "") -> bytes:
    """A whole reply with its length."""
    head = f"HTTP/1.1 {status} Status\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def chunked(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _failure(status: int, message: str) -> Callable[[str], bytes]:
    return lambda _: plain(status, {"error": {"message": message, "type": "fake", "code": None}})


def _rate_limited(retry_after: str) -> bytes:
    return plain(429, {"error": {"message": "slow down"}}, f"retry-after: {retry_after}\r\n")


def _constant(reply: bytes) -> Callable[[str], bytes]:
    return lambda _: reply


WHOLE: Mapping[str, Callable[[str], bytes]] = {
    "rubbish": _constant(STREAM_HEAD + chunked(b"data: {not json]\n\n") + LAST),
    "html": _constant(whole(200, "text/html", b"<html><body>Welcome to nginx</body></html>")),
    "not_http": _constant(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "rate_limited": _rate_limited,
    "error": _failure(500, "CUDA error: out of memory"),
    "unauthorized": _failure(401, "Incorrect API key provided"),
    "bad_request": _failure(400, "this model's maximum context length is 4096 tokens"),
}


def _envelope(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": 0, "model": "fake"}


def _choice(delta: dict[str, str], reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason}


def _vector(one: str) -> list[float]:
    vector = [0.0] * DIMS
    for word in one.lower().split() or [""]:
        digest = hashlib.blake2b(word.encode(), digest_size=2).digest()
        vector[digest[0] % DIMS] += 1.0 if digest[1] % 2 else -1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / length for x in vector]
