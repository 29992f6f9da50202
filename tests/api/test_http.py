"""Operations over HTTP: who gets in, what is refused and how it is said."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any

import httpx2
import pytest
from openapi_spec_validator import validate

from thruline.api.auth import SESSION_S, TOKEN_S, Sessions
from thruline.api.errors import SignedOut
from thruline.api.openapi import document
from thruline.api.serve import check_host
from thruline.app.operations import operations
from thruline.core.errors import Denied, Invalid
from thruline.testing.served import RESTART, Home, Served, serving

ERASED = "record:" + "0" * 32


def get(served: Served, path: str, user: str = "olga", **headers: str) -> httpx2.Response:
    return httpx2.get(f"{served.url}{path}", headers=served.headers(user) | headers)


def post(served: Served, path: str, body: Any, user: str = "olga", **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx2.post(f"{served.url}{path}", content=content, headers=served.headers(user) | headers)


class TestTheDoor:
    @pytest.mark.parametrize(
        "path", ["/v1/ledger/status", "/v1/data/sources", "/openapi.json", "/v1/models", "/v1/receipts/answer:0"]
    )
    @pytest.mark.parametrize(
        "authorization", [None, "Bearer", "Bearer tl_wrong", "Basic dGw6dGw=", "tl_x", "Bearer \xe4"]
    )
    def test_without_a_valid_key_there_is_nothing(self, served: Served, path: str, authorization: str | None):
        headers = {"authorization": authorization.encode("latin-1")} if authorization else {}
        said = httpx2.get(f"{served.url}{path}", headers=headers)
        assert said.status_code == 401
        assert said.headers["www-authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/login"])
    def test_what_needs_no_key_is_open(self, served: Served, path: str):
        assert httpx2.get(f"{served.url}{path}").status_code == 200
        assert httpx2.head(f"{served.url}{path}").content == b""

    @pytest.mark.parametrize("host", ["evil.example", "evil.example:7070", "127.0.0.1.evil.example", "", "0.0.0.0"])
    def test_another_name_is_misdirected(self, served: Served, host: str):
        assert get(served, "/v1/ledger/status", Host=host).status_code == 421

    @pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:7070", "LOCALHOST"])
    def test_names_of_this_machine_are_ours(self, served: Served, host: str):
        assert get(served, "/v1/ledger/status", Host=host).status_code == 200

    def test_a_role_that_does_not_suffice_is_denied_and_audited(self, served: Served):
        before = served.platform.line.ledger.head().seq
        said = post(served, "/v1/erasures", {"identifiers": ["Somebody Else"]}, "ann")
        assert said.status_code == 403
        (event,) = served.platform.line.ledger.read(after=before, verbs=["operation.called"])
        assert (event.facts["outcome"], event.facts["error"], event.facts["via"]) == ("refused", "denied", "http")

    def test_every_reply_carries_the_security_headers(self, served: Served):
        for said in (get(served, "/v1/ledger/status"), get(served, "/nowhere"), httpx2.get(f"{served.url}/healthz")):
            assert said.headers["x-content-type-options"] == "nosniff"
            assert said.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in said.headers["content-security-policy"]
            assert "server" not in said.headers

    def test_a_key_that_asks_too_much_waits(self, home: Home):
        with serving(home, THRULINE_SERVER__REQUESTS_PER_MINUTE="1") as served:
            assert get(served, "/v1/ledger/status").status_code == 200
            said = get(served, "/v1/ledger/status")
            assert (said.status_code, said.json()["status"]) == (429, 429)
            assert 1 <= int(said.headers["retry-after"]) <= 60


class TestSessions:
    def test_a_login_link_opens_the_console_once(self, served: Served):
        with httpx2.Client(base_url=served.url) as browser:
            assert browser.get("/").status_code == 303
            first = browser.get(served.login)
            assert (first.status_code, first.headers["location"]) == (303, "/")
            cookie = first.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert browser.get("/").status_code == 200
        assert httpx2.get(served.login).status_code == 401

    def test_a_session_ends_with_the_key_that_began_it(self, served: Served):
        key = served.platform.guard.create_key(user="ann")
        with httpx2.Client(base_url=served.url, headers={"origin": served.url}) as browser:
            assert browser.post("/login", data={"key": "tl_wrong"}).status_code == 403
            assert browser.post("/login", data={"key": key.secret}).status_code == 303
            assert browser.get("/").status_code == 200
            served.platform.guard.revoke_key(key=key.id)
            assert browser.get("/").headers["location"] == "/login"

    def test_a_cookie_opens_the_console_and_not_the_api(self, served: Served):
        sessions = Sessions(served.platform.line.access, served.platform.ids, served.platform.operator)
        cookies = {"thruline_session": sessions.begin(served.keys["olga"])}
        assert httpx2.get(f"{served.url}/", cookies=cookies).status_code == 200
        assert httpx2.get(f"{served.url}/v1/guard/users", cookies=cookies).status_code == 401

    def test_a_page_of_another_site_cannot_act_in_the_console(self, served: Served):
        with httpx2.Client(base_url=served.url) as browser:
            browser.cookies.set("thruline_session", _sessions(served).begin(served.keys["olga"]))
            refused = browser.post(
                "/do/data.erase", data={"identifiers": "x"}, headers={"origin": "https://evil.example"}
            )
            assert refused.status_code == 403

    def test_forged_and_old_cookies_are_nobodys(self, served: Served):
        now = [1000.0]
        sessions = _sessions(served, lambda: now[0])
        cookie = sessions.begin(served.keys["ann"])
        assert sessions.actor(cookie).name == "ann"
        who, expiry, mac = cookie.split(".")
        olga = served.keys["olga"][3:11]
        for forged in (
            "",
            "..",
            f"{olga}.{expiry}.{mac}",
            f"{who}.{int(expiry) + 1}.{mac}",
            f"{who}.{expiry}.",
            "\u00e4.1.x",
        ):
            with pytest.raises(SignedOut):
                sessions.actor(forged)
        now[0] += SESSION_S + 1
        with pytest.raises(SignedOut, match="ended"):
            sessions.actor(cookie)

    def test_the_operators_session_and_token_are_of_this_process_and_time(self, served: Served):
        now = [1000.0]
        sessions = _sessions(served, lambda: now[0])
        cookie = sessions.redeem(sessions.token())
        assert sessions.actor(cookie).sees_all
        with pytest.raises(Denied):
            _sessions(served, lambda: now[0]).actor(cookie)
        late = sessions.token()
        now[0] += TOKEN_S + 1
        with pytest.raises(SignedOut):
            sessions.redeem(late)


class TestOperations:
    def test_a_read_is_a_get_with_a_query(self, served: Served):
        said = get(served, "/v1/vectors/search?question=blue+toner&k=1", "ann")
        assert said.json()["passages"][0]["path"] == "printer.md"

    def test_anything_else_is_a_post_with_a_body(self, served: Served):
        said = post(served, "/v1/vectors/ask", {"question": RESTART}, "ann")
        assert said.headers["x-receipt-id"] == said.json()["id"]
        assert get(served, f"/v1/receipts/{said.json()['id']}", "ann").json()["answer"] == said.json()
        assert get(served, f"/v1/receipts/{said.json()['id']}", "bob").status_code == 404

    @pytest.mark.parametrize(
        ("path", "names"),
        [
            ("/v1/vectors/search", "question"),
            ("/v1/vectors/search?question=x&k=many", "$.k"),
            ("/v1/vectors/search?question=x&k=1&k=2", "'k'"),
            ("/v1/vectors/search?question=x&k=" + "9" * 40, "$.k"),
            ("/v1/vectors/search?question=x&surprise=1", "surprise"),
            ("/v1/vectors/search?question=%00", "$.question"),
        ],
    )
    def test_a_query_that_does_not_fit_is_refused_by_name(self, served: Served, path: str, names: str):
        said = get(served, path)
        assert (said.status_code, said.headers["content-type"]) == (422, "application/problem+json")
        assert names in said.json()["detail"]

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"{", "JSON"),
            (b"\xff", "JSON"),
            (b"[]", "object"),
            (b'{"a":' * 100_000, "deeply"),
            (b"", "question"),
            ({}, "question"),
            ({"question": 7}, "$.question"),
            ({"question": None}, "$.question"),
            ({"question": "x", "surprise": 1}, "surprise"),
            (b'{"question": "\\ud800"}', "JSON"),
        ],
    )
    def test_a_body_that_does_not_fit_is_refused_by_name(self, served: Served, body: Any, says: str):
        said = post(served, "/v1/vectors/ask", body)
        assert (said.status_code, said.headers["content-type"]) == (422, "application/problem+json")
        assert says in said.json()["detail"]

    @pytest.mark.parametrize("declared", [True, False])
    def test_a_body_that_is_too_large_is_refused(self, home: Home, declared: bool):
        with serving(home, THRULINE_SERVER__MAX_BODY="1kB") as served:
            connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
            body = b" " * 3000
            headers = served.headers("ann") | ({} if declared else {"transfer-encoding": "chunked"})
            connection.request(
                "POST", "/v1/vectors/ask", body if declared else iter([body]), headers, encode_chunked=not declared
            )
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["status"]) == (413, 413)
            connection.close()

    def test_unknown_addresses_and_methods_are_problems(self, served: Served):
        missing, wrong = get(served, "/v1/nothing"), get(served, "/v1/vectors/ask")
        assert (missing.status_code, wrong.status_code) == (404, 405)
        assert wrong.headers["allow"] == "POST"
        assert {missing.headers["content-type"], wrong.headers["content-type"]} == {"application/problem+json"}
        options = httpx2.options(f"{served.url}/v1/vectors/ask")
        assert (options.status_code, options.headers["allow"]) == (204, "POST")
        assert httpx2.head(f"{served.url}/v1/ledger/status", headers=served.headers("ann")).status_code == 200

    def test_errors_keep_their_class_and_hint(self, served: Served):
        said = get(served, f"/v1/data/document?record={ERASED}")
        assert said.json() == {
            "type": "about:blank#not_found", "title": "NotFound", "status": 404, "code": "not_found",
            "detail": said.json()["detail"], "hint": said.json()["hint"],
        }  # fmt: skip


class TestDescribed:
    def test_the_description_is_valid_openapi(self, served: Served):
        described = get(served, "/openapi.json").json()
        validate(described)
        assert described["openapi"].startswith("3.1")

    def test_every_operation_is_described_with_its_types(self):
        described = document(operations())
        ask, search = described["paths"]["/v1/vectors/ask"]["post"], described["paths"]["/v1/vectors/search"]["get"]
        assert ask["operationId"] == "vectors.ask"
        assert ask["responses"]["200"]["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/AnswerReport"
        }
        assert {p["name"]: p["required"] for p in search["parameters"]}.items() >= {
            "question": True,
            "k": False,
        }.items()
        (answer,) = described["paths"]["/v1/receipts/{answer}"]["get"]["parameters"]
        assert (answer["in"], answer["required"]) == ("path", True)

    def test_metrics_count_requests_by_route_and_answers_by_outcome(self, served: Served):
        post(served, "/v1/vectors/ask", {"question": RESTART}, "ann")
        text = httpx2.get(f"{served.url}/metrics").text
        assert int(re.search(r'requests_total\{route="/v1/vectors/ask",status="200"\} (\d+)', text)[1]) >= 1
        assert int(re.search(r'thruline_answers_total\{outcome="answered"\} (\d+)', text)[1]) >= 1
        assert re.search(r"^thruline_index_chunks 3$", text, re.MULTILINE)
        assert re.search(r"^thruline_ledger_events [1-9]", text, re.MULTILINE)
        buckets = [int(n) for n in re.findall(r"_bucket\{.*\} (\d+)", text)]
        assert buckets == sorted(buckets)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_an_address_that_others_can_reach_is_not_served(host: str):
    with pytest.raises(Invalid, match="elsewhere"):
        check_host(host)


def _sessions(served: Served, clock=lambda: 1000.0) -> Sessions:
    return Sessions(served.platform.line.access, served.platform.ids, served.platform.operator, clock=clock)
