"""A real IMAP server (pymap) in a process of its own, with one user, for tests."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec

USER, PASSWORD = "ann@example.test", "correct horse"
_READY_S = 20.0
_SERVER = "import sys; from pymap.main import main; sys.exit(main())"


def is_installed() -> bool:
    """Whether pymap is there."""
    return find_spec("pymap") is not None


class MailServer:
    """A server at 127.0.0.1. client: a mail program of its user's, logged in; to log in costs .2 s."""

    def __init__(self) -> None:
        self.port = _free_port()
        command = [
            sys.executable, "-c", _SERVER, "--host", "127.0.0.1", "--port", str(self.port), "--no-tls",
            "dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD,
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            self._wait()
            self.client = imaplib.IMAP4("127.0.0.1", self.port, timeout=_READY_S)
            self.client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.client.login(USER, PASSWORD)
        except BaseException:
            self._end()
            raise

    def url(self, folder: str) -> str:
        """Where a folder is, with its user."""
        return f"imap://{USER.replace('@', '%40')}@127.0.0.1:{self.port}/{folder}"

    def put(self, folder: str, *messages: bytes) -> None:
        """Put messages into a folder, which is made if it is not there."""
        self.client.create(folder)
        for message in messages:
            status, said = self.client.append(folder, "", "", message)  # type: ignore[arg-type]
            assert status == "OK", said

    def delete(self, folder: str, subject: str) -> None:
        """Take messages with a subject out of a folder."""
        self.client.select(folder)
        (found,) = self.client.search(None, "SUBJECT", f'"{subject}"')[1]
        self.client.store(found.decode().replace(" ", ","), "+FLAGS", "\\Deleted")
        self.client.expunge()
        self.client.close()

    def close(self) -> None:
        """End it."""
        with suppress(imaplib.IMAP4.error, OSError):  # it may have ended before
            self.client.logout()
        with suppress(OSError):  # as a rule it is closed by now
            self.client.shutdown()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + _READY_S
        while time.monotonic() < end:
            assert self._process.poll() is None, "the mail server ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            time.sleep(0.05)
        raise AssertionError("the mail server does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
