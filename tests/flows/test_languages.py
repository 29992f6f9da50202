"""Documents in many languages: a word finds its other forms, in scripts without spaces, too."""

# ruff: noqa: RUF001 - other scripts have letters that look like ours

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.testing.homes import write
from thruline.vectors.context import Hit, assemble
from thruline.vectors.extract import extract

PAGES = {
    "antrag": "# Bauamt\n\nDie Behörde genehmigte die Anträge der Häuslebauer nach wenigen Wochen, weil nichts fehlte.",
    "lease": "# Lease\n\nThe tenant may end the lease in March, because the house will be pulled down after that.",
    "zulin": "# 租赁\n\n租户必须在三月之前解除租赁合同。房东在四月把押金退还给租户。钥匙要交给管理员。",
    "arenda": "# Аренда\n\nЖильцы получили новые договоры аренды, потому что старые больше не действуют.",
}


@pytest.fixture
def filled(home: Platform, tmp_path: Path) -> Platform:
    home.data.add(path=str(write(tmp_path / "wiki", **PAGES)))
    home.data.sync()
    return home


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("Wer genehmigt einen Antrag?", "antrag.md"),
        ("haeuser? hauslebauer!", "antrag.md"),
        ("leases ending", "lease.md"),
        ("押金", "zulin.md"),
        ("什么时候解除合同？", "zulin.md"),
        ("новый договор", "arenda.md"),
    ],
)
def test_words_find_their_other_forms_in_every_language(filled: Platform, question: str, page: str) -> None:
    found = filled.vectors.search(question=question, k=1, by="words").passages
    assert [p.path for p in found] == [page]


def test_a_language_that_comes_later_is_found_as_well(filled: Platform, tmp_path: Path) -> None:
    assert not filled.vectors.search(question="ordenanza", by="words").passages
    page = "# Bando\n\nEl ayuntamiento publicó las ordenanzas municipales porque los vecinos las habían pedido."
    write(tmp_path / "wiki", bando=page)
    filled.data.sync()
    (found,) = filled.vectors.search(question="ordenanza", by="words").passages
    assert found.path == "bando.md"


def test_an_answer_in_chinese_is_the_sentence_that_says_it_and_not_the_page() -> None:
    text = PAGES["zulin"].rpartition("\n")[2]
    hit = Hit(chunk="chunk:1", record="record:1", title="租赁", text=text, start=0, end=len(text))
    answer = extract("房东退还押金", assemble([hit], 1_000))
    assert answer.outcome == "answered"
    assert answer.sentences[0].text == "房东在四月把押金退还给租户。"
