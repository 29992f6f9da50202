"""Bad days of data: old encodings, other scripts, copies everywhere, a clock that steps back, crossed operations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from thruline.app.platform import Platform
from thruline.core.clock import Clock, Micros, SystemClock
from thruline.core.errors import Conflict
from thruline.testing.canary import assert_gone
from thruline.testing.homes import SETTINGS, FastEngines, open_home, write


def answers_from(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def synced(home: Platform, folder: Path) -> None:
    home.data.add(path=str(folder))
    home.data.sync()


@pytest.mark.parametrize(
    ("encoding", "text", "question"),
    [
        ("koi8-r", "Последний поезд на побережье отходит в десять часов.", "поезд на побережье"),
        ("cp1251", "Последний поезд на побережье отходит в десять часов.", "поезд на побережье"),
        ("cp850", "Der letzte Zug über die Brücke fährt um zehn Uhr, außer im März.", "Zug über die Brücke"),
        ("mac-roman", "Le dernier train pour la forêt part à l'été comme à l'hiver.", "train pour la forêt"),
        ("cp1250", "Ostatni pociąg odjeżdża o szóstej, również w święta.", "pociąg odjeżdża"),
        ("shift_jis", "海岸行きの最終列車は午後十時に出発します。", "海岸行きの最終列車"),
        ("utf-16", "Last train to the coast: ten o'clock.", "train to the coast"),
    ],
)
def test_a_file_of_1995_answers_in_its_own_letters(
    home: Platform, docs: Path, encoding: str, text: str, question: str
) -> None:
    (docs / "timetable.txt").write_bytes(f"1995\n\n{text}\n".encode(encoding))
    synced(home, docs)
    assert text in home.vectors.search(question=question).passages[0].text


def test_a_person_in_an_old_encoding_is_found_and_erased(home: Platform, docs: Path) -> None:
    (docs / "list.txt").write_bytes("Gäste der Messe: Jürgen Größlhuber und zwei Kinder.\n".encode("cp850"))
    synced(home, docs)
    assert [r.path for r in home.data.erase(identifiers=("Jürgen Größlhuber",)).records] == ["list.txt"]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("הרכבת האחרונה לחוף יוצאת בשעה עשר בערב.", "הרכבת האחרונה לחוף"),
        ("يغادر القطار الأخير إلى الساحل في الساعة العاشرة مساءً.", "القطار الأخير إلى الساحل"),
        ("开往海岸的末班车于晚上十点发车。", "末班车晚上十点"),
        ("해안으로 가는 막차는 밤 열 시에 출발합니다.", "해안으로 가는 막차"),
    ],
)
def test_text_from_right_to_left_or_without_spaces_is_found_by_its_words(
    home: Platform, docs: Path, text: str, question: str
) -> None:
    synced(home, write(docs, wanted=text, other="The shop opens at nine.", more="Die Lampe ist grün."))
    assert home.vectors.search(question=question).passages[0].text == text


def test_a_person_with_the_name_of_a_city_goes_and_the_city_stays(home: Platform, docs: Path) -> None:
    texts = {
        "letter": "# A vase\n\nDear Florence Paris,\n\nyour vase is here.",
        "list": "# Guests\n\nParis, Florence; and one more.",
        "travel": "# Offices\n\nOur offices are in Florence, Paris and Verona. The train to Florence leaves at nine.",
        "paris": "# Paris\n\nParis is the capital of France.",
    }
    synced(home, write(docs, **texts))
    assert {r.path for r in home.data.erase(identifiers=("Florence Paris",)).records} >= {"letter.md", "list.md"}
    assert "paris.md" in {d.path for d in home.data.documents(state="live")}


def test_of_many_copies_each_is_counted_and_one_answers(home: Platform, docs: Path) -> None:
    for n in range(20):
        text = f"# Machine {n}\n\nMachine number {n} stands in hall {n * 7 % 20} beside the blue door and hums."
        write(docs, **{f"a{n}": text, f"b{n}": text})
    home.data.add(path=str(docs))
    (report,) = home.data.sync()
    assert (report.seen, report.indexed, report.duplicates) == (40, 20, 20)
    texts = [p.text for p in home.vectors.search(question="machine number 7").passages]
    assert len(texts) == len(set(texts))


class Stepping:
    """A clock that is wrong by some microseconds."""

    def __init__(self, wrong: Micros) -> None:
        self._clock, self._wrong = SystemClock(), wrong

    def now(self) -> Micros:
        return self._clock.now() + self._wrong


def engines_at(wrong_s: int) -> type[FastEngines]:
    class Engines(FastEngines):
        def clock(self) -> Clock:
            return Stepping(wrong_s * 1_000_000)

    return Engines


def test_a_clock_that_steps_back_a_day_loses_nothing(tmp_path: Path, docs: Path) -> None:
    write(docs, first="# Hangar\n\nThe hangar opens at nine.")
    with Platform.open(tmp_path / "home", create=True, overrides=SETTINGS, engines=engines_at(86_400)) as ahead:
        ahead.data.add(path=str(docs), options=("every=1h",))
        ahead.data.sync()
        ahead.line.runs.start("sync", only=f"source {ahead.data.sources()[0].id}").__enter__()  # and dies with it
    write(docs, second="# Crane\n\nThe crane is yellow.")
    with open_home(tmp_path / "home") as home:
        (report,) = home.data.sync()
        assert (report.added, report.unchanged) == (1, 1)
        assert answers_from(home, "yellow crane") >= {"second.md"}
        assert home.data.sources()[0].alarm == ""
        assert home.ledger.verify().ok


def test_an_erasure_during_a_sync_leaves_nothing_of_the_person(tmp_path: Path, docs: Path) -> None:
    name = "Ottilie Kvasthoug"
    for n in range(60):
        write(docs, **{f"letter{n}": f"# Letter {n}\n\nDear {name}, machine {n} is ready in hall {n}."})
    write(docs, other="# Hours\n\nThe shop opens at nine.")
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs))
        going = threading.Thread(target=home.data.sync)
        going.start()
        for _ in _until_met(home):
            pass
        _erased(home, name)
        going.join(60)
        home.data.sync()
        _erased(home, name)
        assert {d.path for d in home.data.documents(state="live")} == {"other.md"}
    assert_gone(tmp_path / "home", (name,))


def _until_met(home: Platform) -> Iterator[None]:
    ends = monotonic() + 30
    while not home.data.documents(state="live") and monotonic() < ends:
        yield


def _erased(home: Platform, name: str) -> None:
    """As a person would: again, while something is under way."""
    for _ in range(200):
        try:
            home.data.erase(identifiers=(name,))
        except Conflict:
            continue
        return
    raise AssertionError("the erasure never had its turn")
