"""The same content in several sources: a reader must be let by all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from thruline.core.ids import ArtifactId
from thruline.data.rights import Clauses

_FREE: Clauses = frozenset()


class Said(NamedTuple):
    """A record of a source, and a digest of what it says. held: whether a path of the source holds it now."""

    says: str
    record: ArtifactId
    source: ArtifactId
    held: int


def stricter(
    said: Sequence[Said], groups: Mapping[ArtifactId, frozenset[str]], rights: Mapping[ArtifactId, Clauses]
) -> dict[ArtifactId, Clauses]:
    """Record -> the clauses that what other sources hold of the same content adds to its own.

    groups: of each source. rights: of single records. Groups that the record's own source asks for add nothing.
    """
    there: dict[str, dict[ArtifactId, Clauses]] = {}
    for says, record, source, held in said:
        if held and source in groups:
            asked = there.setdefault(says, {})
            asked[source] = asked.get(source, _FREE) | rights.get(record, _FREE) | {groups[source]}
    found: dict[ArtifactId, Clauses] = {}
    for says, record, source, _ in said:
        others = [clauses for other, clauses in there.get(says, {}).items() if other != source]
        if added := _FREE.union(*others) - {groups.get(source, frozenset())}:
            found[record] = found.get(record, _FREE) | added
    return found
