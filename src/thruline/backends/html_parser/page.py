"""A page as tags and the texts after them, from the well-formed HTML that the engine writes."""

from __future__ import annotations

import html
import re
from itertools import accumulate
from typing import NamedTuple

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
_FURTHEST = 50  # elements that a closing tag may close at once, where odd quotes have hidden a tag
# As the engine writes each of them: a name, which may hold quotes of its own, and a value, which holds none.
_GIVEN = r'(?: =?[^\s=>]*+="[^"]*+")*+'
_TOKEN = re.compile(
    rf"<!--(.*?)-->|<(?:(script|style|iframe|noembed|noframes){_GIVEN}>.*?</\2|(/?[a-z][^\s>]*+)({_GIVEN}))>",
    re.DOTALL,
)
# Most tags of a page name the look of a few words, with nothing in them and nothing to tell: reading on is enough.
_LOOKS = re.compile(
    r"<(span|code|em|strong|b|i|u|s|small|sub|sup|abbr|cite|kbd|var|samp|q|tt|mark|font|time|ins|del|big|dfn|bdi)"
    r'(?: (?:class|id|lang|dir|datetime|color|size|face)="[^"]*+")*+>([^<>]*+)</\1>'
)


class Page(NamedTuple):
    """Lists of equal length; a tag is its name, a closing one with its slash, "" a comment or script.

    texts[n] stands after tag n; ends[n] is where the element that tag n opens is closed.
    before[n]: characters of text before tag n.
    """

    tags: list[str]
    attributes: list[str]
    comments: list[str]
    texts: list[str]
    ends: list[int]
    before: list[int]

    def size(self, at: int) -> int:
        """Characters of text in the element that tag `at` opens."""
        return self.before[self.ends[at]] - self.before[at]

    def inside(self, at: int) -> str:
        """The text of the element that tag `at` opens."""
        return html.unescape("".join(self.texts[at : self.ends[at]]))


def read_tags(source: str) -> Page:
    """The page of HTML in which every element is closed and every attribute quoted, as an engine writes it."""
    plain = _LOOKS.split(source)
    del plain[1::3]
    parts = _TOKEN.split("".join(plain))
    tags, texts = [tag or "" for tag in parts[3::5]], parts[5::5]
    ends = _ends(tags)
    before = [0, *accumulate(map(len, texts))]
    return Page(tags, [a or "" for a in parts[4::5]], [c or "" for c in parts[1::5]], texts, ends, before)


def _ends(tags: list[str]) -> list[int]:
    """Where each element is closed: where its name says so, or with the one around it, or with the page."""
    ends = [len(tags) - 1] * len(tags)
    opened: list[int] = []
    for at, tag in enumerate(tags):
        if tag[:1] != "/":
            if not tag or tag in _VOID:
                ends[at] = at
            else:
                opened.append(at)
        elif opened and tags[opened[-1]] == tag[1:]:
            ends[opened.pop()] = at
        elif any(tags[n] == tag[1:] for n in opened[-_FURTHEST:]):
            while tags[n := opened.pop()] != tag[1:]:
                ends[n] = at
            ends[n] = at
    return ends
