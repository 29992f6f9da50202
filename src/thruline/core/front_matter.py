"""Front matter: the keys at the top of a text file, as far as each says one thing or lists a few.

A part of YAML that pages and notes use: `key: value`, `key: [a, b]`, and lines that begin with a dash. What nests
deeper is no small fact and is left out; a full reader of YAML would be one more that hostile files can talk to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_KEY = re.compile(r"([^\s:#\-][^:#]{0,63}?)[ \t]*:(?:[ \t]+(.*))?")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_QUOTED = re.compile(r"""(["'])(.*)\1""")
_COMMENT = re.compile(r"[ \t]#.*$")


def front_matter(text: str) -> Iterator[tuple[str, str]]:
    """(key, value) in order; a key that lists several comes several times."""
    key = ""
    for line in text.split("\n"):
        if found := _KEY.fullmatch(line.rstrip()):
            key = found[1]
            said = _plain(found[2] or "")
            words = said[1:-1].split(",") if said[:1] == "[" and said[-1:] == "]" else [said]
            yield from ((key, _plain(word)) for word in words if word.strip())
        elif key and (item := _ITEM.fullmatch(line)) and not _KEY.fullmatch(item[1]):
            yield key, _plain(item[1])


def _plain(value: str) -> str:
    value = value.strip()
    if quoted := _QUOTED.fullmatch(value):
        return quoted[2]
    return _COMMENT.sub("", value).strip().strip("|>").strip()
