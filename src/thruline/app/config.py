"""Settings: one dataclass a section, each leaf with a laptop default and one line that says what it is.

A value comes from, in rising order: the default here, `thruline.toml` in the home, the environment variable
`THRULINE_<SECTION>__<KEY>`. Secrets are never values: a leaf that needs one takes a reference, `env:NAME` or
`file:PATH`. This is the only file that reads the environment.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from thruline.core.errors import Invalid
from thruline.core.lazy import lazy
from thruline.core.units import parse_duration, parse_size
from thruline.data.residency import checked

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = lazy("msgspec")

FILE = "thruline.toml"
PREFIX = "THRULINE_"


def leaf(default: Any, says: str) -> Any:
    """A setting with its default and its line of documentation."""
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, kw_only=True)
class Server:
    """The HTTP server."""

    host: str = leaf("127.0.0.1", "address to listen on; anything but loopback needs TLS in front")
    port: int = leaf(7070, "port to listen on")
    max_body: str = leaf("16MB", "largest request body")
    requests_per_minute: int = leaf(600, "requests a key may make in a minute; 0 for no limit")
    public_url: str = leaf("", "address under which people open it, for links; empty for host and port")


@dataclass(frozen=True, kw_only=True)
class Store:
    """Where state lives."""

    database: str = leaf("sqlite", "`sqlite` (a file in the home) or a reference to a PostgreSQL URL, `env:NAME`")
    blobs: str = leaf("folder", "`folder` (in the home) or `s3://bucket/prefix`")
    s3_endpoint: str = leaf("", "endpoint of an S3-compatible store; empty for the provider's own")
    s3_key: str = leaf("", "reference to `ACCESS_KEY:SECRET_KEY`")
    cache: str = leaf("~/.cache/thruline", "folder for model weights and pinned archives; holds nothing of yours")
    master_key: str = leaf("file:keys/master.key", "reference to the 64 hex digits that wrap all data keys")


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """From file to chunk."""

    chunk_words: int = leaf(200, "words a chunk aims at")
    max_file: str = leaf("64MB", "larger files are refused with a reason")
    parser_memory: str = leaf("1GB", "address space of one parser process")
    parser_timeout: str = leaf("30s", "time for one document")
    workers: int = leaf(2, "parser processes")
    backend: str = leaf("local", "`local` or `ray`: where files are read, texts embedded and repetitions found")
    task_size: str = leaf("8MB", "words or vectors in one task of a node that looks for repetitions")


@dataclass(frozen=True, kw_only=True)
class Embed:
    """From chunk to vector."""

    backend: str = leaf("onnx", "`onnx` (local) or `openai` (an embeddings URL)")
    model: str = leaf("bge-small-en-v1.5", "model name")
    folder: str = leaf("", "folder that holds model.onnx and tokenizer.json; empty for the pinned weights")
    url: str = leaf("", "base URL of an OpenAI-compatible server, for backend `openai`")
    key: str = leaf("", "reference to its API key")
    dims: int = leaf(384, "vector length, for backend `openai`")


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """How well the index is searched, and the servers that `thruline index move` can let do it."""

    engine: str = leaf("flat4", "what searches until `index move` or `index tune` chooses, with options as `hnsw m=32`")
    recall: float = leaf(0.97, "share of the 10 nearest passages that searches have to find; a tuning sets another")
    log: str = leaf("90d", "how long searches are kept, to measure the index by; `0s` for not at all")
    audits: int = leaf(4, "searches a minute that the server does again exactly, to see whether they do; 0 for none")
    retune: bool = leaf(True, "whether the index is tuned again when they no longer do")
    pgvector: str = leaf("", "reference to the URL of a PostgreSQL with pgvector; may be that of store.database")
    qdrant: str = leaf("", "URL of a Qdrant server's REST interface, as https://host:6333")
    qdrant_key: str = leaf("", "reference to its API key")
    standby: str = leaf("flat4", "`flat4` or `off`: what answers on this machine while such a server is away")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """From question to answer."""

    mode: str = leaf("extractive", "`extractive` (sentences of the documents) or `llm`")
    llm_backend: str = leaf("openai", "`openai` (a server at llm_url) or `llamacpp` (a model in this process)")
    llm_url: str = leaf("", "base URL of an OpenAI-compatible server, for mode `llm` and the gateway")
    llm_model: str = leaf("", "model name; for `llamacpp` a GGUF file, or `smollm2-135m` for the pinned small one")
    llm_key: str = leaf("", "reference to its API key")
    llm_timeout: str = leaf("60s", "longest silence of the model before the answer is ended")
    unsupported: str = leaf("mark", "`mark`, `leave_out` or `unknown`: a model's sentences that no cited passage says")
    passages: int = leaf(8, "passages that an answer may use")
    context_tokens: int = leaf(3000, "most tokens that a model is sent: rules, passages and question")


@dataclass(frozen=True, kw_only=True)
class Search:
    """From found to ordered: what happens to passages after the search."""

    reranker: str = leaf("", "empty for none; `learned` (by `train reranker`), `onnx` (a cross-encoder) or `server`")
    reranker_model: str = leaf("ms-marco-MiniLM-L-12-v2", "name of the cross-encoder, or of the server's model")
    reranker_folder: str = leaf("", "folder that holds model.onnx and tokenizer.json; empty for the pinned weights")
    reranker_url: str = leaf("", "base URL of a server with Cohere's and Jina's `/rerank`, for reranker `server`")
    reranker_key: str = leaf("", "reference to its API key")
    reranker_timeout: str = leaf("5s", "how long a reranker may take before the order of the search stands")
    depth: int = leaf(40, "how many of the best passages to look at before the best of them are taken, 1 to 100")
    diversity: float = leaf(0.0, "0 for the best passages whatever they repeat, to 1 for the least alike")
    per_source: int = leaf(0, "passages of one source before others get a turn; 0 for any number")
    per_record: int = leaf(0, "passages of one document before others get a turn; 0 for any number")
    half_life: str = leaf(
        "", "after which a document is worth half, by its own date or when it came in, as `90d`; empty for never"
    )
    window: int = leaf(0, "neighbours on either side of a passage that an answer may use, too, 0 to 3")


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How good a text is."""

    judge: str = leaf("", "base URL of a server with OpenAI's `/moderations`, which every document's text is sent to")
    judge_model: str = leaf("", "model name; empty for the server's own")
    judge_key: str = leaf("", "reference to its API key")


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Protection."""

    hidden_text: str = leaf("quarantine", "`quarantine`, `warn` or `off`: documents with hidden instructions")
    question_limit: int = leaf(8000, "longest question, in characters")
    purposes: str = leaf("open", "`open` or `stated`: whether a source that names no `uses` may be used for everything")
    same_content: str = leaf(
        "stricter", "`stricter` or `each`: what two sources hold is for those whom both let, or whom one of them lets"
    )
    names: str = leaf("context", "`context` (built in), `embedder` or `spacy`: how people's names are found")


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Where jobs run."""

    backend: str = leaf("local", "`local` or `ray`")
    address: str = leaf("", "address of the Ray cluster, for backend `ray` here and of `ingest`")
    cpu_hour: float = leaf(0.0, "price of a CPU hour, in your currency")
    gpu_hour: float = leaf(0.0, "price of a GPU hour")


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Where what is outside this machine stands, for sources with a residency; empty for not stated."""

    llm: str = leaf("", "of the server at answer.llm_url, as `eu` or `eu-central-1`")
    embedder: str = leaf("", "of the server at embed.url")
    reranker: str = leaf("", "of the server at search.reranker_url")
    judge: str = leaf("", "of the server at quality.judge")
    database: str = leaf("", "of the PostgreSQL server, where store.database names one")
    blobs: str = leaf("", "of the S3 bucket, where store.blobs names one")
    vectors: str = leaf("", "of the server at vectors.pgvector or vectors.qdrant")
    cluster: str = leaf("", "of the Ray cluster, where ingest.backend or compute.backend says `ray`")


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Whom the platform tells. Nobody, unless an address is given."""

    webhook: str = leaf("", "address that signed notices are posted to")
    webhook_secret: str = leaf("", "reference to the secret that signs them, as text or `whsec_` and base64")
    events: str = leaf("all", "which notices, with commas between; `all` for every kind")
    openlineage: str = leaf("", "address that OpenLineage run events are posted to, as https://host/api/v1/lineage")
    openlineage_key: str = leaf("", "reference to the token of that server")
    names: bool = leaf(False, "whether OpenLineage events call sources by name, and say what is stated of them")


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of a home."""

    server: Server = field(default_factory=Server)
    store: Store = field(default_factory=Store)
    ingest: Ingest = field(default_factory=Ingest)
    embed: Embed = field(default_factory=Embed)
    vectors: Vectors = field(default_factory=Vectors)
    answer: Answer = field(default_factory=Answer)
    search: Search = field(default_factory=Search)
    quality: Quality = field(default_factory=Quality)
    guard: Guard = field(default_factory=Guard)
    compute: Compute = field(default_factory=Compute)
    regions: Regions = field(default_factory=Regions)
    notify: Notify = field(default_factory=Notify)


class Setting(NamedTuple):
    """A leaf as it is in force, and where its value came from."""

    key: str
    value: str | int | float | bool
    origin: str
    says: str


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "vectors.standby": ("flat4", "off"),
    "embed.backend": ("onnx", "openai"),
    "answer.mode": ("extractive", "llm"),
    "answer.llm_backend": ("openai", "llamacpp"),
    "search.reranker": ("", "learned", "onnx", "server"),
    "answer.unsupported": ("mark", "leave_out", "unknown"),
    "guard.hidden_text": ("quarantine", "warn", "off"),
    "guard.names": ("context", "embedder", "spacy"),
    "guard.purposes": ("open", "stated"),
    "guard.same_content": ("stricter", "each"),
    "ingest.backend": ("local", "ray"),
    "compute.backend": ("local", "ray"),
}
_RANGES: Mapping[str, tuple[float, float]] = {
    "search.depth": (1, 100),
    "search.diversity": (0, 1),
    "search.per_source": (0, 100),
    "search.per_record": (0, 100),
    "search.window": (0, 3),
    "vectors.recall": (0.01, 1),
    "vectors.audits": (0, 600),  # what is drawn waits in memory
}
_PARSED: Mapping[str, Callable[[str], object]] = {
    "server.max_body": parse_size,
    "ingest.max_file": parse_size,
    "ingest.parser_memory": parse_size,
    "ingest.parser_timeout": parse_duration,
    "answer.llm_timeout": parse_duration,
    "vectors.log": parse_duration,
    "search.reranker_timeout": parse_duration,
    "search.half_life": lambda duration: duration and parse_duration(duration),
    **{f"regions.{f.name}": lambda region: region and checked(region) for f in fields(Regions)},
}
_REFERENCES = (
    "store.s3_key", "store.master_key", "embed.key", "vectors.pgvector", "vectors.qdrant_key", "answer.llm_key",
    "search.reranker_key", "quality.judge_key", "notify.webhook_secret", "notify.openlineage_key",
)  # fmt: skip


def leaves() -> Iterator[tuple[str, type, Any, str]]:
    """(key, type, default, what it is) of every setting, in order."""
    for section, value in ((f.name, getattr(Config(), f.name)) for f in fields(Config)):
        for f in fields(value):
            yield f"{section}.{f.name}", type(f.default), f.default, f.metadata["says"]


def load(home: Path, environment: Mapping[str, str] | None = None) -> tuple[Config, list[Setting]]:
    """The settings in force and where each came from; raises Invalid for a key or value that cannot be."""
    environment = os.environ if environment is None else environment  # noqa: TID251
    known = {key: kind for key, kind, _, _ in leaves()}
    given = _from_file(home / FILE, known) | _from_environment(environment, known)
    sections: dict[str, dict[str, Any]] = {}
    settings: list[Setting] = []
    for key, _, default, says in leaves():
        value, origin = given.get(key, (default, "default"))
        _check(key, value, origin)
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
        settings.append(Setting(key, value, origin, says))
    return msgspec.convert(sections, Config), settings


def default_home(environment: Mapping[str, str] | None = None) -> Path:
    """`THRULINE_HOME`, or `.thruline` in the user's home folder."""
    environment = os.environ if environment is None else environment  # noqa: TID251
    return Path(environment.get("THRULINE_HOME") or Path.home() / ".thruline").expanduser()


def secret(reference: str, home: Path) -> str:
    """The secret that `env:NAME` or `file:PATH` (relative to the home) names; raises Invalid, never quotes a secret."""
    scheme, _, place = reference.partition(":")
    if scheme == "env":
        if place not in os.environ:  # noqa: TID251
            raise Invalid(f"the environment variable {place!r} is not set", hint=f"it is named by {reference!r}")
        return os.environ[place].strip()  # noqa: TID251
    path = home / Path(place).expanduser()
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise Invalid(f"cannot read {str(path)!r}: {error.strerror}", hint=f"it is named by {reference!r}") from error


def _from_file(path: Path, known: Mapping[str, type]) -> dict[str, tuple[Any, str]]:
    if not path.exists():
        return {}
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{str(path)!r} is not TOML: {error}", hint="mend the line it names") from error
    given: dict[str, tuple[Any, str]] = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise _unknown(section, path.name, known)
        for name, value in table.items():
            key = f"{section}.{name}"
            given[key] = (_convert(key, value, path.name, known), path.name)
    return given


def _from_environment(environment: Mapping[str, str], known: Mapping[str, type]) -> dict[str, tuple[Any, str]]:
    given: dict[str, tuple[Any, str]] = {}
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and "__" in variable:
            key = variable.removeprefix(PREFIX).lower().replace("__", ".", 1)
            given[key] = (_convert(key, value, variable, known), variable)
    return given


def _convert(key: str, value: Any, origin: str, known: Mapping[str, type]) -> Any:
    if key not in known:
        raise _unknown(key, origin, known)
    try:
        return msgspec.convert(value, known[key], strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{origin}: {key} = {value!r} is not {_article(known[key])}", hint=str(error)) from error


def _unknown(key: str, origin: str, known: Mapping[str, type]) -> Invalid:
    near = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return Invalid(f"{origin}: there is no setting {key!r}", hint=f"{hint}known: {', '.join(known)}")


def _check(key: str, value: Any, origin: str) -> None:
    if key in _CHOICES and value not in _CHOICES[key]:
        raise Invalid(f"{origin}: {key} = {value!r}", hint=f"one of {', '.join(_CHOICES[key])}")
    low, high = _RANGES.get(key, (value, value))
    if not low <= value <= high:
        raise Invalid(f"{origin}: {key} = {value!r}", hint=f"{low} to {high}")
    if key in _REFERENCES and value and value.partition(":")[0] not in ("env", "file"):
        raise Invalid(f"{origin}: {key} holds a secret itself", hint="write env:NAME or file:PATH instead")
    if key in _PARSED:
        _PARSED[key](value)


def _article(kind: type) -> str:
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}[kind]
