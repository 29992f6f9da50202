"""Real servers, each started once and only when a test asks for it."""

from collections.abc import Callable, Iterator

import pytest

from thruline.backends.postgres import PostgresDatabase
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.ids import random_id
from thruline.ports.database import Database
from thruline.testing.postgres import empty_database, postgres_server

OpenDatabase = Callable[[], Database]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path) -> Iterator[str]:
    """Where an empty database is: a path or a URL."""
    if request.param == "sqlite":
        yield str(tmp_path / "thruline.db")
        return
    with empty_database(request.getfixturevalue("postgres"), random_id("db").replace(":", "_")) as url:
        yield url


@pytest.fixture
def open_database(database_address: str) -> Iterator[OpenDatabase]:
    """Opens the same database again and again, as so many processes would."""
    opened: list[Database] = []

    def open_one() -> Database:
        backend = PostgresDatabase if database_address.startswith("postgresql:") else SqliteDatabase
        opened.append(backend(database_address))
        return opened[-1]

    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: OpenDatabase) -> Database:
    return open_database()
