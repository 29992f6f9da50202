"""Embedders of a home: the one that made what serves answers questions, whichever the settings name.

How each one is opened is remembered as a payload under its digest, since a folder's path may name somebody. A home
that is asked by meaning opens the embedder of the generation that serves; the one that is set is for what is built
beside it (`flows/change.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from thruline.core.errors import Conflict, NotFound, ThrulineError, Unavailable
from thruline.core.ids import ArtifactId
from thruline.data.residency import Part
from thruline.flows import INDEX
from thruline.flows.shared_embedder import SharedEmbedder
from thruline.ports.embedder import Embedder, EmbedderSettings

if TYPE_CHECKING:
    from thruline.flows.line import Line

LONGEST_WAIT_S = 1.0  # for those who ask: a home that is asked all day long comes to its end, too


class Embedders:
    """Opens each at its first use and keeps it: a snapshot that still answers may be of the one before."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.RLock()  # guards the two below: one thread opens, the others wait
        self._open: dict[str, Embedder] = {}  # by digest
        self._how: dict[str, EmbedderSettings] = {}  # each of those was opened
        self._nobody_asks = threading.Condition()  # guards the number of those who ask
        self._asking = 0

    def serving(self) -> Embedder:
        """The one that made what serves; while nothing serves, the one that is set.

        Raises Conflict where it cannot be opened as it was.
        """
        active = self._line.generations.active(INDEX)
        return self.of(active) if active else self.that_is_set()

    def of(self, generation: str) -> Embedder:
        """The one that made a generation; of none, the one that is set."""
        if not generation:
            return self.that_is_set()
        return self.by_digest(self._line.generations.get(ArtifactId(generation)).embedder)

    def that_is_set(self) -> Embedder:
        """The one that the settings name."""
        return self.open(self._line.engines.embedding())

    def by_digest(self, digest: str) -> Embedder:
        """The one of this digest, as it was opened when it made vectors, or as it is set now.

        Raises Conflict where neither gives it: vectors of two embedders never meet in one score.
        """
        with self._lock:
            if digest in self._open:
                return self._open[digest]
            known, chosen = self.remembered(digest), self._line.engines.embedding()
            ways = [chosen] if known is None or known.opens_as(chosen) else [known, chosen]
            failures: list[ThrulineError] = []
            for how in ways:
                try:
                    opened = self.open(how)
                except ThrulineError as failure:
                    failures.append(failure)
                    continue
                if opened.info.digest == digest:
                    self.remember(opened)
                    return opened
            raise _not_there(known, chosen, failures)

    def open(self, how: EmbedderSettings) -> Embedder:
        """The embedder that these settings give today, for any thread."""
        with self._lock:
            same = (digest for digest, other in self._how.items() if other == how)
            if (digest := next(same, None)) is not None:
                return self._open[digest]
            opened = self._line.engines.embedder(how)
            digest = opened.info.digest
            if digest in self._open:
                opened.close()
            else:
                self._open[digest], self._how[digest] = SharedEmbedder(opened), how
            return self._open[digest]

    def how(self, embedder: Embedder) -> EmbedderSettings:
        """The settings that it was opened by."""
        return self._how[embedder.info.digest]

    def remember(self, embedder: Embedder) -> None:
        """Keep how it was opened, so that what it made can be asked whatever the settings say later."""
        digest = embedder.info.digest
        if self.remembered(digest) != (how := self.how(embedder)):
            id = self._id(digest)
            self._line.payloads.put(id, msgspec.json.encode(how), owner=id)

    def remembered(self, digest: str) -> EmbedderSettings | None:
        """How the embedder of a digest was opened; None where this home has not met it."""
        id = self._id(digest)
        kept = self._line.payloads.get_many([id]).get(id)
        return msgspec.json.decode(kept, type=EmbedderSettings) if kept else None

    def named(self, model: str) -> EmbedderSettings:
        """How the embedder of this name is opened: one that this home remembers, one that is set, or a pinned one."""
        kept = self._line.payloads.get_many(self._line.payloads.ids("embedder")).values()
        known = [msgspec.json.decode(data, type=EmbedderSettings) for data in kept]
        chosen = self._line.engines.embedding()
        return next((how for how in (chosen, *known) if how.model == model), None) or self._pinned(model, known)

    def name(self, digest: str) -> str:
        """What people call it; the beginning of its digest where this home does not remember it."""
        known = self.remembered(digest)
        return known.model if known else digest[:12]

    def parts(self) -> Iterator[Part]:
        """Those that stand elsewhere and are given texts: of what serves, and of what is being built beside it."""
        chosen = self._line.engines.embedding()
        active = self._line.generations.active(INDEX)
        digests = [self._line.generations.get(active).embedder] if active else []
        if beside := self._line.changes.under_way(INDEX):
            digests.append(beside.embedder)
        in_use = [self.remembered(digest) or chosen for digest in digests] if active else [chosen]
        yield from filter(None, (part_of(how, chosen) for how in in_use))

    def note(self) -> str:
        """Says so where another embedder is set than the one that serves, and how to move; empty where not."""
        active = self._line.generations.active(INDEX)
        known = self.remembered(self._line.generations.get(active).embedder) if active else None
        chosen = self._line.engines.embedding()
        if known is None or known.opens_as(chosen):
            return ""
        return (
            f"another embedder is set ({chosen.model}) than the one that serves ({known.model}): "
            f"`thruline index change` moves to it without a gap; to stay, set embed.* to {known.model}"
        )

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While somebody asks, what is embedded beside waits."""
        with self._nobody_asks:
            self._asking += 1
        try:
            yield
        finally:
            with self._nobody_asks:
                self._asking -= 1
                self._nobody_asks.notify_all()

    def give_way(self) -> None:
        """Return when nobody asks, or after a second."""
        with self._nobody_asks:
            self._nobody_asks.wait_for(lambda: not self._asking, timeout=LONGEST_WAIT_S)

    def close(self) -> None:
        """Give back those that were opened."""
        with self._lock:
            for opened in self._open.values():
                opened.close()
            self._open.clear()
            self._how.clear()

    def _id(self, digest: str) -> ArtifactId:
        return self._line.ids.artifact("embedder", digest)

    def _pinned(self, model: str, known: list[EmbedderSettings]) -> EmbedderSettings:
        try:
            return self._line.engines.embedding(model)
        except NotFound as unknown:
            also = "".join(f", {name}" for name in sorted({how.model for how in known}))
            raise NotFound(unknown.message, hint=f"{unknown.hint}; this home remembers{also or ' none'}") from unknown


def part_of(how: EmbedderSettings, chosen: EmbedderSettings) -> Part | None:
    """What residency is told of an embedder; None where it is on this machine."""
    if not how.url:
        return None
    region = chosen.region if how.url == chosen.url else how.region
    return Part(f"the embedder at {how.url}", "reads", "regions.embedder", region)


def _not_there(
    known: EmbedderSettings | None, chosen: EmbedderSettings, failures: list[ThrulineError]
) -> ThrulineError:
    anew = f"`thruline index change --force` embeds everything with {chosen.model!r}, which is set"
    if known is None:
        return Conflict(
            f"the index was made by another embedder than {chosen.model!r}, and this home does not remember which",
            hint=f"set embed.model back to it once, or {anew}",
        )
    if failures and isinstance(failures[0], Unavailable):
        return failures[0]
    if failures:
        return Conflict(f"the embedder that made the index cannot be opened: {failures[0].message}", hint=anew)
    return Conflict(
        f"the files of {known.model!r} are not those that made the index any more",
        hint=f"put them back where they were, or {anew}",
    )
