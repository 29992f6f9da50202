"""Backends by the name of their port and their own: what is installed, found by entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from thruline.core.errors import Unsupported


def backend(port: str, name: str) -> Any:
    """The class behind `port:name`; raises Unsupported and lists what is installed."""
    found = _installed()
    wanted = f"{port}:{name}"
    if wanted not in found.names:
        raise Unsupported(f"no {port} backend named {name!r}", hint=f"installed: {', '.join(names(port))}")
    try:
        return found[wanted].load()
    except ModuleNotFoundError as error:
        raise Unsupported(
            f"the {port} backend {name!r} needs {error.name!r}",
            hint=f"pip install 'thruline[{_EXTRA.get(name, name)}]'",
        ) from error


def names(port: str) -> list[str]:
    """What stands behind a port, by name."""
    return sorted(n.partition(":")[2] for n in _installed().names if n.startswith(f"{port}:"))


def is_usable(port: str, name: str) -> bool:
    """Whether the engine that a backend is for is installed, too."""
    try:
        backend(port, name)
    except Unsupported:
        return False
    return True


@cache
def _installed() -> EntryPoints:
    """Asked once in a process: looking through all that is installed takes 20 ms."""
    return entry_points(group="thruline.backends")


_EXTRA = {
    "postgresql": "postgres", "llamacpp": "llm", "shards": "ray", "pq4": "faiss", "hnsw": "faiss",
    "pgvector": "postgres",
}  # fmt: skip
