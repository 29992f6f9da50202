"""Patterns of paths: `*` is anything up to the next slash, `**` also slashes, `?` one character but a slash."""

from __future__ import annotations

import re
from functools import lru_cache

_WILD = re.compile(r"(\*\*/|\*\*|\*|\?)")
_MEANS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(pattern: str, path: str) -> bool:
    """Whether the whole path is as the pattern says; case counts."""
    return _read(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _read(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_MEANS.get(part) or re.escape(part) for part in _WILD.split(pattern)), re.DOTALL)
