"""Which backend stands behind which port: opens the parts of a home by its settings."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from thruline.app.backends import backend
from thruline.app.config import Config, secret
from thruline.app.home import Home
from thruline.app.keys import id_key, master_key
from thruline.app.reranking import open_reranker, ordering
from thruline.app.searching import Searching
from thruline.app.working import OPENS, open_names, open_onnx, open_parsers, pinned_embedder, settings_of
from thruline.core.clock import Clock, SystemClock
from thruline.core.errors import Invalid
from thruline.core.ids import Ids
from thruline.core.nouns import Source
from thruline.core.units import parse_duration, parse_size
from thruline.data.fields import FIELDS
from thruline.data.options import GENERAL, REFERENCE, REFERENCES
from thruline.data.patience import Patient, patience
from thruline.data.places import PUSH
from thruline.data.policies import POLICIES
from thruline.data.residency import Part
from thruline.data.sandbox import ParserPool
from thruline.flows.apart import Tools
from thruline.flows.line import Limits, Line
from thruline.infra.inventory import Machine, this_machine
from thruline.infra.meter import Prices
from thruline.ledger.payloads import Payloads
from thruline.ports.blobs import Blobs
from thruline.ports.compute import Compute
from thruline.ports.database import Database
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.ports.judge import Judge
from thruline.ports.llm import Llm
from thruline.ports.names import NameDetector
from thruline.ports.origin import OpensOrigin, Origin
from thruline.ports.reranker import Reranker
from thruline.ports.text import TextIndex
from thruline.ports.workers import Bench, Workers
from thruline.vectors.plans import plan_of
from thruline.vectors.weights import find_gguf

logger = logging.getLogger("thruline")


def compose(home: Home, config: Config, progress: Any = None, engines: type[ConfiguredEngines] | None = None) -> Line:
    """All parts of a home; what is heavy opens when it is first used, by other `engines` in tests."""
    master = master_key(secret(config.store.master_key, home.path))
    database = _database(home, config)
    key_database = backend("database", "sqlite")(str(home.key_database))
    vault = backend("vault", "local")(key_database, master)
    cache = Path(config.store.cache).expanduser()
    opened = (engines or ConfiguredEngines)(home, config, cache, progress)
    return Line(
        home=home.path, cache=cache, database=database, key_database=key_database, vault=vault,
        payloads=Payloads(database, vault, _blobs(home, config)), ids=Ids(id_key(master)),
        signer=backend("signer", "ed25519").open(str(home.signing_key)), clock=opened.clock(),
        limits=_limits(config), engines=opened,
    )  # fmt: skip


class ConfiguredEngines(Searching):
    """Opens the heavy parts by the settings."""

    def __init__(self, home: Home, config: Config, cache: Path, progress: Any) -> None:
        super().__init__(home, config)
        self._cache = cache
        self._progress = progress

    def clock(self) -> Clock:
        """The machine's."""
        return SystemClock()

    def embedding(self, model: str = "") -> EmbedderSettings:
        """By the settings; a model that is named is one whose weights are pinned. Raises NotFound for another."""
        embed = self._config.embed
        if model and model != embed.model:
            return pinned_embedder(model)
        if embed.backend == "openai":
            return EmbedderSettings(
                backend="openai", model=embed.model, url=embed.url, key=embed.key, dims=embed.dims,
                region=self._config.regions.embedder.casefold(),
            )  # fmt: skip
        return EmbedderSettings(backend="onnx", model=embed.model, folder=embed.folder)

    def embedder(self, how: EmbedderSettings) -> Embedder:
        """The local model, or an embeddings URL."""
        if how.backend == "openai":
            key = self._secret(how.key)
            return backend("embedder", "openai")(url=how.url, model=how.model, api_key=key, dims=how.dims)
        return open_onnx(how.model, how.folder, self._cache)

    def origin(self, source: Source) -> Origin:
        """The place of a source, which is asked again where it is away for a moment."""
        opens: OpensOrigin = backend("origin", source.kind)
        patient = patience(source.options)
        own = {n: value for n, value in source.options.items() if n not in GENERAL or n in opens.options}
        reference = own.pop(REFERENCE, "")
        asked = (lambda: secret(reference, self._home.path)) if reference else None
        return Patient(opens(source.location, own, asked), patient)

    def check_secret(self, source: Source) -> None:
        """Read once, as a question to the place would."""
        self._secret(source.options.get(REFERENCE, ""))

    def options(self, kind: str) -> Mapping[str, str]:
        """Those of the kind first; a place that is read also takes the name of a secret."""
        opens: OpensOrigin | None = None if kind == PUSH else backend("origin", kind)
        return {**opens.options, **REFERENCES, **GENERAL} if opens else {**POLICIES, **FIELDS}

    def parsers(self) -> ParserPool:
        """The processes that read files."""
        return open_parsers(self._config.ingest, self._cache, workers=self._config.ingest.workers)

    def text(self) -> TextIndex:
        """An empty full-text index."""
        return backend("text", "tantivy")()

    def names(self) -> NameDetector:
        """What finds people's names."""
        return open_names(self._config, self._cache)

    def workers(self, tools: Tools) -> Workers | None:
        """The nodes of a cluster, where the settings say so."""
        if self._config.ingest.backend == "local":
            return None
        if tools.how.backend == "openai":
            said = "ingest.backend = 'ray' goes with embed.backend = 'onnx' alone"
            raise Invalid(said, hint="a node has its own weights; the key to an embeddings URL stays on this machine")
        return backend("workers", "ray")(self._config.compute.address, self._bench(tools))

    def _bench(self, tools: Tools) -> Bench:
        return Bench(opens=OPENS, settings=settings_of(self._config, tools.how), version=tools.version)

    def llm(self) -> Llm | None:
        """The chat model, where one is configured."""
        answer = self._config.answer
        if answer.llm_backend == "llamacpp" and answer.llm_model:
            path = find_gguf(answer.llm_model, cache=self._cache, progress=logger.info)
            return backend("llm", "llamacpp")(path, threads=max(1, len(os.sched_getaffinity(0)) - 1))
        if not answer.llm_url:
            return None
        reference = answer.llm_key
        key = (lambda: secret(reference, self._home.path)) if reference else None
        timeout = parse_duration(answer.llm_timeout)
        return backend("llm", "openai")(
            answer.llm_url, answer.llm_model, key, first_byte_timeout_s=timeout, idle_timeout_s=timeout
        )

    def judge(self) -> Judge | None:
        """Who says how hurtful a text is, where one is configured."""
        quality = self._config.quality
        if not quality.judge:
            return None
        key = partial(secret, quality.judge_key, self._home.path) if quality.judge_key else None
        return backend("judge", "moderations")(quality.judge, model=quality.judge_model, key=key)

    def reranker(self) -> Reranker | None:
        """Who reads passages again with the question, where one is configured."""
        return open_reranker(self._config.search, self._cache, self._home.path)

    def compute(self) -> Compute:
        """Where jobs run."""
        compute = self._config.compute
        if compute.backend == "ray":
            return backend("compute", "ray")(compute.address)
        return backend("compute", "local")(self._home.jobs, self.machine().target)

    def machine(self) -> Machine:
        """This machine with its GPUs."""
        return this_machine(self._home.path, backend("gpus", "nvml")())


def _database(home: Home, config: Config) -> Database:
    reference = config.store.database
    if reference == "sqlite":
        for path in (home.database, home.key_database):
            _create(path)
        return backend("database", "sqlite")(str(home.database))
    return backend("database", "postgresql")(secret(reference, home.path))


def _create(path: Path) -> None:
    """A file for its owner only; SQLite gives its log files the same rights. One that exists is not opened.

    To open and close it would drop the locks that this process holds on it (see `residue_apart`).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _blobs(home: Home, config: Config) -> Blobs:
    store = config.store
    if store.blobs == "folder":
        return backend("blobs", "folder")(str(home.blobs))
    bucket, _, prefix = store.blobs.removeprefix("s3://").partition("/")
    access, _, hidden = (secret(store.s3_key, home.path) if store.s3_key else "").partition(":")
    return backend("blobs", "s3")(
        bucket, prefix=prefix, endpoint=store.s3_endpoint, access_key=access, secret_key=hidden
    )


def _parts(config: Config) -> Iterator[Part]:
    """What stands outside this machine and is given texts or vectors, with where it stands."""
    stands, answer = config.regions, config.answer
    if answer.llm_backend == "openai" and answer.llm_url:
        yield Part(f"the language model at {answer.llm_url}", "answers", "regions.llm", stands.llm.casefold())
    if config.search.reranker == "server":
        where = f"the reranker at {config.search.reranker_url}"
        yield Part(where, "ranks", "regions.reranker", stands.reranker.casefold())
    if config.quality.judge:
        yield Part(f"the judge at {config.quality.judge}", "reads", "regions.judge", stands.judge.casefold())
    if config.ingest.backend == "ray":
        yield Part("the cluster that reads files", "reads", "regions.cluster", stands.cluster.casefold())
    if config.compute.backend == "ray":
        yield Part("the cluster that runs jobs", "computes", "regions.cluster", stands.cluster.casefold())
    if config.compute.address:
        yield Part("the cluster that may hold the index", "searches", "regions.cluster", stands.cluster.casefold())
    if config.store.database != "sqlite":
        yield Part("the PostgreSQL server", "keeps", "regions.database", stands.database.casefold())
    yield from _vector_servers(config)
    if config.store.blobs != "folder":
        yield Part(f"the bucket {config.store.blobs}", "keeps", "regions.blobs", stands.blobs.casefold())


def _vector_servers(config: Config) -> Iterator[Part]:
    for name, where in (("PostgreSQL", config.vectors.pgvector), ("Qdrant", config.vectors.qdrant)):
        if where:
            yield Part(f"the vectors' {name}", "keeps", "regions.vectors", config.regions.vectors.casefold())


def _limits(config: Config) -> Limits:
    return Limits(
        chunk_words=config.ingest.chunk_words, max_file=parse_size(config.ingest.max_file),
        workers=config.ingest.workers, task_size=max(1, parse_size(config.ingest.task_size)),
        hidden_text=config.guard.hidden_text,  # type: ignore[arg-type]
        question_limit=config.guard.question_limit, passages=config.answer.passages,
        context_tokens=config.answer.context_tokens, mode=config.answer.mode,  # type: ignore[arg-type]
        unsupported=config.answer.unsupported,  # type: ignore[arg-type]
        purposes=config.guard.purposes,  # type: ignore[arg-type]
        same_content=config.guard.same_content,  # type: ignore[arg-type]
        ordering=ordering(config.search), reranker=config.search.reranker,  # type: ignore[arg-type]
        engine=plan_of(config.vectors.engine),
        recall=config.vectors.recall, audits=config.vectors.audits, retune=config.vectors.retune,
        search_log_s=parse_duration(config.vectors.log),
        parts=tuple(_parts(config)), prices=Prices(cpu_hour=config.compute.cpu_hour, gpu_hour=config.compute.gpu_hour),
    )  # fmt: skip
