"""What a node of a cluster opens to read files and embed texts for a home: by its settings, without its secrets."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import msgspec

from thruline.app.backends import backend
from thruline.app.config import Config, Embed, Guard, Ingest, Store
from thruline.core.errors import Corrupt, Invalid, NotFound, Unavailable
from thruline.core.units import parse_duration, parse_size
from thruline.data import recognition
from thruline.data.names import AllNames, ContextNames
from thruline.data.reading_names import NamesInContext
from thruline.data.sandbox import ParserPool
from thruline.flows.apart import Bencher, Tools
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.ports.names import NameDetector
from thruline.vectors.weights import BGE_SMALL, SPECS, WeightSpec, find_weights

OPENS = "thruline.app.working:open_worker"

logger = logging.getLogger("thruline")


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Of all settings those that a node needs; none of them refers to a secret."""

    ingest: Ingest
    guard: Guard
    model: str
    folder: str
    cache: str


def settings_of(config: Config, how: EmbedderSettings) -> bytes:
    """What goes to the nodes of a home's settings; how: the embedder that they are to open."""
    kept = _Settings(
        ingest=config.ingest, guard=config.guard, model=how.model, folder=how.folder, cache=config.store.cache
    )
    return msgspec.json.encode(kept)


def open_worker(settings: bytes) -> Bencher:
    """The worker of a node: one parser process, and one thread that embeds."""
    config = config_of(settings)
    embed = config.embed
    return Bencher(open_tools(config, open_onnx(embed.model, embed.folder, _cache(config), threads=1)))


def config_of(settings: bytes) -> Config:
    """What a node knows of a home's settings."""
    said = msgspec.json.decode(settings, type=_Settings)
    embed = Embed(model=said.model, folder=said.folder)
    return Config(ingest=said.ingest, guard=said.guard, embed=embed, store=Store(cache=said.cache))


def open_tools(config: Config, embedder: Embedder) -> Tools:
    """The tools of one worker around an embedder."""
    parsers = open_parsers(config.ingest, _cache(config), workers=1)
    names = open_names(config, _cache(config), threads=1)
    how = EmbedderSettings(backend="onnx", model=config.embed.model, folder=config.embed.folder)
    return Tools(parsers=parsers, names=names, embedder=embedder, how=how)


def _cache(config: Config) -> Path:
    return Path(config.store.cache).expanduser()


def open_parsers(ingest: Ingest, cache: Path, *, workers: int) -> ParserPool:
    """The processes that read files."""
    memory, timeout_s = parse_size(ingest.parser_memory), parse_duration(ingest.parser_timeout)
    return ParserPool(workers=workers, memory=memory, timeout_s=timeout_s, weights=_Networks(cache))


class _Networks:
    """What reads pictures; a picture that cannot be read now is refused, and never the rest with it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._unreadable = False

    def __call__(self) -> Path | None:
        if self._unreadable or not recognition.is_installed():
            return None
        try:
            return recognition.find_networks(self._cache)
        except (Unavailable, Corrupt) as failure:
            logger.warning("pictures are not read: %s", failure.message)
            self._unreadable = True
            return None


def open_names(config: Config, cache: Path, *, threads: int = 0) -> NameDetector:
    """What finds people's names."""
    by = config.guard.names
    if by == "embedder":
        return ContextNames(NamesInContext(_open(BGE_SMALL, cache, "", threads)), f"context, {NamesInContext.version}")
    return AllNames([ContextNames(), backend("names", "spacy")()]) if by == "spacy" else ContextNames()


def open_onnx(model: str, folder: str, cache: Path, *, threads: int = 0) -> Embedder:
    """The local model; raises Invalid for one that is not known."""
    spec = SPECS.get(model)
    if spec is None:
        raise Invalid(f"embed.model = {model!r} is not known", hint=f"known: {', '.join(SPECS)}")
    return _open(spec, cache, folder, threads)


def pinned_embedder(model: str) -> EmbedderSettings:
    """How a model of the pinned weights is opened; raises NotFound for another name."""
    if model not in SPECS:
        raise NotFound(f"no embedder named {model!r}", hint=f"known: {', '.join(SPECS)}; others are set by embed.*")
    return EmbedderSettings(backend="onnx", model=model)


def _open(spec: WeightSpec, cache: Path, folder: str, threads: int) -> Any:
    """The model of these weights, from the operator's folder or the cache."""
    given = Path(folder).expanduser() if folder else None
    weights = find_weights(spec, cache=cache, folder=given, progress=logger.info)
    return backend("embedder", "onnx")(weights, threads=threads, **spec.settings)
