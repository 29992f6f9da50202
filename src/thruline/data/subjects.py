"""People, as random pseudonyms: who was met where, without keeping what they are called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from thruline.core.documents import Mention
from thruline.core.ids import ArtifactId, Ids, kind_of, random_id
from thruline.core.nouns import Link
from thruline.core.sql import load_queries, load_schema
from thruline.data.called import fold, orders, readings, terms
from thruline.data.item_rights import raised
from thruline.ports.database import Database

IDENTIFYING = frozenset((
    "email", "phone", "iban", "card", "ssn", "name", "declared", "national_id", "tax_id", "passport", "licence",
    "health_id", "account", "imei", "wallet",
))  # fmt: skip
CERTAIN = 0.5  # mentions below this score are not evidence enough to tie a document to a person


def identifies(mention: Mention) -> bool:
    """Whether a mention is evidence enough to tie a document to one person.

    Not a sort code or a routing number (`gb:200000`): that one is a bank's.
    """
    is_banks = mention.kind == "account" and ":" in mention.value
    return mention.kind in IDENTIFYING and mention.score >= CERTAIN and not is_banks


class Subjects:
    """Identifiers, links and suppressions; joins the caller's transaction, writes no events."""

    def __init__(self, database: Database, ids: Ids) -> None:
        self._db = database
        self._ids = ids
        self._q = load_queries("thruline.data", database.dialect)
        database.script(load_schema("thruline.data", database.dialect))

    def digest(self, kind: str, value: str) -> str:
        """Keyed digest of an identifier; names compare without case, and whatever their kind of detection."""
        return self._ids.digest("identifier", "name" if kind == "declared" else kind, value.casefold())

    def find(self, identifiers: Iterable[tuple[str, str]]) -> list[ArtifactId]:
        """The subjects known by these (kind, value) pairs."""
        digests = [self.digest(kind, value) for kind, value in identifiers]
        return sorted({row[1] for row in self._db.query(self._q.identifiers, {"digests": json.dumps(digests)})})

    def meet(self, mentions: Sequence[Mention], artifact: str) -> list[Link]:
        """Link the people mentioned to the artifact, making pseudonyms for new ones and joining those that are one."""
        evident = {(m.kind, m.value): m for m in mentions if identifies(m)}
        subjects = {pair: self._subject(*pair) for pair in evident}
        for one, other in same_person(list(evident)):
            subjects = self._join(subjects, subjects[one], subjects[other])
        links = [
            Link(subject=subjects[pair], artifact=ArtifactId(artifact), how=m.kind, score=m.score)
            for pair, m in evident.items()
        ]
        self._put(links)
        return links

    def known(self, pairs: Sequence[tuple[str, str]]) -> list[ArtifactId]:
        """The subjects known by these (kind, value) pairs; whoever is not known by one of them from now on is."""
        return sorted({self._subject(kind, value) for kind, value in pairs})

    def link(self, subject: str, artifacts: Iterable[str]) -> list[Link]:
        """Tie a person to what somebody says is about them, where they were not met; gives the new links."""
        met = {link.artifact for link in self.linked([subject])}
        links = [
            Link(subject=ArtifactId(subject), artifact=ArtifactId(artifact), how="declared", score=1.0)
            for artifact in artifacts
            if artifact not in met
        ]
        self._put(links)
        return links

    def linked(self, subjects: Sequence[str]) -> list[Link]:
        """Where these people were met."""
        return _links(self._db.query(self._q.linked, {"ids": json.dumps(list(subjects))}))

    def met_in(self, artifacts: Sequence[str]) -> list[Link]:
        """Who was met in these artifacts."""
        return _links(self._db.query(self._q.links_to, {"ids": json.dumps(list(artifacts))}))

    def kinds_in(self, source: str) -> dict[str, int]:
        """How many people were met in a source's documents, by kind of what gave them away."""
        return dict(self._db.query(self._q.kinds_in, {"source": source}))

    def note_kin(self, keys: Mapping[ArtifactId, Iterable[str]]) -> None:
        """Whom records tell of, by what their kin would share with them; at least that each was looked through."""
        looked = self._ids.digest("kin")
        found = {(self._ids.digest("kin", key), record) for record, each in keys.items() for key in each}
        found |= {(looked, record) for record in keys}
        self._db.execute_many(self._q.insert_kin, [{"key": key, "record": record} for key, record in sorted(found)])

    def kin_at(self, keys: Iterable[str]) -> list[str]:
        """Records that tell of somebody under one of these keys."""
        digests = sorted(self._ids.digest("kin", key) for key in keys)
        return [row[0] for row in self._db.query(self._q.kin_at, {"keys": json.dumps(digests)})]

    def kin_records(self) -> list[str]:
        """Every record that was looked through."""
        return [row[0] for row in self._db.query(self._q.kin_records)]

    def without_kin(self) -> list[str]:
        """Records with people in them that nobody looked through for kin: an earlier version took them in."""
        return [row[0] for row in self._db.query(self._q.without_kin)]

    def unlink(self, artifacts: Sequence[str]) -> None:
        """The artifacts are gone."""
        for query in (self._q.delete_links_to, self._q.delete_kin):
            self._db.execute(query, {"ids": json.dumps(list(artifacts))})

    def forget(
        self, subjects: Sequence[str], extra: Iterable[tuple[str, str]], called: Iterable[str], at: int,
        but: Iterable[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        """Suppress every identifier of these people, the extra ones and what they are called, and drop the people.

        but: identifiers of somebody else whom one pseudonym stood for, too.
        """
        params = {"ids": json.dumps(list(subjects))}
        known = {row[0] for row in self._db.query(self._q.identifiers_of, params)}
        known -= {self.digest(kind, value) for kind, value in but}
        digests = {*known, *(self.digest(kind, value) for kind, value in extra)}
        self._db.execute_many(self._q.suppress, [{"digest": d, "since": at} for d in sorted(digests)])
        named = [{"digest": self._called(words), "words": len(words)} for name in called for words in orders(name)]
        self._db.execute_many(self._q.suppress_words, named)
        self._db.execute(self._q.delete_identifiers, params)
        for subject in subjects:
            self._db.execute(self._q.delete_links_of, {"subject": subject})
        self._db.execute(self._q.raise_said_version, raised())

    def is_suppressed(self, mentions: Sequence[Mention]) -> bool:
        """Whether somebody who was erased is mentioned."""
        return bool(mentions) and self.was_erased((m.kind, m.value) for m in mentions)

    def calls_erased(self, *texts: str, but: Iterable[str] = ()) -> bool:
        """Whether somebody who was erased is called by name in one of the texts, detected or not.

        but: names that somebody else in these texts bears, too.
        """
        suppressed = dict(self._db.query(self._q.suppressed_words))
        for words in (words for name in but for words in orders(name)):
            suppressed.pop(self._called(words), None)
        lengths = set(suppressed.values())
        said = (set(terms(fold(reading), lengths)) for text in texts for reading in readings(text))
        return bool(lengths) and any(self._called(term) in suppressed for reading in said for term in reading)

    def was_erased(self, identifiers: Iterable[tuple[str, str]]) -> bool:
        """Whether one of these (kind, value) pairs is suppressed."""
        digests = [self.digest(kind, value) for kind, value in identifiers]
        return bool(self._db.query(self._q.suppressed, {"digests": json.dumps(digests)}))

    def count(self) -> int:
        """How many people are known."""
        return self._db.query(self._q.count_subjects)[0][0]

    def _put(self, links: Sequence[Link]) -> None:
        rows = [{"subject": x.subject, "artifact": x.artifact, "how": x.how, "score": x.score} for x in links]
        if rows:
            self._db.execute_many(self._q.insert_link, rows)
        if any(kind_of(x.artifact) == "record" for x in links):
            self._db.execute(self._q.raise_said_version, raised())

    def _called(self, words: Sequence[str]) -> str:
        return self._ids.digest("called", *words)

    def _subject(self, kind: str, value: str) -> ArtifactId:
        digest = self.digest(kind, value)
        params = {"digest": digest, "subject": random_id("subject"), "kind": kind}
        self._db.execute(self._q.insert_identifier, params)
        return self._db.query(self._q.identifiers, {"digests": json.dumps([digest])})[0][1]

    def _join(
        self, subjects: dict[tuple[str, str], ArtifactId], keep: ArtifactId, drop: ArtifactId
    ) -> dict[tuple[str, str], ArtifactId]:
        if keep == drop:
            return subjects
        self._db.execute(self._q.move_identifiers, {"to": keep, "from": drop})
        self._db.execute(self._q.move_links, {"to": keep, "from": drop})
        for query in (self._q.move_consents, self._q.move_objections, self._q.move_own_bases):
            self._db.execute(query, {"to": keep, "from": drop})
        self._db.execute(self._q.delete_links_of, {"subject": drop})
        self._db.execute(self._q.raise_said_version, raised())
        return {pair: keep if subject == drop else subject for pair, subject in subjects.items()}


def same_person(pairs: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs (name, e-mail) of one document that are surely one person's: the address spells the name.

    It must hold the whole surname, and the given name or its initial; a shared surname alone is not enough.
    """
    names = [p for p in pairs if p[0] in ("name", "declared")]
    found: list[tuple[tuple[str, str], tuple[str, str]]] = []
    for email in (p for p in pairs if p[0] == "email"):
        fitting = [name for name in names if spells(email[1], name[1])]
        people = {name[1].casefold() for name in fitting}
        found += [(email, name) for name in fitting if len(people) == 1]  # m.berg@ is not both Mara's and Milo's
    return found


def spells(email: str, name: str) -> bool:
    """Whether an address is made of a name: its whole surname, and the given name or its initial."""
    words = re.findall(r"\w+", name.casefold())
    if len(words) < 2:
        return False
    given, surname = words[0], words[-1]
    local = email.partition("@")[0].casefold()
    parts = re.findall(r"[^\W\d_]+", local)
    return (surname in parts and any(p in (given, given[0]) for p in parts)) or local in (
        given[0] + surname, given + surname, surname + given, surname + given[0],
    )  # fmt: skip


def _links(rows: Iterable[tuple[str, str, str, float]]) -> list[Link]:
    return [Link(subject=ArtifactId(s), artifact=ArtifactId(a), how=h, score=n) for s, a, h, n in rows]
