"""Filters of a question that comes by OpenAI's protocol: metadata under names that begin with ours."""

from __future__ import annotations

from typing import Any

from thruline.api.openai_shapes import BadParameter
from thruline.core.nouns import Actor
from thruline.flows.filters import given
from thruline.flows.line import Line
from thruline.flows.reports import Filters

MINE = "thruline."  # all other metadata is the client's own
NAMES = ("source", "since", "until", "path", "language", "as_of", "where")


def filters_of(line: Line, actor: Actor, metadata: Any) -> Filters:
    """What a request's metadata narrows its question to; other metadata is its client's own.

    Raises BadParameter for a filter that there is not.
    """
    said = metadata if isinstance(metadata, dict) else {}
    asked = {k.removeprefix(MINE): str(v) for k, v in said.items() if isinstance(k, str) and k.startswith(MINE)}
    for name in asked:
        if name not in NAMES:
            known = ", ".join(MINE + name for name in NAMES)
            raise BadParameter(f"no filter {MINE + name!r}", param="metadata", hint=f"known: {known}")
    named, where = asked.pop("source", ""), asked.pop("where", "")
    sources = [part.strip() for part in named.split(",") if part.strip()]
    return given(line, actor, source=sources, where=[where], **asked)
