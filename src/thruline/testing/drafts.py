"""Events that say nothing but what was made of what."""

from __future__ import annotations

from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Draft

Many = tuple[ArtifactId, ...]


def made(*outputs: ArtifactId, of: Many = (), via: Many = (), run: str = "", chunks: int = 1) -> Draft:
    """A draft that says outputs were made of these, by way of those."""
    return Draft(verb="record.chunked", inputs=of, outputs=outputs, via=via, facts={"chunks": chunks}, run=run)


def new(count: int, kind: str = "chunk") -> list[ArtifactId]:
    """So many ids that nobody has used."""
    return [random_id(kind) for _ in range(count)]
