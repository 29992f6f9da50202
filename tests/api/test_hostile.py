"""Generated requests, right and wrong, by our own OpenAPI: nothing makes the server fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from thruline.api.openapi import document
from thruline.app.operations import operations
from thruline.testing.served import Served, made_home, serving

# They run commands, train for minutes, or write where they are told to.
DANGEROUS = ("infra.run", "models.train", "ledger.backup", "data.add", "data.sync", "models.evaluate")
OPENAI = ("models", "chat_completions", "embeddings")
SCHEMA = schemathesis.openapi.from_dict(document(operations())).exclude(operation_id=list(DANGEROUS))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with made_home(tmp_path_factory.mktemp("hostile")) as home, serving(home) as server:
        yield server


@pytest.fixture(scope="module")
def key(scratch: Served) -> str:
    """Of an operator whom the generated requests cannot guess away."""
    return scratch.keys["olga"]


@SCHEMA.parametrize()
@settings(
    max_examples=20, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_request_makes_the_server_fail(case: schemathesis.Case, scratch: Served, key: str):
    checks = [not_a_server_error]
    if case.operation.definition.raw["operationId"] not in OPENAI:
        checks += [status_code_conformance, response_schema_conformance]
    case.call_and_validate(base_url=scratch.url, headers={"authorization": f"Bearer {key}"}, checks=checks)
