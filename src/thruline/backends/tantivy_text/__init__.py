"""BM25 by tantivy."""

from thruline.backends.tantivy_text.index import TITLE_WEIGHT, TantivyText

__all__ = ["TITLE_WEIGHT", "TantivyText"]
