"""A company's engineering desk: a real handbook, and tickets, notes and a wiki import written for the demo.

The handbook is the documentation in Django's source distribution (BSD-3-Clause): fetched by pip, read as data, never
part of this package. All people, companies and incidents in the rest are invented; telephone numbers are from the
ranges kept free for fiction, the IBAN and the card number from documentation.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from thruline.core.errors import Invalid
from thruline.models.datasets import DJANGO_DOCS

HANDBOOK = DJANGO_DOCS
HANDBOOK_PAGES = 656

_HERE = files("thruline.demo")

# No directory of a page has a dot in its name, so a member that this matches cannot leave the folder.
_PAGE = re.compile(r"[\w.-]+/docs/((?:[\w-]+/)*[\w.-]+\.txt)")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody whom the files name."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who asks, and the groups whose sources they may see."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder that becomes a source, and the groups that may see what it holds."""

    name: str
    path: Path
    groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A question of the story, the files of which any can answer it, and words that mark the answer."""

    question: str
    pages: tuple[str, ...]
    phrase: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Where a page answers: the heading above, and words that stand there (white space may differ)."""

    page: str
    heading: str
    phrase: str


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A question and every page that a reader found to answer it; best first, none if the handbook does not."""

    id: str
    topic: str
    question: str
    answers: tuple[Passage, ...]

    @property
    def pages(self) -> tuple[str, ...]:
        """The relevant pages, relative to the handbook's folder."""
        return tuple(a.page for a in self.answers)


EVERYONE, SUPPORT, PEOPLE = "everyone", "support", "people"

SUPPORT_USER = User(name="Peregrine Achterberg", groups=(EVERYONE, SUPPORT))
PEOPLE_USER = User(name="Saoirse Bhandarkar", groups=(EVERYONE, PEOPLE))

QUESTION = Ask(
    question="How do we send a confirmation e-mail only after the transaction has been committed?",
    pages=("handbook/topics/db/transactions.txt",),
    phrase="on_commit",
)

RESTRICTED_QUESTION = Ask(  # SUPPORT_USER gets an answer, PEOPLE_USER must not learn that there is one
    question="Why were Fjordwick's buyers thanked for orders that did not exist?",
    pages=("tickets/BF-2041-confirmation-for-cancelled-order.md",),
    phrase="inside the atomic block",
)

# One page carries instructions that a reader does not see, which the door can tell. The other only gives bad advice,
# as a page in good faith might: it comes in, misleads an answer, and is found and pulled out afterwards.
HIDDEN_PAGE = "wiki-import/csrf-quick-fix.html"
MISLEADING_PAGE = "wiki-import/forms-refused-behind-proxy.html"

MISLED_QUESTION = (
    "Behind the proxy, POST requests from our shop subdomain fail the CSRF check of the origin. "
    "Which setting do we change?"
)
MISLED = Ask(question=MISLED_QUESTION, pages=(MISLEADING_PAGE,), phrase="switch CSRF checking off")
RIGHTED = Ask(
    question=MISLED_QUESTION,
    pages=("handbook/ref/settings.txt", "handbook/ref/csrf.txt", "handbook/releases/4.0.txt"),
    phrase="CSRF_TRUSTED_ORIGINS",
)

ERASE_ME = Person(name="Ottilie Kvasthoug", email="ottilie.kvasthoug@example.org", phone="+44 20 7946 0131")
ERASE_ME_FILES = (
    "tickets/BF-2044-export-stops.md",
    "tickets/BF-2052-form-in-a-frame.md",
    "tickets/BF-2066-closing-the-account.md",
    "tickets/BF-2068-photo-that-ran.md",  # somebody else's ticket
    "notes/postmortem-export-outage.md",  # by name only
)
# Shares her surname, is somebody else, and must outlive her erasure.
NAMESAKE = Person(name="Bram Kvasthoug", email="bram.kvasthoug@example.net", phone="+1 202 555 0142")
NAMESAKE_FILES = ("tickets/BF-2057-wrong-hour.md",)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The desk's folders under one root."""

    root: Path

    @property
    def handbook(self) -> Path:
        """Where `unpack_handbook` writes."""
        return self.root / "handbook"

    @property
    def sources(self) -> tuple[Folder, ...]:
        """What to add as sources, each with its groups."""
        groups = {"handbook": EVERYONE, "tickets": SUPPORT, "notes": PEOPLE, "wiki-import": EVERYONE}
        return tuple(Folder(name=name, path=self.root / name, groups=(of,)) for name, of in groups.items())


def lay_out(folder: Path) -> Desk:
    """Write the tickets, notes and wiki import into folder; the handbook's folder is made and left empty."""
    desk = Desk(root=folder)
    for source in desk.sources:
        source.path.mkdir(parents=True, exist_ok=True)
    for part, to in (("tickets", "tickets"), ("notes", "notes"), ("poisoned", "wiki-import")):
        for file in (_HERE / part).iterdir():
            (folder / to / file.name).write_bytes(file.read_bytes())
    return desk


def unpack_handbook(archive: Path, to: Path) -> int:
    """Write the documentation's pages, and nothing else of the archive, under `to`; returns how many.

    `django-5.2.19/docs/topics/cache.txt` becomes `topics/cache.txt`. Raises Invalid when there is no page in it.
    """
    count = 0
    try:
        for name, data in _pages(archive):
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            count += 1
    except tarfile.TarError as error:
        raise Invalid(f"{archive.name!r} is not a source distribution", hint="fetch the pinned one again") from error
    if not count:
        raise Invalid(f"{archive.name!r} holds no documentation", hint="the handbook is docs/**/*.txt of the archive")
    return count


def judgements() -> tuple[Judgement, ...]:
    """The questions that the handbook answers, with the pages; made by reading the pages, not by searching."""
    return tuple(_judgement(j) for j in _judged()["answerable"])


def unanswerable() -> tuple[Judgement, ...]:
    """Questions that no page of the handbook answers."""
    return tuple(_judgement(j) for j in _judged()["unanswerable"])


def _pages(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for member in opened:
            page = _PAGE.fullmatch(member.name)
            file = opened.extractfile(member) if page and member.isfile() else None
            if page and file:
                yield page[1], file.read()


def _judged() -> dict[str, list[dict]]:
    return json.loads((_HERE / "judgements.json").read_text("utf-8"))


def _judgement(raw: dict) -> Judgement:
    return Judgement(
        id=raw["id"],
        topic=raw["topic"],
        question=raw["question"],
        answers=tuple(Passage(**a) for a in raw["answers"]),
    )
