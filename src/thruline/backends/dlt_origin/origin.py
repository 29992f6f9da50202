"""Rows of a dlt resource as documents, told apart by digests of what they say.

The resource runs once for a listing, in full, and never changes anything here: what it yields waits in a spool to be
read, and only a run that came to its end is a listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from thruline.backends.dlt_origin.messages import Head, NoRow, Row
from thruline.backends.dlt_origin.program import Program
from thruline.backends.dlt_origin.spool import Place, Spool
from thruline.core.errors import Invalid, Refused, Unavailable, Unsupported
from thruline.core.row_words import RowWords, names_in
from thruline.core.rows import mark_of
from thruline.core.units import Bytes, parse_duration
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret

_ADDRESS = re.compile(r"dlt://(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_IMPORT_S = 30.0  # dlt itself takes seconds to import where others work, too
_WRITE = "write dlt://package.module:function"


class DltOrigin:
    """A resource of a source that somebody wrote with dlt. Its code runs as the user that runs thruline."""

    options: Mapping[str, str] = {
        "resource": "which resource of the source to read; needed where it has several",
        "key": "the columns that tell rows apart, parted by commas; the resource's own primary key unless given",
        "columns": "the columns to take in, parted by commas; all unless given",
        "title": "the column that names a row",
        "groups_column": "the column that says who may read a row: groups parted by commas, a list or JSON",
        "folder": "where the module lies, and its `.dlt` folder of settings; an installed module unless given",
        "secret_as": "what dlt calls the secret, as `SOURCES__CRM__API_KEY`",
        "timeout": "how long the resource may run; 1h unless given",
    }
    marks_content = True

    def __init__(self, location: str, options: Mapping[str, str], secret: Secret | None = None) -> None:
        self._program = _program(location, options, secret)
        self._options = options
        self._known: _Known | None = None
        if find_spec("dlt") is None:
            raise Unsupported("a source in dlt needs 'dlt'", hint="pip install 'thruline[dlt]'")

    def look(self, *, within_s: float) -> str:
        """That its code can be imported and has the resource; nothing is asked for from where that reads."""
        program = self._program._replace(timeout_s=max(within_s, _IMPORT_S))
        with closing(program.run(only_head=True)) as messages:
            (head,) = (message for message in messages if isinstance(message, Head))
        return f"resource {head.name!r}, its rows told apart by {', '.join(_words(head, self._options).key)}"

    def list(self) -> Listing:
        """Every row, by running the resource; rows without a key, or with one that others have too, are refused."""
        self.close()
        known = _Known(spool=Spool())
        try:
            with closing(self._program.run()) as messages:
                known.meet_all(messages, self._options)
            known.spool.done()
        except OSError as error:
            known.spool.close()
            raise Unavailable(f"what the resource gives cannot be kept: {error}", hint="is the disk full?") from error
        except BaseException:
            known.spool.close()
            raise
        self._known = known
        return Listing(items=[*known.items.values()], refused=known.refused)

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """A row as it was listed, even where the source has gone on."""
        known = self._known
        place = known.places.get(item.path) if known else None
        if known is None or place is None:
            raise Refused(f"{item.path!r} was not listed", reason="unreadable")
        if place.size > limit:
            raise Refused(f"{item.path!r} has {place.size} bytes, more than {limit}", reason="too_large")
        return Reading(known.spool.read(place), known.items[item.path].mark)

    def close(self) -> None:
        """Drop what waits to be read."""
        known, self._known = self._known, None
        if known is not None:
            known.spool.close()


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What a run gave: path -> item, path -> where its document waits."""

    spool: Spool
    items: dict[str, Item] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def meet_all(self, messages: Iterable[Head | Row | NoRow], options: Mapping[str, str]) -> None:
        """File all rows; of those that share a key none is kept, whichever came first."""
        words: RowWords | None = None
        repeated: dict[str, None] = {}
        for number, message in enumerate(messages):  # the head is number 0, so that rows count from 1
            if isinstance(message, Head):
                words = _words(message, options)
                continue
            assert words is not None
            found = _found(message, words)
            if not found.path:
                self.refused.append(Refusal(f"row {number}", found.reason))
            elif found.path in self.items or found.path in repeated:
                repeated[found.path] = None
            else:
                self.places[found.path] = self.spool.add(found.data)
                self.items[found.path] = Item(found.path, mark_of(found.data), len(found.data), found.readers)
        for path in repeated:
            del self.items[path], self.places[path]
            self.refused.append(Refusal(path, "duplicate_key"))


class _Found(NamedTuple):
    """A row as a document; without a path, why it is none."""

    path: str
    reason: str = ""
    data: bytes = b""
    readers: tuple[frozenset[str], ...] = ()


def _found(message: Row | NoRow, words: RowWords) -> _Found:
    if isinstance(message, NoRow):
        return _Found("", message.reason)
    path = words.path(message.values, "")
    if not path:
        return _Found("", "broken_row")
    return _Found(path, "", words.document(message.values), words.readers(message.values))


def _words(head: Head, options: Mapping[str, str]) -> RowWords:
    key = names_in(options.get("key", "")) or head.key
    if not key:
        hint = "--options key=COLUMN names what tells its rows apart"
        raise Invalid(f"the resource {head.name!r} has no primary key", hint=hint)
    return RowWords(
        name=head.name, folder=head.name, key=key, columns=names_in(options.get("columns", "")),
        title=options.get("title", ""), groups=options.get("groups_column", ""),
    )  # fmt: skip


def _program(location: str, options: Mapping[str, str], secret: Secret | None) -> Program:
    named = _ADDRESS.fullmatch(location)
    if named is None:
        raise Invalid(f"{location!r} names no function of a module", hint=_WRITE)
    secret_as, folder = options.get("secret_as", ""), options.get("folder", "")
    if (secret is None) == bool(secret_as):
        hint = "--secret env:NAME says where it stands, --options secret_as=SOURCES__CRM__API_KEY what dlt calls it"
        raise Invalid("a secret and the name that dlt has for it go together", hint=hint)
    if secret_as and not _VARIABLE.fullmatch(secret_as):
        raise Invalid(f"{secret_as!r} is no variable", hint="in capitals, as SOURCES__CRM__API_KEY or API_KEY")
    if folder and not (Path(folder).is_absolute() and Path(folder).is_dir()):
        raise Invalid(f"{folder!r} is not there", hint="give the whole path of the folder that the module lies in")
    return Program(
        named["module"], named["function"], options.get("resource", ""), folder, secret, secret_as,
        parse_duration(options.get("timeout", "1h")),
    )  # fmt: skip
