"""The console over the sample home, in process and on a loopback port."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from thruline.console import console
from thruline.core.errors import Denied
from thruline.testing.sample import SamplePlatform

ORIGIN = {"origin": "http://testserver"}


@pytest.fixture
def client_of() -> Callable[[SamplePlatform], TestClient]:
    """A browser without JavaScript, at a platform; its forms come from our own pages."""

    def client(platform: SamplePlatform) -> TestClient:
        app = Starlette(routes=console(lambda _: platform))
        return TestClient(app, headers=ORIGIN, follow_redirects=False)

    return client


@pytest.fixture
def platform() -> SamplePlatform:
    return SamplePlatform()


@pytest.fixture
def client(client_of: Callable[[SamplePlatform], TestClient], platform: SamplePlatform) -> TestClient:
    return client_of(platform)


@pytest.fixture
def locked() -> TestClient:
    """A console that needs a key: `tl_good` opens it."""

    def platform_for(request):
        if request.cookies.get("thruline_session") != "opened":
            raise Denied("nobody is signed in")
        return SamplePlatform()

    def login(key: str) -> str:
        if key != "tl_good":
            raise Denied("this key opens nothing", hint="ask the operator for another")
        return "opened"

    app = Starlette(routes=console(platform_for, login))
    return TestClient(app, headers=ORIGIN, follow_redirects=False)
