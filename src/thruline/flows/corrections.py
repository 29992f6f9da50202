"""Corrections in force: which words of a document are wrong, and what is right instead (GDPR article 16).

A correction belongs to one document of one source. The source goes on saying what it says, so its words are put right
again whenever they come in: by the path that holds them, and by their bytes under whatever path.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from thruline.core.clock import Micros, iso
from thruline.core.decoding import decode
from thruline.core.ids import ArtifactId, kind_of, random_id
from thruline.data import copies
from thruline.data.encodings import as_utf8
from thruline.data.media import media_type
from thruline.data.mending import Fix, mended_parsed, mended_text
from thruline.data.records import Record
from thruline.flows.reports import CorrectionView

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "correction"
AS_BYTES = "text/plain"  # rows of tables too: the bytes of these say the right words, of all others a copy does


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Words of what a path of a source holds. record: what it became; digest: of the bytes as the source had them.

    stands: whether those bytes still said the wrong words when they last came in.
    """

    id: ArtifactId
    source: ArtifactId
    path: str
    digest: str
    record: str
    wrong: str
    right: str
    at: Micros
    stands: bool = True

    @property
    def fix(self) -> Fix:
        """The words alone."""
        return Fix(self.wrong, self.right)

    @property
    def payload(self) -> bytes:
        """As it is kept."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "id"}).encode()


class Corrections:
    """Those in force, to be asked for document after document."""

    def __init__(self, known: Iterable[Correction]) -> None:
        self._known = sorted(known, key=lambda c: (c.at, c.wrong, c.id))

    def of(self, path: str, digest: str) -> tuple[Correction, ...]:
        """What is to be put right in these bytes under this path, in order, each once."""
        found: dict[tuple[int, Fix], Correction] = {}
        for c in sorted((c for c in self._known if digest == c.digest or path == c.path), key=lambda c: c.path != path):
            found.setdefault((c.at, c.fix), c)
        return tuple(sorted(found.values(), key=lambda c: (c.at, c.wrong)))

    def made(self, record: Record) -> tuple[Correction, ...]:
        """What was put right in a record as it is here."""
        return tuple(c for c in self._known if c.record == record.id)


def in_force(line: Line, *sources: str) -> Corrections:
    """Every correction, or those of these sources."""
    return Corrections(c for c in _all(line) if not sources or c.source in sources)


def record_of(line: Line, source: str, digest: str, fixes: Sequence[Fix]) -> ArtifactId:
    """The id of what bytes of a source become; the same bytes with other words put right are another record."""
    return line.ids.artifact("record", source, digest, *(line.ids.digest("fix", *fix) for fix in fixes))


def put_right(line: Line, path: str, data: bytes, fixes: Sequence[Fix]) -> tuple[bytes, tuple[int, ...]]:
    """What is kept of a file instead of its bytes, and how many places each fix changed; raises Refused.

    Plain text with the right words, or a copy of what was read off the file: of a PDF or a page of markup nothing that
    its parser does not read is kept.
    """
    parsed = copies.opened(line.ids, data)
    if parsed is None and (media := media_type(path, data)) != AS_BYTES:
        parsed = line.parsers.parse(data, media, path)
    if parsed is None:
        text, places = mended_text(decode(as_utf8(data)), fixes)
        return text.encode(), places
    parsed, places = mended_parsed(parsed, fixes)
    return copies.sealed(line.ids, parsed), places


def note(line: Line, made: Sequence[Correction], record: str, path: str, digest: str, places: Sequence[int]) -> None:
    """Keep that these were put right in what a path holds now; in the transaction that takes it in."""
    if not made:
        return
    subjects = {link.subject for link in line.subjects.met_in([record])}
    for correction, changed in zip(made, places, strict=True):
        id = correction.id if correction.path == path else random_id(KIND)
        now = replace(correction, id=id, path=path, digest=digest, record=record, stands=changed > 0)
        keep(line, now)
        for subject in subjects:  # by these ties an erasure finds it also when its document is gone
            line.subjects.link(subject, [id])


def keep(line: Line, correction: Correction) -> None:
    """Keep one as it is now; in the caller's transaction."""
    line.payloads.put(correction.id, correction.payload, correction.id)


def follow(line: Line, instead: Mapping[str, str]) -> None:
    """Records gave their place to others (old -> new)."""
    for correction in _all(line):
        if correction.record in instead:
            keep(line, replace(correction, record=instead[correction.record]))


def move(line: Line, source: str, old: str, new: str) -> None:
    """What a path of a source held lies under another now."""
    for correction in _all(line):
        if (correction.source, correction.path) == (source, old):
            keep(line, replace(correction, path=new))


def forget(line: Line, ids: Collection[str]) -> None:
    """These are in force no longer."""
    line.payloads.delete(list(ids))
    line.subjects.unlink(list(ids))


def of_source(line: Line, source: str) -> list[ArtifactId]:
    """Those of a source."""
    return [c.id for c in _all(line) if c.source == source]


def about(line: Line, records: Collection[str]) -> set[ArtifactId]:
    """Those of what these records hold, or of a path that held one of them."""
    paths = {path for places in line.records.paths(list(records)).values() for path in places}
    return {c.id for c in _all(line) if c.record in records or c.path in paths}


def as_they_came(line: Line, ids: Iterable[str]) -> list[ArtifactId]:
    """The records that their sources would bring without these corrections."""
    wanted = {id for id in ids if kind_of(id) == KIND}
    return [record_of(line, c.source, c.digest, ()) for c in (_all(line) if wanted else ()) if c.id in wanted]


def views(line: Line, ids: Collection[str] | None = None) -> tuple[CorrectionView, ...]:
    """Every correction, or these, the latest first."""
    known = [c for c in _all(line) if ids is None or c.id in ids]
    names = line.payloads.get_many(sorted({c.path for c in known}))
    sources = {s.id: s.name for s in line.records.sources()}
    return tuple(
        CorrectionView(
            id=c.id, document=f"{sources.get(c.source, '')}/{names.get(c.path, b'').decode()}", wrong=c.wrong,
            right=c.right, since=iso(c.at), needed=c.stands,
        )
        for c in sorted(known, key=lambda c: (-c.at, c.id))
    )  # fmt: skip


def _all(line: Line) -> list[Correction]:
    kept = line.payloads.get_many(line.payloads.ids(KIND))
    return [Correction(id=ArtifactId(id), **json.loads(data)) for id, data in kept.items()]
