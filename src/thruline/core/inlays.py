"""Pictures that lie in an office document, read where somebody reads pictures, and told by their number and place."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

from thruline.core.composing import Composer
from thruline.core.documents import Parsed
from thruline.core.errors import Refused

# A page of text takes ten seconds at the most, a document of pictures ten times the usual minute.
_MOST = 40
_LARGEST = 20 * 2**20
_SMALLEST = 400  # bytes: bullets and rules; no word fits in


class Inlays:
    """Writes what the pictures of one document say. The same picture on every slide is read once, as its first.

    read: as ports.parser.ReadsInside. parsers: the versions of those that read one.
    """

    def __init__(self, out: Composer, read: Callable[[bytes, str], Parsed]) -> None:
        self.parsers: set[str] = set()
        self._out = out
        self._read = read
        self._places: Counter[str] = Counter()
        self._seen: set[bytes] = set()

    def write(self, data: bytes, name: str, place: str = "", *, page: int = 0, hidden: bool = False) -> None:
        """A picture at a place, as `on slide 4`; one that nobody reads is counted as unread."""
        digest = hashlib.sha256(data).digest()
        if len(data) < _SMALLEST or digest in self._seen:
            return
        self._seen.add(digest)
        self._places[place] += 1
        if len(self._seen) > _MOST or len(data) > _LARGEST:
            self._out.skip(page)
            return
        try:
            found = self._read(data, name.rpartition("/")[2])
        except Refused as refused:
            self._refuse(refused, name, page)
            return
        self.parsers.add(found.parser)
        self._tell(found, " ".join(filter(None, (f"Picture {self._places[place]}", place))), page, hidden=hidden)

    def _refuse(self, refused: Refused, name: str, page: int) -> None:
        """A drawing of lines is in no format that anybody reads: it is named, and not met again."""
        if refused.reason == "unsupported_type":
            self._out.note("unread_picture", name)
        else:
            self._out.skip(page)

    def _tell(self, found: Parsed, title: str, page: int, *, hidden: bool) -> None:
        if hidden:
            self._out.hide(found.text)
            return
        for n, block in enumerate(found.blocks):
            text = found.text[block.start : block.end]
            self._out.block(text if n else f"{title}: {text}", kind=block.kind, page=page)
            within = [spot for spot in found.spots if block.start <= spot.start < block.end]
            self._out.place([(found.text[s.start : s.end], s._replace(page=page)) for s in within])
