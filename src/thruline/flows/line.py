"""The line: the opened parts of one home, as flows work with them.

What is heavy opens at its first use, so that asking for the status of a home loads no model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol

from thruline.core.clock import Clock
from thruline.core.ids import ArtifactId, Ids
from thruline.core.nouns import Source
from thruline.data.alike_edges import AlikeEdges
from thruline.data.budgets import Budgets
from thruline.data.consents import Consents
from thruline.data.cut_records import Cuts
from thruline.data.desk import Desk
from thruline.data.item_rights import ItemRights
from thruline.data.judgements import Judgements
from thruline.data.languages import Languages
from thruline.data.records import Records
from thruline.data.residency import Part
from thruline.data.sandbox import ParserPool
from thruline.data.score_blocks import ScoreBlocks
from thruline.data.score_moves import ScoreMoves
from thruline.data.sketch import Sketcher
from thruline.data.subjects import Subjects
from thruline.data.tokens import Tokens
from thruline.data.uses import Stance
from thruline.flows import INDEX
from thruline.flows.answers import Answers
from thruline.flows.apart import Tools
from thruline.flows.chances import Chances
from thruline.flows.embedders import Embedders
from thruline.flows.recall_state import Audits
from thruline.flows.search_log import Searches
from thruline.flows.shelf import Shelf
from thruline.flows.talk import Talk
from thruline.flows.toolbox import Toolbox
from thruline.flows.tunings import Tunings
from thruline.guard.access import Access
from thruline.guard.screen import Screen
from thruline.guard.turns import Turns
from thruline.infra.inventory import Machine
from thruline.infra.jobs import Jobs
from thruline.infra.meter import Prices
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.payloads import Payloads
from thruline.models.ranker import Learned, Ranker
from thruline.models.registry import Registry
from thruline.ports.compute import Compute
from thruline.ports.database import Database
from thruline.ports.dense import DenseIndex, KeptIndex
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.ports.judge import Judge
from thruline.ports.llm import Llm
from thruline.ports.names import NameDetector
from thruline.ports.origin import Origin
from thruline.ports.reranker import Reranker
from thruline.ports.signer import Signer
from thruline.ports.text import TextIndex
from thruline.ports.vault import Vault
from thruline.ports.workers import Workers
from thruline.runs.runner import Runs
from thruline.vectors.changes import Changes
from thruline.vectors.choices import Choices
from thruline.vectors.features import VERSION as FEATURES
from thruline.vectors.generations import Generations
from thruline.vectors.judged import JudgedQuestions
from thruline.vectors.ordering import Ordering
from thruline.vectors.plans import DensePlan, Plans
from thruline.vectors.prompt_versions import Prompts
from thruline.vectors.recipes import Recipe
from thruline.vectors.tags import Tags

# What becomes of a model's sentence that the passages which it cites do not say.
Unsupported = Literal["mark", "leave_out", "unknown"]
SENDERS = 16  # that wait to bring something in: of a server's 40 threads the rest are for those who ask


class Engines(Protocol):
    """Opens what is heavy; the composition root decides which backend."""

    def embedding(self, model: str = "") -> EmbedderSettings:
        """How the embedder that is set is opened, or one that is named; raises NotFound for an unknown name."""
        ...

    def embedder(self, how: EmbedderSettings) -> Embedder:
        """A model that makes vectors."""
        ...

    def origin(self, source: Source) -> Origin:
        """The place that a source's documents come from; raises Invalid when it cannot be meant."""
        ...

    def check_secret(self, source: Source) -> None:
        """Raises Invalid where a source's password or key is not where its options say."""
        ...

    def options(self, kind: str) -> Mapping[str, str]:
        """What a source of this kind can be told: name -> what it sets."""
        ...

    def parsers(self) -> ParserPool:
        """The processes that read files."""
        ...

    def dense(self, plan: DensePlan) -> DenseIndex:
        """An empty dense index of the plan's engine."""
        ...

    def servers(self) -> Sequence[str]:
        """The dense engines whose servers the settings name."""
        ...

    def server(self, plan: DensePlan, *, trial: bool = False) -> KeptIndex:
        """A plan's engine on its server, without a local standby; on trial under a name that goes with the other's."""
        ...

    def dense_names(self) -> Collection[str]:
        """The dense engines that are installed."""
        ...

    def text(self) -> TextIndex:
        """An empty full-text index."""
        ...

    def names(self) -> NameDetector:
        """What finds people's names."""
        ...

    def workers(self, tools: Tools) -> Workers | None:
        """Who reads and embeds; None where this process does it itself."""
        ...

    def llm(self) -> Llm | None:
        """The chat model, where one is configured."""
        ...

    def judge(self) -> Judge | None:
        """Who says how hurtful a text is, where one is configured."""
        ...

    def reranker(self) -> Reranker | None:
        """Who reads passages again with the question, where one is configured."""
        ...

    def compute(self) -> Compute:
        """Where jobs run."""
        ...

    def machine(self) -> Machine:
        """The machine that we are on."""
        ...


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Settings that flows decide by. sizes in bytes. parts: what stands outside and is given texts or vectors.

    engine: what searches until somebody chooses. recall: that searches have to reach; audits: searches a minute that
    are done again exactly; retune: when they miss. search_log_s: how long searches are kept, 0 for not at all.
    """

    chunk_words: int
    max_file: int
    workers: int
    task_size: int
    hidden_text: Literal["quarantine", "warn", "off"]
    question_limit: int
    passages: int
    context_tokens: int
    mode: Literal["extractive", "llm"]
    unsupported: Unsupported
    prices: Prices
    purposes: Stance
    same_content: Literal["stricter", "each"]
    parts: tuple[Part, ...]
    ordering: Ordering
    reranker: Literal["", "learned", "onnx", "server"]
    engine: DensePlan
    recall: float
    audits: int
    retune: bool
    search_log_s: float


class Line:
    """One home's parts; close() gives all of them back."""

    def __init__(
        self, *, home: Path, cache: Path, database: Database, key_database: Database, vault: Vault, payloads: Payloads,
        ids: Ids, signer: Signer, clock: Clock, limits: Limits, engines: Engines,
    ) -> None:  # fmt: skip
        self.home = home
        self.cache = cache
        self.database = database
        self.key_database = key_database
        self.vault = vault
        self.payloads = payloads
        self.ids = ids
        self.signer = signer
        self.clock = clock
        self.limits = limits
        self.engines = engines
        self.ledger = SqlLedger(database, clock)
        self.records, self.cuts = Records(database), Cuts(database)
        self.alike = AlikeEdges(database)
        self.judgements = Judgements(database)
        self.languages = Languages(database)
        self.score_blocks = ScoreBlocks(database)
        self.score_moves = ScoreMoves(database)
        self.desk = Desk(database)
        self.item_rights = ItemRights(database, ids, same_content=limits.same_content)
        self.subjects = Subjects(database, ids)
        self.sketcher = Sketcher(ids)
        self.consents = Consents(database)
        self.budgets = Budgets(database)
        self.tokens = Tokens(database, payloads, ids)
        self.generations = Generations(database, self.ledger, ids, payloads)
        self.prompts = Prompts(database, self.ledger, ids, payloads)
        self.plans, self.choices = Plans(database, self.ledger, limits.engine), Choices(database, self.ledger)
        self.registry = Registry(database, self.ledger, payloads, ids, signer)
        self.access = Access(database, self.ledger, payloads, ids)
        self.runs = Runs(database, self.ledger, payloads, ids, clock)
        self._ranker: Learned | None = None
        self._screen: tuple[ArtifactId | None, Screen] | None = None
        self.answers = Answers(database, payloads, ids, self.records)
        self.tunings = Tunings(database, payloads)
        self.audits = Audits(database)
        self.shelf, self.senders = Shelf(self), Turns(most=SENDERS)
        self.changes = Changes(database, self.ledger, ids)
        self.embedders, self.toolbox = Embedders(self), Toolbox(self)
        # The generation that this process made last of all that was live, and what else decided what that is.
        self.published: tuple[str, tuple[object, ...]] | None = None

    @cached_property
    def tags(self) -> Tags:
        """The names of generations."""
        return Tags(self.database, self.ledger, self.ids)

    @cached_property
    def searches(self) -> Searches:
        """The log of searches."""
        return Searches(self.database, self.payloads)

    @cached_property
    def chances(self) -> Chances:
        """What tells an answer from chance."""
        return Chances(self)

    @cached_property
    def judged(self) -> JudgedQuestions:
        """The questions that search is measured and tuned by."""
        return JudgedQuestions(self.payloads, self.ids)

    @property
    def embedder(self) -> Embedder:
        """The model that made the vectors that serve; while nothing serves, the one that is set."""
        return self.embedders.serving()

    @property
    def recipe(self) -> Recipe:
        """What made the vectors that serve; while nothing serves, what is set."""
        active = self.generations.active(INDEX)
        return self.generations.get(active).recipe if active else Recipe(self.embedder.info.digest)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What stands outside and is given texts or vectors, the embedders in use among it."""
        return (*self.limits.parts, *self.embedders.parts())

    @cached_property
    def parsers(self) -> ParserPool:
        """The processes that read files."""
        return self.engines.parsers()

    @cached_property
    def names(self) -> NameDetector:
        """What finds people's names."""
        return self.engines.names()

    @property
    def tools(self) -> Tools:
        """What files are read with, and texts embedded."""
        return self.toolbox.tools(self.embedder)

    @property
    def workers(self) -> Workers | None:
        """Who reads and embeds; None where this process does it itself."""
        return self.toolbox.workers(self.embedder)

    @property
    def hands(self) -> int:
        """How many files to have under way."""
        workers = self.workers
        return workers.at_once if workers else self.limits.workers

    @cached_property
    def talk(self) -> Talk | None:
        """The chat model, where one is configured, for threads that ask."""
        llm = self.engines.llm()
        return Talk(llm) if llm else None

    @cached_property
    def judge(self) -> Judge | None:
        """Who says how hurtful a text is, where one is configured."""
        return self.engines.judge()

    @cached_property
    def reranker(self) -> Reranker | None:
        """Who reads passages again with the question, where one is configured."""
        return self.engines.reranker()

    @property
    def ranker(self) -> Learned | None:
        """The learned reranker that serves."""
        model = self.registry.serving("reranker")
        if model and (self._ranker is None or self._ranker.model != model):
            self._ranker = Learned(model, Ranker.load(self.registry.files(model), FEATURES))
        if model is None:
            self._ranker = None
        return self._ranker

    @cached_property
    def compute(self) -> Compute:
        """Where jobs run."""
        return self.engines.compute()

    @cached_property
    def jobs(self) -> Jobs:
        """The queue of jobs."""
        return Jobs(self.database, self.ledger, self.payloads, self.compute, self.clock, prices=self.limits.prices)

    @property
    def screen(self) -> Screen:
        """What judges questions, with the deployed detector."""
        model = self.registry.serving("detector")
        if self._screen is None or self._screen[0] != model:
            self._screen = (model, Screen(self.registry.detector()))
        return self._screen[1]

    def close(self) -> None:
        """Give back what was opened."""
        self.shelf.close()
        for part in ("parsers", "compute", "talk", "judge", "reranker"):
            if opened := self.__dict__.pop(part, None):
                opened.close()
        self.toolbox.close()
        self.embedders.close()
        self.database.close()
        self.key_database.close()
