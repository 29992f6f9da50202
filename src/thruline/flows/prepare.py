"""Prepare: bytes -> document. Parsed, cut into chunks, looked through for people and for poison; done once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from thruline import __version__
from thruline.core.documents import Mention, Parsed
from thruline.core.errors import Refused
from thruline.core.ids import ArtifactId
from thruline.data import (
    called,
    chunks,
    duplicates,
    encodings,
    language,
    names,
    policies,
    privacy,
    rewriting,
    sketch,
    token_forms,
)
from thruline.data.media import media_type
from thruline.data.policies import Policy
from thruline.data.rewriting import Replace, Rewriter
from thruline.data.subjects import identifies
from thruline.flows.documents import Document, as_text
from thruline.guard import phrases, poison
from thruline.runs.runner import Remembered, Run, Step

if TYPE_CHECKING:
    from thruline.flows.line import Line

SUPPRESSED = "suppressed"
REJUDGED = "again"  # a change that is none: the same bytes, to be judged by today's rules
STEP = Step(
    name="prepare",
    modules=(
        called,
        chunks,
        duplicates,
        encodings,
        language,
        names,
        policies,
        privacy,
        rewriting,
        sketch,
        token_forms,
        phrases,
        poison,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A file of a source and, once it was read, the record that it is. path_id: the payload that holds its path.

    policy: what becomes of personal data in it.
    """

    source: ArtifactId
    record: ArtifactId
    path: str
    path_id: ArtifactId
    data: bytes
    digest: str
    size: int
    mark: str
    change: str
    policy: Policy

    def read(self, record: ArtifactId, digest: str, data: bytes, mark: str) -> Raw:
        """The same file with its bytes."""
        return replace(self, record=record, data=data, digest=digest, size=len(data), mark=mark)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A record with its document, or the reason why there is none; same: its path held these bytes before."""

    raw: Raw
    document: Remembered[Document] | None = None
    refused: str = ""
    same: bool = False

    @property
    def is_known(self) -> bool:
        """Whether its path held these bytes before."""
        return self.same or self.raw.change == REJUDGED


def prepare(line: Line, run: Run, raw: Raw) -> Prepared:
    """The document of a record, remembered for the same bytes, code and settings; never raises for a bad file."""
    try:
        config = {
            "words": line.limits.chunk_words, "names": line.names.version,
            "policy": {name: sorted(kinds) for name, kinds in raw.policy._asdict().items()}, "thruline": __version__,
            "parser": line.parsers.version(media_type(raw.path, raw.data)),
        }  # fmt: skip
        made = run.step(
            STEP, (raw.record,), config, lambda: _make(line, raw), Document,
            owner=lambda document: owner_of(raw, document),
        )  # fmt: skip
    except Refused as refused:
        return Prepared(raw=raw, refused=refused.reason)
    return Prepared(raw=raw, document=made)


def owner_of(raw: Raw, document: Document) -> str:
    """Whose key a record's bytes are under: its own when people are in it, so that one shredded key takes all of it."""
    return raw.record if any(map(identifies, document.mentions)) else raw.source


def _make(line: Line, raw: Raw) -> Document:
    parsed = line.parsers.parse(raw.data, media_type(raw.path, raw.data), raw.path)
    unseen = "\n".join((*parsed.hidden, *parsed.properties))
    mentions = tuple(privacy.find_mentions(f"{parsed.text}\n{parsed.title}\n{unseen}", line.names))
    if policies.blocked(mentions, raw.policy.block):
        raise Refused(f"{raw.path!r} holds personal data that its source does not let in", reason="personal")
    parsed = _rewritten(parsed, _rewriter(line, raw, parsed, mentions))
    cut = chunks.chunk(parsed, words=line.limits.chunk_words)
    document = Document(
        title=parsed.title, media_type=parsed.media_type, parser=parsed.parser, chunks=cut, mentions=mentions,
        risks=poison.risks(parsed), signature=duplicates.signature("\n\n".join(c.text for c in cut)), unseen=unseen,
    )  # fmt: skip
    if names_erased(line, raw, document):
        line.tokens.release([raw.record])
        raise Refused(f"{raw.path!r} names somebody who was erased", reason=SUPPRESSED)
    return replace(document, sketch=line.sketcher.sketch((document.searchable, as_text(raw.data))))


def _rewriter(line: Line, raw: Raw, parsed: Parsed, mentions: Sequence[Mention]) -> Rewriter:
    """Does with each kind of personal data what the source's policy says."""
    whole = "\n".join((parsed.text, parsed.title, *parsed.hidden, *parsed.properties))
    words: dict[str, Replace] = {}
    for word, mention in policies.said(whole, mentions, raw.policy.hidden).items():
        if mention.kind in raw.policy.mask:
            words[word] = policies.cover
        elif mention.kind in raw.policy.drop:
            words[word] = policies.drop
        elif mention.kind in raw.policy.token:
            token = line.tokens.token(mention.kind, token_forms.compact(word), formed=True, record=raw.record)
            words[word] = partial(token_forms.laid_over, token)
        else:
            token = line.tokens.token(mention.kind, mention.value, formed=False, record=raw.record)
            words[word] = partial(token_forms.laid_over, token)
    return Rewriter(words)


def _rewritten(parsed: Parsed, rewrite: Rewriter) -> Parsed:
    """What is searched, cited and shown, rewritten; blocks go with their words."""
    moved = rewrite.moved(parsed.text)
    blocks = tuple(
        replace(b, start=moved.at(b.start), end=moved.at(b.end), headings=tuple(map(rewrite, b.headings)))
        for b in parsed.blocks
    )
    return replace(
        parsed, text=moved.text, title=rewrite(parsed.title), blocks=blocks, hidden=tuple(map(rewrite, parsed.hidden))
    )


def names_erased(line: Line, raw: Raw, document: Document) -> bool:
    """Whether a file names somebody who was erased: anywhere where an erasure would have found them."""
    said = (document.searchable, raw.path, as_text(raw.data))
    return line.subjects.is_suppressed(document.mentions) or line.subjects.calls_erased(*said)
