"""Collections by name: a home holds one, and two collections are two homes."""

from __future__ import annotations

from thruline.core.errors import NotFound
from thruline.flows import INDEX


def check_collection(name: str) -> None:
    """Raises NotFound for any other than the one of this home."""
    if name != INDEX:
        raise NotFound(f"no collection {name!r}", hint=f"this home holds {INDEX!r}; another collection is another home")
