"""The index in a Qdrant collection keeps the promises of a dense index, and those of a store that others can look into.

No Qdrant server installs on this machine: points, graph, filters and files are its engine's (`qdrant-edge-py`), the
HTTP before it is ours.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from thruline.backends.qdrant_dense import QdrantDense
from thruline.core.errors import Corrupt, Invalid, Unavailable
from thruline.testing.certificates import self_signed
from thruline.testing.dense_suite import DenseSuite, clustered, recall, truth, without_nearest
from thruline.testing.qdrant_server import QdrantServer


class TestQdrantDense(DenseSuite):
    url: str

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        with QdrantServer(tmp_path_factory.mktemp("qdrant")) as server:
            cls.url = server.url
            yield

    def open(self, name: str = "one") -> QdrantDense:
        return QdrantDense(url=self.url, name=name)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[QdrantServer]:
    with QdrantServer(tmp_path / "qdrant") as server:
        yield server


@pytest.fixture
def index(server: QdrantServer) -> QdrantDense:
    return QdrantDense(url=server.url, name="mine")


def points_sent(server: QdrantServer) -> int:
    return sum(len(asked.body["points"]) for asked in server.asked if asked.method == "PUT" and "points" in asked.body)


def test_no_more_than_numbers_and_names_made_of_them_is_sent(server: QdrantServer, index: QdrantDense) -> None:
    index.build(clustered(40))
    points = [p for asked in server.asked if asked.method == "PUT" for p in asked.body.get("points", [])]
    assert {key for point in points for key in point if point.get("payload") != {}} == {"id", "vector"}


def test_what_is_there_is_not_sent_again(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(500).astype(np.float16)
    index.build(vectors)
    before = points_sent(server)
    other = QdrantDense(url=server.url, name="mine")
    other.build(np.concatenate([clustered(1, seed=5).astype(np.float16), vectors[::-1]]))
    assert points_sent(server) == before + 1
    assert other.search(vectors[7].astype(np.float32), 1).rows.tolist() == [500 - 7]


def test_rows_of_another_process_cost_this_one_no_neighbours(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(3000)
    other = QdrantDense(url=server.url, name="mine")
    other.build(np.concatenate([vectors, clustered(1000, seed=5)]))
    index.build(vectors)
    other.add(clustered(200, seed=6))
    for query in clustered(5, seed=8):
        for clusters in (1, 10, 45):  # of fifty
            mask = without_nearest(vectors, query, clusters)
            assert recall(index.search(query, 10, mask), truth(vectors, query, 10, mask)) == 1


def test_a_filter_sends_the_shorter_list(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(4000)
    index.build(vectors)
    query = clustered(1, seed=8)[0]
    for clusters, way in ((1, "must_not"), (45, "must")):
        mask = without_nearest(vectors, query, clusters)
        index.search(query, 10, mask)
        (filtered,) = [a.body["filter"] for a in server.asked[-3:] if "filter" in a.body]
        ((said, ((condition,))),) = filtered.items()
        assert said == way
        assert len(condition["has_id"]) == (mask.sum() if way == "must" else 1 + (~mask).sum())


def test_a_row_that_was_not_sent_is_refused(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(50)
    index.build(vectors)
    sent = [p for a in server.asked if a.method == "PUT" for p in a.body.get("points", []) if "payload" not in p]
    (collection,) = server.collections()
    swapped = [{"id": sent[0]["id"], "vector": sent[1]["vector"]}]
    server.answer("PUT", f"/collections/{collection}/points", {"points": swapped})
    with pytest.raises(Corrupt, match="was not sent"):
        index.search(vectors[1], 5)


def test_another_process_that_takes_rows_out_is_noticed(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(50)
    index.build(vectors)
    other = QdrantDense(url=server.url, name="mine")
    other.build(vectors)
    other.delete(np.array([3]))
    with pytest.raises(Unavailable, match="1 rows out"):
        index.search(vectors[3], 5)
    index.build(vectors)
    assert index.search(vectors[3], 1).rows.tolist() == [3]


def test_searches_go_on_while_another_process_scrubs(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(800)
    index.build(vectors)
    index.delete(np.array([5]))
    other = QdrantDense(url=server.url, name="mine")
    other.build(np.delete(vectors, 5, axis=0))
    before = set(server.collections())
    other.scrub()
    assert not before & set(server.collections())
    assert index.search(vectors[7], 1).rows.tolist() == [7]
    index.add(clustered(1, seed=3))
    assert server.collections().popitem()[1] == 800


_BUILD = """\
import sys
from thruline.backends.qdrant_dense import QdrantDense
from thruline.testing.dense_suite import clustered
QdrantDense(url=sys.argv[1], name="mine").build(clustered(8000, dims=32))
"""


def test_a_build_that_is_killed_goes_on_where_it_was(server: QdrantServer, index: QdrantDense) -> None:
    child = subprocess.Popen([sys.executable, "-c", _BUILD, server.url])
    deadline = time.monotonic() + 60
    while not any(rows > 0 for rows in server.collections().values()):
        assert child.poll() is None
        assert time.monotonic() < deadline
    child.kill()
    child.wait()
    vectors = clustered(8000, dims=32)
    before = points_sent(server)
    index.build(vectors)
    assert server.collections().popitem()[1] == len(vectors)
    assert points_sent(server) - before < len(vectors)
    assert index.search(vectors[11], 1).rows.tolist() == [11]


_SERVE = """\
import sys, time
from pathlib import Path
from thruline.testing.qdrant_server import QdrantServer
with QdrantServer(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    time.sleep(600)
"""


def test_what_was_acknowledged_outlives_a_killed_server(tmp_path: Path) -> None:
    folder, vectors = tmp_path / "qdrant", clustered(1000)
    child = subprocess.Popen([sys.executable, "-c", _SERVE, str(folder)], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        index = QdrantDense(url=child.stdout.readline().strip(), name="mine")
        index.build(vectors)
        index.delete(np.arange(10))
        child.kill()
    with pytest.raises(Unavailable):
        index.search(vectors[20], 1)
    with QdrantServer(folder) as server:
        assert server.collections().popitem()[1] == 990
        again = QdrantDense(url=server.url, name="mine")
        again.build(vectors[10:])
        assert points_sent(server) == 0
        assert again.search(vectors[20], 1).rows.tolist() == [10]


def test_deleting_leaves_the_bytes_and_scrubbing_does_not(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(3000).astype(np.float16)
    index.build(vectors)
    index.delete(np.array([17]))
    assert files_with(server.folder, vectors[17])  # in a segment that the vacuum of the engine passes over
    assert files_with(server.folder, logged(vectors[17]))  # and in its log of what was sent
    index.scrub()
    assert files_with(server.folder, vectors[17]) == files_with(server.folder, logged(vectors[17])) == []
    assert files_with(server.folder, vectors[18])
    assert files_with(server.folder, logged(vectors[18]))
    assert index.search(vectors[18].astype(np.float32), 1).rows.tolist() == [18]
    index.drop()
    assert server.collections() == {}
    assert files_with(server.folder, vectors[18]) == []


def test_there_is_nothing_to_scrub_where_nothing_was_deleted(server: QdrantServer, index: QdrantDense) -> None:
    index.build(clustered(100))
    before = server.collections()
    index.scrub()
    assert server.collections() == before


def test_a_scrub_takes_away_what_a_killed_one_left(server: QdrantServer, index: QdrantDense) -> None:
    index.build(clustered(100))
    place = index._held.place
    assert place is not None
    place.renewed([])  # killed before the alias led there
    assert len(server.collections()) == 2
    index.scrub()
    assert list(server.collections().values()) == [100]


def logged(row: np.ndarray) -> bytes:
    """As CBOR has half-precision numbers."""
    return b"".join(b"\xf9" + struct.pack(">e", number) for number in row.tolist())


def files_with(folder: Path, row: np.ndarray | bytes) -> list[str]:
    row = row if isinstance(row, bytes) else row.tobytes()
    return [f.name for f in folder.rglob("*") if f.is_file() and row in f.read_bytes()]


def test_a_server_that_is_away_is_said_and_found_again(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(30)
    index.build(vectors)
    server.away = True
    with pytest.raises(Unavailable, match="does not answer"):
        index.search(vectors[3], 1)
    server.away = False
    assert index.search(vectors[3], 1).rows.tolist() == [3]


def test_a_collection_that_somebody_dropped_is_said_and_made_again(server: QdrantServer, index: QdrantDense) -> None:
    vectors = clustered(30)
    index.build(vectors)
    (collection,) = server.collections()
    server.answer("DELETE", f"/collections/{collection}", None)
    with pytest.raises(Unavailable, match="doesn't exist"):
        index.search(vectors[3], 1)
    index.build(vectors)
    assert index.search(vectors[3], 1).rows.tolist() == [3]


def test_a_server_with_a_key_wants_it(tmp_path: Path) -> None:
    with QdrantServer(tmp_path / "qdrant", key="open sesame") as server:
        with pytest.raises(Unavailable, match="does not let us"):
            QdrantDense(url=server.url, name="mine").check()
        index = QdrantDense(url=server.url, name="mine", key=lambda: "open sesame")
        index.check()
        index.build(clustered(3))


def test_what_is_no_qdrant_is_said(tmp_path: Path) -> None:
    class Other(QdrantServer):
        def answer(self, method: str, path: str, body: object) -> object:
            return ["hello"]

    with Other(tmp_path / "qdrant") as server, pytest.raises(Unavailable, match="as no Qdrant does"):
        QdrantDense(url=server.url, name="mine").check()


_ASK = """\
import sys
from thruline.backends.qdrant_dense import QdrantDense
QdrantDense(url=sys.argv[1], name="mine").check()
"""


def test_a_certificate_has_to_be_one_that_the_machine_trusts(tmp_path: Path) -> None:
    certificate = tmp_path / "own.pem"
    with QdrantServer(tmp_path / "qdrant", tls=self_signed(certificate)) as server:
        with pytest.raises(Unavailable, match="SSLCertVerificationError"):
            QdrantDense(url=server.url, name="mine").check()
        trusting = {"SSL_CERT_FILE": str(certificate), "PATH": ""}
        subprocess.run([sys.executable, "-c", _ASK, server.url], check=True, env=trusting)


def test_a_key_is_not_sent_in_the_open() -> None:
    with pytest.raises(Invalid, match="in the open"):
        QdrantDense(url="http://vectors.example:6333", name="mine", key=lambda: "secret")


@pytest.mark.parametrize("url", ["", "vectors.example", "ftp://vectors.example", "http://vectors.example:many"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="is not an address"):
        QdrantDense(url=url, name="mine")


@pytest.mark.parametrize("options", [{"m": 1}, {"ef": 0}, {"build_ef": 3}])
def test_a_plan_that_qdrant_cannot_follow_is_refused(options: dict[str, int]) -> None:
    with pytest.raises(Invalid, match="no plan for 'qdrant'"):
        QdrantDense(url="http://127.0.0.1:6333", name="mine", **options)
