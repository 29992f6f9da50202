"""Eyes: what a reader sees of personal data, by the clearance of their groups; the rest is covered before they see it.

Covered words keep their length, so that a citation still points at its place. Nothing that is covered for the asker of
a question reaches a language model, an answer or its receipt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from thruline.core.nouns import Actor
from thruline.data import policies, privacy
from thruline.data.rewriting import Rewriter
from thruline.flows.reports import AnswerReport, Passage

if TYPE_CHECKING:
    from thruline.flows.documents import Document
    from thruline.flows.line import Line
    from thruline.ports.names import NameDetector

Cover = Callable[[str], str]
_BETWEEN = re.compile(r"[_/.\-]")  # between the words of a file's name


@dataclass(frozen=True)
class Eyes:
    """Of one reader. hidden: kinds of personal data that they do not see."""

    hidden: frozenset[str]
    names: NameDetector | None

    def also_without(self, kinds: frozenset[str]) -> Eyes:
        """These eyes where a source shows still less."""
        return replace(self, hidden=self.hidden | kinds)

    def named(self, line: Line) -> Eyes:
        """These eyes with the detector of names, which eyes that see all do without."""
        return replace(self, names=line.names) if self.hidden else self

    def cover(self, document: Document | None) -> Cover:
        """Covers in a text what is hidden: what was met in the document, and what is met in the text itself."""
        if not self.hidden:
            return str
        known = Rewriter(dict.fromkeys(self._known(document), policies.cover) if document else {})
        return lambda text: known(Rewriter(dict.fromkeys(self._met(text), policies.cover))(text))

    def passage(self, passage: Passage, cover: Cover) -> Passage:
        """A passage with all of its words covered alike."""
        if not self.hidden:
            return passage
        return replace(passage, title=cover(passage.title), text=cover(passage.text), path=cover(passage.path))

    def _known(self, document: Document) -> Iterator[str]:
        """What its mentions may be called."""
        for mention in document.mentions:
            if mention.kind in self.hidden and mention.score >= policies.SCORE:
                yield from policies.called(mention)

    def _met(self, text: str) -> Iterator[str]:
        for read in {text, _BETWEEN.sub(" ", text)} if len(text) < _LONGEST_NAME else {text}:
            yield from policies.said(read, privacy.find_mentions(read, self.names), self.hidden)


_LONGEST_NAME = 512  # characters: what is longer is a text, no file's name or title


def eyes(line: Line, actor: Actor) -> Eyes:
    """Whoever sees all documents sees all of them; everybody else what a group of theirs is cleared for."""
    hidden = line.access.hidden_from(actor)
    return Eyes(hidden, line.names if hidden else None)


def covered(eyes: Eyes, said: AnswerReport, covers: Sequence[Cover]) -> AnswerReport:
    """An answer with what is hidden covered: covers are those of the documents that it was made of."""
    if not eyes.hidden:
        return said
    own = eyes.cover(None)

    def all_of(text: str) -> str:
        for cover in covers:
            text = cover(text)
        return own(text)

    sentences = tuple(replace(s, text=all_of(s.text)) for s in said.sentences)
    return replace(said, text=all_of(said.text), sentences=sentences)
