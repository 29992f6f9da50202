"""A page as it is seen: its size, its picture, and where on it words stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Span = tuple[int, int]  # characters from..to of a text


class Frame(NamedTuple):
    """Around words on a page, in points from its upper left corner, as the page is read: turned, and cropped."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is asked of a file's pages. numbers: from 1; those that it does not have are left out.

    text: what was read off them; spans: words of it to be found again. dots: an inch, 0 for no picture.
    """

    numbers: tuple[int, ...]
    text: str = ""
    spans: tuple[Span, ...] = ()
    dots: int = 0


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as it is seen. of: how many the file has. width, height: in points; of a picture, in its own.

    frames: for each span its frames, one a line. text: all that a reader of its picture reads, as far as the file says
    so; has_unread: it may show words that the file does not say. png: empty where no picture was asked for.
    """

    number: int
    of: int
    width: float
    height: float
    frames: tuple[tuple[Frame, ...], ...] = ()
    text: str = ""
    has_unread: bool = False
    png: bytes = b""
