"""What is in force: the generation that is to answer, how it is searched, and who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.data.rights import Clauses
from thruline.flows import INDEX
from thruline.flows.residency import plan_at_hand
from thruline.vectors.plans import DensePlan
from thruline.vectors.recipes import Recipe
from thruline.vectors.rows import Label
from thruline.vectors.serving import Serving

if TYPE_CHECKING:
    from thruline.flows.line import Line

OfSources = tuple[tuple[ArtifactId, tuple[str, ...]], ...]


class InForce(NamedTuple):
    """What is to answer, and how. switched: when that began; rights: which version of who may read what."""

    generation: ArtifactId
    switched: int
    plan: DensePlan
    recipe: Recipe
    rights: int
    groups: OfSources

    def is_alike(self, other: InForce) -> bool:
        """Whether the rows of the one may stand beside those of the other: by one engine, made by one recipe."""
        return (self.plan, self.recipe) == (other.plan, other.recipe)

    @property
    def sources(self) -> dict[ArtifactId, frozenset[str]]:
        """The groups of each source."""
        return {id: frozenset(names) for id, names in self.groups}

    def labels(self, serving: Serving, rights: Mapping[ArtifactId, Clauses]) -> dict[ArtifactId, Label]:
        """Who may see what is served now; without what has no source any more."""
        groups = self.sources
        known = {record: serving.label(record).source for record in serving.records}
        return {r: Label(s, groups[s], rights.get(r, frozenset())) for r, s in known.items() if s in groups}


def in_force(line: Line) -> InForce:
    """What is now."""
    last = line.generations.last(INDEX)
    serving, switched = (last.generation, last.at) if last else (ArtifactId(""), 0)
    recipe = line.generations.get(serving).recipe if last else Recipe("")
    rights, groups = rights_in_force(line)
    return InForce(serving, switched, plan_at_hand(line), recipe, rights, groups)


def rights_in_force(line: Line) -> tuple[int, OfSources]:
    """Who may see what: another one whenever that changes, and whenever somebody was erased."""
    return line.item_rights.version, tuple((s.id, s.groups) for s in line.records.sources())
