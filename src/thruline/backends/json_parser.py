"""JSON and JSON lines as `path: value` lines, so that every line says alone what its value is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from thruline.core.composing import Composer
from thruline.core.decoding import decode
from thruline.core.documents import Parsed
from thruline.core.errors import Refused

# Deeper values stand on one line, as the file has them.
_DEEPEST = 24
_LONGEST_PATH = 160
_Pairs = list[tuple[str, Any]]


class _Object(NamedTuple):
    """An object as the file has it: keys that come twice are kept twice."""

    pairs: _Pairs


_DECODER = json.JSONDecoder(object_pairs_hook=_Object, parse_float=str, parse_int=str, parse_constant=str, strict=False)


class JsonParser:
    """One block for each record: an item of a list at the top, a line of JSON lines, or the whole object."""

    version = "json 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document, titled with its file's name; raises Refused for what is not JSON or nests too deeply."""
        out = Composer(media_type, self.version, title=name.rpartition("/")[2])
        try:
            read = _lines(decode(data), out) if media_type == "application/x-ndjson" else _records(decode(data))
            records = list(read)
            for record in records:
                out.block("\n".join(_flat(record, "", 0)), kind="list")
        except RecursionError as failure:
            raise Refused(f"{name!r} nests too deeply", reason="parser_failed") from failure
        except json.JSONDecodeError as failure:
            raise Refused(f"{name!r} is not JSON: {failure.msg}", reason="parser_failed") from failure
        if len(records) == 1 and isinstance(records[0], _Object):
            _note_fields(records[0], out)
        return out.done()


def _note_fields(record: _Object, out: Composer) -> None:
    """What one object says at its top; of a list each word."""
    for key, value in record.pairs:
        for word in value if _is_plain_list(value) else (value,):
            if not isinstance(word, (list, _Object)):
                out.field(key, _said(word))


def _records(text: str) -> Iterator[Any]:
    whole = _DECODER.decode(text)
    records = isinstance(whole, list) and any(isinstance(item, (list, _Object)) for item in whole)
    yield from whole if records else (whole,)


def _lines(text: str, out: Composer) -> Iterator[Any]:
    """A broken line, as a crash leaves one, is kept as it stands; a file with nothing else is no JSON."""
    broken = read = 0
    for line in filter(str.strip, text.split("\n")):
        try:
            yield _DECODER.decode(line)
            read += 1
        except json.JSONDecodeError:
            if not read:
                raise
            broken += 1
            yield line
    if broken:
        out.note("unreadable_lines", str(broken))


def _flat(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST or not isinstance(value, (list, _Object)) or _is_plain_list(value):
        if text := _said(value):
            yield f"{path}: {text}" if path else text
    elif isinstance(value, _Object):
        for key, inner in value.pairs:
            if len(key) > _LONGEST_PATH:
                yield key
            yield from _flat(inner, _below(path, f".{key}" if path else key), depth + 1)
    else:
        for at, inner in enumerate(value):
            yield from _flat(inner, _below(path, f"[{at}]"), depth + 1)


def _below(path: str, step: str) -> str:
    """The path one step on; its end where it is too long to stand on every line."""
    longer = path + step
    return longer if len(longer) <= _LONGEST_PATH else f"…{longer[-_LONGEST_PATH + 1 :]}"


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, (list, _Object)) for item in value)


def _said(value: Any) -> str:
    """A value in words; null, "" and empty lists say nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_plain_list(value):
        return ", ".join(filter(None, map(_said, value)))
    return " ".join((value if isinstance(value, str) else _compact(value)).split())


def _compact(value: Any) -> str:
    if isinstance(value, _Object):
        return "{" + ", ".join(f"{key}: {_compact(inner)}" for key, inner in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_compact, value)) + "]"
    return _said(value)
