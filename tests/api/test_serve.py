"""`serve` as a process: it says where it is, works the queue, drains, and refuses what it should not do."""

from __future__ import annotations

import grp
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from thruline.testing.fake_llm import FakeLlm
from thruline.testing.homes import write
from thruline.testing.served import Home, made_home

AT_ONCE_S = 60.0  # the promise; it takes as long as one question
PROGRAM = """
import json, sys
from pathlib import Path
from thruline.api.serve import serve
from thruline.app.platform import Platform
from thruline.core.errors import ThrulineError
path, overrides, port = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
try:
    with Platform.open(path, overrides=overrides) as platform:
        serve(platform, "127.0.0.1", port, as_json=True)
except ThrulineError as error:
    print(error.message, error.hint, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@contextmanager
def running(home: Home, port: int = 0, **overrides: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, str(home.path), json.dumps({**home.overrides, **overrides}), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout
    return json.loads(process.stdout.readline())


def until_ready(address: str) -> None:
    give_up = time.monotonic() + AT_ONCE_S
    while time.monotonic() < give_up:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{address}/readyz").status_code == 200:
                return
        time.sleep(0.02)
    raise AssertionError("not ready")


def test_it_says_where_it_is_and_how_the_operator_signs_in(home: Home):
    with running(home) as process:
        said = announced(process)
        until_ready(said["address"])
        with httpx2.Client() as browser:
            assert browser.get(said["login"]).status_code == 303
            assert browser.get(said["address"]).status_code == 200


def test_it_ends_well_when_asked_to_and_finishes_what_is_under_way(home: Home):
    with FakeLlm("drip") as fake:
        llm = {"THRULINE_ANSWER__LLM_URL": fake.url, "THRULINE_ANSWER__LLM_MODEL": "fake-1"}
        with running(home, **llm) as process:
            address = announced(process)["address"]
            until_ready(address)
            request = {
                "model": "fake-1", "stream": True,
                "messages": [{"role": "user", "content": "word " * 60}],
            }  # fmt: skip
            headers = {"authorization": f"Bearer {home.keys['ann']}"}
            with httpx2.stream("POST", f"{address}/v1/chat/completions", json=request, headers=headers) as reply:
                lines = reply.iter_lines()
                next(lines)
                process.send_signal(signal.SIGTERM)
                assert list(lines)[-2] == "data: [DONE]"
            assert process.wait(20) == 0


def test_it_runs_the_jobs_of_the_queue(home: Home):
    with running(home) as process, home.platform() as platform:
        until_ready(announced(process)["address"])
        job = platform.infra.run(command=("true",), detach=True)
        for _ in range(400):
            (now,) = [j for j in platform.infra.jobs() if j.id == job.id]
            if now.state not in ("queued", "running"):
                break
            time.sleep(0.02)
        assert now.state == "succeeded"


def test_a_port_that_is_taken_is_said_and_exits_with_3(home: Home):
    with socket.create_server(("127.0.0.1", 0)) as taken, running(home, taken.getsockname()[1]) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "cannot be used" in said
    assert "another" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_ways_of_stopping_are_quiet(home: Home, number: int):
    with running(home) as process:
        until_ready(announced(process)["address"])
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def found(address: str, key: str) -> set[str]:
    """The paths that a user's search finds."""
    reply = httpx2.get(
        f"{address}/v1/vectors/search", params={"question": "printer certificate", "k": "10"},
        headers={"authorization": f"Bearer {key}"}, timeout=30,
    )  # fmt: skip
    return {passage["path"] for passage in reply.raise_for_status().json()["passages"]}


def waited(address: str, key: str, wanted: set[str]) -> float:
    """Seconds until a search finds just this."""
    began = time.monotonic()
    while found(address, key) != wanted:
        if time.monotonic() - began > AT_ONCE_S:
            pytest.fail(f"still {found(address, key)} after {AT_ONCE_S:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_server_notices_what_a_sync_elsewhere_saw(tmp_path: Path) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    with made_home(tmp_path) as home, home.platform() as elsewhere:
        notes = write(tmp_path / "notes", lamp="The lamp printer certificate.", open="The open printer certificate.")
        for path in (notes, *notes.iterdir()):
            path.chmod(0o755)
        elsewhere.data.remove(source="wiki")
        elsewhere.data.add(path=str(notes), options=("rights=posix", f"map=group {group}:hr"))
        elsewhere.data.sync(source="notes")
        with running(home) as process:
            address = announced(process)["address"]
            until_ready(address)
            ann, bob = home.keys["ann"], home.keys["bob"]
            assert found(address, bob) == {"lamp.md", "open.md"}
            (notes / "lamp.md").chmod(0o640)
            assert elsewhere.data.sync(source="notes")[0].permissions == 1
            assert waited(address, bob, {"open.md"}) < AT_ONCE_S
            assert "lamp.md" in found(address, ann)
            (notes / "open.md").unlink()
            assert elsewhere.data.sync(source="notes")[0].deleted == 1
            assert waited(address, bob, set()) < AT_ONCE_S
