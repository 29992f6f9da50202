"""Models on the shelf: signed bytes, what was said about them, and the dataset that each was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from thruline.core.clock import Clock, Micros, SystemClock
from thruline.core.errors import Corrupt, NotFound
from thruline.core.ids import ArtifactId, Ids
from thruline.core.lazy import lazy
from thruline.core.nouns import Draft, Verdict
from thruline.core.sql import load_queries, load_schema
from thruline.ledger.payloads import Payloads
from thruline.models.deployments import Deployment, Deployments, ModelRole
from thruline.models.detector import Detector
from thruline.models.evaluate import Report
from thruline.models.rebuilds import Rebuilds
from thruline.models.shard_shelf import Making, ShardShelf
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.ports.signer import Signer

Files = Mapping[str, bytes]
if TYPE_CHECKING:
    import polars as pl

    from thruline.models import datasets, shards
else:
    datasets = lazy("thruline.models.datasets")  # polars is in the extra `train`; serving a model needs none of it
    shards = lazy("thruline.models.shards")

_DOMAIN = b"thruline model\0"  # a signature over a model is never one over a ledger head
_LIST_HINT = "`thruline models` lists them"


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """A model on the shelf. outcome is that of its latest verdict, empty while it has none."""

    id: ArtifactId
    dataset: ArtifactId
    sha256: str
    report: Report | None
    made: Micros
    outcome: str
    serves: tuple[str, ...]
    role: ModelRole = "detector"


class Parts(NamedTuple):
    """What a model was put together from."""

    shards: tuple[ArtifactId, ...]
    making: Making


class Registry:
    """Datasets, models, verdicts and deployments of one home; each change and its event commit together."""

    def __init__(
        self, database: Database, ledger: Ledger, payloads: Payloads, ids: Ids, signer: Signer, *,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        database.script(load_schema("thruline.models", database.dialect))
        self._db = database
        self._ledger = ledger
        self._payloads = payloads
        self._ids = ids
        self._signer = signer
        self._clock = clock or SystemClock()
        self._q = load_queries("thruline.models", database.dialect)
        self.deployments = Deployments(database, ledger, self._clock)
        self.shards = ShardShelf(database, ledger, payloads, ids)
        self.rebuilds = Rebuilds(database, self._clock)

    def transaction(self) -> AbstractContextManager[None]:
        """Several changes at once, or none."""
        return self._db.transaction()

    def sharded(self, dataset: pl.DataFrame, families: Mapping[str, str]) -> pl.DataFrame:
        """A split dataset with a column `shard`, drawn under the home's key; families as in models.shards."""
        return shards.assigned(dataset, lambda unit: int(self._ids.digest("unit", unit), 16) % shards.SHARDS, families)

    def add_dataset(
        self, dataset: pl.DataFrame, made_of: Sequence[ArtifactId], *, instead_of: ArtifactId | None = None,
        run: str = "",
    ) -> ArtifactId:  # fmt: skip
        """Keep a split dataset; its id is that of its rows, and made_of are the records and archives behind them.

        instead_of: the one it was cut from. It is named and not followed: what was erased from it leads nowhere.
        """
        id = self._ids.artifact("dataset", datasets.fingerprint(dataset))
        sizes: dict[str, int] = dict(dataset["split"].value_counts().iter_rows())
        facts = {"rows": len(dataset), "train": sizes.get("train", 0), "test": sizes.get("test", 0)}
        via = (instead_of,) if instead_of else ()
        draft = Draft(verb="dataset.built", inputs=tuple(made_of), outputs=(id,), via=via, facts=facts, run=run)
        with self._db.transaction():
            self._payloads.put(id, datasets.to_parquet(dataset), owner=id)
            self._ledger.append([draft])
        return id

    def holds(self, dataset: ArtifactId) -> bool:
        """Whether a dataset's rows are here; an erasure takes them while somebody trains."""
        return self._payloads.exists(dataset)

    def forget(self, dataset: ArtifactId) -> None:
        """Delete a dataset's rows, unless a model on the shelf was made of them."""
        if dataset not in {model.dataset for model in self.models()}:
            self._payloads.delete([dataset])

    def dataset(self, id: ArtifactId) -> pl.DataFrame:
        """Its rows; raises NotFound when they were erased."""
        return datasets.from_parquet(self._payloads.get(id))

    def register(
        self, files: Files, dataset: ArtifactId, *, parts: Parts | None = None, report: Report | None = None,
        seconds: float = 0.0, run: str = "", role: ModelRole = "detector",
    ) -> ArtifactId:  # fmt: skip
        """Sign a model's files and put them on the shelf; the same files again are the same model.

        parts: its shards, kept before, and what it took; None for one that was made in one piece.
        """
        packed = msgspec.msgpack.encode(dict(sorted(files.items())))
        digest = hashlib.sha256(packed)
        id = self._ids.artifact("model", dataset, digest.digest())
        row: dict[str, Any] = {
            "id": id, "dataset": dataset, "sha256": digest.hexdigest(), "made": self._clock.now(),
            "public_key": self._signer.public_key, "signature": self._signer.sign(_DOMAIN + digest.digest()),
            "report": msgspec.json.encode(report).decode(),
        }  # fmt: skip
        with self._db.transaction():
            if self._db.execute(self._q.insert_model, row):
                self._payloads.put(id, packed, owner=id)
                if role != "detector":
                    self._db.execute(self._q.insert_role, {"model": id, "role": role})
                self._ledger.append(_registered(row, files, parts.shards if parts else (), seconds, run))
                if parts:
                    self.shards.bind(id, parts.shards, parts.making)
        return id

    def files(self, id: ArtifactId) -> dict[str, bytes]:
        """A model's files, after its signature; raises NotFound, and Corrupt when the bytes are not what was signed."""
        rows = self._db.query(self._q.model, {"id": id})
        if not rows:
            raise NotFound(f"no model {id!r}", hint=_LIST_HINT)
        packed = self._payloads.get(id)
        self._verify(id, packed, *rows[0])
        return msgspec.msgpack.decode(packed, type=dict[str, bytes])

    def models(self) -> list[ModelInfo]:
        """All on the shelf, the latest first."""
        return [self._info(*row) for row in self._db.query(self._q.models)]

    def remove(self, id: ArtifactId) -> None:
        """Take a model off the shelf, and out of service, for good: its bytes may remember what is to be erased."""
        with self._db.transaction():
            self.deployments.withdraw(id)
            self._db.execute(self._q.delete_model, {"id": id})
            self._db.execute(self._q.delete_role, {"model": id})
            self._payloads.delete([id])
            self.shards.drop(id, self.rebuilds.spared())

    def judge(self, verdict: Verdict, *, run: str = "", actor: str = "") -> None:
        """Put a verdict on record."""
        numbers: dict[str, Any] = {
            "rule": verdict.rule, "outcome": verdict.outcome, "score": verdict.score, "low": verdict.low,
            "high": verdict.high, "threshold": verdict.threshold,
        }  # fmt: skip
        with self._db.transaction():
            draft = Draft(verb="verdict.given", inputs=(verdict.of,), facts=numbers, run=run, actor=actor)
            event = self._ledger.append([draft])[0]
            self._db.execute(self._q.insert_verdict, numbers | {"seq": event.seq, "artifact": verdict.of})

    def verdicts(self, of: ArtifactId) -> list[Verdict]:
        """What rules said about an artifact, the latest last."""
        rows = self._db.query(self._q.verdicts, {"artifact": of})
        return [
            Verdict(of=of, rule=rule, outcome=outcome, score=score, threshold=threshold, low=low, high=high)
            for _, rule, outcome, score, threshold, low, high in rows
        ]

    def deploy(
        self, role: ModelRole, model: ArtifactId, *, force: bool = False, run: str = "", actor: str = ""
    ) -> Deployment:
        """Let a model serve. Raises Denied for one whose latest verdict is not a pass, unless forced: that is kept."""
        with self._db.transaction():  # an erasure that takes the model comes before this, or after it
            self.files(model)
            given = self.verdicts(model)
            return self.deployments.promote(role, model, passed=_passed(given), force=force, run=run, actor=actor)

    def rollback(self, role: ModelRole, *, run: str = "", actor: str = "") -> Deployment:
        """Back to what served before; raises Conflict when there is nothing before it."""
        return self.deployments.rollback(role, run=run, actor=actor)

    def supersede(self, role: ModelRole) -> None:
        """Another model serves now: what was to be made anew after an erasure is no longer wanted."""
        if waiting := self.rebuilds.pending(role):
            self.rebuilds.settle(waiting.id, "superseded", waiting.plan)
            self.forget(waiting.plan.dataset)
            self.shards.sweep(self.rebuilds.spared())

    def serving(self, role: ModelRole) -> ArtifactId | None:
        """The model that serves in this role."""
        return self.deployments.serving(role)

    def detector(self) -> Detector | None:
        """The injection detector that serves, verified and loaded."""
        model = self.serving("detector")
        return Detector.load(self.files(model)) if model else None

    def _verify(self, id: ArtifactId, packed: bytes, sha256: str, public_key: bytes, signature: bytes) -> None:
        digest = hashlib.sha256(packed)
        hint = "it was changed after it was signed: train it again, and find out who could write to the home"
        if digest.hexdigest() != sha256 or bytes(public_key) != self._signer.public_key:
            raise Corrupt(f"model {id!r} is not what was registered", hint=hint)
        try:
            Ed25519PublicKey.from_public_bytes(bytes(public_key)).verify(bytes(signature), _DOMAIN + digest.digest())
        except InvalidSignature as error:
            raise Corrupt(f"the signature of model {id!r} does not hold", hint=hint) from error

    def _info(self, id: str, dataset: str, sha256: str, report: str, made: int, role: ModelRole) -> ModelInfo:
        given = self.verdicts(ArtifactId(id))
        return ModelInfo(
            id=ArtifactId(id), dataset=ArtifactId(dataset), sha256=sha256, made=made,
            report=msgspec.json.decode(report, type=Report | None), outcome=given[-1].outcome if given else "",
            serves=self.deployments.roles_of(ArtifactId(id)), role=role,
        )  # fmt: skip


def _passed(given: Sequence[Verdict]) -> bool:
    return bool(given) and given[-1].outcome == "passed"


def _registered(
    row: Mapping[str, Any], files: Files, shards: Sequence[ArtifactId], seconds: float, run: str
) -> list[Draft]:
    trained = {"seconds": seconds, "parameters": sum(map(len, files.values())) // 4}
    signed = {"public_key": row["public_key"].hex(), "signature": row["signature"].hex(), "sha256": row["sha256"]}
    outputs = (row["id"],)
    return [
        Draft(verb="model.trained", inputs=(row["dataset"], *shards), outputs=outputs, facts=trained, run=run),
        Draft(verb="model.registered", outputs=outputs, facts=signed, run=run),
    ]
