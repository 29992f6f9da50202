"""Answers without a language model: sentences that are there, where they are, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.ids import ArtifactId
from thruline.vectors.context import Context, Hit, assemble
from thruline.vectors.extract import UNKNOWN, extract
from thruline.vectors.sentences import readable, sentences

HANDBOOK = {
    "Backups": (
        "Backups\n=======\n\nThe nightly backup runs at 02:30 on host ``vault-1``. It keeps 14 copies.\n\n"
        "To restore a backup, run the restore command::\n\n    $ vault restore --latest\n\nAsk Dr. Meyer before you do."
    ),
    "Remote work": "Staff may work from home up to three days a week. Tell your team on which days.",
    "Parking": "The garage opens at 6 a.m. and closes at 10 p.m. Visitors park on level 2.",
}


def context(pages: dict[str, str] = HANDBOOK) -> Context:
    hits = [
        Hit(
            chunk=ArtifactId(f"chunk:{title}"),
            record=ArtifactId(f"record:{title}"),
            title=title,
            text=text,
            start=0,
            end=len(text),
        )
        for title, text in pages.items()
    ]
    return assemble(hits, 2000)


@pytest.mark.parametrize(
    "program",
    [
        "for user in users:\n    transaction.on_commit(partial(send_invite_email, user=user))",
        "from functools import partial",
        "def send_welcome_email():\n    return None",
        "class Order(Model):\n    placed = DateField()",
    ],
)
def test_lines_of_a_program_without_their_frame_are_no_sentence(program: str) -> None:
    text = f"Callbacks run after commit:\n\n{program}\n\nFor a user in the list, call the function (once)."
    assert [text[s.start : s.end] for s in sentences(text) if s.kind == "code"] == [program]
    assert [s.kind for s in sentences(text)] == ["text", "code", "text"]


@pytest.mark.parametrize(
    ("question", "says", "number"),
    [
        ("When does the nightly backup run?", "The nightly backup runs at 02:30 on host vault-1.", 1),
        ("How many days may I work from home?", "Staff may work from home up to three days a week.", 2),
        ("Where do visitors park?", "Visitors park on level 2.", 3),
    ],
)
def test_the_sentence_that_answers_comes_first_with_its_passage(question: str, says: str, number: int) -> None:
    first = extract(question, context()).sentences[0]
    assert (first.text, first.number) == (says, number)


def test_a_sentence_that_announces_code_brings_it() -> None:
    cited = extract("How do I restore a backup?", context()).sentences[0]
    assert cited.text == "To restore a backup, run the restore command:"
    assert cited.code == "$ vault restore --latest"


@pytest.mark.parametrize("question", ["What is the capital of France?", "How do I bake sourdough bread?", "", "???"])
def test_what_the_passages_do_not_say_is_unknown(question: str) -> None:
    answer = extract(question, context())
    assert (answer.outcome, answer.sentences, answer.text) == ("unknown", (), UNKNOWN)


def test_no_passages_give_no_answer() -> None:
    assert extract("When does the backup run?", assemble([], 100)).outcome == "unknown"


def test_a_citation_gives_the_exact_characters_in_the_chunk() -> None:
    cited = extract("When does the nightly backup run?", context()).sentences[0]
    (place,) = cited.places
    assert place.chunk == "chunk:Backups"
    assert HANDBOOK["Backups"][place.start : place.end] == "The nightly backup runs at 02:30 on host ``vault-1``."


def test_meaning_can_decide_between_sentences() -> None:
    def prefers_teams(_: str, texts: list[str]) -> list[float]:
        return [1.0 if "team" in text else 0.0 for text in texts]

    answer = extract("On which days may staff work from home?", context(), similarity=prefers_teams)
    assert any("Tell your team" in cited.text for cited in answer.sentences)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("See e.g. Dr. Smith. He knows.", ["See e.g. Dr. Smith.", "He knows."]),
        ("Version 3.2 is out. Get it.", ["Version 3.2 is out.", "Get it."]),
        ("* First item\n* Second item", ["* First item", "* Second item"]),
        ("Title\n=====\n\nText here.", ["Title", "Text here."]),
        (".. note::\n\n    Mind the gap.", ["Mind the gap."]),
        ("Run::\n\n    make test\n\nDone.", ["Run::", "    make test", "Done."]),
        ("```\na. B\n\nc\n```\nText.", ["```\na. B\n\nc\n```", "Text."]),
        ('He said "Go." She went.', ['He said "Go."', "She went."]),
    ],
)
def test_text_is_split_into_sentences(text: str, expected: list[str]) -> None:
    assert [text[s.start : s.end] for s in sentences(text)] == expected


@pytest.mark.parametrize(
    ("markup", "read"),
    [
        (":class:`~django.db.models.Model` is it", "Model is it"),
        (":doc:`the guide </topics/guide>` and ``x_y``", "the guide and x_y"),
        ("see `Python <https://python.org>`_", "see Python"),
        ("a [link](http://x.y) in **bold**", "a link in bold"),
        ("* an item\n  on two lines", "an item on two lines"),
        ("Do this::", "Do this:"),
        ("2 * 3 * 4 = 24", "2 * 3 * 4 = 24"),
    ],
)
def test_markup_is_not_read_aloud(markup: str, read: str) -> None:
    assert readable(markup, "text") == read


@given(st.text(alphabet="aB .!?\n`:*-=#[]()1'\"", max_size=300))
def test_sentences_lie_in_order_inside_any_text_and_never_overlap(text: str) -> None:
    at = 0
    for sentence in sentences(text):
        assert at <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end].strip()
        at = sentence.end


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_and_question_give_an_answer_or_none_always_the_same(text: str, question: str) -> None:
    of = context({"Title": text})
    answer = extract(question, of)
    assert answer == extract(question, of)
    assert len(answer.sentences) <= 4


def test_what_explains_a_setting_is_given_with_its_name() -> None:
    pages = {"Settings": ".. setting:: SESSION_AGE\n\nThe age of sessions, in seconds.\n"}
    assert extract("What is SESSION_AGE?", context(pages)).sentences[0].text == (
        "SESSION_AGE: The age of sessions, in seconds."
    )
