"""Rebuild: the detector that serves, made anew without what an erasure or a correction takes.

In the taker's own transaction the model leaves the shelf, its rows are cut, and a plan is left. From then on nothing
of the old weights serves. The plan is carried out after it: only the shards that held the person are trained again,
calibration and gate are gone through anew. Whatever ends the process, the next one finds the plan.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from thruline.core.errors import Conflict, Corrupt, NotFound, ThrulineError
from thruline.core.ids import ArtifactId
from thruline.core.lazy import lazy
from thruline.core.nouns import Draft
from thruline.flows.learned import parted
from thruline.flows.reports import RebuildView
from thruline.models.detector import Detector
from thruline.models.gate import Policy, decide
from thruline.models.rebuilds import Plan, Rebuild, State
from thruline.models.shard_shelf import Making

if TYPE_CHECKING:
    from thruline.flows import detector_job, retrain
    from thruline.flows.line import Line
    from thruline.models import shards
    from thruline.runs.runner import Progress, Run
else:
    detector_job = lazy("thruline.flows.detector_job")
    retrain = lazy("thruline.flows.retrain")  # polars and scikit-learn are in the extra `train`
    shards = lazy("thruline.models.shards")

ROLE = "detector"
PROOF = "exact: trained without the rows"
NOBODY = ArtifactId("")

logger = logging.getLogger(__name__)


class Taken(Protocol):
    """What leaves the line, with the data sets and models that hold it. called: words whose documents leave too."""

    @property
    def record_ids(self) -> Sequence[ArtifactId]:
        """Records."""
        ...

    @property
    def called(self) -> Sequence[str]:
        """Words."""
        ...

    @property
    def datasets(self) -> Sequence[ArtifactId]:
        """Data sets with a row of theirs."""
        ...

    @property
    def models(self) -> Sequence[ArtifactId]:
        """Models that learned from one."""
        ...


def foresee(line: Line, reach: Taken) -> tuple[RebuildView, ...]:
    """What an erasure will take out of service and rebuild, and how long that should take; changes nothing."""
    serving = line.registry.serving(ROLE)
    if serving is None or serving not in reach.models:
        return ()
    plan = _begun(line, serving)
    try:
        found = parted(line.registry.dataset(plan.dataset), reach.record_ids, reach.called, len(plan.shards))
    except (NotFound, Corrupt):
        return (_view(plan, "failed"),)
    return (_view(_expecting(line, _losing(plan, found.shards, found.rows)), "planned"),)


def cut(line: Line, run: Run, reach: Taken) -> str:
    """Leave a plan for the model that serves, or cut the one that waits; in the transaction that deletes both.

    What is given is the data set of the plan, to be spared; empty where there is none.
    """
    registry = line.registry
    serving, waiting = registry.serving(ROLE), registry.rebuilds.pending(ROLE)
    if serving and serving in reach.models:
        registry.supersede(ROLE)
        registry.rebuilds.open(ROLE, _without(line, run, _begun(line, serving), reach))
    elif waiting and waiting.plan.dataset in reach.datasets:
        registry.rebuilds.settle(waiting.id, "pending", _without(line, run, waiting.plan, reach))
    planned = registry.rebuilds.pending(ROLE)
    return planned.plan.dataset if planned else ""


def finish(line: Line, actor: str, progress: Progress | None) -> None:
    """Carry out the plan that waits, if there is one; a training that is under way keeps it waiting."""
    waiting = line.registry.rebuilds.pending(ROLE)
    if waiting is None:
        return
    try:
        if not waiting.plan.dataset:
            raise NotFound("its rows could not be read", hint="`thruline train` makes another")
        with line.runs.start("train", only=ROLE, actor=actor, progress=progress) as run:
            _make(line, run, waiting)
    except Conflict as busy:
        logger.warning("the rebuild waits", extra={"reason": busy.message})
    except ThrulineError as error:
        logger.warning("the rebuild failed", extra={"reason": error.message})
        _give_up(line, waiting)


def view(rebuild: Rebuild) -> RebuildView:
    """How one stands."""
    return _view(rebuild.plan, rebuild.state)


def as_proof(rebuild: Rebuild) -> dict[str, Any]:
    """What a receipt says of one: ids, numbers and digests."""
    plan = rebuild.plan
    both = enumerate(zip(plan.before, plan.after, strict=True), 1) if plan.after else ()
    unchanged = [{"shard": n, "before": b, "after": a} for n, (b, a) in both if b]
    return {
        "model": plan.model, "made": plan.made, "outcome": rebuild.state, "shards": len(plan.shards),
        "trained_again": [n + 1 for n in plan.lost], "rows_removed": plan.rows, "unchanged_sha256": unchanged,
        "seconds": plan.seconds, "proof": PROOF if plan.made else "",
    }  # fmt: skip


def _begun(line: Line, model: ArtifactId) -> Plan:
    """A plan that loses nothing yet; a model that was made in one piece has no shard to keep."""
    registry = line.registry
    dataset = next(m.dataset for m in registry.models() if m.id == model)
    kept = registry.shards.of(model)
    made = registry.shards.making(model) or Making(0, 0.0, 0.0)
    try:
        before = tuple(hashlib.sha256(registry.shards.bytes_of(shard)).hexdigest() for shard in kept)
    except (NotFound, Corrupt):
        kept, before = (), ()
    whole = ("",) * shards.SHARDS
    return Plan(
        model=model, dataset=dataset, seed=made.seed, shards=kept or whole, before=before or whole, rows=0,
        expected_s=made.rest_s,
    )  # fmt: skip


def _losing(plan: Plan, lost: tuple[int, ...], rows: int) -> Plan:
    def without(kept: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("" if n in lost else shard for n, shard in enumerate(kept))

    return replace(plan, shards=without(plan.shards), before=without(plan.before), rows=plan.rows + rows)


def _expecting(line: Line, plan: Plan) -> Plan:
    made = line.registry.shards.making(plan.model)
    return replace(plan, expected_s=made.rest_s + made.shard_s * len(plan.lost)) if made else plan


def _without(line: Line, run: Run, plan: Plan, reach: Taken) -> Plan:
    """The plan for a new data set that holds nothing of theirs; one with no data set where the old cannot be read."""
    registry = line.registry
    try:
        rows = registry.dataset(plan.dataset)
    except (NotFound, Corrupt):
        return replace(plan, dataset=NOBODY, shards=("",) * len(plan.shards), before=("",) * len(plan.shards))
    found = parted(rows, reach.record_ids, reach.called, len(plan.shards))
    left = found.left if "shard" in rows.columns else registry.sharded(found.left, {})
    edges = line.ledger.edges([plan.dataset], "up", depth=1)
    made_of = {e.parent for e in edges if e.role == "from"} - set(reach.record_ids)
    dataset = registry.add_dataset(left, retrain.behind(left, sorted(made_of)), instead_of=plan.dataset, run=run.id)
    return replace(_losing(plan, found.shards, found.rows), dataset=dataset)


def _make(line: Line, run: Run, waiting: Rebuild) -> None:
    began, plan, registry = time.monotonic(), waiting.plan, line.registry
    rows = registry.dataset(plan.dataset)
    kept = {n: registry.shards.bytes_of(ArtifactId(shard)) for n, shard in enumerate(plan.shards) if shard}
    fit = detector_job.Fit(seed=plan.seed, shards=len(plan.shards), kept=kept)
    detector_job.drop_leftovers(line.home / "jobs")
    fitted = detector_job.train_as_job(line.jobs, run, rows, fit, line.home / "jobs")
    report, against = retrain.compare(rows, Detector.load(fitted.files), registry.detector(), plan.seed)
    decision = decide(report, against, Policy())
    made_of = [e.parent for e in line.ledger.edges([plan.dataset], "up", depth=1) if e.role == "from"]
    seconds = time.monotonic() - began
    with run.commit():
        made = retrain.Candidate(fitted, fit, plan.dataset, rows, made_of)
        model = retrain.shelve(registry, run, made, report, seconds)
        registry.judge(retrain.verdict(model, decision), run=run.id, actor=run.actor)
        outcome: State = "serves" if decision.outcome == "passed" else "refused"
        if outcome == "serves":
            registry.deploy(ROLE, model, run=run.id, actor=run.actor)
        after = tuple(hashlib.sha256(data).hexdigest() for data in fitted.shards)
        _settle(line, run, waiting, outcome, replace(plan, made=model, after=after, seconds=round(seconds, 2)))


def _settle(line: Line, run: Run, waiting: Rebuild, outcome: State, plan: Plan) -> None:
    line.registry.rebuilds.settle(waiting.id, outcome, plan)
    facts = {"outcome": outcome, "shards": len(plan.shards), "trained": len(plan.lost), "seconds": plan.seconds}
    run.append(Draft(verb="model.rebuilt", via=(plan.model,), outputs=(ArtifactId(plan.made),), facts=facts))


def _give_up(line: Line, waiting: Rebuild) -> None:
    with line.registry.transaction():
        line.registry.supersede(ROLE)
        line.registry.rebuilds.settle(waiting.id, "failed", waiting.plan)


def _view(plan: Plan, outcome: str) -> RebuildView:
    return RebuildView(
        model=plan.model, shards=len(plan.shards), held=tuple(n + 1 for n in plan.lost), rows=plan.rows,
        outcome=outcome, made=plan.made, seconds=plan.seconds or plan.expected_s, proof=PROOF if plan.made else "",
    )  # fmt: skip
