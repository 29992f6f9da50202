"""A real MariaDB for tests, from the system's own package: on a socket only, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pymysql

SERVER = "mariadbd"
_INSTALL = "mariadb-install-db"
_START_S = 60.0
_SETTINGS = (
    "--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-log-bin",
    "--innodb-doublewrite=0",
)  # fmt: skip


def is_installed() -> bool:
    """Whether this machine has the server."""
    return _found(SERVER) is not None and _found(_INSTALL) is not None


@contextmanager
def mysql_server() -> Iterator[str]:
    """The path of the socket of an empty server, whose user `root` needs no password."""
    with tempfile.TemporaryDirectory(prefix="thruline-my-") as name:
        folder = Path(name)
        account = "nobody" if os.geteuid() == 0 else None
        if account:
            shutil.chown(folder, account)
        data, address = folder / "data", str(folder / "socket")
        common = ["--no-defaults", f"--datadir={data}"]
        subprocess.run(  # noqa: S603 - a command of our own
            [str(_found(_INSTALL)), *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=account,
        )  # fmt: skip
        server = subprocess.Popen(  # noqa: S603 - a command of our own
            [str(_found(SERVER)), *common, f"--socket={address}", f"--pid-file={folder / 'pid'}", *_SETTINGS],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, user=account,
        )  # fmt: skip
        try:
            _wait(address)
            yield address
        finally:
            server.kill()
            server.wait()


def run(address: str, *statements: str, database: str = "") -> None:
    """Run statements as the server's owner."""
    with pymysql.connect(unix_socket=address, user="root", database=database or None, autocommit=True) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


def _wait(path: str) -> None:
    deadline = time.monotonic() + _START_S
    while not _listens(path):
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.05)


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(path)
        return True
    return False
