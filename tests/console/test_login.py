"""Who is not signed in sees the login, and nothing else."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("address", ["/", "/ask", "/data", "/runs", "/why/answer:1"])
def test_a_stranger_is_shown_the_login(locked, address):
    reply = locked.get(address)
    assert reply.status_code == 303
    assert reply.headers["location"] == "/login"


def test_a_twin_tells_a_stranger_nothing(locked):
    reply = locked.get("/data.json")
    assert reply.status_code == 401
    assert reply.json()["code"] == "denied"


def test_a_key_opens_the_console_and_leaves_a_cookie_that_scripts_cannot_read(locked):
    reply = locked.post("/login", data={"key": " tl_good\n"})
    cookie = reply.headers["set-cookie"].lower()
    assert reply.headers["location"] == "/"
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert locked.get("/").status_code == 200


def test_a_wrong_key_is_refused_in_words(locked):
    reply = locked.post("/login", data={"key": "tl_wrong"})
    assert reply.status_code == 403
    assert "this key opens nothing" in reply.text
    assert "tl_wrong" not in reply.text
    assert "set-cookie" not in reply.headers


def test_a_login_form_of_another_site_is_refused(locked):
    reply = locked.post("/login", data={"key": "tl_good"}, headers={"origin": "https://evil.example"})
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


def test_signing_out_takes_the_cookie_back(locked):
    locked.post("/login", data={"key": "tl_good"})
    assert locked.post("/logout").headers["location"] == "/login"
    assert locked.get("/").headers["location"] == "/login"


def test_there_is_no_login_where_none_is_needed(client):
    assert client.get("/login").status_code == 404
    assert "Sign out" not in client.get("/").text
