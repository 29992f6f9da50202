"""CPU of the upstream client: a request, and a stream of 50 chunks, against an instant server on loopback.

The server writes a stream in one go: portions that arrive together are passed on together.
Baseline: the official openai client in the same run. CPU of the client's own thread only; the server runs in another.
`python bench/upstream_client.py [--write]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import openai

from thruline.backends.openai_llm import OpenAiLlm
from thruline.testing.fake_llm import FakeLlm

RESULTS = Path(__file__).parent / "results" / "upstream_client.json"
ASK = [{"role": "user", "content": "hello"}]
CHUNKS = 50
ROUNDS = 5


async def cpu_ms(act: Callable[[], Awaitable[object]], repeats: int) -> float:
    """Milliseconds of this thread's CPU an act: the best of ROUNDS, after one act to warm up."""
    await act()
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(repeats):
            await act()
        best = min(best, time.thread_time() - began)
    return round(best / repeats * 1000, 4)


async def ours(url: str) -> dict[str, float]:
    model = OpenAiLlm(url, "fake", lambda: "sk-bench")
    plain = json.dumps({"model": "fake", "messages": ASK}).encode()
    stream = json.dumps({"model": "fake", "messages": ASK, "stream": True}).encode()

    async def forward(body: bytes) -> None:
        reply = await model.forward(body)
        async for _ in reply.body:
            pass

    async def pieces() -> None:
        async for _ in model.stream(ASK, {}):
            pass

    figures = {
        "forward_request_ms": await cpu_ms(lambda: forward(plain), 300),
        "forward_stream_50_ms": await cpu_ms(lambda: forward(stream), 300),
        "parsed_stream_50_ms": await cpu_ms(pieces, 200),
    }
    await model.close()
    return figures


async def sdk(url: str) -> dict[str, float]:
    client = openai.AsyncOpenAI(base_url=url, api_key="sk-bench")

    async def request() -> None:
        await client.chat.completions.create(model="fake", messages=ASK)

    async def stream() -> None:
        async for _ in await client.chat.completions.create(model="fake", messages=ASK, stream=True):
            pass

    figures = {"request_ms": await cpu_ms(request, 50), "stream_50_ms": await cpu_ms(stream, 20)}
    await client.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS}")
    write = parser.parse_args().write
    with FakeLlm(pieces=CHUNKS) as fake:
        found = {"ours": asyncio.run(ours(fake.url)), "openai_sdk": asyncio.run(sdk(fake.url))}
    ratios = {
        "request": round(found["openai_sdk"]["request_ms"] / found["ours"]["forward_request_ms"], 1),
        "stream_50_parsed": round(found["openai_sdk"]["stream_50_ms"] / found["ours"]["parsed_stream_50_ms"], 1),
    }
    result = {
        "what": "CPU ms of the client's thread; lower is better",
        **found,
        "openai_sdk_over_ours": ratios,
        "openai": openai.__version__,
    }
    print(json.dumps(result, indent=2))
    if write:
        RESULTS.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
