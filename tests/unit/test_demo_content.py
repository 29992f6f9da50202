"""The demo's files say what desk.py says about them, and the judged pages answer their questions."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from thruline.core.errors import Invalid, Unavailable
from thruline.core.pinned import fetch
from thruline.demo import desk

JUDGED = desk.judgements() + desk.unanswerable()
CACHE = Path("~/.cache/thruline").expanduser()  # the default of the `cache` setting: one download serves demo and tests
RESERVED = (r"\+44 20 7946 0\d{3}", r"\+1 202 555 01\d{2}", r"\+49 30 23125 \d{3}")


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> desk.Desk:
    return desk.lay_out(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        archive = fetch(desk.HANDBOOK, CACHE)
    except Unavailable as error:
        pytest.skip(f"the handbook's archive is not in {CACHE} and cannot be fetched: {error.message}")
    folder = tmp_path_factory.mktemp("handbook")
    assert desk.unpack_handbook(archive, folder) == desk.HANDBOOK_PAGES
    return folder


def test_every_question_is_asked_once_and_has_its_own_id() -> None:
    assert len({j.id for j in JUDGED}) == len({j.question for j in JUDGED}) == len(JUDGED)
    assert all(re.fullmatch(r"[a-z0-9-]+", j.id) and j.topic and j.question[-1] in "?." for j in JUDGED)


def test_about_thirty_questions_have_an_answer_and_three_have_none() -> None:
    assert len(desk.judgements()) >= 30
    assert [j.pages for j in desk.unanswerable()] == [(), (), ()]


def test_an_answer_names_a_page_once_with_a_heading_and_a_phrase() -> None:
    for judgement in desk.judgements():
        assert judgement.pages
        assert len(set(judgement.pages)) == len(judgement.pages)
        assert all(a.heading and a.phrase for a in judgement.answers)


def test_the_judged_pages_say_what_was_read_in_them(handbook: Path) -> None:
    for judgement in desk.judgements():
        for answer in judgement.answers:
            page = (handbook / answer.page).read_text("utf-8")
            assert _words(answer.phrase) in _words(page), (judgement.id, answer.page)
            assert answer.heading in _words(_without_markup(page)), (judgement.id, answer.page)


def test_the_storys_handbook_answers_stand_in_the_handbook(handbook: Path) -> None:
    for asked in (desk.QUESTION, desk.RIGHTED):
        for page in asked.pages:
            assert asked.phrase in (handbook / page.removeprefix("handbook/")).read_text("utf-8")


def test_nobody_of_the_desk_is_named_in_the_handbook(handbook: Path) -> None:
    text = "\n".join(p.read_text("utf-8") for p in handbook.rglob("*.txt"))
    people = (desk.ERASE_ME.name, desk.NAMESAKE.name, desk.SUPPORT_USER.name, desk.PEOPLE_USER.name)
    assert not [name for name in people if name in text or name.split()[-1] in text]
    assert desk.ERASE_ME.email not in text


def test_the_desk_has_twelve_tickets_six_notes_and_two_wiki_pages(laid_out: desk.Desk) -> None:
    counts = {source.name: len(list(source.path.iterdir())) for source in laid_out.sources}
    assert counts == {"handbook": 0, "tickets": 12, "notes": 6, "wiki-import": 2}


def test_support_sees_no_notes_and_the_people_team_no_tickets(laid_out: desk.Desk) -> None:
    def seen(user: desk.User) -> set[str]:
        return {source.name for source in laid_out.sources if set(source.groups) & set(user.groups)}

    assert seen(desk.SUPPORT_USER) == {"handbook", "wiki-import", "tickets"}
    assert seen(desk.PEOPLE_USER) == {"handbook", "wiki-import", "notes"}


@pytest.mark.parametrize(
    ("person", "expected"),
    [(desk.ERASE_ME, desk.ERASE_ME_FILES), (desk.NAMESAKE, desk.NAMESAKE_FILES)],
    ids=["erased", "namesake"],
)
def test_a_person_stands_in_exactly_the_files_that_are_listed(
    laid_out: desk.Desk, person: desk.Person, expected: tuple[str, ...]
) -> None:
    given, _, surname = person.name.partition(" ")
    texts = _texts(laid_out)
    for mark in (person.name, given, person.email, person.phone):
        assert {name for name, text in texts.items() if mark in text} <= set(expected), mark
    assert {name for name, text in texts.items() if person.name in text} == set(expected)
    assert surname in desk.ERASE_ME.name


def test_the_restricted_answer_stands_in_one_ticket_alone(laid_out: desk.Desk) -> None:
    asked = desk.RESTRICTED_QUESTION
    assert tuple(n for n, text in _texts(laid_out).items() if asked.phrase in _words(text)) == asked.pages


def test_each_ticket_has_the_headers_of_a_ticket(laid_out: desk.Desk) -> None:
    for name, text in _texts(laid_out, "tickets").items():
        ticket = re.search(r"^- Ticket: (BF-\d+)$", text, re.MULTILINE)
        assert ticket, name
        assert name.startswith(f"tickets/{ticket[1]}-")
        for header in ("Date", "Customer", "E-mail", "Phone", "Assigned to"):
            assert re.search(rf"^- {header}: \S", text, re.MULTILINE), (name, header)


def test_every_address_and_number_is_one_that_nobody_owns(laid_out: desk.Desk) -> None:
    text = "\n".join(_texts(laid_out).values())
    assert set(re.findall(r"@([\w.-]+\w)", text)) <= {"example.com", "example.net", "example.org"}
    phones = re.findall(r"\+\d[\d ]{8,}\d", text)
    assert len(phones) == 12
    assert all(any(re.fullmatch(r, phone) for r in RESERVED) for phone in phones)


def test_the_iban_and_the_card_number_pass_their_checksums(laid_out: desk.Desk) -> None:
    text = "\n".join(_texts(laid_out).values())
    (iban,) = re.findall(r"\b[A-Z]{2}\d{2}(?: \d{4}){4} \d{2}\b", text)
    (card,) = re.findall(r"\b\d{4} \d{4} \d{4} \d{4}\b", text.replace(iban, ""))
    assert _iban_remainder(iban) == 1
    assert _luhn_sum(card) % 10 == 0


def test_one_wiki_page_hides_its_instruction_and_the_other_only_advises_badly(laid_out: desk.Desk) -> None:
    hidden, misleading = (
        (laid_out.root / page).read_text("utf-8") for page in (desk.HIDDEN_PAGE, desk.MISLEADING_PAGE)
    )
    assert "display:none" in hidden
    assert "font-size:0" in hidden
    assert not re.search(r"style|hidden|assistant|ignore|instruction|<!--", misleading)
    assert desk.MISLED.phrase in misleading
    assert desk.RIGHTED.phrase not in misleading + hidden


def test_only_documentation_is_unpacked_and_nothing_leaves_the_folder(tmp_path: Path) -> None:
    archive = _archive(
        tmp_path / "sdist.tar.gz",
        "d-1/docs/topics/cache.txt",
        "d-1/docs/conf.py",
        "d-1/setup.py",
        "d-1/docs/../../../out.txt",
        "/docs/absolute.txt",
        "d-1/docs//etc.txt",
    )
    to = tmp_path / "deep" / "handbook"
    assert desk.unpack_handbook(archive, to) == 1
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.txt")] == ["deep/handbook/topics/cache.txt"]


def test_an_archive_without_documentation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="holds no documentation"):
        desk.unpack_handbook(_archive(tmp_path / "sdist.tar.gz", "d-1/setup.py"), tmp_path / "handbook")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<h1>Not found</h1>")
    with pytest.raises(Invalid, match="not a source distribution"):
        desk.unpack_handbook(tmp_path / "page.html", tmp_path / "handbook")


def _texts(laid_out: desk.Desk, *names: str) -> dict[str, str]:
    return {
        f"{source.name}/{file.name}": file.read_text("utf-8")
        for source in laid_out.sources
        if not names or source.name in names
        for file in sorted(source.path.iterdir())
    }


def _words(text: str) -> str:
    return " ".join(text.split())


def _without_markup(text: str) -> str:
    return re.sub(r":[\w:]+:|`", "", text)


def _iban_remainder(iban: str) -> int:
    compact = iban.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97


def _luhn_sum(card: str) -> int:
    digits = [int(c) for c in reversed(card) if c.isdigit()]
    return sum(digits[0::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])


def _archive(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w:gz") as opened:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 4
            opened.addfile(member, io.BytesIO(b"text"))
    return path
