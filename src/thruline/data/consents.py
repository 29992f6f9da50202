"""Consent: what a person allowed or withdrew, for which purpose, and when. The last word holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from thruline.core.clock import Micros
from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database

State = Literal["given", "withdrawn"]
STATES = get_args(State)
KIND = "consent"


class Consent(NamedTuple):
    """Once said. id: also of the payload that holds the evidence."""

    id: ArtifactId
    subject: ArtifactId
    purpose: str
    state: State
    at: Micros


class Consents:
    """Tables only: joins the caller's transaction, writes no events."""

    def __init__(self, database: Database) -> None:
        database.script(load_schema("thruline.data", database.dialect))
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def put(self, consent: Consent) -> None:
        """What was said before stays on record."""
        self._db.execute(self._q.insert_consent, consent._asdict())

    def all(self) -> list[Consent]:
        """All that was ever said, the latest first."""
        return [Consent(*row) for row in self._db.query(self._q.consents)]

    def of(self, subjects: Sequence[str]) -> list[Consent]:
        """All that these people said, the latest first."""
        return [Consent(*row) for row in self._db.query(self._q.consents_of, {"ids": json.dumps(list(subjects))})]

    def withheld(self, purpose: str) -> frozenset[ArtifactId]:
        """Records of people who last said that theirs are not to be used for this."""
        return frozenset(row[0] for row in self._db.query(self._q.withheld, {"purpose": purpose}))

    def forget(self, subjects: Sequence[str]) -> None:
        """The people are gone; the evidence is the caller's to delete."""
        self._db.execute(self._q.delete_consents_of, {"ids": json.dumps(list(subjects))})
