"""What the settings of `search` mean: who reads passages again, and how they are ordered."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from thruline.app.backends import backend
from thruline.app.config import Search, secret
from thruline.core.errors import Invalid
from thruline.core.units import parse_duration
from thruline.ports.reranker import Reranker
from thruline.vectors.ordering import Ordering
from thruline.vectors.reranker_weights import RERANKERS
from thruline.vectors.weights import find_weights

logger = logging.getLogger("thruline")


def ordering(search: Search) -> Ordering:
    """How hits are ordered."""
    return Ordering(
        depth=search.depth, within_s=parse_duration(search.reranker_timeout), diversity=search.diversity,
        per_source=search.per_source, per_record=search.per_record, window=search.window,
        half_life_s=parse_duration(search.half_life) if search.half_life else 0.0,
    )  # fmt: skip


def open_reranker(search: Search, cache: Path, home: Path) -> Reranker | None:
    """The cross-encoder or the server that is set; None for none, and for the learned one, which the shelf has."""
    if search.reranker == "server":
        if not search.reranker_url:
            raise Invalid("search.reranker is 'server', but search.reranker_url is empty", hint="give its address")
        key = partial(secret, search.reranker_key, home) if search.reranker_key else None
        return backend("reranker", "server")(search.reranker_url, model=search.reranker_model, key=key)
    return _cross_encoder(search, cache) if search.reranker == "onnx" else None


def _cross_encoder(search: Search, cache: Path) -> Reranker:
    if search.reranker_folder:
        folder = Path(search.reranker_folder).expanduser()
        return backend("reranker", "onnx")(folder, name=search.reranker_model, licence="the operator's")
    spec = RERANKERS.get(search.reranker_model)
    if spec is None:
        raise Invalid(
            f"search.reranker_model = {search.reranker_model!r} is not known",
            hint=f"known: {', '.join(RERANKERS)}; for another, set search.reranker_folder",
        )
    return backend("reranker", "onnx")(find_weights(spec, cache=cache, progress=logger.info), **spec.settings)
