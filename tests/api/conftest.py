"""One home for all tests of the API, and one server whose answers are sentences of its documents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from thruline.testing.served import Home, Served, made_home, serving


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with made_home(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture(scope="session")
def served(home: Home) -> Iterator[Served]:
    with serving(home) as server:
        yield server
