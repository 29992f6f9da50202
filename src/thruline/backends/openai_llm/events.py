"""Server-sent events (WHATWG HTML, section 9.2) out of bytes that are cut anywhere."""

from __future__ import annotations

from thruline.core.errors import Corrupt

MAX_EVENT = 1 << 20  # one event of a chat stream is some hundred bytes; this is a server gone mad


class EventParser:
    """Gives the data of each event; comments (keep-alives), ids and event names are passed over."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, portion: bytes) -> list[bytes]:
        """Data of the events that portion completes; raises Corrupt when one grows beyond MAX_EVENT."""
        if self._after_cr and portion:
            portion = portion.removeprefix(b"\n")  # the second half of a CR LF whose first half ended a line
            self._after_cr = False
        if not portion:
            return []
        self._after_cr = portion.endswith(b"\r")
        lines = (self._rest + portion).splitlines()
        self._rest = b"" if portion.endswith((b"\n", b"\r")) else lines.pop()
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events = []
        for line in lines:
            if not line and self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
                self._size = 0
            elif line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
                self._size += len(line)
        if self._size + len(self._rest) > MAX_EVENT:
            raise Corrupt(f"one event of the reply is larger than {MAX_EVENT} bytes", hint="is this a chat model?")
        return events
