"""Erasable bytes: the encrypted store and its twin in memory behave alike, and the store leaves nothing behind."""

from pathlib import Path

import pytest

from thruline.backends.folder_blobs import FolderBlobs
from thruline.backends.local_vault import LocalVault
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Corrupt, NotFound
from thruline.core.ids import random_id
from thruline.ledger.payloads import INLINE_BYTES, Payloads
from thruline.ledger.residue import residue
from thruline.testing.canary import assert_gone, canary
from thruline.testing.memory import MemoryPayloads

ADA, BOB = random_id("subject"), random_id("subject")
LARGE = bytes(INLINE_BYTES + 1)


class PayloadsSuite:
    """What both promise."""

    def test_bytes_come_back_and_are_replaced(self, payloads) -> None:
        id = random_id("chunk")
        for data in (b"", b"one", LARGE, b"two"):
            payloads.put(id, data, ADA)
            assert payloads.get(id) == data

    def test_many_at_once_are_those_that_exist(self, payloads) -> None:
        one, two, none = (random_id("chunk") for _ in range(3))
        payloads.put_many([(one, b"1", ADA), (two, LARGE, BOB)])
        assert payloads.get_many([one, two, none]) == {one: b"1", two: LARGE}
        assert payloads.get_many([]) == {}
        assert (payloads.exists(one), payloads.exists(none)) == (True, False)

    def test_deleted_bytes_are_not_found(self, payloads) -> None:
        one, two = random_id("chunk"), random_id("chunk")
        payloads.put_many([(one, LARGE, ADA), (two, b"2", ADA)])
        assert payloads.delete([one, random_id("chunk")]) == 1
        assert payloads.delete([one]) == 0
        with pytest.raises(NotFound):
            payloads.get(one)
        assert payloads.get(two) == b"2"

    def test_ids_and_owners_are_listed(self, payloads) -> None:
        chunks, answer = sorted(random_id("chunk") for _ in range(3)), random_id("answer")
        payloads.put_many([(id, b"x", ADA) for id in chunks] + [(answer, b"y", BOB)])
        assert payloads.ids("chunk") == chunks
        assert payloads.ids("chun") == []
        assert payloads.owners([*chunks, random_id("chunk")]) == [ADA]
        assert sorted(payloads.owners([chunks[0], answer])) == sorted([ADA, BOB])


class TestMemoryPayloads(PayloadsSuite):
    @pytest.fixture
    def payloads(self) -> MemoryPayloads:
        return MemoryPayloads()


class TestPayloads(PayloadsSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> FolderBlobs:
        return FolderBlobs(str(tmp_path / "blobs"))

    @pytest.fixture
    def payloads(self, database, blobs: FolderBlobs) -> Payloads:
        return Payloads(database, LocalVault(SqliteDatabase(":memory:"), b"m" * 32), blobs)

    def test_large_ones_lie_in_the_blob_store(self, payloads: Payloads, blobs: FolderBlobs) -> None:
        small, large = random_id("chunk"), random_id("model")
        payloads.put_many([(small, b"x", ADA), (large, LARGE, ADA)])
        assert list(blobs.names()) == [large]
        assert payloads.sweep() == 0
        payloads.delete([large])
        assert list(blobs.names()) == []

    def test_a_blob_whose_row_never_came_is_swept(self, payloads, database, blobs: FolderBlobs) -> None:
        id = random_id("model")

        def die_before_the_commit() -> None:
            with database.transaction():
                payloads.put(id, LARGE, ADA)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            die_before_the_commit()
        assert list(blobs.names()) == [id]
        assert payloads.sweep() == 1
        assert list(blobs.names()) == []

    def test_a_row_that_was_moved_to_another_id_does_not_open(self, payloads, database) -> None:
        one, two = random_id("chunk"), random_id("chunk")
        payloads.put(one, b"secret", ADA)
        database.execute("UPDATE payloads SET id = :two WHERE id = :one", {"one": one, "two": two})
        with pytest.raises(Corrupt):
            payloads.get(two)


def test_nothing_stands_in_the_clear_and_nothing_stands_after_an_erasure(tmp_path: Path) -> None:
    name = canary()
    database, keys = SqliteDatabase(str(tmp_path / "thruline.db")), SqliteDatabase(str(tmp_path / "keys.db"))
    vault = LocalVault(keys, b"m" * 32)
    payloads = Payloads(database, vault, FolderBlobs(str(tmp_path / "blobs")))
    ids = [random_id("chunk") for _ in range(30)]
    payloads.put_many((id, f"{name} {n} ".encode() * (1 if n % 10 else 20_000), ADA) for n, id in enumerate(ids))
    assert_gone(tmp_path, [name])

    sealed = database.query("SELECT data FROM payloads WHERE data IS NOT NULL")
    assert payloads.delete(ids) == 30
    assert vault.shred([ADA]) == 1
    for store in (database, keys):
        store.scrub()
    assert residue(tmp_path, [bytes(data)[:32] for (data,) in sealed] + [ADA.encode()]) == []
    for store in (database, keys):
        store.close()
