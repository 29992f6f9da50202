"""BM25 by tantivy, in memory: rebuilt from the store of record, so no folder holds readable terms to be erased.

Indexing 5,000 abstracts of 200 words takes 0.5 CPU seconds, 50,000 synthetic chunks 2.5.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tantivy import Document, Index, IndexWriter, Occur, Query, Searcher

from thruline.backends.tantivy_text.words import ANALYZER, VERSION, Words
from thruline.core.errors import Corrupt
from thruline.ports.dense import Found
from thruline.ports.text import TextStats, TextView

# A title is short, so BM25 already weighs its words up; .3 to .7 are alike on SciFact's training questions (nDCG@10
# .694), 1.0 is worse (.677).
TITLE_WEIGHT = 0.5
# A question longer than this is cut: its first words decide, and a paste of megabytes must not hold the server.
_QUERY_CHARACTERS = 8_192
_QUERY_TERMS = 128
_BUILD_BYTES, _CHANGE_BYTES = 200_000_000, 15_000_000  # tantivy asks for 15 MB at least
# From here on the index lies in a folder in memory, so that its bytes can be put away for the next process.
_FOLDER_ROWS = 1_000
_MEMORY, _PREFIX, _LEAST_FREE = Path("/dev/shm"), "thruline-words-", 1 << 30  # noqa: S108 - 0700, and locked
_YOUNG_S = 5.0
_MADE = "terms"  # of what is put away: how texts became terms, and in which languages
_DELETE_ROWS = 10_000  # in one query
# So few allowed rows become part of the query; for more, fetching past the mask is cheaper (50,000 rows: 3.9 ms).
_FILTER_ROWS = 500
_GROWTH = 4
_NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32))


class TantivyText:
    """Stems, title and text scored together; what the user types is words, never query syntax.

    Stop words count only in a question that has no other words.
    """

    def __init__(self) -> None:
        self._words = Words()
        self._index: Index | None = None
        self._view = _View(self._words, None)  # replaced whole
        self._given = 0  # rows that ever came
        self._folder: _Folder | None = None

    def build(self, texts: Sequence[str], titles: Sequence[str], languages: Sequence[str] = ()) -> None:
        """Index the rows in memory."""
        self._words = Words()
        self._folder = _Folder.opened() if len(texts) >= _FOLDER_ROWS else None
        self._open(Index(self._words.schema, path=str(self._folder.path) if self._folder else None))
        self._given = 0
        self._write(texts, titles, languages, _BUILD_BYTES)

    def add(self, texts: Sequence[str], titles: Sequence[str], languages: Sequence[str] = ()) -> None:
        """A segment of their own; many small ones are merged."""
        if self._index is None:
            self.build((), ())
        self._write(texts, titles, languages, _CHANGE_BYTES)

    def delete(self, rows: np.ndarray) -> None:
        """They are marked; their words go with the merge of their segment, or when all is built anew."""
        if self._index is None or not len(rows):
            return
        writer = self._index.writer(_CHANGE_BYTES, num_threads=1)
        for start in range(0, len(rows), _DELETE_ROWS):
            gone = rows[start : start + _DELETE_ROWS].tolist()
            writer.delete_documents_by_query(Query.term_set_query(self._words.schema, "row", gone))
        self._commit(self._index, writer)

    def search(self, query: str, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best rows among those that mask allows and a word of the query matches, ties by row."""
        return self._view.search(query, k, mask)

    def view(self) -> TextView:
        """A searcher over the segments of now."""
        return self._view

    def stats(self) -> TextStats:
        """Rows, and those that only BM25 still counts."""
        searcher = self._view.searcher
        rows = searcher.num_docs if searcher else 0
        return TextStats(rows, self._given - rows)

    def dump(self) -> Mapping[str, bytes] | None:
        """The files of its folder; None where it has none, or rows that are gone lie in them."""
        if self._folder is None or self.stats().deleted:
            return None
        files = [path for path in self._folder.path.iterdir() if not path.name.endswith(".lock")]
        return {path.name: path.read_bytes() for path in files} | {_MADE: self._made}

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """The files again, in a folder in memory."""
        version, *languages = parts.get(_MADE, b"").decode("ascii", "replace").split() or [""]
        if version != str(VERSION):
            raise Corrupt("the index of words that was put away has other terms", hint="it is built anew")
        folder = _Folder.opened()
        if folder is None or any("/" in name for name in parts):
            raise Corrupt("the index of words that was put away has no place", hint="it is built anew")
        for name in parts.keys() - {_MADE}:
            (folder.path / name).write_bytes(parts[name])
        self._words = Words(languages)
        try:
            self._open(Index.open(str(folder.path)))
        except ValueError as error:
            raise Corrupt("the index of words that was put away does not open", hint="it is built anew") from error
        self._folder, self._given = folder, self._view.searcher.num_docs if self._view.searcher else 0

    def close(self) -> None:
        """Free the index; a view lives on."""
        self._index, self._folder, self._view, self._given = None, None, _View(self._words, None), 0

    @property
    def _made(self) -> bytes:
        """How its terms were made."""
        return " ".join((str(VERSION), *self._words.languages)).encode()

    def _open(self, index: Index) -> None:
        index.register_tokenizer(ANALYZER, self._words.english)
        self._index, self._view = index, _View(self._words, index.searcher())

    def _write(self, texts: Sequence[str], titles: Sequence[str], languages: Sequence[str], memory: int) -> None:
        assert self._index is not None
        words = self._words
        words.learn(languages)
        writer = self._index.writer(memory, num_threads=1)  # one thread makes one segment: scores do not vary
        each = zip(texts, titles, languages or [""] * len(texts), strict=True)
        for row, (text, title, language) in enumerate(each, self._given):
            said = {"text": words.indexed(text, language), "title": words.indexed(title, language), "row": row}
            writer.add_document(Document.from_dict(said, words.schema))
        self._given += len(texts)
        self._commit(self._index, writer)

    def _commit(self, index: Index, writer: IndexWriter) -> None:
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._view = _View(self._words, index.searcher())


class _Folder:
    """A folder in memory (tmpfs) that goes with the last reference, and is locked until then."""

    def __init__(self, path: Path) -> None:
        self.path = path
        handle = os.open(path, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        weakref.finalize(self, _gone, path, handle)

    @classmethod
    def opened(cls) -> _Folder | None:
        """A new one; None where memory has no place for folders. Those of killed processes go."""
        if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _LEAST_FREE:
            return None
        for left in _MEMORY.glob(f"{_PREFIX}{os.getuid()}-*"):
            with suppress(OSError):  # it is another process's, which has it locked, or took it away meanwhile
                _sweep(left)
        return cls(Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getuid()}-", dir=_MEMORY)))


def _sweep(left: Path) -> None:
    if time.time() - left.stat().st_mtime < _YOUNG_S:  # its process may not have locked it yet
        return
    handle = os.open(left, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left)
    finally:
        os.close(handle)


def _gone(path: Path, handle: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(handle)


class _View(NamedTuple):
    """searcher: None while there is nothing."""

    words: Words
    searcher: Searcher | None

    def search(self, query: str, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best rows among those that mask allows and a word of the query matches, ties by row."""
        rows = self.searcher.num_docs if self.searcher else 0
        allowed = rows if mask is None else int(np.count_nonzero(mask))
        wanted = self._matching(query)
        if self.searcher is None or wanted is None or allowed == 0 or k <= 0:
            return _NOTHING
        if mask is not None and allowed <= _FILTER_ROWS:
            within = Query.term_set_query(self.words.schema, "row", np.flatnonzero(mask).tolist())
            wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, Query.const_score_query(within, 0.0))])
            mask = None
        return _first_allowed(self.searcher, wanted, k, mask, expected=k * rows // allowed)

    def _matching(self, query: str) -> Query | None:
        """Rows that hold any of the words; None when there are none."""
        query = query[:_QUERY_CHARACTERS].encode("utf-8", "replace").decode()  # a lone surrogate is not text
        clauses: list[tuple[Occur, Query]] = []
        for term in self.words.terms(query)[:_QUERY_TERMS]:
            title = Query.term_query(self.words.schema, "title", term, "freq")
            clauses.append((Occur.Should, Query.boost_query(title, TITLE_WEIGHT)))
            clauses.append((Occur.Should, Query.term_query(self.words.schema, "text", term, "freq")))
        return Query.boolean_query(clauses) if clauses else None


def _first_allowed(searcher: Searcher, query: Query, k: int, mask: np.ndarray | None, *, expected: int) -> Found:
    """Fetch ever further down the ranking until k allowed rows are found or the matches end."""
    limit = min(max(expected + k, k + 1), searcher.num_docs)
    while True:
        hits = searcher.search(query, limit, count=False).hits
        rows = np.array(searcher.fast_field_values("row", [address for _, address in hits]), np.int64)
        scores = np.array([score for score, _ in hits], np.float32)
        kept = np.ones(len(rows), bool) if mask is None else _within(mask, rows)
        if kept.sum() >= k or len(hits) < limit or limit >= searcher.num_docs:
            order = np.lexsort((rows[kept], -scores[kept]))[:k]
            return Found(rows[kept][order], scores[kept][order])
        limit = min(limit * _GROWTH, searcher.num_docs)


def _within(mask: np.ndarray, rows: np.ndarray) -> np.ndarray:
    if len(mask) == 0:
        return np.zeros(len(rows), bool)
    return (rows < len(mask)) & mask[np.minimum(rows, len(mask) - 1)]
