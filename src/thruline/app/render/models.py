"""Parts of models: who is in which, and what an erasure makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thruline.app.render.words import n
from thruline.core.units import show_seconds
from thruline.flows import reports


def shards(of: Sequence[reports.ShardView]) -> Iterator[str]:
    """Which parts of which models learned from something."""
    return (f"  shard {s.number} of {s.of} of {s.model} learned from it" for s in of)


def rebuilt(of: reports.RebuildView) -> str:
    """What an erasure makes, or made, of a model."""
    rows = n(of.rows, "row") + " of theirs"
    parts = f"{len(of.held)} of {n(of.shards, 'shard')}"
    took = show_seconds(of.seconds) if of.seconds else "an unknown time"
    if of.outcome == "planned":
        which = f" ({', '.join(map(str, of.held))})" if 0 < len(of.held) < of.shards else ""
        again = f"{parts}{which} to train again, about {took}; rules alone screen until then"
        return f"{of.model} learned from {rows}: {again}"
    if of.outcome in ("serves", "refused"):
        end = "it serves" if of.outcome == "serves" else "its gate refused it, rules alone screen: thruline train"
        return f"rebuilt {parts} of {of.model} in {took} without {rows}, as {of.made}; {end}"
    if of.outcome == "pending":
        return f"{of.model} is out of service and waits to be rebuilt, rules alone screen: erase again"
    return f"{of.model} is out of service and could not be rebuilt, rules alone screen: thruline train"
