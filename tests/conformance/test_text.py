"""The full-text index keeps its promise."""

from __future__ import annotations

from thruline.backends.tantivy_text import TantivyText
from thruline.testing.text_suite import TextSuite


class TestTantivyText(TextSuite):
    def open(self) -> TantivyText:
        return TantivyText()
