"""What every kind of source promises, as tests: subclass OriginSuite and give a `place` fixture."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import ClassVar, Protocol

import pytest

from thruline.core.errors import Denied, NotFound, Refused, Unavailable
from thruline.ports.origin import Item, Origin

LIMIT = 1_000_000
LOOK_S = 5.0
MANY = 2_000  # more than a page of an S3 listing
ODD_NAMES = (
    "two words.md", "grün/straße.md", "日本.md", 'it\'s "so".md', "-rf.md", "a%20b&c=d#e?.md", "$(touch x);.md",
    "*[1].md", "back\\slash.md", "new\nline.md",
)  # fmt: skip


class Place(Protocol):
    """Something that a test fills and origins read."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files, all at once where the place can: path -> bytes."""
        ...

    def move(self, old: str, new: str) -> None:
        """Rename a file."""
        ...

    def delete(self, path: str) -> None:
        """Take a file out."""
        ...

    def origin(self) -> Origin:
        """Another reader of the place."""
        ...

    def away(self) -> None:
        """From now on the place cannot be reached."""
        ...

    def denied(self) -> Origin:
        """A reader whom the place refuses."""
        ...


class OriginSuite:
    """Items listed with marks, and read one by one.

    odd_names: those of ODD_NAMES that the place can hold. keeps_listed: what was listed can be read after it has gone
    from the place. never_denies: why the place refuses nobody; "" where it does.
    """

    odd_names: ClassVar[tuple[str, ...]] = ODD_NAMES
    keeps_listed: ClassVar[bool] = False
    never_denies: ClassVar[str] = ""

    def test_everything_that_was_put_is_listed(self, place: Place) -> None:
        place.put({"a.md": b"one", "sub/b.md": b"two", "sub/deep/c.txt": b"three"})
        assert set(listed(place)) == {"a.md", "sub/b.md", "sub/deep/c.txt"}

    def test_what_is_read_is_what_was_put(self, place: Place) -> None:
        files = {"a.md": b"one", "bytes.bin": bytes(range(256)), "empty.md": b""}
        place.put(files)
        assert contents(place) == files

    def test_what_went_is_no_longer_listed(self, place: Place) -> None:
        place.put({"a.md": b"one", "b.md": b"two"})
        place.delete("a.md")
        assert set(listed(place)) == {"b.md"}

    def test_a_mark_stays_while_the_bytes_do(self, place: Place) -> None:
        place.put({"a.md": b"one", "b.md": b"two"})
        before = listed(place)
        place.put({"c.md": b"three"})
        after = listed(place)
        assert {path: after[path].mark for path in before} == {path: item.mark for path, item in before.items()}

    def test_a_mark_changes_with_bytes_of_the_same_length(self, place: Place) -> None:
        place.put({"a.md": b"one"})
        before = listed(place)["a.md"].mark
        place.put({"a.md": b"two"})
        after = listed(place)["a.md"].mark
        assert after != before or after == ""

    def test_a_reading_has_the_mark_of_the_next_listing(self, place: Place) -> None:
        place.put({"a.md": b"one"})
        with closing(place.origin()) as origin:
            reading = origin.read(origin.list().items[0], limit=LIMIT)
            assert reading.mark in (origin.list().items[0].mark, "")

    def test_equal_marks_mean_equal_bytes_where_marks_tell_content(self, place: Place) -> None:
        place.put({"a.md": b"same", "b.md": b"same", "c.md": b"else"})
        with closing(place.origin()) as origin:
            if not origin.marks_content:
                return
            by_mark: dict[str, set[bytes]] = {}
            for item in origin.list().items:
                by_mark.setdefault(item.mark, set()).add(origin.read(item, limit=LIMIT).data)
        assert all(len(contents) == 1 for mark, contents in by_mark.items() if mark)

    def test_a_move_keeps_the_bytes_and_the_mark_where_marks_tell_content(self, place: Place) -> None:
        place.put({"a.md": b"one", "b.md": b"two"})
        before = listed(place)["a.md"]
        place.move("a.md", "sub/new.md")
        after = listed(place)
        assert set(after) == {"b.md", "sub/new.md"}
        assert contents(place)["sub/new.md"] == b"one"
        assert not place.origin().marks_content or after["sub/new.md"].mark == before.mark

    def test_what_has_just_the_limit_is_read_and_one_byte_more_is_refused(self, place: Place) -> None:
        place.put({"a.md": b"x" * 1000})
        with closing(place.origin()) as origin:
            (item,) = origin.list().items
            assert len(origin.read(item, limit=1000).data) == 1000
            with pytest.raises(Refused) as refused:
                origin.read(item, limit=999)
        assert refused.value.reason == "too_large"

    def test_what_is_too_large_is_never_held(self, place: Place) -> None:
        place.put({"big.bin": b"\x00" * 20_000_000, "small.md": b"after it"})
        with closing(place.origin()) as origin:
            items = {item.path: item for item in origin.list().items}
            tracemalloc.start()
            try:
                with pytest.raises(Refused):
                    origin.read(items["big.bin"], limit=LIMIT)
                assert tracemalloc.get_traced_memory()[1] < 3 * LIMIT
            finally:
                tracemalloc.stop()
            assert origin.read(items["small.md"], limit=LIMIT).data == b"after it"

    def test_what_vanished_after_the_listing_is_unreadable(self, place: Place) -> None:
        place.put({"a.md": b"one", "b.md": b"two"})
        with closing(place.origin()) as origin:
            items = {item.path: item for item in origin.list().items}
            place.delete("a.md")
            if self.keeps_listed:
                assert origin.read(items["a.md"], limit=LIMIT).data == b"one"
                return
            with pytest.raises(Refused) as refused:
                origin.read(items["a.md"], limit=LIMIT)
        assert refused.value.reason == "unreadable"

    def test_a_place_that_is_away_is_unavailable_and_never_empty(self, place: Place) -> None:
        place.put({"a.md": b"one"})
        place.away()
        with closing(place.origin()) as origin, pytest.raises(Unavailable):
            origin.list()

    def test_a_place_that_refuses_us_says_so(self, place: Place) -> None:
        if self.never_denies:
            pytest.skip(self.never_denies)
        place.put({"a.md": b"one"})
        with closing(place.denied()) as origin, pytest.raises(Denied):
            origin.list()

    def test_odd_names_are_listed_and_read(self, place: Place) -> None:
        files = {name: name.encode() for name in self.odd_names}
        place.put(files)
        assert contents(place) == files

    def test_a_look_tells_in_a_line_what_is_there_and_changes_nothing(self, place: Place) -> None:
        place.put({"a.md": b"one", "sub/b.md": b"two"})
        with closing(place.origin()) as origin:
            said = origin.look(within_s=LOOK_S)
            assert said
            assert said.isprintable()
            assert origin.look(within_s=LOOK_S) == said
            assert {item.path for item in origin.list().items} == {"a.md", "sub/b.md"}

    def test_an_empty_place_can_be_looked_at(self, place: Place) -> None:
        with closing(place.origin()) as origin:
            assert origin.look(within_s=LOOK_S)

    def test_a_look_at_a_place_that_is_away_says_so_and_the_way_out(self, place: Place) -> None:
        place.put({"a.md": b"one"})
        place.away()
        began = time.monotonic()
        with closing(place.origin()) as origin, pytest.raises((NotFound, Unavailable)) as away:
            origin.look(within_s=LOOK_S)
        assert time.monotonic() - began < 3 * LOOK_S
        assert away.value.hint

    def test_a_look_where_we_are_refused_says_so(self, place: Place) -> None:
        if self.never_denies:
            pytest.skip(self.never_denies)
        place.put({"a.md": b"one"})
        with closing(place.denied()) as origin, pytest.raises(Denied) as denied:
            origin.look(within_s=LOOK_S)
        assert denied.value.hint

    def test_an_empty_place_lists_nothing(self, place: Place) -> None:
        assert listed(place) == {}

    def test_many_items_are_all_listed(self, place: Place) -> None:
        place.put({f"{n % 20}/{n}.md": str(n).encode() for n in range(MANY)})
        assert len(listed(place)) == MANY

    def test_threads_read_at_once(self, place: Place) -> None:
        files = {f"{n}.md": str(n).encode() * (n + 1) for n in range(60)}
        place.put(files)
        with closing(place.origin()) as origin, ThreadPoolExecutor(6) as pool:
            items = origin.list().items
            found = list(pool.map(lambda item: (item.path, origin.read(item, limit=LIMIT).data), items))
        assert dict(found) == files

    def test_closing_twice_is_fine(self, place: Place) -> None:
        place.put({"a.md": b"one"})
        origin = place.origin()
        origin.list()
        origin.close()
        origin.close()


def listed(place: Place) -> dict[str, Item]:
    """What a new reader sees: path -> item."""
    with closing(place.origin()) as origin:
        return {item.path: item for item in origin.list().items}


def contents(place: Place) -> dict[str, bytes]:
    """What a new reader gets: path -> bytes."""
    with closing(place.origin()) as origin:
        return {item.path: origin.read(item, limit=LIMIT).data for item in origin.list().items}
