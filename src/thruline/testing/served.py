"""A small home served on a loopback port: for tests of what is answered over HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from thruline.api.http import application, sessions_of
from thruline.api.serve import server_of
from thruline.app.platform import Platform
from thruline.testing.embeddings_server import EmbeddingsServer
from thruline.testing.fake_llm import FakeLlm

PAGES = {
    "wiki/printer.md": (
        "# Printer\n\nThe printer on floor two needs the blue toner cartridge. "
        "Restart the printer by holding its power button for ten seconds.\n"
    ),
    "wiki/vpn.md": "# VPN\n\nThe VPN needs the certificate from the portal. Certificates are valid for one year.\n",
    "hr/pay.md": "# Pay\n\nSalaries are paid on the twentieth day of each month. The pay clerk is in room nine.\n",
}
RESTART = "How do I restart the printer?"
PAYDAY = "On which day are salaries paid?"


class Home(NamedTuple):
    """A home on disk, and a key for each of its users."""

    path: Path
    keys: Mapping[str, str]
    overrides: Mapping[str, str]

    def platform(self, **overrides: str) -> Platform:
        """The home, opened; overrides stand in for environment variables."""
        return Platform.open(self.path, overrides={**self.overrides, **overrides})


class Served(NamedTuple):
    """A server and what it serves."""

    url: str
    platform: Platform
    keys: Mapping[str, str]
    login: str

    def headers(self, user: str) -> dict[str, str]:
        """What a user of this name sends."""
        return {"authorization": f"Bearer {self.keys[user]}"}


@contextmanager
def made_home(folder: Path) -> Iterator[Home]:
    """A home in folder/home, its documents beside it; one user in group `hr`, one in none, one operator."""
    for name, text in PAGES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    with EmbeddingsServer() as embeddings:
        overrides = {
            "THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": embeddings.url,
            "THRULINE_EMBED__MODEL": "fake", "THRULINE_EMBED__DIMS": "64",
        }  # fmt: skip
        with Platform.open(folder / "home", create=True, overrides=overrides) as platform:
            platform.data.add(path=str(folder / "wiki"))
            platform.data.add(path=str(folder / "hr"), groups=("hr",))
            platform.data.sync()
            platform.guard.set_user(name="ann", groups=("hr",))
            platform.guard.set_user(name="bob")
            platform.guard.set_user(name="olga", groups=("*",), role="operator")
            keys = {user: platform.guard.create_key(user=user).secret for user in ("ann", "bob", "olga")}
        yield Home(folder / "home", keys, overrides)


@contextmanager
def serving(home: Home, **overrides: str) -> Iterator[Served]:
    """The home's address while it is served."""
    with home.platform(**overrides) as platform, socket.create_server(("127.0.0.1", 0)) as listener:
        sessions = sessions_of(platform)
        server = server_of(application(platform, sessions))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield Served(url, platform, home.keys, f"{url}/login?token={sessions.token()}")
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def serving_llm(home: Home, fake: FakeLlm, **overrides: str) -> Iterator[Served]:
    """Served so that answers are a language model's, whose days are scripted."""
    configured = {
        "THRULINE_ANSWER__MODE": "llm", "THRULINE_ANSWER__LLM_URL": fake.url, "THRULINE_ANSWER__LLM_MODEL": "fake-1",
        "THRULINE_ANSWER__LLM_TIMEOUT": "0.3s",
    }  # fmt: skip
    with serving(home, **configured, **overrides) as server:
        yield server
