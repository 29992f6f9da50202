"""Plain text: paragraphs parted by blank lines."""

from __future__ import annotations

import re

from thruline.core.composing import Composer
from thruline.core.decoding import decode
from thruline.core.documents import Parsed

_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


class TextParser:
    """Every paragraph becomes a block, every character is kept."""

    version = "text 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document, titled with its file's name."""
        out = Composer(media_type, self.version, title=name.rpartition("/")[2])
        for paragraph in _BLANK_LINES.split(decode(data)):
            out.block(paragraph)
        return out.done()
