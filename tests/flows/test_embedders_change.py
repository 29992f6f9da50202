"""An embedder that cannot be opened any more: nothing is mixed, and a rebuild moves to the one that is set."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict
from thruline.testing.embeddings_server import EmbeddingsServer
from thruline.testing.homes import open_home, write

GARAGE = "# Garage\n\nThe garage opens at six in the morning and closes at ten in the evening."
CANTEEN = "# Canteen\n\nThe canteen serves soup on Mondays and fish on Fridays."


def _with_url(home: Path, server: EmbeddingsServer) -> Platform:
    """The same home with its vectors from an embeddings URL."""
    settings = {
        "THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": server.url, "THRULINE_EMBED__MODEL": "other",
        "THRULINE_EMBED__DIMS": "64",
    }  # fmt: skip
    return Platform.open(home, overrides=settings)


def test_a_home_whose_embedder_is_gone_refuses_and_mixes_nothing_in(home: Platform, docs: Path) -> None:
    write(docs, garage=GARAGE)
    home.data.add(path=str(docs))
    home.data.sync()

    with EmbeddingsServer() as server, _with_url(home.home.path, server) as other:
        with pytest.raises(Conflict, match="the embedder that made the index cannot be opened") as refused:
            other.vectors.ask(question="When does the garage open?")
        with pytest.raises(Conflict, match="cannot be opened"):
            other.data.sync()
        assert "`thruline index change --force`" in refused.value.hint


def test_a_rebuild_serves_with_the_new_embedder_and_rolls_back_to_the_old(tmp_path: Path, docs: Path) -> None:
    place = tmp_path / "home"
    write(docs, garage=GARAGE, canteen=CANTEEN)
    with open_home(place) as first:
        first.data.add(path=str(docs))
        (report,) = first.data.sync()

    with EmbeddingsServer() as server, _with_url(place, server) as other:
        rebuilt = other.vectors.rebuild()
        answer = other.vectors.search(question="When does the garage open?")
        again = other.vectors.rebuild()

    with open_home(place) as first:
        back = first.vectors.rollback()
        found = first.vectors.search(question="When does the garage open?")

    assert rebuilt[0].id != report.generation
    assert rebuilt[0].why == "reindex"
    assert again[0].id == rebuilt[0].id
    assert answer.passages[0].path == "garage.md"
    assert back[0].id == report.generation
    assert found.passages[0].path == "garage.md"


def test_erasure_takes_the_vectors_of_every_embedder(tmp_path: Path, docs: Path) -> None:
    place = tmp_path / "home"
    write(docs, garage=GARAGE, ticket="# Late\n\nCustomer: Ottilie Kvasthoug\n\nThe vase came late.")
    with open_home(place) as first:
        first.data.add(path=str(docs))
        first.data.sync()
    with EmbeddingsServer() as server, _with_url(place, server) as other:
        other.vectors.rebuild()
        before = len(other.line.payloads.ids("vectors"))
        other.data.erase(identifiers=("Ottilie Kvasthoug",))
        after = len(other.line.payloads.ids("vectors"))

    assert (before, after) == (4, 2)
