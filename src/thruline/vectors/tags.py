"""Names that people give to generations of an index, so that a version can be asked or served again by its name."""

from __future__ import annotations

import re
from typing import Literal

from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId, Ids
from thruline.core.nearest import meant
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger

# Begins with a letter, so that no moment reads like one; short, so that nobody writes down what is no name.
_TAG = re.compile(r"[a-z][a-z0-9._-]{0,39}")


def is_tag(text: str) -> bool:
    """Whether a text may be a tag: no moment and no id of a generation reads like one."""
    return bool(_TAG.fullmatch(text))


class Tags:
    """The tags of every index of a home; each is of one generation. All methods join the caller's transaction."""

    def __init__(self, database: Database, ledger: Ledger, ids: Ids) -> None:
        self._db, self._ledger, self._ids = database, ledger, ids
        self._q = load_queries("thruline.vectors", database.dialect)
        database.script(load_schema("thruline.vectors", database.dialect))

    def all(self, index: str) -> dict[str, ArtifactId]:
        """Tag -> generation, by tag."""
        return {tag: ArtifactId(generation) for tag, generation in self._db.query(self._q.tags, {"name": index})}

    def get(self, index: str, tag: str) -> ArtifactId:
        """The generation of a tag; raises NotFound."""
        known = self.all(index)
        if tag not in known:
            raise NotFound(f"no generation is tagged {tag!r}", hint=meant(tag, known, none="none has a tag"))
        return known[tag]

    def put(self, index: str, tag: str, generation: ArtifactId, *, actor: str) -> None:
        """Name a generation; again, it changes nothing. Raises Invalid for what is no tag, Conflict for another's."""
        if not is_tag(tag):
            raise Invalid(
                f"{tag!r} is no tag", hint="a letter, then up to 39 letters, digits, dots or dashes, all small"
            )
        with self._db.transaction():
            known = self.all(index).get(tag)
            if known and known != generation:
                raise Conflict(f"{tag!r} is the tag of {known}", hint=f"`thruline index untag {tag}` takes it off")
            if not known:
                self._db.execute(self._q.put_tag, {"name": index, "tag": tag, "generation": generation})
                self._tell(tag, generation, "put", actor)

    def take(self, index: str, tag: str, *, actor: str) -> None:
        """Take a tag off; the generation stays. Raises NotFound."""
        with self._db.transaction():
            generation = self.get(index, tag)
            self._db.execute(self._q.drop_tag, {"name": index, "tag": tag})
            self._tell(tag, generation, "taken", actor)

    def digest(self, tag: str) -> str:
        """What stands for it on the ledger."""
        return self._ids.digest("tag", tag)

    def _tell(self, tag: str, generation: ArtifactId, state: Literal["put", "taken"], actor: str) -> None:
        facts = {"tag": self.digest(tag), "state": state}
        self._ledger.append([Draft(verb="index.tagged", inputs=(generation,), facts=facts, actor=actor)])
