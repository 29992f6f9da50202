"""What a page hides from those who look at it, by attributes and style sheets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from resiliparse.parse.html import CSSParserException

_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_SIMPLE_SELECTOR = re.compile(r"[\w.#*\-\s>,\[\]=\"']+")
# For lower case; every alternative begins with a letter of its own, which lets the engine skip to it.
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*(?:\.0+)?\s*(?:[;!}]|$)"
    r"|font-size\s*:\s*(?:(?:1|0+|0*\.\d+)\s*(?:px|pt)|(?:0+(?:\.0\d*)?|\.0\d*)\s*(?:r?em|ex|ch|v[wh])?|\d(?:\.\d+)?\s*%)"
    r"\s*(?:[;!}]|$)|left\s*:\s*-\d{3,}|top\s*:\s*-\d{3,}|right\s*:\s*-\d{3,}|text-indent\s*:\s*-\d{3,}"
    r"|clip\s*:\s*rect\(\s*[01]p?x?[ ,]+[01]|height\s*:\s*0(?:px)?\s*(?:[;!}]|$)[^}]*overflow\s*:\s*hidden"
    r"|width\s*:\s*0(?:px)?\s*(?:[;!}]|$)[^}]*overflow\s*:\s*hidden"
)
_COLOR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = frozenset(("white", "#fff", "#ffffff", "rgb(255,255,255)", "transparent"))


class Grounds:
    """Tells unseen elements in the order of the page; knows the colours that they stand on."""

    def __init__(self, size: int) -> None:
        self._grounds = [(size, "white")]

    def hides(self, given: Mapping[str, str], at: int, end: int) -> bool:
        """Whether nobody sees the element with these attributes, at tags at..end."""
        style = given.get("style", "")
        if "hidden" in given or _UNSEEN_STYLE.search(style.lower()):
            return True
        while self._grounds[-1][0] < at:
            self._grounds.pop()
        ground = _color(_GROUND, style)
        if (color := _color(_COLOR, style)) and _same(color, ground or self._grounds[-1][1]):
            return True
        if ground:
            self._grounds.append((end, ground))
        return False


def mark_unseen_by_sheet(tree: Any) -> None:
    """Elements that a style sheet in the page hides, for selectors simple enough to ask the engine."""
    for sheet in tree.document.get_elements_by_tag_name("style"):
        sheet_text = sheet.text
        rules = _RULE.findall(sheet_text) if _UNSEEN_STYLE.search(sheet_text.lower()) else ()
        for selector, rule in rules:
            if _UNSEEN_STYLE.search(rule.lower()) and _SIMPLE_SELECTOR.fullmatch(selector):
                with suppress(CSSParserException):  # then no browser applies it either
                    _mark(tree.document.query_selector_all(selector.strip()))


def _mark(nodes: Any) -> None:
    for node in nodes:
        node["hidden"] = ""


def _color(pattern: re.Pattern[str], style: str) -> str:
    found = pattern.search(style)
    return re.sub(r"\s+", "", found[1]).lower() if found else ""


def _same(color: str, ground: str) -> bool:
    return color == ground or color == "transparent" or (color in _WHITE and ground in _WHITE)
