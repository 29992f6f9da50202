"""OpenLineage: what the ledger says of runs, as run events that catalogues read (spec 2-0-2).

An event holds ids, numbers and members of closed lists; names of sources, and what is stated of them, only where the
operator lets them out.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruline import __version__
from thruline.core.clock import iso
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Event, Source
from thruline.data.policies import STATED
from thruline.flows.outbox import Message

if TYPE_CHECKING:
    from thruline.flows.line import Line

SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = "https://openlineage.io/spec/facets"
OURS = "/openlineage/facets.json"  # served by this home
PRODUCER = f"urn:thruline:{__version__}"
PAGE = 1000
VERBS = ("run.started", "run.finished", "corpus.exported", "contract.checked")
ENDS = {"done": "COMPLETE", "failed": "FAIL", "refused": "FAIL", "cancelled": "ABORT"}
OF_A_RUN = (
    "record.seen", "record.quarantined", "record.released", "dataset.built", "model.trained", "verdict.given",
    "index.built", "erase.done", "source.removed",
)  # fmt: skip

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How things are called outside. public_url: of this home; with_names: whether sources go by their names."""

    public_url: str
    with_names: bool


def messages(line: Line, naming: Naming, after: int) -> Iterator[Message]:
    """The run events about what happened after an event of the ledger."""
    for event in _events(line, after):
        id = str(uuid.UUID(line.ids.digest("openlineage", str(event.seq))))
        yield Message(id, event.seq, lambda event=event: json.dumps(run_event(line, naming, event)).encode())


def listing(line: Line, naming: Naming, since: int) -> Iterator[Json]:
    """The run events about what happened from a moment on, in microseconds."""
    return (run_event(line, naming, event) for event in _events(line, 0) if event.at >= since)


def run_event(line: Line, naming: Naming, event: Event) -> Json:
    """What an event says, as a run event. A run's start and end share the run; what took a moment is one that ended."""
    if event.run and event.verb.startswith("run."):
        began = event if event.verb == "run.started" else _start(line, event)
        told = () if event is began else tuple(line.ledger.read(run=event.run, verbs=OF_A_RUN, limit=1 << 31))
        flow, run = str(began.facts["flow"]), event.run.partition(":")[2]
        kind = "START" if event is began else ENDS[str(event.facts["outcome"])]
    else:
        flow, run, kind, told = event.verb.partition(".")[0], event.hash[:32], "COMPLETE", (event,)
    return _event(line, naming, event, (kind, run, flow), told)


def trial(line: Line) -> Message:
    """A run event about nothing."""
    run = str(uuid.uuid4())
    said = {
        "eventType": "OTHER", "eventTime": iso(line.clock.now()), "producer": PRODUCER, "schemaURL": SPEC,
        "run": {"runId": run}, "job": {"namespace": _namespace(line), "name": "test"},
    }  # fmt: skip
    return Message(run, 0, lambda: json.dumps(said).encode())


def _events(line: Line, after: int) -> Iterator[Event]:
    while page := list(line.ledger.read(after=after, verbs=VERBS, limit=PAGE)):
        yield from page
        after = page[-1].seq


def _start(line: Line, end: Event) -> Event:
    return next(line.ledger.read(run=end.run, verbs=("run.started",), limit=1))


def _event(line: Line, naming: Naming, event: Event, about: tuple[str, str, str], told: tuple[Event, ...]) -> Json:
    kind, run, flow = about
    return {
        "eventType": kind, "eventTime": iso(event.at), "producer": PRODUCER, "schemaURL": SPEC,
        "run": {"runId": str(uuid.UUID(run)), "facets": _run_facets(naming, event, told)},
        "job": {"namespace": _namespace(line), "name": flow, "facets": {"jobType": _job_type(flow)}},
        "inputs": list(_inputs(line, naming, told)), "outputs": list(_outputs(line, told)),
    }  # fmt: skip


def _facet(name: str, version: str, /, **said: Any) -> Json:
    return {"_producer": PRODUCER, "_schemaURL": f"{FACETS}/{version}/{name}.json#/$defs/{name}", **said}


def _ours(naming: Naming, name: str, said: Json) -> Json:
    return {"_producer": PRODUCER, "_schemaURL": f"{naming.public_url}{OURS}#/$defs/{name}", **said}


def _job_type(flow: str) -> Json:
    return _facet("JobTypeJobFacet", "2-0-4", processingType="BATCH", integration="THRULINE", jobType=flow.upper())


def _run_facets(naming: Naming, event: Event, told: tuple[Event, ...]) -> Json:
    counts = Counter(e.verb for e in told)
    numbers = {k: v for e in (*told, event) if e.verb in ("erase.done", event.verb) for k, v in _numbers(e).items()}
    facets = {
        "processing_engine": _facet("ProcessingEngineRunFacet", "1-1-1", version=__version__, name="thruline"),
        "thruline_ledger": _ours(
            naming, "LedgerRunFacet", {"event": event.seq, "hash": event.hash, "counts": dict(counts), "facts": numbers}
        ),
    }  # fmt: skip
    if gates := [e.facts for e in told if e.verb == "verdict.given"]:
        outcomes = {"passed": "pass", "failed": "fail", "warned": "fail"}
        tests = [{"name": str(g["rule"]), "status": outcomes[str(g["outcome"])], "severity": "error"} for g in gates]
        facets["test"] = _facet("TestRunFacet", "1-0-1", tests=tests)
    if event.facts.get("error", "none") != "none":
        said = _facet("ErrorMessageRunFacet", "1-0-1", message=str(event.facts["error"]), programmingLanguage="Python")
        facets["errorMessage"] = said
    return facets


def _numbers(event: Event) -> Json:
    return {k: v for k, v in event.facts.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def _inputs(line: Line, naming: Naming, told: tuple[Event, ...]) -> Iterator[Json]:
    """The sources that were read, by what was met in them; the tables that were held to a contract."""
    met = Counter(id for e in told if e.verb == "record.seen" for id in e.inputs if kind_of(id) == "source")
    records = [id for e in told if e.verb in ("dataset.built", "corpus.exported") for id in e.inputs]
    met.update(r.source for r in line.records.get_many(records).values())
    known = {s.id: s for s in line.records.sources()}
    for id, count in sorted(met.items()):
        facets = _source_facets(naming, known.get(ArtifactId(id)))
        yield _dataset(line, _name(naming, id, known), facets) | {"inputFacets": _rows_of(count)}
    for event in told:
        if event.verb == "contract.checked":
            held = _asserted("contract", success=not event.facts["failed"])
            name = f"table/{event.facts['table']}"
            quality = _rows_of(event.facts["rows"]) | {"dataQualityAssertions": held}
            yield _dataset(line, name, {}) | {"inputFacets": quality}


def _outputs(line: Line, told: tuple[Event, ...]) -> Iterator[Json]:
    """What the run made: the last generation of the index, data sets, models, written sets."""
    made = {e.verb: e for e in told if e.verb in _MADE}
    roles = {m.id: m.role for m in line.registry.models()} if "model.trained" in made else {}
    for verb, event in made.items():
        name, rows = _MADE[verb]
        id = event.outputs[0]
        name = f"{name}/{roles[id]}" if id in roles else name
        facets: Json = {"version": _facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=id)}
        said = _dataset(line, name, facets)
        if rows:
            size = _facet("OutputStatisticsOutputDatasetFacet", "1-0-2", rowCount=int(event.facts[rows]))
            said["outputFacets"] = {"outputStatistics": size}
        yield said


_MADE: Mapping[str, tuple[str, str]] = {
    "index.built": ("index", "chunks"), "dataset.built": ("dataset", "rows"), "model.trained": ("model", ""),
    "corpus.exported": ("corpus", "rows"),
}  # fmt: skip


def _dataset(line: Line, name: str, facets: Json) -> Json:
    return {"namespace": _namespace(line), "name": name, "facets": facets}


def _rows_of(count: Any) -> Json:
    quality = _facet("DataQualityMetricsInputDatasetFacet", "1-0-3", rowCount=int(count), columnMetrics={})
    return {"dataQualityMetrics": quality}


def _asserted(rule: str, *, success: bool) -> Json:
    return _facet("DataQualityAssertionsDatasetFacet", "1-1-0", assertions=[{"assertion": rule, "success": success}])


def _source_facets(naming: Naming, source: Source | None) -> Json:
    """What is measured and closed is always told; what the operator wrote, where names may leave."""
    if source is None:
        return {}
    columns = [{"name": name, "type": "string"} for name in ("record", "path", "title", "language", "text")]
    told: Json = {name: source.options.get(name, "") for name in ("mask", "block", "keep")}
    if naming.with_names:
        told |= {name: source.options.get(name, "") for name in STATED}
    facets = {
        "schema": _facet("SchemaDatasetFacet", "1-2-0", fields=columns),
        "thruline_processing": _ours(naming, "ProcessingDatasetFacet", told),
    }  # fmt: skip
    if naming.with_names:
        owners = [{"name": f"group:{group}", "type": "READER"} for group in source.groups]
        facets["ownership"] = _facet("OwnershipDatasetFacet", "1-0-1", owners=owners)
    return facets


def _name(naming: Naming, id: str, known: Mapping[ArtifactId, Source]) -> str:
    source = known.get(ArtifactId(id))
    return f"source/{source.name}" if naming.with_names and source else f"source/{id.partition(':')[2]}"


def _namespace(line: Line) -> str:
    """Tells homes apart, and says nothing of where they lie."""
    return f"thruline://{line.ids.digest('home')[:12]}"
