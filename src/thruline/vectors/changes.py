"""Which recipe an index is moving to: while a change is under way, what comes in is cut and embedded by both."""

from __future__ import annotations

from typing import Literal

from thruline.core.ids import Ids
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.vectors.recipes import Recipe, recipe_of

Ending = Literal["switched", "forced", "refused", "stopped"]


class Changes:
    """At most one for an index. All methods join the caller's transaction."""

    def __init__(self, database: Database, ledger: Ledger, ids: Ids) -> None:
        self._db, self._ledger, self._ids = database, ledger, ids
        self._q = load_queries("thruline.vectors", database.dialect)
        database.script(load_schema("thruline.vectors", database.dialect))

    def under_way(self, index: str) -> Recipe | None:
        """What the index is moving to; None while it is not."""
        rows = self._db.query(self._q.change, {"name": index})
        return recipe_of(rows[0][0]) if rows else None

    def begin(self, index: str, recipe: Recipe, *, run: str, actor: str) -> None:
        """Move to a recipe from now on; the same one again goes on, another takes its place."""
        if (before := self.under_way(index)) == recipe:
            return
        with self._db.transaction():
            if before:
                self.end(index, "stopped", run=run, actor=actor)
            self._db.execute(self._q.put_change, {"name": index, "embedder": recipe.text})
            self._tell(recipe, "begun", run, actor)

    def end(self, index: str, how: Ending, *, run: str, actor: str) -> None:
        """The index is not moving any more."""
        with self._db.transaction():
            if recipe := self.under_way(index):
                self._tell(recipe, how, run, actor)
            self._db.execute(self._q.drop_change, {"name": index})

    def _tell(self, recipe: Recipe, state: str, run: str, actor: str) -> None:
        model = self._ids.artifact("model", recipe.embedder)
        self._ledger.append([Draft(verb="index.changing", via=(model,), facts={"state": state}, run=run, actor=actor)])
