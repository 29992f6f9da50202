"""A real browser and a real server on a loopback port, for the tests and pictures of the pages."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette

from thruline.console import console
from thruline.testing import sample_reports as reports
from thruline.testing.sample import SamplePlatform

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (1280, 400)
PAGES = {
    "home": "/",
    "ask": f"/ask?answer={reports.ANSWER.id}",
    "why": f"/why/{reports.ANSWER.id}?check=seal",
    "data": "/data",
    "source": "/sources/wiki-import",
    "record": f"/data/{reports.DOCUMENTS[1].record}",
    "lineage": f"/lineage/{reports.DOCUMENTS[0].record}",
    "touched": "/touched?what=wiki-import&since=2h",
    "matches": "/matches",
    "indexes": "/indexes",
    "runs": "/runs",
    "log": f"/runs/{reports.JOBS[0].id}",
    "papers": "/papers",
    "missing": "/data/nothing",
}


@contextmanager
def serving(platform: SamplePlatform) -> Iterator[str]:
    """The console's address while it is served."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = Starlette(routes=console(lambda _: platform, lambda _: "opened"))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        yield opened
        opened.close()


@contextmanager
def chromium_page(width: int, scheme: Scheme) -> Iterator[Page]:
    """A fresh page of its own browser."""
    with browser() as opened:
        yield opened.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
