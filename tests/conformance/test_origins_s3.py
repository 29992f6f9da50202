"""A bucket is a place as any other; read through a real server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from thruline.backends.s3_origin import S3Origin
from thruline.core.errors import Denied, Invalid, Refused, Unavailable
from thruline.ports.origin import Item
from thruline.testing.origin_suite import LIMIT, ODD_NAMES, OriginSuite
from thruline.testing.s3_bucket import Bucket, s3_server

KEY = "key:hidden"


class Docs(Bucket):
    """A bucket of which `docs/` is read."""

    def put(self, files: Mapping[str, bytes]) -> None:
        super().put({f"docs/{path}": data for path, data in files.items()})

    def move(self, old: str, new: str) -> None:
        super().move(f"docs/{old}", f"docs/{new}")

    def delete(self, key: str) -> None:
        super().delete(f"docs/{key}")

    def origin(self, key: str = KEY) -> S3Origin:
        return S3Origin(f"s3://{self.name}/docs", {"endpoint": self.server}, (lambda: key) if key else None)

    def denied(self) -> S3Origin:
        self.lock_out()
        return self.origin("stranger:unknown")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def place(server: str) -> Iterator[Docs]:
    docs = Docs(server)
    yield docs
    docs.let_in()


class TestS3Origin(OriginSuite):
    odd_names = tuple(name for name in ODD_NAMES if "\n" not in name)  # the client takes no control characters

    def test_what_lies_beside_the_prefix_is_not_listed(self, place: Docs) -> None:
        place.put({"a.md": b"one"})
        for key in ("b.md", "docs-old/c.md", "docs.md"):
            place.ask("PUT", key, b"beside")
        assert [item.path for item in place.origin().list().items] == ["a.md"]

    def test_dot_files_and_the_marks_of_folders_are_left_out_and_said(self, place: Docs) -> None:
        place.put({"sub/a.md": b"one", ".hidden.md": b"two", "sub/.git/config": b"three", "empty.md": b""})
        for key in ("docs/sub/", "docs/lonely/"):
            place.ask("PUT", key, b"")
        listing = place.origin().list()
        assert {item.path for item in listing.items} == {"sub/a.md", "empty.md"}
        assert {r.path for r in listing.refused if r.reason == "ignored"} == {
            ".hidden.md", "sub/.git/config", "sub", "lonely",
        }  # fmt: skip

    @pytest.mark.parametrize("key", ["docs/bad//name.md", "docs/bad/./name.md", "docs/bad/tab\t.md"])
    def test_a_key_that_cannot_be_named_costs_its_folder_only(self, place: Docs, key: str) -> None:
        place.put({"a.md": b"one", "bad/known.md": b"two", "good/deep/c.md": b"three"})
        place.ask("PUT", key, b"four")
        listing = place.origin().list()
        assert {item.path for item in listing.items} == {"a.md", "good/deep/c.md"}
        assert listing.refused == [("bad", "unreadable")]
        assert listing.unseen == ["bad/"]

    def test_a_key_that_cannot_be_named_at_the_top_makes_the_place_unavailable(self, place: Docs) -> None:
        place.put({"a.md": b"one"})
        place.ask("PUT", "docs//name.md", b"two")
        with pytest.raises(Unavailable, match="told apart"):
            place.origin().list()

    def test_what_grew_after_the_listing_is_too_large(self, place: Docs) -> None:
        place.put({"a.md": b"one"})
        origin = place.origin()
        (item,) = origin.list().items
        place.put({"a.md": b"x" * 2000})
        with pytest.raises(Refused) as refused:
            origin.read(item, limit=1000)
        assert refused.value.reason == "too_large"

    def test_reading_from_a_bucket_that_went_away_is_no_deletion(self, place: Docs) -> None:
        place.put({"a.md": b"one"})
        origin = place.origin()
        (item,) = origin.list().items
        place.away()
        with pytest.raises(Unavailable):
            origin.read(item, limit=LIMIT)

    def test_a_key_that_is_withdrawn_in_between_is_denied(self, place: Docs) -> None:
        place.put({"a.md": b"one"})
        origin = place.origin()
        (item,) = origin.list().items
        place.lock_out()
        with pytest.raises(Denied):
            origin.read(item, limit=LIMIT)

    def test_a_changed_key_is_used_at_once(self, place: Docs) -> None:
        place.put({"a.md": b"one"})
        keys = iter(["old:one", "old:one", "new:two", "new:two", "new:two"])
        used: list[str] = []
        origin = S3Origin(
            f"s3://{place.name}/docs", {"endpoint": place.server}, lambda: used.append(next(keys)) or used[-1]
        )
        (item,) = origin.list().items
        origin.read(item, limit=LIMIT)
        assert used[-1] == "new:two"

    def test_an_open_bucket_needs_no_key(self, place: Docs) -> None:
        place.ask("PUT", "docs/a.md", b"one", acl="public-read")
        (item,) = place.origin(key="").list().items
        assert place.origin(key="").read(item, limit=LIMIT).data == b"one"

    def test_a_key_without_a_colon_is_said_before_it_is_used(self, place: Docs) -> None:
        with pytest.raises(Invalid, match="ACCESS:SECRET") as error:
            place.origin(key="only-one-half").list()
        assert "only-one-half" not in str(error.value)

    def test_an_object_that_is_not_there_is_unreadable(self, place: Docs) -> None:
        with pytest.raises(Refused) as refused:
            place.origin().read(Item("never.md", ""), limit=LIMIT)
        assert refused.value.reason == "unreadable"


def test_a_store_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        S3Origin("s3://bucket", {"endpoint": "http://127.0.0.1:1"}).list()


@pytest.mark.parametrize(
    ("location", "endpoint"),
    [
        ("s3://", ""),
        ("s3://Bucket_With_Capitals", ""),
        ("s3://bucket/a//b", ""),
        ("s3://bucket/../other", ""),
        ("s3://bucket?versions", ""),
        ("s3://bucket", "s3.example.org"),
        ("s3://bucket", "file:///etc"),
        ("s3://bucket", "https://"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(location: str, endpoint: str) -> None:
    with pytest.raises(Invalid):
        S3Origin(location, {"endpoint": endpoint})
