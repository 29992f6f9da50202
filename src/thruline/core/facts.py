"""Facts: the only things an event may say. Numbers, ids and members of closed lists; never free text.

An append-only chain and a person's right to be forgotten agree only while the chain never held her. Each verb
declares its facts here, once; the ledger refuses an event that says anything else, and the reference lists them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from thruline.core.errors import Invalid
from thruline.core.ids import is_id

Fact = int | float | bool | str
Facts = Mapping[str, Fact]


@dataclass(frozen=True)
class Number:
    """A whole or real number."""

    unit: str = ""


@dataclass(frozen=True)
class Flag:
    """True or false."""


@dataclass(frozen=True)
class Id:
    """An id `kind:hex`."""


@dataclass(frozen=True)
class Digest:
    """Hexadecimal digits: a digest, a signature, a public key."""


@dataclass(frozen=True)
class OneOf:
    """A member of a closed list."""

    members: tuple[str, ...]


@dataclass(frozen=True)
class OperationName:
    """`system.verb`, a name that the code declares."""


FactType = Number | Flag | Id | Digest | OneOf | OperationName
_HEX = re.compile(r"[0-9a-f]{16,256}")
_OPERATION = re.compile(r"[a-z]{2,12}\.[a-z_]{2,24}")


@dataclass(frozen=True, kw_only=True)
class Verb:
    """What one kind of event says, in one line, and the facts that it may carry."""

    name: str
    says: str
    facts: Mapping[str, FactType]


def one_of(*members: str) -> OneOf:
    """A closed list."""
    return OneOf(members)


OUTCOMES = ("done", "failed", "cancelled", "refused")
ERROR_CODES = ("invalid", "not_found", "conflict", "denied", "unsupported", "unavailable", "corrupt", "error", "none")
REASONS = (
    "unreadable",
    "too_large",
    "unsupported_type",
    "parser_failed",
    "parser_timeout",
    "parser_memory",
    "locked",
    "needs_ocr",
    "empty",
    "changed_while_read",
    "broken_row",
    "duplicate_key",
    "suppressed",
    "hidden_text",
    "injection",
    "poison",
    "secret",
    "operator",
    "restricted",
    "contract",
    "personal",
    "expired",
    "symlink",
    "ignored",
    "none",
)
CONSENT_STATES = ("given", "withdrawn")
OBJECTION_STATES = ("objected", "lifted", "overruled")
LEGAL_BASES = (
    "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests", "none",
)  # fmt: skip
SOURCE_KINDS = ("folder", "push", "s3", "web", "git", "sql", "rows", "mail", "dlt")
ENGINES = ("exact", "flat4", "pq4", "hnsw", "pgvector", "qdrant", "edge", "shards", "torch")
MENTION_KINDS = (
    "email", "phone", "iban", "card", "ssn", "ip", "name", "declared", "place", "organisation", "address", "postcode",
    "birth_date", "age", "origin", "national_id", "tax_id", "passport", "licence", "plate", "health_id", "vat", "bic",
    "account", "wallet", "imei", "mac", "url", "secret", "geo", "date", "web",
)  # fmt: skip
INDIRECT_KINDS = frozenset(("date", "web"))  # tell of somebody only beside other words; meant only where they are named
SCORES = (
    "words", "mean_word_length", "symbol_ratio", "digit_ratio", "alphabetic_words", "stop_words", "punctuated_lines",
    "ellipsis_lines", "bullet_lines", "duplicate_lines", "duplicate_line_bytes", "duplicate_paragraphs",
    "duplicate_paragraph_bytes", "top_2gram", "top_3gram", "top_4gram", "repeated_5grams", "repeated_10grams",
    "surprise", "pii_density", "secrets", "toxicity", "language",
)  # fmt: skip
EXPECTATIONS = (
    "present", "type", "required", "unique", "min", "max", "min_length", "max_length", "pattern", "allowed",
    "references", "pii", "languages", "min_rows", "max_rows", "fresh", "extra_columns", "unique_together", "readable",
)  # fmt: skip
RULES = (
    "detector_gate",
    "reranker_gate",
    "retrieval_gate",
    "injection_screen",
    "hidden_text",
    "poison_risk",
    "groundedness",
    "index_recall",
    "fusion_gain",
    "sureness_gain",
)


def _verb(name: str, says: str, **facts: FactType) -> tuple[str, Verb]:
    return name, Verb(name=name, says=says, facts=facts)


VERBS: Mapping[str, Verb] = dict(
    (
        _verb("home.created", "A home began: the first event of every chain.", format=Number()),
        _verb("home.upgraded", "The schema moved to a newer format.", format=Number()),
        _verb(
            "ledger.sealed",
            "The head was signed: no event up to `upto` can change unseen.",
            upto=Number(),
            head=Digest(),
            public_key=Digest(),
            signature=Digest(),
        ),
        _verb(
            "operation.called",
            "Somebody used the platform: the audit trail.",
            operation=OperationName(),
            outcome=one_of(*OUTCOMES),
            error=one_of(*ERROR_CODES),
            ms=Number("ms"),
            via=one_of("python", "cli", "http", "console", "openai", "mcp"),
        ),
        _verb("source.added", "A place to read records from was declared.", kind=one_of(*SOURCE_KINDS)),
        _verb("source.shared", "Who may see what a source holds was set.", groups=Number(), named=Digest()),
        _verb("source.used", "What a source may be used for was set.", uses=Number(), named=Digest()),
        _verb("source.changed", "How a source is read was set.", options=Number(), named=Digest()),
        _verb("source.watched", "A source fell silent, or was heard of again.", state=one_of("silent", "heard")),
        _verb(
            "source.drifted",
            "What a source brings scores otherwise than before, or as before again, or a person took it for usual.",
            score=one_of(*SCORES),
            state=one_of("moved", "back", "accepted"),
            distance=Number("0..1"),
            before=Number(),
            now=Number(),
            documents=Number(),
        ),
        _verb(
            "source.regrouped",
            "A place lets others read known items than before.",
            items=Number(),
            narrower=Number(),
            wider=Number(),
        ),
        _verb("source.removed", "A source and all that came from it was taken out.", records=Number()),
        _verb(
            "record.seen",
            "A sync met a record and told what had happened to it.",
            change=one_of("added", "changed", "moved", "deleted", "again"),
            size=Number("bytes"),
        ),
        _verb(
            "record.chunked",
            "A record became chunks.",
            chunks=Number(),
            characters=Number(),
            parser=Digest(),
            duplicates=Number(),
        ),
        _verb(
            "record.duplicate",
            "A record repeats another; it is kept, as an edge, beside its canonical one.",
            how=one_of("exact", "near"),
            similarity=Number("0..1"),
        ),
        _verb(
            "record.alike",
            "A record says in other words what the second one said first; both answer on.",
            similarity=Number("-1..1"),
        ),
        _verb("record.quarantined", "A record was taken out of every answer.", reason=one_of(*REASONS)),
        _verb("record.released", "A quarantined record was let back in.", reason=one_of(*REASONS)),
        _verb("desk.assigned", "Who is to decide about what is out of answers was named.", cases=Number()),
        _verb("desk.kept", "A person decided that something stays out of answers.", cases=Number()),
        _verb("chunk.embedded", "Chunks of one record became vectors.", vectors=Number(), dims=Number()),
        _verb("subject.linked", "A person was met in a record.", how=one_of(*MENTION_KINDS), score=Number("0..1")),
        _verb("index.segmented", "Vector sets were gathered into a segment.", vectors=Number()),
        _verb("index.built", "Segments became a generation of an index.", segments=Number(), chunks=Number()),
        _verb(
            "index.switched",
            "Another generation began to serve.",
            why=one_of(
                "sync", "operator", "quarantine", "release", "erase", "rectify", "rollback", "source", "reindex"
            ),
        ),
        _verb(
            "index.tagged",
            "A generation was given a name, or it was taken off.",
            tag=Digest(),
            state=one_of("put", "taken"),
        ),
        _verb(
            "index.changing",
            "An index began to move to another embedder, or ended to.",
            state=one_of("begun", "switched", "forced", "refused", "stopped"),
        ),
        _verb(
            "index.planned",
            "Another engine, or another way to use one, began to search an index.",
            engine=one_of(*ENGINES),
            plan=Digest(),
            why=one_of("operator", "tuned", "retuned", "moved", "rollback"),
        ),
        _verb(
            "index.chosen",
            "How rankings are joined, or from where on there is an answer, was chosen by measurement or taken back.",
            what=one_of("fusion", "sureness"),
            value=Digest(),
            why=one_of("measured", "rollback"),
        ),
        _verb("prompt.kept", "A template that a language model is asked by was kept.", characters=Number()),
        _verb(
            "prompt.used",
            "Another template came into force.",
            why=one_of("operator", "rollback"),
        ),
        _verb(
            "recall.fell",
            "Searches in use, done again exactly, find fewer of the nearest than the goal says.",
            queries=Number(),
            recall=Number("0..1"),
            low=Number("0..1"),
            high=Number("0..1"),
            goal=Number("0..1"),
        ),
        _verb("dataset.built", "Rows became a dataset.", rows=Number(), train=Number(), test=Number()),
        _verb(
            "shard.trained", "Rows of these records became one part of a model.", number=Number(), size=Number("bytes")
        ),
        _verb(
            "model.rebuilt",
            "A model that an erasure took out was made again without what was erased.",
            outcome=one_of("serves", "refused", "failed"),
            shards=Number(),
            trained=Number(),
            seconds=Number("s"),
        ),
        _verb("model.trained", "A dataset became a model.", seconds=Number("s"), parameters=Number()),
        _verb(
            "verdict.given",
            "A rule judged an artifact.",
            rule=one_of(*RULES),
            outcome=one_of("passed", "failed", "warned"),
            score=Number(),
            low=Number(),
            high=Number(),
            threshold=Number(),
        ),
        _verb(
            "model.registered",
            "A model was signed and put on the shelf.",
            public_key=Digest(),
            signature=Digest(),
            sha256=Digest(),
        ),
        _verb(
            "deployment.changed",
            "A model began, or ceased, to serve.",
            role=one_of("detector", "embedder", "llm", "reranker"),
            why=one_of("promoted", "rolled_back", "erased"),
            forced=Flag(),
        ),
        _verb(
            "prompt.screened",
            "A question was judged before it was answered.",
            outcome=one_of("passed", "failed", "warned"),
            score=Number("0..1"),
            threshold=Number("0..1"),
        ),
        _verb(
            "answer.given",
            "A question was answered from these chunks.",
            outcome=one_of("answered", "unknown", "refused", "interrupted"),
            cited=Number(),
            context=Number(),
            generation=Id(),
            mode=one_of("extractive", "llm", "passthrough"),
            purpose=Digest(),
            filters=Digest(),
            tokens_in=Number(),
            tokens_out=Number(),
            payload=Digest(),
            reranked=one_of("off", "done", "unavailable", "failed"),
            visible=Number(),
            scored=Number(),
            again=one_of("few", "away"),
            unreachable=Number(),
            sure=Number("0..1"),
            ms=Number("ms"),
        ),
        _verb(
            "answer.replayed",
            "An answer was made again from its receipt.",
            retrieval=one_of("same", "changed"),
            generation=one_of("same", "changed", "unavailable"),
        ),
        _verb("questions.forgotten", "Judged questions that came one way were deleted.", questions=Number()),
        _verb(
            "index.evaluated",
            "Search and answers were measured on judged questions.",
            questions=Number(),
            by=one_of("both", "found", "words"),
            ndcg=Number("0..1"),
            low=Number("0..1"),
            high=Number("0..1"),
            answers=Number(),
            answered=Number("0..1"),
            compared=one_of("none", "better", "worse", "unclear"),
            difference=Number("-1..1"),
        ),
        _verb(
            "question.judged",
            "It was said which documents answer a question, or that those of an answer do not.",
            origin=one_of("documents", "file", "feedback"),
            part=one_of("tuning", "judging"),
            relevant=Number(),
        ),
        _verb(
            "run.started",
            "Work began.",
            flow=one_of(
                "sync",
                "train",
                "erase",
                "rectify",
                "quarantine",
                "release",
                "reindex",
                "job",
                "restore",
                "backup",
                "alike",
                "tune",
                "move",
            ),
            attempt=Number(),
        ),
        _verb("run.finished", "Work ended.", outcome=one_of(*OUTCOMES), error=one_of(*ERROR_CODES), ms=Number("ms")),
        _verb(
            "job.queued",
            "A job asked for compute.",
            cpus=Number(),
            memory=Number("bytes"),
            gpus=Number(),
            seconds=Number("s"),
        ),
        _verb("job.started", "A target took a job under a lease.", epoch=Number(), cpus=Number(), machine=Id()),
        _verb(
            "job.finished",
            "A job ended.",
            outcome=one_of("succeeded", "failed", "cancelled", "timed_out", "out_of_memory", "lost"),
            exit_code=Number(),
            seconds=Number("s"),
            cpu_seconds=Number("s"),
            peak_memory=Number("bytes"),
            gpu_seconds=Number("s"),
            cost=Number("currency units"),
            epoch=Number(),
            machine=Id(),
        ),
        _verb("key.created", "An API key was issued.", groups=Number()),
        _verb("key.revoked", "An API key was withdrawn."),
        _verb("user.changed", "A person's groups were set.", groups=Number()),
        _verb(
            "contract.checked",
            "A table was held to its contract.",
            rows=Number(),
            quarantined=Number(),
            blocked=Number(),
            failed=Number(),
            table=Digest(),
            contract=Digest(),
        ),
        _verb(
            "contract.judged",
            "A rule of a source's contract was judged.",
            rule=one_of(*EXPECTATIONS),
            column=Digest(),
            outcome=one_of("passed", "failed", "skipped"),
            failing=Number(),
            taken=one_of("none", "warned", "quarantined", "blocked"),
        ),
        _verb(
            "corpus.exported",
            "Records were written as a set for training.",
            rows=Number(),
            repeated=Number(),
            alike=Number(),
            failing=Number(),
            contaminated=Number(),
            withheld=Number(),
        ),
        _verb(
            "anonymity.measured",
            "How well people hide among each other in a table was measured.",
            table=Digest(),
            rows=Number(),
            quasi=Number(),
            k=Number(),
            asked_k=Number(),
            groups=Number(),
            at_risk=Number(),
            distinct=Number(),
            asked_l=Number(),
            outcome=one_of("passed", "failed"),
        ),
        _verb(
            "table.anonymised",
            "A copy of a table was written in which people hide among each other.",
            rows=Number(),
            suppressed=Number(),
            k=Number(),
            distinct=Number(),
        ),
        _verb(
            "budget.set", "How much may be told of a source in aggregates was set.", epsilon=Number(), delta=Number()
        ),
        _verb(
            "aggregate.told",
            "Numbers of a source's rows were told with noise, and taken off its budget.",
            epsilon=Number(),
            delta=Number(),
            numbers=Number(),
            rows=Number("of one person"),
            unit=one_of("person", "row"),
        ),
        _verb(
            "consent.recorded",
            "A person allowed a use of their data, or withdrew it.",
            state=one_of(*CONSENT_STATES),
            purpose=Digest(),
            records=Number(),
        ),
        _verb(
            "objection.recorded",
            "A person objected to a use of their data, or that ended.",
            state=one_of(*OBJECTION_STATES),
            purpose=Digest(),
            records=Number(),
        ),
        _verb(
            "basis.recorded",
            "A legal basis of a person's own was recorded; `none`: their sources' holds again.",
            basis=one_of(*LEGAL_BASES),
            records=Number(),
        ),
        _verb("clearance.set", "Which kinds of personal data a group sees was set.", kinds=Number(), named=Digest()),
        _verb("token.revealed", "Somebody was told whom a token stands for."),
        _verb("hold.placed", "Records were put under a rule that forbids to delete them."),
        _verb("hold.lifted", "A rule that forbade to delete ended."),
        _verb(
            "match.decided",
            "A person decided whether two that documents tell of are one.",
            outcome=one_of("same", "different", "undone"),
        ),
        _verb("person.restricted", "The use of a person's records was restricted.", records=Number()),
        _verb("person.unrestricted", "A restriction of a person's records ended.", records=Number()),
        _verb("person.reported", "What is held of a person was listed.", records=Number(), answers=Number()),
        _verb("person.exported", "A copy of what is held of a person was written.", records=Number(), answers=Number()),
        _verb(
            "paper.written",
            "A paper was written from what is here; its digest tells a copy from a forgery.",
            kind=one_of("dpia", "ai-act", "data-card", "model-card"),
            digest=Digest(),
            questions=Number(),
        ),
        _verb("erase.began", "People and these records, answers and models of theirs left every table."),
        _verb(
            "erase.done",
            "A person was erased and the bytes were looked for.",
            records=Number(),
            chunks=Number(),
            vectors=Number(),
            answers=Number(),
            models=Number(),
            rebuilt=Number(),
            jobs=Number(),
            users=Number(),
            keys=Number(),
            residue=Number(),
            ms=Number("ms"),
        ),
        _verb("record.rectified", "Wrong words of a record were put right: another took its place.", places=Number()),
        _verb("rectify.began", "Records with wrong words, and answers and models made of them, left every table."),
        _verb(
            "rectify.done",
            "What was wrong was put right, and the bytes were looked for.",
            records=Number(),
            answers=Number(),
            models=Number(),
            rebuilt=Number(),
            keys=Number(),
            residue=Number(),
            ms=Number("ms"),
        ),
        _verb("backup.made", "A copy of the home was written.", size=Number("bytes"), sha256=Digest()),
        _verb("restore.done", "A home was restored from a copy.", sha256=Digest()),
    )
)


def check_facts(verb: str, facts: Facts) -> None:
    """Raises Invalid unless verb is declared and each fact is of its declared type."""
    declared = VERBS.get(verb)
    if declared is None:
        raise Invalid(f"no event verb named {verb!r}", hint="declare it in core/facts.py")
    for name, value in facts.items():
        kind = declared.facts.get(name)
        if kind is None:
            raise Invalid(f"{verb!r} does not carry a fact {name!r}", hint=f"declared: {', '.join(declared.facts)}")
        if not _fits(kind, value):
            raise Invalid(
                f"fact {name!r} of {verb!r} is {type(value).__name__}, not a {type(kind).__name__}",
                hint="the ledger carries ids, numbers and enumerations only",
            )


def _fits(kind: FactType, value: Fact) -> bool:
    match kind:
        case Number():
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case Flag():
            return isinstance(value, bool)
        case OneOf(members):
            return value in members
        case Id():
            return isinstance(value, str) and is_id(value)
        case Digest():
            return isinstance(value, str) and _HEX.fullmatch(value) is not None
        case OperationName():
            return isinstance(value, str) and _OPERATION.fullmatch(value) is not None
