"""What of a sync may be done apart from the home, here or on another machine: bytes to document, texts to vectors.

Both are pure: no key, no database, nothing that is known of anybody goes along. What needs those (ids, the sketch of a
document's words, who was erased) is added by `prepare`, at home.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import metadata

import msgspec
import numpy as np

from thruline import __version__
from thruline.core.documents import Mention, Parsed
from thruline.core.errors import Refused, Unsupported
from thruline.data import (
    called,
    chunks,
    duplicates,
    encodings,
    fields,
    language,
    names,
    policies,
    privacy,
    reading_names,
    recognition,
    rewriting,
    secret_forms,
    secrets,
    sketch,
    tagger,
    token_forms,
)
from thruline.data.cuts import Cut
from thruline.data.fields import Wanted
from thruline.data.media import media_type
from thruline.data.policies import Policy
from thruline.data.rewriting import Replace, Rewriter, rewritten
from thruline.data.sandbox import ParserPool
from thruline.flows.apart_compare import STEP as COMPARE
from thruline.flows.apart_compare import Task, compared
from thruline.flows.documents import Document
from thruline.guard import phrases, poison
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.ports.names import NameDetector
from thruline.ports.workers import Workers
from thruline.runs.runner import Step

STEP = Step(
    name="prepare",
    modules=(
        called,
        chunks,
        duplicates,
        encodings,
        fields,
        language,
        names,
        policies,
        privacy,
        reading_names,
        rewriting,
        secret_forms,
        secrets,
        sketch,
        tagger,
        token_forms,
        phrases,
        poison,
    ),
)
LIBRARIES = ("numpy", "pypdfium2", "python-docx", "rensa", "resiliparse", "tokenizers")  # that read, and cut words
Exchange = Callable[[str, Mention], str]
# Two machines that give these the same vectors, bit by bit, round alike: the kernels of an int8 model differ by CPU.
PROBES = ("The blue valve opens at nine in the morning.", "def f(x):\n    return x", "Grüße aus Łódź, 東京", "a " * 600)


class Read(msgspec.Struct, frozen=True, kw_only=True, tag="read"):
    """A file to read; policy: what becomes of personal data in it; wanted: what of it is kept as fields; cut: how."""

    data: bytes
    path: str
    policy: Policy
    cut: Cut
    wanted: Wanted = Wanted()


class Embed(msgspec.Struct, frozen=True, kw_only=True, tag="embed"):
    """Texts to embed."""

    texts: tuple[str, ...]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A document, or vectors as float32 rows, or why there is none."""

    document: Document | None = None
    vectors: bytes = b""
    refused: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What reading and embedding need: no secrets among it. how: the embedder was opened."""

    parsers: ParserPool
    names: NameDetector
    embedder: Embedder
    how: EmbedderSettings

    @cached_property
    def version(self) -> str:
        """Equal where equal tasks get equal replies: code, libraries, detector, weights, how this machine rounds."""
        rounded = hashlib.sha256(self.embedder.passages(PROBES).tobytes()).hexdigest()
        parts = {
            "code": f"{__version__} {STEP.version()[:12]} {COMPARE.version()[:12]}", "names": self.names.version,
            "pictures": "read" if recognition.is_installed() else "not read",
            "weights": self.embedder.info.digest[:12], "rounding": rounded[:12],
        } | {name: metadata.version(name) for name in LIBRARIES}  # fmt: skip
        return ", ".join(f"{name} {said}" for name, said in parts.items())


class Bencher:
    """A worker of ports.workers over some tools."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self.version = tools.version

    def __call__(self, task: bytes) -> bytes:
        """See ports.workers."""
        asked: Read | Embed | Task = msgspec.msgpack.decode(task, type=Read | Embed | Task)
        if isinstance(asked, Task):
            return compared(asked)
        return msgspec.msgpack.encode(_reply(self._tools, asked))

    def close(self) -> None:
        """See ports.workers."""
        self._tools.parsers.close()
        self._tools.embedder.close()


def read_by(workers: Workers, asked: Read) -> Document:
    """What `read` gives, done by one of the workers."""
    reply = msgspec.msgpack.decode(workers.do(msgspec.msgpack.encode(asked)), type=Reply)
    if reply.document is None:
        raise Refused(reply.message, reason=reply.refused)
    return reply.document


def embed_by(workers: Workers, texts: Sequence[str], dims: int) -> np.ndarray:
    """(texts, dims) float32, what the embedder gives, done by one of the workers."""
    reply = msgspec.msgpack.decode(workers.do(msgspec.msgpack.encode(Embed(texts=tuple(texts)))), type=Reply)
    return np.frombuffer(reply.vectors, "<f4").reshape(len(texts), dims)


def read(tools: Tools, asked: Read, exchange: Exchange) -> Document:
    """The document without its sketch; raises Refused with its reason.

    exchange: gives the token for a word and its mention, where the policy wants one.
    """
    parsed = tools.parsers.parse(asked.data, media_type(asked.path, asked.data), asked.path)
    return read_on(tools, asked, parsed, exchange)


def read_on(tools: Tools, asked: Read, parsed: Parsed, exchange: Exchange) -> Document:
    """The same for what has been parsed already."""
    parsed = replace(parsed, fields=fields.chosen(parsed.fields, asked.data, asked.wanted))
    unseen = "\n".join((*parsed.hidden, *parsed.properties, *fields.words(parsed.fields, asked.wanted)))
    whole = f"{parsed.text}\n{parsed.title}\n{unseen}"
    mentions = tuple(privacy.find_mentions(whole, tools.names))
    _check_blocked(asked, mentions)
    parsed = rewritten(parsed, _rewriter(asked.policy, whole, mentions, exchange))
    cut = chunks.chunk(parsed, words=asked.cut.words, headings=asked.cut.headings)
    return Document(
        title=parsed.title, media_type=parsed.media_type, parser=parsed.parser, chunks=cut, mentions=mentions,
        risks=poison.risks(parsed), signature=duplicates.signature("\n\n".join(c.text for c in cut)), unseen=unseen,
        unread=len(parsed.unread), fields=fields.typed(parsed.fields, asked.wanted, mentions),
    )  # fmt: skip


def _check_blocked(asked: Read, mentions: Sequence[Mention]) -> None:
    """Raises Refused; where personal data and a secret both are there, for the personal data."""
    if policies.blocked(mentions, asked.policy.block - {"secret"}):
        raise Refused(f"{asked.path!r} holds personal data that its source does not let in", reason="personal")
    if policies.blocked(mentions, asked.policy.block):
        raise Refused(f"{asked.path!r} holds a secret, which its source does not let in", reason="secret")


def _reply(tools: Tools, asked: Read | Embed) -> Reply:
    if isinstance(asked, Embed):
        return Reply(vectors=tools.embedder.passages(asked.texts).astype("<f4").tobytes())
    try:
        return Reply(document=read(tools, asked, _no_vault))
    except Refused as refused:
        return Reply(refused=refused.reason, message=refused.message)


def _no_vault(_word: str, mention: Mention) -> str:
    raise Unsupported(f"no worker makes a token for {mention.kind!r}", hint="it is made where the vault is")


def _rewriter(policy: Policy, whole: str, mentions: Sequence[Mention], exchange: Exchange) -> Rewriter:
    """Does with each kind of personal data what the policy says."""
    words: dict[str, Replace] = {}
    for word, mention in policies.said(whole, mentions, policy.hidden).items():
        if mention.kind in policy.mask:
            words[word] = policies.cover
        elif mention.kind in policy.drop:
            words[word] = policies.drop
        else:
            words[word] = partial(token_forms.laid_over, exchange(word, mention))
    return Rewriter(words)
