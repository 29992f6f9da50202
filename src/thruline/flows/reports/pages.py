"""Pages of documents: where on them an answer stands, and what they look like."""

from __future__ import annotations

from dataclasses import dataclass

from thruline.core.pages import Frame


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Words of a passage and the frames around them on a page, one a line. passage: its number in the answer.

    whole: they are all of the passage, since the answer says it in words of its own.
    """

    passage: int
    text: str
    frames: tuple[Frame, ...]
    whole: bool


@dataclass(frozen=True, kw_only=True)
class CitedPage:
    """A page that an answer rests on, and where; no marks where the words were not found on it again.

    width, height, frames: in points from the upper left corner of the page as it is read; of a picture, in its own.
    withheld: why the page is not shown to this reader; its marks are then left out.
    """

    record: str
    title: str
    page: int
    of: int
    width: float
    height: float
    marks: tuple[Mark, ...]
    withheld: str = ""


@dataclass(frozen=True, kw_only=True)
class PagePicture:
    """A page as it looks, as PNG. width, height: as in CitedPage."""

    record: str
    page: int
    of: int
    width: float
    height: float
    png: bytes
