"""The official `mcp` client against a real server, and the protocol's rough edges."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from thruline.testing.served import PAYDAY, RESTART, Served


def with_client(served: Served, user: str, use: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with httpx2.AsyncClient(headers=served.headers(user)) as http:
            transport = streamable_http_client(f"{served.url}/mcp", http_client=http)
            async with Client(transport) as client:
                return await use(client)

    return asyncio.run(run())


def rpc(served: Served, message: Any, user: str = "ann", **headers: str) -> httpx2.Response:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return httpx2.post(f"{served.url}/mcp", content=body, headers=served.headers(user) | headers)


def test_tools_are_the_operations_that_the_role_may_call(served: Served):
    async def names(client: Client) -> set[str]:
        return {t.name for t in (await client.list_tools()).tools}

    reader, operator = with_client(served, "ann", names), with_client(served, "olga", names)
    assert {"vectors_ask", "vectors_search", "vectors_why", "ledger_status"} <= reader
    assert "data_erase" not in reader
    assert {"data_erase", "guard_set_user"} <= operator
    assert "infra_work" not in operator


def test_a_tool_says_what_it_takes_and_whether_it_changes_or_destroys(served: Served):
    async def tools(client: Client) -> dict[str, Any]:
        return {t.name: t for t in (await client.list_tools()).tools}

    known = with_client(served, "olga", tools)
    ask, search, erase = known["vectors_ask"], known["vectors_search"], known["data_erase"]
    assert ask.input_schema["required"] == ["question"]
    assert ask.input_schema["properties"]["question"]["description"] == "a question"
    assert search.annotations.read_only_hint
    assert not ask.annotations.destructive_hint
    assert erase.annotations.destructive_hint


def test_calling_a_tool_is_calling_the_operation_as_the_keys_user(served: Served):
    async def ask(client: Client) -> dict[str, Any]:
        said = await client.call_tool("vectors_ask", {"question": PAYDAY})
        assert json.loads(said.content[0].text) == said.structured_content
        return said.structured_content

    assert "twentieth" in with_client(served, "ann", ask)["text"]
    assert "twentieth" not in with_client(served, "bob", ask)["text"]
    last = list(served.platform.line.ledger.read(verbs=["operation.called"], limit=100_000))[-1]
    assert (last.facts["operation"], last.facts["via"]) == ("vectors.ask", "mcp")


def test_what_goes_wrong_in_a_tool_is_its_result(served: Served):
    async def wrong(client: Client) -> list[Any]:
        return [
            await client.call_tool("vectors_ask", {"question": ""}),
            await client.call_tool("vectors_search", {"question": RESTART, "k": "many"}),
            await client.call_tool("vectors_why", {"answer": "answer:" + "0" * 32}),
        ]

    for said in with_client(served, "ann", wrong):
        assert said.is_error
        assert said.structured_content["detail"]


def test_a_tool_that_the_role_may_not_call_is_unknown(served: Served):
    async def erase(client: Client) -> None:
        await client.call_tool("data_erase", {"identifiers": ["Somebody"]})

    with pytest.raises(BaseException) as refused:  # noqa: PT011 - the client's task group wraps it
        with_client(served, "ann", erase)
    assert isinstance(_innermost(refused.value), MCPError)


@pytest.mark.parametrize(
    ("asked", "given"),
    [("2025-06-18", "2025-06-18"), ("2024-11-05", "2024-11-05"), ("2099-01-01", "2025-11-25"), (None, "2025-11-25")],
)
def test_the_version_is_the_clients_where_we_know_it(served: Served, asked: str | None, given: str):
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": asked}}
    assert rpc(served, message).json()["result"]["protocolVersion"] == given


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", -32700),
        (b"[" * 50_000, -32700),
        ({"id": 1}, -32600),
        (7, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "no/such"}, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nothing"}}, -32602),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ledger_status", "arguments": [1]}},
            -32602,
        ),
    ],
)
def test_what_is_not_a_request_has_its_code(served: Served, message: Any, code: int):
    assert rpc(served, message).json()["error"]["code"] == code


def test_notifications_have_no_reply_and_batches_have_theirs(served: Served):
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    ping = {"jsonrpc": "2.0", "id": "a", "method": "ping"}
    assert (rpc(served, note).status_code, rpc(served, note).content) == (202, b"")
    assert rpc(served, [ping, note, ping]).json() == [{"jsonrpc": "2.0", "id": "a", "result": {}}] * 2


def test_nobody_without_a_key_and_no_page_of_another_site_gets_in(served: Served):
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert httpx2.post(f"{served.url}/mcp", json=ping).status_code == 401
    assert rpc(served, ping, Origin="https://evil.example").status_code == 403
    assert rpc(served, ping, Origin=served.url).status_code == 200
    assert httpx2.get(f"{served.url}/mcp", headers=served.headers("ann")).status_code == 405


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
