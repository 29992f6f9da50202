"""Reach: all that holds a person - by links, by what was made of it, and by reading every text that is kept.

A name can have gone undetected, and a file name, a question or a job's command is no document: so every erasable
text is read, and compared as words, whatever stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import msgspec

from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId, kind_of
from thruline.data import privacy
from thruline.data.called import Called, words_of
from thruline.data.records import Record
from thruline.data.subjects import IDENTIFYING
from thruline.flows import corrections
from thruline.flows.documents import Document, as_text, read_documents, views
from thruline.flows.holds import listing
from thruline.flows.kinship import Kin, kin_of, records_of
from thruline.flows.learned import sets_that_say
from thruline.flows.line import Line
from thruline.flows.near import hint
from thruline.flows.reports import DocumentView
from thruline.flows.touched import saying, touched
from thruline.vectors import judged

SHORTEST = 4  # characters: a shorter word stands in too much that is not the person's
PAGE = 256  # texts decrypted at a time
TEXTS = (
    "memo",
    "record",
    "path",
    "answer",
    "user",
    "job",
    "job_log",
    "job_reason",
    "export",
    "corpus",
    "restriction",
    "consent",
    "aggregate",
    "token",
    "match",
    "search",
    judged.KIND,
    "prompt",
    corrections.KIND,
)  # payloads that are read
WHOLE = (
    "answer",
    "dataset",
    "model",
    "corpus",
    "export",
    judged.KIND,
)  # what goes, or is named, as a whole where a part of it is reached
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, kw_only=True)
class Reach:
    """All that holds a person. called: as given, and as the same person is known here. texts: payloads that say so.

    spared: records of somebody who bears their name and was told apart.
    """

    identifiers: tuple[tuple[str, str], ...]
    called: tuple[str, ...]
    subjects: tuple[ArtifactId, ...]
    records: tuple[Record, ...]
    shown: tuple[DocumentView, ...]
    chunks: tuple[ArtifactId, ...]
    vectors: tuple[ArtifactId, ...]
    answers: tuple[ArtifactId, ...]
    datasets: tuple[ArtifactId, ...]
    models: tuple[ArtifactId, ...]
    jobs: tuple[ArtifactId, ...]
    users: tuple[str, ...]
    corpora: tuple[ArtifactId, ...]
    exports: tuple[ArtifactId, ...]
    texts: tuple[str, ...]
    also_seen: tuple[str, ...]
    kin: Kin = field(default_factory=Kin)
    spared: frozenset[ArtifactId] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing holds them."""
        return not (self.records or self.texts or self.answers or self.subjects)

    def and_also(self, late: Reach) -> Reach:
        """This, and what was found of them later."""
        names = ("subjects", "records", "shown", "chunks", "vectors", "answers", "datasets", "models", "jobs", "users",
                 "corpora", "exports", "texts")  # fmt: skip
        return replace(self, **{name: (*getattr(self, name), *getattr(late, name)) for name in names})

    @property
    def record_ids(self) -> list[ArtifactId]:
        """Ids of the records."""
        return [r.id for r in self.records]


def find(line: Line, identifiers: Sequence[str], *, but: frozenset[ArtifactId] = frozenset()) -> Reach:
    """All that holds whoever is known by these identifiers, as far as decisions do not say that it is somebody else.

    but: records that are not theirs. Raises NotFound when nothing holds them and they were never erased, Invalid for a
    word that is too short.
    """
    pairs = tuple(pair for text in identifiers for pair in classify(text))
    kin = kin_of(line, pairs)
    subjects = line.subjects.find(pairs)
    links = {x.artifact for x in line.subjects.linked(subjects)}
    known = {words_of(name): name for name in (*_known_as(line, set(subjects), links), *_joined(kin), *identifiers)}
    called = tuple(sorted(name for name in known.values() if name.casefold() not in kin.ids_apart))
    _check_sources(line, called)
    spared = but | _spared_of(line, kin, called)
    learned = sets_that_say(line, called)
    met = _without(line, _texts_with(line, called), spared) | learned
    met |= {link for link in links if kind_of(link) == corrections.KIND}
    linked = (links | {ArtifactId(r) for r in records_of(line, kin.joined)}) - spared
    subjects = [s for s in subjects if not but or any(x.artifact not in but for x in line.subjects.linked([s]))]
    records = [r for r in _records(line, met, linked) if r.id not in spared]
    chunks = line.records.every_chunk_of([r.id for r in records])
    met |= corrections.about(line, {r.id for r in records})
    below = touched(line, [*(r.id for r in records), *chunks, *sorted(learned)]) | met | linked
    reached = {kind: tuple(sorted(i for i in below if kind_of(i) == kind)) for kind in WHOLE}
    corpora = tuple(sorted({*reached["corpus"], *saying(line, called)}))
    if not (met or linked or subjects or corpora or line.subjects.was_erased(pairs)):
        raise NotFound(
            f"nothing here holds {', '.join(map(repr, identifiers))}",
            hint=hint(line, [value for kind, value in pairs if kind == "name"])
            or "give every name, address and number; another spelling may be known",
        )
    return Reach(
        identifiers=pairs, called=called, subjects=tuple(subjects), records=tuple(records),
        shown=tuple(sorted(views(line, records), key=lambda view: (view.source, view.path))), chunks=tuple(chunks),
        vectors=tuple(ArtifactId(r.vectors) for r in records if r.vectors), answers=reached["answer"],
        datasets=reached["dataset"], models=reached["model"], corpora=corpora,
        exports=reached["export"],
        jobs=tuple(sorted({_job(i) for i in met if kind_of(i).startswith("job")})), users=_users(line, met),
        texts=tuple(sorted({*met, *reached[judged.KIND]})),
        also_seen=_also_seen(line, records, called), kin=kin, spared=spared,
    )  # fmt: skip


def classify(text: str) -> list[tuple[str, str]]:
    """(kind, normalised value) pairs that an identifier as a person writes it may be known by."""
    if len(text.strip()) < SHORTEST:
        raise Invalid(f"{text!r} is too short to identify a person", hint="give a full name, e-mail or number")
    found = [(m.kind, m.value) for m in privacy.find_mentions(text) if m.kind != "name" and m.kind in IDENTIFYING]
    return found or [("name", " ".join(text.split()))]


def is_one_word(text: str) -> bool:
    """Whether an identifier is a word of letters alone, as others may use it."""
    return len(words_of(text)) == 1 and words_of(text)[0].isalpha() and classify(text)[0][0] == "name"


def _joined(kin: Kin) -> list[str]:
    """What decisions say they are called, too: full names and whatever identifies; not an initial and a surname."""
    names = [side.told.name for side in kin.joined if not side.told.is_short]
    return [*names, *(value for side in kin.joined for _, value in side.told.ids if len(value) >= SHORTEST)]


def _spared_of(line: Line, kin: Kin, called: Sequence[str]) -> frozenset[ArtifactId]:
    """Records of those who were told apart, but for those that call this person by anything that is theirs alone."""
    sides = [side for side, _ in kin.apart]
    names = {side.told.words for side in sides}
    own = Called([name for name in called if words_of(name) not in names])
    records = line.records.get_many(sorted(records_of(line, sides)))
    documents = read_documents(line, [r.document for r in records.values()])
    return frozenset(
        id for id, r in records.items() if r.document in documents and not own.is_in(documents[r.document].searchable)
    )  # pyright: ignore[reportReturnType]


def _without(line: Line, met: set[ArtifactId], spared: frozenset[ArtifactId]) -> set[ArtifactId]:
    """The texts that were met, without those of spared records: they, their paths, and answers out of them alone."""
    if not spared:
        return met
    theirs: set[str] = {*spared, *(r.document for r in line.records.get_many(sorted(spared)).values())}
    theirs |= {path for paths in line.records.paths(sorted(spared)).values() for path in paths}
    said = line.answers.read([i for i in met if kind_of(i) == "answer"])
    theirs |= {id for id, a in said.items() if a.passages and {p.record for p in a.passages if p.number} <= spared}
    return {i for i in met if i not in theirs}


def _known_as(line: Line, subjects: set[ArtifactId], linked: set[ArtifactId]) -> list[str]:
    """What else the same people are called in the documents that are linked to them."""
    records = line.records.get_many([i for i in linked if kind_of(i) == "record"])
    documents = read_documents(line, [r.document for r in records.values() if r.document])
    pairs = {(m.kind, m.value) for d in documents.values() for m in d.mentions if len(m.value) >= SHORTEST}
    return sorted(value for kind, value in pairs if subjects.intersection(line.subjects.find([(kind, value)])))


def _check_sources(line: Line, called: Sequence[str]) -> None:
    """Names and folders of sources and groups are settings, in nobody's key: the operator has to choose others."""
    looked_for = Called(called)
    for source in line.records.sources():
        if looked_for.is_in(source.name) or looked_for.is_in(source.location):
            raise Conflict(
                f"the source {source.name!r} is named after them",
                hint=f"`thruline remove {source.name}` first, then add it under another name or folder",
            )
    for hold in listing(line):
        if looked_for.is_in(hold.name) or looked_for.is_in(hold.what):
            raise Conflict(f"the hold {hold.name!r} names them", hint="`thruline unhold` it, and name the rule alone")
    for source in line.records.sources():
        for name, value in source.options.items():
            if looked_for.is_in(value):
                raise Conflict(
                    f"the option {name!r} of the source {source.name!r} names them",
                    hint=f"`thruline remove {source.name}`, then add it again without them",
                )
    groups = {g for holder in (*line.records.sources(), *line.access.users()) for g in holder.groups}
    groups |= line.access.clearances().keys()
    for group in sorted(filter(looked_for.is_in, groups)):
        raise Conflict(
            f"the group {group!r} is named after them", hint="give its sources and users a group of another name first"
        )


def _texts_with(line: Line, called: Sequence[str]) -> set[ArtifactId]:
    """Payloads whose text says one of the identifiers, whatever was detected in them."""
    looked_for = Called(called)
    spared = _spared(line, called)
    ids = [id for kind in TEXTS for id in line.payloads.ids(kind) if id not in spared]
    pages = (line.payloads.get_many(ids[start : start + PAGE]) for start in range(0, len(ids), PAGE))
    said = ((id, _said(id, data)) for page in pages for id, data in page.items())
    return {ArtifactId(id) for id in looked_for.among(said)}


def _spared(line: Line, called: Sequence[str]) -> set[str]:
    """Records and documents that surely call none of them, by their sketches: they need not be decrypted."""
    sought = line.sketcher.sought(called)
    return {id for record, document, bits in line.records.sketches() if not sought.may_be_in(bits)
            for id in (record, document)}  # fmt: skip


def _said(id: str, data: bytes) -> str:
    """What a payload says: of a remembered document its words in order, of anything else the text that it is."""
    if kind_of(id) == "memo":
        with suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(data, type=Document).searchable
    return as_text(data)


def _records(line: Line, met: set[ArtifactId], linked: set[ArtifactId]) -> list[Record]:
    """The records that were met: themselves, by what they became, or by the path that holds them."""
    of_paths = [e.record for e in line.records.at([i for i in met if kind_of(i) == "path"]) if e.record]
    of_memos = line.runs.inputs_of([i for i in met if kind_of(i) == "memo"])
    named = {i for i in (*met, *linked, *of_paths, *of_memos) if kind_of(i) == "record"}
    return [record for _, record in sorted(line.records.get_many(sorted(named)).items())]


def _job(payload: str) -> ArtifactId:
    return ArtifactId(f"job:{payload.partition(':')[2]}")


def _users(line: Line, met: set[ArtifactId]) -> tuple[str, ...]:
    return tuple(u.name for u in line.access.users() if u.id in met)


def _also_seen(line: Line, records: Sequence[Record], called: Sequence[str]) -> tuple[str, ...]:
    """Identifiers met beside these that may be the same person's: an address or name that shares a word with them."""
    words = {w.casefold() for c in called for w in _WORD.findall(c)}
    named = " ".join(called).casefold()
    others = {value.casefold() for value in _names(line, records) if value.casefold() not in named}
    return tuple(sorted(value for value in others if words.intersection(_WORD.findall(value))))


def _names(line: Line, records: Sequence[Record]) -> Iterator[str]:
    for document in read_documents(line, [r.document for r in records]).values():
        yield from (m.value for m in document.mentions if m.kind in ("name", "email"))
