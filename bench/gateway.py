"""What the gateway adds to a chat request in front of an instant language model: CPU of its process.

    python bench/gateway.py [--write]

Three processes beside this one, which is the client: the gateway as `thruline up` runs it (key check on every request,
a durable receipt with encrypted prompt and reply for each answer), the shipped fake model, and the baseline of the
same run: uvicorn and Starlette echoing the same body. CPU is that of all threads of the server (/proc/PID/task),
REQUESTS of them after a warm-up, the best of ROUNDS. `guard off` leaves the screening of the prompt out, by an
operator's header. With one client at a time each receipt is a commit of its own; with 32 they share commits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from kept import keep

REQUESTS, WARM_UP, ROUNDS, PIECES = 960, 320, 7, 50
CONCURRENCY = (32, 1)
TARGETS = {"passthrough_ms": 0.4, "stream_50_ms": 0.6}
QUESTION = "Write one sentence about the sea, the wind and the harbour in the morning, please."

ECHO = """
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
async def echo(request):
    return Response(await request.body(), media_type="application/json")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
app = Starlette(routes=[Route("/v1/chat/completions", echo, methods=["POST"])])
config = uvicorn.Config(app, http="httptools", log_level="error", access_log=False, server_header=False)
uvicorn.Server(config).run(sockets=[listener])
"""
MODEL = f"""
import sys
from thruline.testing.fake_llm import FakeLlm
with FakeLlm(pieces={PIECES}) as fake:
    print(fake.url.split(":")[2].split("/")[0], flush=True)
    sys.stdin.read()
"""
GATEWAY = """
import socket, sys
from pathlib import Path
from thruline.api.http import application
from thruline.api.serve import server_of
from thruline.app.platform import Platform
overrides = {
    "THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": "http://127.0.0.1:9/v1",
    "THRULINE_EMBED__MODEL": "none",
    "THRULINE_ANSWER__LLM_URL": f"http://127.0.0.1:{sys.argv[2]}/v1", "THRULINE_ANSWER__LLM_MODEL": "fake",
    "THRULINE_SERVER__REQUESTS_PER_MINUTE": "0",
}
with Platform.open(Path(sys.argv[1]), create=True, overrides=overrides) as platform:
    platform.guard.set_user(name="bench", role="operator")
    key = platform.guard.create_key(user="bench").secret
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], key, flush=True)
    server_of(application(platform)).run(sockets=[listener])
"""


class Server(NamedTuple):
    """A process, its port and what else it said."""

    pid: int
    port: int
    said: tuple[str, ...]


@contextmanager
def server(program: str, *arguments: str) -> Iterator[Server]:
    """A server that prints its port."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port, *said = process.stdout.readline().split()
        try:
            yield Server(process.pid, int(port), tuple(said))
        finally:
            process.terminate()


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads that the process has now."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def request(key: str, *, stream: bool, guard: str) -> bytes:
    """A chat request on the wire."""
    body = {"model": "fake", "messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"
        f"x-thruline-guard: {guard}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> None:
    writer.write(sent)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    if b"content-length:" in head:
        await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
    else:
        assert (await reader.readuntil(b"\r\n0\r\n\r\n")).count(b"data: ") >= PIECES


async def load(port: int, sent: bytes, count: int, at_once: int) -> None:
    """Send count requests over at_once connections."""

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count // at_once):
            await exchange(reader, writer, sent)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(client() for _ in range(at_once)))


def measure(target: Server, sent: bytes, at_once: int) -> float:
    """Milliseconds of CPU a request."""
    asyncio.run(load(target.port, sent, WARM_UP, at_once))
    spent = []
    for _ in range(ROUNDS):
        before = cpu_s(target.pid)
        asyncio.run(load(target.port, sent, REQUESTS, at_once))
        spent.append((cpu_s(target.pid) - before) / (REQUESTS // at_once * at_once) * 1000)
    return round(min(spent), 4)


def run(folder: Path) -> dict[str, dict[str, float]]:
    """Every figure, by how many clients there are at once."""
    results: dict[str, dict[str, float]] = {}
    with (
        server(ECHO) as echo,
        server(MODEL) as model,
        server(GATEWAY, str(folder / "home"), str(model.port)) as gateway,
    ):
        key = gateway.said[0]
        for at_once in CONCURRENCY:
            found = {
                "echo_ms": measure(echo, request(key, stream=False, guard="off"), at_once),
                "passthrough_ms": measure(gateway, request(key, stream=False, guard="off"), at_once),
                "passthrough_screened_ms": measure(gateway, request(key, stream=False, guard="on"), at_once),
                "stream_50_ms": measure(gateway, request(key, stream=True, guard="off"), at_once),
            }
            found["passthrough_over_echo"] = round(found["passthrough_ms"] / found["echo_ms"], 2)
            results[f"{at_once}_at_once"] = found
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write bench/results/gateway.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = run(Path(folder))
    for at_once, found in results.items():
        for name, value in found.items():
            target = f"   target {TARGETS[name]}" if name in TARGETS else ""
            print(f"{at_once:>11}  {name:<26} {value:8.3f}{target}")
    if arguments.write:
        machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "requests": REQUESTS, "rounds": ROUNDS}
        keep("gateway", {"targets": TARGETS, "machine": machine, "results": results})


if __name__ == "__main__":
    main()
