"""Prepare: bytes -> document. Parsed, cut into chunks, looked through for people and for poison; done once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from thruline import __version__
from thruline.core.documents import Mention
from thruline.core.errors import Refused
from thruline.core.ids import ArtifactId
from thruline.data import copies, token_forms
from thruline.data.cuts import Cut, cut_of
from thruline.data.fields import Wanted
from thruline.data.media import media_type
from thruline.data.policies import Policy
from thruline.data.subjects import identifies
from thruline.flows import INDEX, kinship
from thruline.flows.apart import STEP, Read, embed_by, read, read_by, read_on
from thruline.flows.corrections import Correction, put_right
from thruline.flows.documents import Document, as_text
from thruline.runs.runner import Remembered, Run

if TYPE_CHECKING:
    import numpy as np

    from thruline.flows.line import Line

SUPPRESSED = "suppressed"
REJUDGED = "again"  # a change that is none: the same bytes, to be judged by today's rules


@dataclass(frozen=True, kw_only=True)
class Raw:
    """A file of a source and, once it was read, the record that it is. path_id: the payload that holds its path.

    policy: what becomes of personal data in it. wanted: what of it is kept as fields. corrections: what is to be put
    right in it; places: in how many places each of them was, once that is done: data is then what is kept of the file,
    and digest still that of its own bytes.
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
    wanted: Wanted
    corrections: tuple[Correction, ...] = ()
    places: tuple[int, ...] = ()

    def read(self, record: ArtifactId, digest: str, data: bytes, mark: str) -> Raw:
        """The same file with its bytes."""
        return replace(self, record=record, data=data, digest=digest, size=len(data), mark=mark)


class CutAs(NamedTuple):
    """A document by one way to cut it."""

    cut: str
    document: Remembered[Document]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A record with its document, or the reason why there is none; same: its path held these bytes before.

    cut: how that was cut. beside: the same by the way that the index is moving to, where that is another.
    vectors: of its chunks, where workers have made them already, by the embedder of this digest.
    breaks: whether its source's contract keeps it out of answers.
    """

    raw: Raw
    document: Remembered[Document] | None = None
    cut: str = ""
    beside: CutAs | None = None
    vectors: np.ndarray | None = None
    embedder: str = ""
    refused: str = ""
    same: bool = False
    breaks: bool = False

    @property
    def is_known(self) -> bool:
        """Whether its path held these bytes before."""
        return self.same or self.raw.change == REJUDGED


def prepare(line: Line, run: Run, raw: Raw) -> Prepared:
    """The document of a record, remembered for the same bytes, code and settings; never raises for a bad file.

    Cut as what serves is and, while the index moves to another way to cut, as that, too.
    """
    cut, going = line.recipe.cut, line.changes.under_way(INDEX)
    try:
        raw = _put_right(line, raw)
        made = cut_document(line, run, raw, cut)
        beside = CutAs(going.cut, cut_document(line, run, raw, going.cut)) if going and going.cut != cut else None
    except Refused as refused:
        return Prepared(raw=raw, refused=refused.reason)
    prepared = Prepared(raw=raw, document=made, cut=cut, beside=beside)
    embedder = line.embedder
    workers = line.toolbox.workers(embedder)
    if workers is None:  # at home they are made for a group at a time
        return prepared
    vectors = embed_by(workers, made.value.embedded, embedder.info.dims)
    return replace(prepared, vectors=vectors, embedder=embedder.info.digest)


def cut_document(
    line: Line, run: Run, raw: Raw, cut: str, *, of: Document | None = None, owner: str = ""
) -> Remembered[Document]:
    """The document of a record by one way to cut it, remembered; raises Refused. raw: put right already.

    of: the same by another way, of which all but the chunks stays. owner: whose key it is kept under; the one that
    `owner_of` says where it is empty.
    """
    config = ({"cut": cut} if cut else {"words": line.limits.chunk_words}) | {
        "names": line.names.version,
        "policy": {name: sorted(kinds) for name, kinds in raw.policy._asdict().items()}, "thruline": __version__,
        "fields": raw.wanted._asdict(),
        "parser": "" if copies.opened(line.ids, raw.data) else line.parsers.version(media_type(raw.path, raw.data)),
    }  # fmt: skip
    return run.step(
        STEP, (raw.record,), config, lambda: _cut(line, raw, cut, of), Document,
        owner=lambda document: owner or owner_of(raw, document),
    )  # fmt: skip


def _cut(line: Line, raw: Raw, cut: str, of: Document | None) -> Document:
    made = make(line, raw, cut)
    return replace(of, chunks=made.chunks) if of else made


def _put_right(line: Line, raw: Raw) -> Raw:
    """With the right words, where its source has wrong ones; raises Refused where they cannot be read."""
    if not raw.corrections or raw.places:
        return raw
    data, places = put_right(line, raw.path, raw.data, [c.fix for c in raw.corrections])
    return replace(raw, data=data, places=places)


def owner_of(raw: Raw, document: Document) -> str:
    """Whose key a record's bytes are under: its own when people are in it, so that one shredded key takes all of it."""
    return raw.record if any(map(identifies, document.mentions)) else raw.source


def make(line: Line, raw: Raw, cut: str) -> Document:
    """The document by one way to cut it, remembered nowhere; raises Refused."""
    document = _read(line, raw, cut_of(cut) if cut else Cut(line.limits.chunk_words))
    if names_erased(line, raw, document):
        line.tokens.release([raw.record])
        raise Refused(f"{raw.path!r} names somebody who was erased", reason=SUPPRESSED)
    return replace(document, sketch=line.sketcher.sketch((document.searchable, as_text(raw.data))))


def _read(line: Line, raw: Raw, cut: Cut) -> Document:
    """Read by workers, where there are some; what needs the vault of tokens is read beside it."""
    asked = Read(data=raw.data, path=raw.path, policy=raw.policy, wanted=raw.wanted, cut=cut)
    if copy := copies.opened(line.ids, raw.data):
        return read_on(line.tools, asked, copy, partial(_token, line, raw))
    if (workers := line.workers) and not raw.policy.exchanged:
        return read_by(workers, asked)
    return read(line.tools, asked, partial(_token, line, raw))


def _token(line: Line, raw: Raw, word: str, mention: Mention) -> str:
    formed = mention.kind in raw.policy.token
    value = token_forms.compact(word) if formed else mention.value
    return line.tokens.token(mention.kind, value, formed=formed, record=raw.record)


def names_erased(line: Line, raw: Raw, document: Document) -> bool:
    """Whether a file names somebody who was erased: anywhere where an erasure would have found them.

    Not where it means somebody else of that name, who was told apart.
    """
    said = (document.searchable, raw.path, as_text(raw.data))
    if line.subjects.was_erased([("record", raw.record)]):
        return True
    if not (line.subjects.is_suppressed(document.mentions) or line.subjects.calls_erased(*said)):
        return False
    others = kinship.namesakes(line, document)
    names = {name.casefold() for name in others}
    rest = [m for m in document.mentions if m.value.casefold() not in names]
    return not names or line.subjects.is_suppressed(rest) or line.subjects.calls_erased(*said, but=others)
