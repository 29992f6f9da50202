"""A folder of an IMAP server (RFC 3501), opened for reading only: no message is marked as seen by us."""

from __future__ import annotations

import base64
import imaplib
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from thruline.backends.mail_origin.box import Met
from thruline.core.errors import Denied, Refused, Unavailable
from thruline.core.glimpse import counted
from thruline.core.units import Bytes
from thruline.core.unreachable import cause_of
from thruline.ports.origin import Secret

_PORT, _TLS_PORT = 143, 993
_SILENCE_S = 30.0
_AT_ONCE = 200
_LISTED: Bytes = 1 << 20  # of one message's three headers
_HEADERS = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE SUBJECT MESSAGE-ID)])"
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_AWAY = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]")


class Imap:
    """Messages by UIDVALIDITY and UID, which never mean another message. One connection, used by one at a time.

    trusted: whose certificates count; None for a connection without TLS.
    """

    def __init__(
        self, host: str, port: int | None, user: str, folder: str, secret: Secret, trusted: ssl.SSLContext | None
    ) -> None:
        self._host, self._port = host, port or (_TLS_PORT if trusted else _PORT)
        self._user, self._folder, self._secret, self._trusted = user, folder, secret, trusted
        self._lock = threading.Lock()  # guards all below
        self._line: _Line | None = None
        self._validity = ""
        self._messages = 0

    def look(self, within_s: float) -> str:
        """How many messages the folder has."""
        with self._lock:
            self._leave()
            with self._speaking(within_s):
                found = counted(self._messages, "message")
            self._leave()
        return f"{found} in {self._folder!r}"

    def scan(self) -> Iterator[Met]:
        """Every message, by three of its headers; the bodies stay where they are."""
        with self._lock:
            self._leave()  # a folder is counted when it is opened
            with self._speaking() as line:
                line.most = _LISTED
                for first in range(1, self._messages + 1, _AT_ONCE):
                    last = min(first + _AT_ONCE - 1, self._messages)
                    for said, head in _answers(_ok(*line.fetch(f"{first}:{last}", _HEADERS))):
                        uid, size = _UID.search(said), _SIZE.search(said)
                        if uid and size:  # else the server tells of another message's flags
                            where = f"{self._validity}:{int(uid[1])}"
                            yield Met(where, f"{where}:{int(size[1])}", int(size[1]), head)

    def fetch(self, where: str, mark: str, *, limit: Bytes) -> bytes:
        """One message, of which no more than the limit is asked for."""
        validity, _, uid = where.partition(":")
        if int(mark.rpartition(":")[2]) > limit:
            raise Refused(f"the message has more than {limit} bytes", reason="too_large")
        with self._lock, self._speaking() as line:
            if validity != self._validity:
                raise Refused(f"{self._folder!r} was numbered anew", reason="changed_while_read")
            line.most = limit + 1
            found = _answers(_ok(*line.uid("FETCH", uid, f"(UID BODY.PEEK[]<0.{limit + 1}>)")))
            data = next((data for said, data in found if (its := _UID.search(said)) and its[1].decode() == uid), None)
        if not data:  # servers send nothing at all, or NIL, for what was expunged meanwhile
            raise Refused("the message is not there any more", reason="unreadable")
        if len(data) > limit:
            raise Refused(f"the message has more than {limit} bytes", reason="too_large")
        return data

    def close(self) -> None:
        """Say goodbye."""
        with self._lock:
            self._leave()

    @contextmanager
    def _speaking(self, silence_s: float = _SILENCE_S) -> Iterator[_Line]:
        """The connection, with the folder open; given up when anything goes wrong on it."""
        try:
            if self._line is None:
                self._line = self._connect(silence_s)
                self._log_in(self._line)
                self._open(self._line)
            yield self._line
        except (imaplib.IMAP4.error, OSError) as error:
            self._drop()
            said = str(error) or type(error).__name__
            what, hint = cause_of(said) or (said, "try later")
            raise Unavailable(f"the mail server {self._host!r} does not answer: {what}", hint=hint) from error
        except (Denied, Unavailable):
            self._drop()
            raise

    def _connect(self, silence_s: float) -> _Line:
        if self._trusted is None:
            return _Line(self._host, self._port, timeout=silence_s)
        return _SafeLine(self._host, self._port, ssl_context=self._trusted, timeout=silence_s)

    def _log_in(self, line: _Line) -> None:
        try:
            if "AUTH=PLAIN" in line.capabilities:
                line.authenticate("PLAIN", lambda _: f"\0{self._user}\0{self._secret()}".encode())
            else:
                line.login(_quoted(self._user), self._secret())
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if any(code in str(error) for code in _AWAY):
                raise
            raise Denied(f"{self._host!r} does not let {self._user!r} in", hint="is the --secret right?") from error

    def _open(self, line: _Line) -> None:
        status, said = line.select(_quoted(_in_utf7(self._folder)), readonly=True)
        if status != "OK":
            raise Unavailable(f"there is no mail folder {self._folder!r}", hint="is its name right? try INBOX")
        self._messages = int(said[0] or 0)
        self._validity = (line.response("UIDVALIDITY")[1][0] or b"0").decode("ascii", "replace")

    def _leave(self) -> None:
        if self._line is not None:
            with suppress(imaplib.IMAP4.error, OSError):  # who is gone does not hear it
                self._line.logout()
        self._drop()

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):  # it is closed already
                line.shutdown()


class _Line(imaplib.IMAP4):
    """A connection that takes no longer pieces than were asked for, whatever the server announces."""

    most: Bytes = _LISTED

    def read(self, size: int) -> bytes:
        """The next size bytes."""
        if size > self.most:
            raise self.abort(f"the server sends {size} bytes where at most {self.most} were asked for")
        return super().read(size)


class _SafeLine(_Line, imaplib.IMAP4_SSL):
    """The same over TLS."""


def _ok(status: str, said: Sequence[Any]) -> Sequence[Any]:
    if status != "OK":
        raise Unavailable(f"the mail server says {status}", hint="a message may have gone meanwhile; try again")
    return said


def _answers(said: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """(what is told, the text that was asked for) of each message, out of the pieces that imaplib leaves them in."""
    told, text = b"", b""
    for piece in said:
        if isinstance(piece, tuple):
            told, text = told + piece[0], piece[1]
        elif piece:
            yield told + piece, text
            told, text = b"", b""


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _in_utf7(name: str) -> str:
    """A folder's name as the protocol spells it (RFC 3501, 5.1.3)."""

    def shifted(found: re.Match[str]) -> str:
        packed = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").decode()
        return f"&{packed.replace('/', ',')}-"

    return re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))
