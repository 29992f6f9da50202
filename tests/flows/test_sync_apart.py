"""A sync whose files are read and embedded apart gives the same home, and lets nothing out that it need not."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import pytest

from thruline import demo
from thruline.core.errors import Invalid
from thruline.data.names import ContextNames
from thruline.data.sandbox import ParserPool
from thruline.flows.apart import Tools
from thruline.flows.documents import read_documents
from thruline.ports.embedder import EmbedderSettings
from thruline.testing.embedders import HashEmbedder
from thruline.testing.homes import ApartEngines, FastEngines, open_home, write
from thruline.testing.manifest import manifest

RAY = {"THRULINE_INGEST__BACKEND": "ray", "THRULINE_COMPUTE__ADDRESS": "127.0.0.1:1"}


def twins(folder: Path, docs: Path, *options: str) -> tuple[Path, Path]:
    """Two homes with one key and one source, nothing read yet."""
    with open_home(folder / "one") as home:
        home.data.add(path=str(docs), options=options)
    shutil.copytree(folder / "one", folder / "two")
    return folder / "one", folder / "two"


def synced(path: Path, engines: type[FastEngines] = FastEngines) -> bytes:
    with open_home(path, engines=engines) as home:
        home.data.sync()
        return manifest(home.line)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for kind in ("notes", "tickets"):
        shutil.copytree(Path(demo.__file__).with_name(kind), tmp_path / "desk" / kind)
    (tmp_path / "desk" / "broken.pdf").write_bytes(b"%PDF-1.4 nothing of it is true")
    (tmp_path / "desk" / "empty.md").write_bytes(b"")
    return tmp_path / "desk"


def test_a_home_whose_files_are_read_apart_is_the_same_byte_for_byte(tmp_path: Path, docs: Path) -> None:
    one, two = twins(tmp_path, docs)
    assert synced(one) == synced(two, ApartEngines)


def test_masks_and_blocks_of_a_source_hold_apart_as_well(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a="# A\n\nWrite to ada@example.org.", b="# B\n\nIBAN DE89 3704 0044 0532 0130 00.")
    one, two = twins(tmp_path, docs, "mask=email", "block=iban")
    assert synced(one) == synced(two, ApartEngines)
    with open_home(two) as home:
        (record,) = home.line.records.list(limit=9)
        assert "ada@" not in read_documents(home.line, [record.document])[record.document].text


def test_no_key_and_nobody_erased_goes_along_with_a_task(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a="# A\n\nOttilie Kvasthoug came.", b="# B\n\nNobody came.")
    one, _ = twins(tmp_path, docs)
    with open_home(one) as home:
        home.data.sync()
        home.data.erase(identifiers=("Ottilie Kvasthoug",))
    write(docs, c="# C\n\nSomebody else came.")
    with open_home(one, engines=ApartEngines) as home:
        home.data.sync()
        said = b"".join([*home.line.workers.done, home.line.engines._bench(home.line.tools).settings])
        keys = [(one / "keys" / "master.key").read_bytes().strip(), home.ids._key, home.ids._key.hex().encode()]
    assert b"Somebody else" in said
    assert not [key for key in keys if key in said]
    assert b"keys/" not in said


def test_somebody_who_was_erased_stays_out_when_files_are_read_apart(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a="# A\n\nOttilie Kvasthoug came.", b="# B\n\nNobody came.")
    one, _ = twins(tmp_path, docs)
    with open_home(one, engines=ApartEngines) as home:
        home.data.sync()
        home.data.erase(identifiers=("Ottilie Kvasthoug",))
        write(docs, again="# Again\n\nOttilie Kvasthoug came once more.")
        (report,) = home.data.sync()
        assert [r.reason for r in report.refused] == ["suppressed"] * 2


def test_what_was_read_apart_is_not_read_again(tmp_path: Path, docs: Path) -> None:
    one, _ = twins(tmp_path, docs)
    with open_home(one, engines=ApartEngines) as home:
        home.data.sync()
        before = len(home.line.workers.done)
        home.data.sync()
        assert len(home.line.workers.done) == before


def test_an_embeddings_url_is_not_given_to_nodes(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", a="# A\n\nText.")
    settings = RAY | {"THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": "http://127.0.0.1:1/v1"}
    with open_home(tmp_path / "home", settings) as home:
        home.data.add(path=str(docs))
        with pytest.raises(Invalid, match=r"embed\.backend"):
            home.data.sync()


def without_rounding(version: str) -> list[str]:
    return [part for part in version.split(", ") if not part.startswith("rounding ")]


def test_a_machine_that_rounds_otherwise_is_another_version() -> None:
    class Rounding(HashEmbedder):
        def passages(self, texts):
            return super().passages(texts) * (1 + 1e-6)

    here, there = (
        Tools(
            parsers=ParserPool(workers=1),
            names=ContextNames(),
            embedder=embedder,
            how=EmbedderSettings(backend="hash", model="hash-64"),
        )
        for embedder in (HashEmbedder(), Rounding())
    )
    assert here.version != there.version
    assert without_rounding(here.version) == without_rounding(there.version)
    assert f"rensa {metadata.version('rensa')}" in here.version
