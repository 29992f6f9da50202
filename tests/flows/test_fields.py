"""Fields: what documents can be asked by is declared, typed, decided before anything is scored, and seen by rights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruline.api.filters import filters_of
from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Invalid, NotFound
from thruline.testing.homes import as_user, open_home, write

FIELDS = "fields=department,price:number,due:date,paid:flag,tags:list,author"
ORDERS = """id,department,price,due,paid,tags,author,about
a,Legal,9.50,2026-01-31,yes,"red, blue",Ada Quine,The lamp in the hall of the court.
b,HR,100,2026-02-01,no,blue,Ben Okafor,The lamp in the hall of the staff.
c,,n/a,2025-07-01,,,Cy Marsh,The lamp in the hall of nobody.
"""


@pytest.fixture
def orders(home: Platform, tmp_path: Path) -> Platform:
    table = tmp_path / "orders.csv"
    table.write_text(ORDERS, "utf-8")
    home.data.add(path=str(table), options=("key=id", FIELDS))
    home.data.sync()
    return home


def found(home: Platform, *where: str, **filters: object) -> str:
    """The rows that are left, as their keys."""
    report = home.vectors.search(question="the lamp in the hall", k=50, where=where, **filters)
    assert report.visible == len(report.passages)
    return "".join(sorted(p.path.removesuffix(".txt") for p in report.passages))


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("department=legal", "a"), ("department=legal,hr", "ab"), ("department!=Legal", "bc"), ("department", "ab"),
        ("!department", "c"), ("price<100", "a"), ("price<=100", "ab"), ("price>9.5", "b"), ("price=9.5,100", "ab"),
        ("!price", "c"), ("due=2026", "ab"), ("due=2026-01", "a"), ("due<=2026-01-31", "ac"), ("due>2026-01", "b"),
        ("due<2026", "c"), ("due>=2026-02-01", "b"), ("paid=true", "a"), ("paid=no", "b"), ("paid!=true", "bc"),
        ("tags=blue", "ab"), ("tags=red", "a"), ("tags!=red", "bc"), ("Author = 'x'", ""), ('author="Ada Quine"', "a"),
        ("price<100; department=legal", "a"), ("price<100; department=hr", ""), (" department = HR ", "b"),
    ],
)  # fmt: skip
def test_only_rows_of_which_it_holds_are_found(orders: Platform, where: str, left: str) -> None:
    assert found(orders, where) == left


def test_conditions_hold_together_and_with_every_other_filter(orders: Platform) -> None:
    assert found(orders, "department", "price<100") == "a"
    assert found(orders, "department", path="b*") == "b"
    assert found(orders, "department", source=["orders"], language="en") == "ab"
    assert found(orders, "department", since="1h", path="c*") == ""


def test_searching_by_words_and_by_meaning_is_narrowed_alike(orders: Platform) -> None:
    by_words = orders.vectors.search(question="lamp hall", by="words", where=("department=hr",))
    assert [p.path for p in by_words.passages] == ["b.txt"]


def test_an_answer_says_what_it_was_narrowed_to_and_a_replay_means_the_same(orders: Platform) -> None:
    answer = orders.vectors.ask(question="Where is the lamp in the hall?", where=("department=hr", "due>=1d"))
    assert answer.filters.where[0] == "department=hr"
    assert answer.filters.where[1].startswith("due>=20")
    assert orders.vectors.replay(answer=answer.id).retrieval == "same"
    answer = orders.vectors.ask(question="Where is the lamp in the hall?", where=("department=hr",))
    assert "staff" in answer.text
    assert "only documents where department=hr" in render(answer)
    assert orders.vectors.replay(answer=answer.id).retrieval == "same"
    nothing = orders.vectors.ask(question="Where is the lamp?", where=("department=tax",))
    assert nothing.text.endswith("what you narrowed the question to: where department=tax.")


def test_the_ledger_holds_no_word_of_a_condition(orders: Platform) -> None:
    orders.vectors.ask(question="Which lamp?", where=("author=Ada Quine",))
    assert "quine" not in json.dumps([dict(e.facts) for e in orders.ledger.events(limit=50)]).lower()


def test_a_field_that_nobody_has_is_named_beside_those_that_there_are(orders: Platform) -> None:
    with pytest.raises(NotFound, match="no field 'prise'") as raised:
        found(orders, "prise<3")
    assert "did you mean 'price'?" in raised.value.hint
    assert "author, date, department, due, paid, price, tags" in raised.value.hint


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("price<cheap", "'cheap' is not a number"), ("due>soon", "'soon' is no date"), ("paid=maybe", "true or false"),
        ("department<legal", "without an order"), ("tags>=red", "without an order"), ("price<1,2", "takes one value"),
        ("=3", "is no condition"), ("price<", "is no condition"), ('author="Ada', "a quote that does not end"),
        ("department=legal,price<100", "looks like two conditions"), ("x" * 501, "501 characters"),
        ("department= , ", "names no value"), ("; ".join(["paid"] * 21), "21 conditions"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told(orders: Platform, where: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        found(orders, where)


def test_a_field_of_a_source_that_somebody_does_not_see_is_no_field(orders: Platform, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", lamp="---\nproject: apollo\n---\n\nThe lamp in the hall is secret.")
    orders.data.add(path=str(secret), groups=("board",), options=("fields=project",))
    orders.data.sync()
    guest = as_user(orders, "guest", "everyone")
    assert found(orders, "project=apollo") == "lamp.md"
    with pytest.raises(NotFound, match="no field 'project'") as raised:
        found(guest, "project=apollo")
    assert "project" not in raised.value.hint
    assert "project" not in {view.name for view in guest.vectors.fields()}
    assert {view.name: view.documents for view in guest.vectors.fields()}["department"] == 2


def test_a_record_that_somebody_does_not_see_is_not_counted(orders: Platform) -> None:
    orders.data.share(source="orders", groups=["staff"])
    guest = as_user(orders, "guest", "everyone")
    assert {view.name: view.documents for view in guest.vectors.fields()} == {"date": 0}


def test_what_is_noted_is_listed_with_what_was_not_understood(orders: Platform) -> None:
    views = {view.name: view for view in orders.vectors.fields()}
    assert (views["price"].type, views["price"].documents, views["price"].unread) == ("number", 2, 1)
    assert (views["department"].documents, views["department"].unread) == (2, 0)
    assert views["tags"].sources == ("orders",)


def test_whoever_is_not_cleared_for_something_cannot_ask_by_it(home: Platform, tmp_path: Path) -> None:
    page = "---\nwriter: {}\nroom: 12\n---\n\nThe lamp in the hall of {}."
    notes = write(tmp_path / "notes", a=page.format("kit.orlando@example.org", "Kit"), b=page.format("the team", "us"))
    home.data.add(path=str(notes), options=("fields=writer,room:number",))
    home.data.sync()
    guest = as_user(home, "guest", "everyone")
    assert found(guest, "writer=kit.orlando@example.org") == "a.md"
    home.guard.set_clearance(group="everyone", kinds=("name",))
    assert found(guest, "writer=kit.orlando@example.org") == ""
    assert (found(guest, "writer"), found(guest, "!writer"), found(guest, "room=12")) == ("b.md", "a.md", "a.mdb.md")
    assert {view.name: view.documents for view in guest.vectors.fields()}["writer"] == 1
    assert guest.data.document(record="notes/a.md").fields == ("room=12",)
    assert found(home, "writer=kit.orlando@example.org") == "a.md"


def test_what_a_policy_masks_is_masked_in_fields_as_well(home: Platform, tmp_path: Path) -> None:
    page = "---\nwriter: ottilie.kvasthoug@example.org\nroom: 12\n---\n\nThe lamp in the hall."
    home.data.add(path=str(write(tmp_path / "notes", lamp=page)), options=("fields=writer,room:number", "mask=email"))
    home.data.sync()
    assert found(home, "writer=ottilie.kvasthoug@example.org") == ""
    assert found(home, "room=12") == "lamp.md"
    assert "ottilie" not in repr(home.data.document(record="notes/lamp.md"))


def test_changing_what_is_kept_judges_each_document_again(orders: Platform) -> None:
    orders.data.change(source="orders", options=("fields=about,price:text",))
    orders.data.sync()
    assert found(orders, "price=n/a") == "c"
    with pytest.raises(NotFound, match="no field 'department'"):
        found(orders, "department")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("price:money", "'money' is no type of a field"), ("a,a:number", "named twice"), ("x<y", "cannot name a field"),
        ("date:number", "the field 'date' is a date"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_be_meant_is_told(home: Platform, tmp_path: Path, fields: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        home.data.add(path=str(write(tmp_path / "notes", a="# A")), options=(f"fields={fields}",))


def test_one_name_has_one_type_in_a_home(orders: Platform, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="'price' is 'number' in 'orders', not 'text'"):
        orders.data.add(path=str(write(tmp_path / "notes", a="# A")), options=("fields=price",))


def test_fields_are_sent_with_a_record_and_kept_when_it_is_judged_again(home: Platform) -> None:
    home.data.add(path="push://crm", options=("fields=price:number,tags:list",))
    text = "The lamp in the hall of the client."
    sent = {"source": "crm", "path": "a.txt", "text": text}
    assert home.data.push(**sent, fields=("price=12.50", "tags=red", "tags=blue")).change == "added"
    assert home.data.push(**sent, fields=("price=12.5", "tags=red", "tags=blue")).change == "unchanged"
    assert found(home, "price=12.5; tags=red") == "a"
    assert home.data.push(**sent, fields=("price=13",)).change == "changed"
    assert (found(home, "price=12.5"), found(home, "price=13")) == ("", "a")
    home.data.change(source="crm", options=("mask=email",))
    assert found(home, "price=13") == "a"
    for said, why in (("prise=1", "keeps no field 'prise'"), ("price=x", "not of the type"), ("price", "is no field")):
        with pytest.raises(Invalid, match=why):
            home.data.push(**sent, fields=(said,))


def test_equal_words_with_other_fields_are_no_repetition(home: Platform) -> None:
    home.data.add(path="push://crm", options=("fields=price:number",))
    for path, price in (("a.txt", 1), ("b.txt", 2), ("c.txt", 2)):
        text = "The lamp in the hall of the client is to be paid for."
        home.data.push(source="crm", path=path, text=text, fields=(f"price={price}",))
    assert (found(home, "price=1"), found(home, "price=2")) == ("a", "b")


def test_front_matter_and_properties_of_files_can_be_asked_by(home: Platform, tmp_path: Path) -> None:
    place = tmp_path / "mixed"
    place.mkdir()
    (place / "a.md").write_text("---\nTags: [red, 'dark blue']\nauthor: Ada\n---\n\nThe lamp in the hall.", "utf-8")
    (place / "b.eml").write_text("From: Ben <ben@example.org>\nSubject: x\n\nThe lamp in the hall, by mail.", "utf-8")
    (place / "c.html").write_text('<meta name="author" content="Cy"><p>The lamp in the hall, on a page.</p>', "utf-8")
    (place / "d.json").write_text('{"author": "Dee", "tags": ["red"], "price": 3, "says": "lamp in the hall"}', "utf-8")
    home.data.add(path=str(place), options=("fields=author,tags:list,price:number",))
    home.data.sync()
    assert found(home, "author=ada") == "a.md"
    assert found(home, 'author="Ben <ben@example.org>"') == "b.eml"
    assert found(home, "author=cy,dee") == "c.htmld.json"
    assert found(home, "tags=dark blue") == "a.md"
    assert found(home, "price>2; tags=red") == "d.json"


def test_openai_metadata_narrows_by_fields(orders: Platform) -> None:
    narrowed = filters_of(orders.line, orders.operator, {"thruline.where": "price<100; department=legal", "mine": "x"})
    assert narrowed.where == ("price<100", "department=legal")


def test_an_erasure_takes_the_fields_of_a_record_and_the_person_sees_them_before(orders: Platform) -> None:
    told = orders.data.person(identifiers=["Ada Quine"])
    assert any("price=9.5" in document.fields for document in told.documents)
    assert orders.data.erase(identifiers=["Ada Quine"]).residue == 0
    assert (found(orders, "department=legal"), found(orders, "author")) == ("", "bc")


def test_somebody_who_stands_in_a_sent_field_alone_is_found_put_right_and_erased(home: Platform) -> None:
    home.data.add(path="push://crm", options=("fields=author,contact",))
    said = ("author=Ottilie Kvasthoug", "contact=ottilie.kvasthoug@example.org")
    home.data.push(source="crm", path="a.txt", text="The lamp in the hall of the client.", fields=said)
    home.data.push(source="crm", path="b.txt", text="Another boat waits for the tide at noon.")
    assert [d.path for d in home.data.person(identifiers=["ottilie.kvasthoug@example.org"]).documents] == ["a.txt"]
    home.data.rectify(wrong="Kvasthoug", right="Kvasthaug", what="crm/a.txt")
    assert (found(home, "author=Ottilie Kvasthoug"), found(home, "author=Ottilie Kvasthaug")) == ("", "a")
    report = home.data.erase(identifiers=["ottilie.kvasthoug@example.org", "Ottilie Kvasthaug"])
    assert (report.residue, found(home)) == (0, "b")
    for path in home.line.home.rglob("*"):
        assert not path.is_file() or b"vasth" not in path.read_bytes().lower()
    again = home.data.push(source="crm", path="c.txt", text="The lamp is back.", fields=said)
    assert (again.state, again.reason) == ("refused", "suppressed")


def test_a_kept_snapshot_and_a_past_version_know_the_fields(tmp_path: Path) -> None:
    table = tmp_path / "orders.csv"
    table.write_text(ORDERS, "utf-8")
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(table), options=("key=id", FIELDS))
        home.data.sync()
        home.vectors.tag(name="spring")
        table.write_text(ORDERS.replace("Legal", "Tax"), "utf-8")
        home.data.sync()
        assert (found(home, "department=tax"), found(home, "department=legal")) == ("a", "")
        assert found(home, "department=legal", as_of="spring") == "a"
    with open_home(tmp_path / "home") as home:
        assert found(home, "department=tax") == "a"
