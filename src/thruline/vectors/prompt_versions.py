"""Versions of the prompt: every template that was kept, which of them is in force, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from thruline.core.clock import Micros
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId, Ids
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.vectors.prompts import Template, parsed, shipped, shipped_text

KIND = "prompt"
SHIPPED = "shipped"  # how a person names the version that comes with thruline
_LEAST = 4  # hex digits that name a version


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A version: its id is of its content. at: when it was first kept or used, 0 for never. text: as TOML."""

    id: ArtifactId
    template: Template
    text: str
    at: Micros = 0


class Prompts:
    """A version whose text was erased can be in force no more: what was in force before it is. Joins transactions."""

    def __init__(self, database: Database, ledger: Ledger, ids: Ids, payloads: Payloads) -> None:
        self._db, self._ledger, self._ids, self._payloads = database, ledger, ids, payloads
        self._q = load_queries("thruline.vectors", database.dialect)
        database.script(load_schema("thruline.vectors", database.dialect))

    @property
    def shipped(self) -> Prompt:
        """The version that comes with thruline."""
        return Prompt(id=self._id(shipped()), template=shipped(), text=shipped_text())

    def current(self) -> Prompt:
        """The version in force: the shipped one while nobody has chosen, or where what was chosen is erased."""
        stack = self._stack()
        return self._read(stack[-1]) if stack else self.shipped

    def known(self) -> list[Prompt]:
        """Every version whose text is here, the latest first, the shipped one always."""
        rows = {ArtifactId(id): at for id, at in self._db.query(self._q.prompts)}
        texts = self._payloads.get_many(list(rows))
        kept = [_prompt(id, texts[id].decode(), at) for id, at in rows.items() if id in texts]
        ours = self.shipped
        return kept if any(p.id == ours.id for p in kept) else [*kept, ours]

    def named(self, version: str) -> Prompt:
        """The one that a person means by an id, the beginning of its digits, or `shipped`; raises NotFound."""
        if version == SHIPPED:
            return self.shipped
        digits = version.removeprefix(f"{KIND}:")
        found = [p for p in self.known() if p.id.partition(":")[2].startswith(digits)] if len(digits) >= _LEAST else []
        if len(found) > 1:
            raise Invalid(f"{version!r} begins {len(found)} versions", hint="write more of its digits")
        if not found:
            raise NotFound(f"no version {version!r} of the prompt", hint="`thruline prompt list` shows them")
        return found[0]

    def find(self, id: str) -> Prompt | None:
        """A version by its id, if its text is here."""
        return next((p for p in self.known() if p.id == id), None)

    def add(self, text: str, actor: str = "") -> Prompt:
        """Keep a template; raises Invalid for what is none. The same content is the same version."""
        template = parsed(text)
        id = self._id(template)
        if (held := self.find(id)) and held.at:
            return held
        facts = {"characters": len(text)}
        with self._db.transaction():
            (event,) = self._ledger.append([Draft(verb="prompt.kept", outputs=(id,), facts=facts, actor=actor)])
            self._put(id, text, event.at)
        return Prompt(id=id, template=template, text=text, at=event.at)

    def note(self, prompt: Prompt, at: Micros) -> None:
        """Keep the text of a version that an answer was made with: a later thruline may ship another."""
        if not self._payloads.exists(prompt.id):
            self._put(prompt.id, prompt.text, at)

    def use(self, prompt: Prompt, why: str, actor: str = "") -> None:
        """Let a version be in force from now on."""
        draft = Draft(verb="prompt.used", inputs=(prompt.id,), facts={"why": why}, actor=actor)
        with self._db.transaction():
            (event,) = self._ledger.append([draft])
            self.note(prompt, event.at)
            self._db.execute(self._q.put_prompt_use, {"seq": event.seq, "prompt": prompt.id, "why": why})

    def rollback(self, actor: str = "") -> Prompt:
        """Let the version before the one in force be in force again; raises Conflict when there is none before it."""
        stack = self._stack()
        if not stack:
            raise Conflict("no other version of the prompt was in force", hint="`thruline prompt use` chooses one")
        before = self._read(stack[-2]) if len(stack) > 1 else self.shipped
        self.use(before, "rollback", actor)
        return before

    def _stack(self) -> list[ArtifactId]:
        """What was chosen and not rolled back, oldest first, as far as its text is here."""
        stack: list[ArtifactId] = []
        for prompt, why in self._db.query(self._q.prompt_uses):
            if why == "rollback":
                while stack and stack[-1] != prompt:
                    stack.pop()
            else:
                stack.append(ArtifactId(prompt))
        there = self._payloads.get_many(stack)
        return [id for id, _ in groupby(id for id in stack if id in there)]

    def _read(self, id: ArtifactId) -> Prompt:
        return _prompt(id, self._payloads.get(id).decode(), 0)

    def _put(self, id: ArtifactId, text: str, at: Micros) -> None:
        self._payloads.put(id, text.encode(), owner=id)
        self._db.execute(self._q.put_prompt, {"id": id, "at": at})

    def _id(self, template: Template) -> ArtifactId:
        return self._ids.artifact(KIND, *template.parts)


def _prompt(id: ArtifactId, text: str, at: Micros) -> Prompt:
    return Prompt(id=id, template=parsed(text), text=text, at=at)
