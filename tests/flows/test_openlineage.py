"""Runs as OpenLineage events: each is what the official client's own classes hold, and says nothing of a person."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    ownership_dataset,
    processing_engine_run,
    schema_dataset,
)
from openlineage.client.generated import test_run
from starlette.testclient import TestClient

from thruline.api.http import application
from thruline.app.platform import Platform
from thruline.core.errors import ThrulineError
from thruline.core.nouns import Draft
from thruline.testing.homes import open_home, write
from thruline.testing.receiver import Receiver, receiving

LETTER = "# Letter\n\nOttilie Kvasthoug writes from ottilie.kvasthoug@example.org about the blue lamp in the hall."
FACETS: dict[str, Any] = {
    "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "dataQualityMetrics": data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet,
    "version": dataset_version_dataset.DatasetVersionDatasetFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "ownership": ownership_dataset.OwnershipDatasetFacet,
    "processing_engine": processing_engine_run.ProcessingEngineRunFacet,
    "schema": schema_dataset.SchemaDatasetFacet,
    "test": test_run.TestRunFacet,
}


def official(said: dict[str, Any], schema: dict[str, Any]) -> RunEvent:
    """The event as the official classes hold it; they take no field that the specification does not know."""
    run, job = said["run"], said["job"]
    assert said["schemaURL"] == RunEvent._get_schema()
    return RunEvent(
        eventType=RunState[said["eventType"]], eventTime=said["eventTime"], producer=said["producer"],
        run=Run(runId=run["runId"], facets=_facets(run["facets"], schema)),
        job=Job(namespace=job["namespace"], name=job["name"], facets=_facets(job["facets"], schema)),
        inputs=[
            InputDataset(d["namespace"], d["name"], _facets(d["inputFacets"], schema), facets=_facets(d["facets"], schema))
            for d in said["inputs"]
        ],
        outputs=[
            OutputDataset(
                d["namespace"], d["name"], _facets(d.get("outputFacets", {}), schema), facets=_facets(d["facets"], schema)
            )
            for d in said["outputs"]
        ],
    )  # fmt: skip


def _facets(facets: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Official ones as their class, at the version that this client knows; ours by our own schema."""
    held = {}
    for name, facet in facets.items():
        if name.startswith("thruline_"):
            part = facet["_schemaURL"].rpartition("/")[2]
            jsonschema.validate(facet, {**schema, "$ref": f"#/$defs/{part}"})
            continue
        fields = {k: v for k, v in facet.items() if not k.startswith("_")}
        held[name] = FACETS[name](**fields, producer=facet["_producer"])
        assert facet["_schemaURL"] == held[name]._get_schema()
    return held


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def told(tmp_path: Path, receiver: Receiver) -> Iterator[Platform]:
    (tmp_path / "token").write_text("a-token")
    settings = {
        "THRULINE_NOTIFY__OPENLINEAGE": receiver.url,
        "THRULINE_NOTIFY__OPENLINEAGE_KEY": f"file:{tmp_path / 'token'}",
    }
    with open_home(tmp_path / "told", settings) as home:
        home.ledger.notify()
        yield home


def ours(home: Platform) -> dict[str, Any]:
    """The schema of our own facets, from where an event says that it is."""
    return TestClient(application(home), base_url="http://127.0.0.1").get("/openlineage/facets.json").json()


def test_a_sync_that_ends_and_one_that_fails_are_runs_as_the_specification_has_them(
    told: Platform, docs: Path, receiver: Receiver
):
    told.data.add(path=str(write(docs, letter=LETTER)), name="docs", options=("mask=email", "purpose=support"))
    told.data.sync()
    docs.rename(docs.with_name("away"))
    with pytest.raises(ThrulineError):
        told.data.sync(source="docs")
    told.ledger.notify()
    assert [said["eventType"] for said in receiver.said] == ["START", "COMPLETE", "START", "FAIL"]
    events = [official(said, ours(told)) for said in receiver.said]
    start, end = events[:2]
    assert (start.eventType, end.eventType) == (RunState.START, RunState.COMPLETE)
    assert start.run.runId == end.run.runId
    assert uuid.UUID(start.run.runId)
    (source,), (index,) = receiver.said[1]["inputs"], receiver.said[1]["outputs"]
    assert source["name"] == f"source/{told.data.sources()[0].id.partition(':')[2]}"
    assert source["inputFacets"]["dataQualityMetrics"]["rowCount"] == 1
    assert source["facets"]["thruline_processing"]["mask"] == "email"
    assert index["facets"]["version"]["datasetVersion"] == told.ledger.status().generation
    assert receiver.posted[0].headers["authorization"] == "Bearer a-token"


def test_a_run_that_fails_says_with_which_code(told: Platform, receiver: Receiver):
    told.data.add(path="push://crm")
    with pytest.raises(ZeroDivisionError), told.line.runs.start("reindex"):
        raise ZeroDivisionError
    told.ledger.notify()
    start, end = receiver.said
    official(end, ours(told))
    assert (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert end["run"]["facets"]["errorMessage"]["message"] == "error"


@pytest.mark.parametrize("role", ["detector", "reranker"])
def test_a_training_names_its_data_its_model_and_what_the_gate_said(told: Platform, receiver: Receiver, role: Any):
    line = told.line
    dataset = line.ids.artifact("dataset", "rows")
    gate = {"rule": "detector_gate", "outcome": "failed", "score": 0.7, "low": 0.6, "high": 0.8, "threshold": 0.95}
    with line.runs.start("train") as run:
        rows = {"rows": 40, "train": 30, "test": 10}
        with run.commit():
            run.append(Draft(verb="dataset.built", outputs=(dataset,), facts=rows))
            model = line.registry.register({"weights": b"1234"}, dataset, run=run.id, role=role)
            run.append(Draft(verb="verdict.given", inputs=(model,), facts=gate))
    told.ledger.notify()
    end = receiver.said[-1]
    official(end, ours(told))
    made = {output["name"]: output for output in end["outputs"]}
    assert made["dataset"]["outputFacets"]["outputStatistics"]["rowCount"] == 40
    assert made[f"model/{role}"]["facets"]["version"]["datasetVersion"] == model
    assert end["run"]["facets"]["test"]["tests"] == [{"name": "detector_gate", "status": "fail", "severity": "error"}]


def test_an_erasure_is_told_and_no_word_of_a_document_or_a_name_of_a_source(
    told: Platform, docs: Path, receiver: Receiver
):
    told.data.add(
        path=str(write(docs, letter=LETTER, other="# Vase\n\nThe red vase stands on the shelf.")), name="docs"
    )
    told.data.sync()
    told.data.erase(identifiers=("Ottilie Kvasthoug",))
    told.ledger.notify()
    for said in receiver.said:
        official(said, ours(told))
    erased = next(s for s in receiver.said if s["job"]["name"] == "erase" and s["eventType"] == "COMPLETE")
    assert erased["run"]["facets"]["thruline_ledger"]["facts"]["residue"] == 0
    words = json.dumps(receiver.said).lower()
    for word in ("ottilie", "kvasthoug", "lamp", "vase", str(docs).lower(), '"docs"', "source/docs"):
        assert word not in words


def test_what_took_a_moment_is_a_run_that_ended(told: Platform, receiver: Receiver):
    checked = {"rows": 10, "quarantined": 1, "blocked": 0, "failed": 1, "table": "ab" * 16, "contract": "cd" * 16}
    told.line.ledger.append([Draft(verb="contract.checked", facts=checked)])
    corpus = told.line.ids.artifact("corpus", "set")
    told.line.ledger.append([Draft(verb="corpus.exported", outputs=(corpus,), facts={"rows": 7})])
    told.ledger.notify()
    contract, corpus = receiver.said
    for said in (contract, corpus):
        official(said, ours(told))
    assert contract["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "contract", "success": False}
    ]
    assert corpus["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 7


def test_names_and_what_is_stated_leave_only_where_they_are_let(tmp_path: Path, docs: Path):
    told = ("purpose=support of customers", "basis=contract")
    with open_home(tmp_path / "named", {"THRULINE_NOTIFY__NAMES": "true"}) as home:
        home.data.add(path=str(write(docs, letter=LETTER)), name="docs", groups=("support",), options=told)
        home.data.sync()
        events = [json.loads(said) for said in home.ledger.openlineage().splitlines()]
        for said in events:
            official(said, ours(home))
        (source,) = events[1]["inputs"]
        assert source["name"] == "source/docs"
        assert source["facets"]["thruline_processing"]["purpose"] == "support of customers"
        assert source["facets"]["ownership"]["owners"] == [{"name": "group:support", "type": "READER"}]
        assert home.ledger.openlineage(since="2100-01-01") == ""
