"""What every full-text index must do; subclass it and say how to open one."""

# ruff: noqa: RUF001 - other scripts have letters that look like ours

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from thruline.ports.text import TextIndex

WORDS = ["pump", "valve", "seal", "motor", "filter", "gauge", "hose", "clamp", "rotor", "bearing"]
HOSTILE = (
    '"unclosed phrase',
    "AND OR NOT",
    "title:pump",
    "pump~2 valve^9 +seal -motor",
    "(((",
    "[a TO z]",
    "/regex.*/",
    "🙂🙃",
    "\x00\x01",
    "\ud800",
    "",
    "   ",
    "?!",
    "'; DROP TABLE x; --",
)

# Language, a text, and questions in other forms of its words.
INFLECTED = (
    ("de", "Die Behörde genehmigte die Anträge der Häuslebauer.", ("Antrag genehmigen", "behorden", "HÄUSLEBAUERN")),
    ("fr", "Les locataires doivent résilier leurs contrats avant mars.", ("résiliation d'un contrat", "resilier")),
    ("es", "El ayuntamiento publicó las ordenanzas municipales.", ("ordenanza municipal", "publico")),
    ("ru", "Жильцы получили новые договоры аренды.", ("договор об аренде", "жильцам")),
    ("fi", "Asukkaat allekirjoittivat vuokrasopimuksen.", ("vuokrasopimukset", "asukas")),
    ("zh", "租户必须在三月之前解除租赁合同。", ("解除合同", "什么是租赁？")),
    ("ja", "借主は三月までに賃貸契約を解約しなければならない。", ("契約の解約", "賃貸")),
    ("ko", "세입자는 삼월까지 임대차계약을 해지해야 한다.", ("임대차계약 해지", "세입자가")),
    ("th", "ผู้เช่าต้องยกเลิกสัญญาเช่าก่อนเดือนมีนาคม", ("ยกเลิกสัญญา",)),
    ("ar", "وقّع المستأجرون العقود الجديدة.", ("وقع المستأجرون",)),
    ("hi", "किरायेदार अनुबंध रद्द कर सकते हैं।", ("अनुबंध",)),
)


def corpus(n: int, seed: int = 5) -> tuple[list[str], list[str]]:
    """n texts and titles over ten words of falling frequency."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(WORDS) + 1)
    texts = [" ".join(rng.choice(WORDS, 12, p=weights / weights.sum())) for _ in range(n)]
    return texts, [f"Part {row}" for row in range(n)]


class TextSuite:
    """Subclass and give `open`."""

    def open(self) -> TextIndex:
        """A new, empty index."""
        raise NotImplementedError

    @pytest.fixture
    def index(self) -> Iterator[TextIndex]:
        """An open index; closed after the test."""
        index = self.open()
        yield index
        index.close()

    def test_the_row_that_says_it_is_first(self, index: TextIndex) -> None:
        index.build(["the pump hums", "a valve leaks", "the motor stalls"], ["", "", ""])
        assert index.search("leaking valves", 3).rows.tolist() == [1]

    def test_a_title_is_found_as_well(self, index: TextIndex) -> None:
        index.build(["see below", "see above"], ["Seals", "Hoses"])
        assert index.search("seal", 3).rows.tolist() == [0]

    def test_scores_fall_and_ties_go_to_the_lower_row(self, index: TextIndex) -> None:
        index.build(["pump", "pump", "pump pump valve", "valve"], [""] * 4)
        found = index.search("pump", 4)
        assert (np.diff(found.scores) <= 0).all()
        assert found.rows.tolist().index(0) < found.rows.tolist().index(1)
        assert 3 not in found.rows
        assert (found.rows.dtype, found.scores.dtype) == (np.int64, np.float32)

    @pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.02])
    def test_a_mask_gives_the_ranking_without_the_hidden_rows(self, index: TextIndex, share: float) -> None:
        index.build(*corpus(3000))
        mask = np.random.default_rng(6).random(3000) < share
        whole = index.search("bearing rotor", 3000)
        right = whole.rows[mask[whole.rows]]
        for k in (1, 20, 3000):
            assert index.search("bearing rotor", k, mask).rows.tolist() == right[:k].tolist()

    def test_a_mask_that_hides_the_best_half_costs_nothing(self, index: TextIndex) -> None:
        index.build(*corpus(3000))
        whole = index.search("clamp", 3000)
        mask = np.ones(3000, bool)
        mask[whole.rows[: len(whole.rows) // 2]] = False
        rest = whole.rows[mask[whole.rows]]
        assert index.search("clamp", 10, mask).rows.tolist() == rest[:10].tolist()

    def test_a_mask_of_nothing_finds_nothing(self, index: TextIndex) -> None:
        index.build(*corpus(20))
        assert len(index.search("pump", 5, np.zeros(20, bool)).rows) == 0

    def test_an_empty_or_unbuilt_index_finds_nothing(self, index: TextIndex) -> None:
        assert len(index.search("pump", 5).rows) == 0
        index.build([], [])
        assert len(index.search("pump", 5, np.zeros(0, bool)).rows) == 0

    @pytest.mark.parametrize("query", HOSTILE)
    def test_what_people_type_is_words_and_never_syntax(self, index: TextIndex, query: str) -> None:
        index.build(["the cat and the dog", "pump"], ["", ""])
        mask = np.array([True, False])
        assert set(index.search(query, 5, mask).rows.tolist()) <= {0}

    def test_words_that_query_languages_reserve_are_found_as_words(self, index: TextIndex) -> None:
        index.build(["title: colon", "plain"], ["", ""])
        assert index.search('"title:colon"', 5).rows.tolist() == [0]

    def test_a_question_of_stop_words_alone_is_answered(self, index: TextIndex) -> None:
        index.build(["to be or not to be", "pump"], ["", ""])
        assert index.search("to be or not to be", 5).rows.tolist() == [0]

    def test_a_pasted_file_is_cut_not_choked_on(self, index: TextIndex) -> None:
        index.build(["pump", "valve"], ["", ""])
        assert index.search("valve " + "filler " * 1_500_000, 5).rows.tolist() == [1]

    def test_nul_bytes_and_emoji_in_texts_are_survived(self, index: TextIndex) -> None:
        index.build(["pump\x00valve", "naïve 🙂"], ["", ""])
        assert index.search("naive", 5).rows.tolist() == [1]

    def test_building_again_replaces(self, index: TextIndex) -> None:
        index.build(["pump"], [""])
        index.build(["valve"], [""])
        assert len(index.search("pump", 5).rows) == 0
        assert index.search("valve", 5).rows.tolist() == [0]

    def test_the_same_texts_score_the_same_twice(self, index: TextIndex) -> None:
        index.build(*corpus(500))
        first = index.search("hose gauge", 50)
        index.build(*corpus(500))
        second = index.search("hose gauge", 50)
        assert first.rows.tolist() == second.rows.tolist()
        assert first.scores.tobytes() == second.scores.tobytes()

    def test_what_is_added_is_found_under_the_next_numbers(self, index: TextIndex) -> None:
        index.build(["pump"], [""])
        index.add(["valve", "seal"], ["", ""])
        index.add(["motor"], [""])
        assert index.search("seal", 5).rows.tolist() == [2]
        assert index.search("motor", 5).rows.tolist() == [3]

    def test_adding_piece_by_piece_scores_as_building_at_once(self, index: TextIndex) -> None:
        texts, titles = corpus(400)
        index.build(texts, titles)
        whole = index.search("hose gauge", 50)
        index.build(texts[:100], titles[:100])
        for start in range(100, 400, 20):
            index.add(texts[start : start + 20], titles[start : start + 20])
        parts = index.search("hose gauge", 50)
        assert parts.rows.tolist() == whole.rows.tolist()
        np.testing.assert_allclose(parts.scores, whole.scores, rtol=1e-5)

    def test_what_is_deleted_is_never_found_and_the_others_keep_their_numbers(self, index: TextIndex) -> None:
        index.build(["pump one", "pump two", "pump three"], [""] * 3)
        index.delete(np.array([1]))
        index.delete(np.array([1, 99]))
        assert set(index.search("pump", 5).rows.tolist()) == {0, 2}
        index.add(["pump four"], [""])
        assert index.search("four", 5).rows.tolist() == [3]
        assert index.stats() == (3, 1)

    def test_a_view_answers_as_it_did_whatever_comes_and_goes(self, index: TextIndex) -> None:
        index.build(["pump one", "valve"], ["", ""])
        view = index.view()
        index.add(["pump two"], [""])
        index.delete(np.array([0]))
        assert view.search("pump", 5).rows.tolist() == [0]
        assert index.view().search("pump", 5).rows.tolist() == [2]
        index.build(["seal"], [""])
        assert view.search("pump", 5).rows.tolist() == [0]

    def test_a_mask_of_before_allows_nothing_that_was_added_since(self, index: TextIndex) -> None:
        index.build(*corpus(600))
        index.add(["bearing"] * 5, [""] * 5)
        for allowed in (600, 10):
            mask = np.arange(600) < allowed
            assert (index.search("bearing", 700, mask).rows < allowed).all()

    @pytest.mark.parametrize(("language", "text", "questions"), INFLECTED)
    def test_a_word_is_found_in_its_other_forms_and_scripts(
        self, index: TextIndex, language: str, text: str, questions: tuple[str, ...]
    ) -> None:
        others = [(code, said) for code, said, _ in INFLECTED if code != language]
        index.build(["the pumps leak", *(said for _, said in others)], [""] * len(INFLECTED), ["en", *dict(others)])
        index.add([text], [""], [language])
        for question in questions:
            assert index.search(question, 1).rows.tolist() == [len(INFLECTED)], question
        assert index.search("a leaking pump", 1).rows.tolist() == [0]

    def test_texts_in_other_languages_change_no_ranking_of_english_ones(self, index: TextIndex) -> None:
        texts, titles = corpus(300)
        index.build(texts, titles)
        alone = index.search("the bearing of a rotor", 300).rows.tolist()
        index.build([*texts, *(text for _, text, _ in INFLECTED)], [*titles, *[""] * len(INFLECTED)],
                    [*["en"] * 300, *(code for code, _, _ in INFLECTED)])  # fmt: skip
        assert [row for row in index.search("the bearing of a rotor", 400).rows.tolist() if row < 300] == alone

    def test_a_question_in_another_language_leaves_its_stop_words_out(self, index: TextIndex) -> None:
        index.build(["die Pumpe ist in der Halle", "das Ventil steht in der Werkstatt"], ["", ""], ["de", "de"])
        assert index.search("Wo steht in der Halle die Pumpe?", 2).rows.tolist()[0] == 0
        assert index.search("in der die und das", 2).rows.size == 2

    def test_accents_ligatures_and_decomposed_letters_meet(self, index: TextIndex) -> None:
        index.build(["Zur Mu\u0308hle, ﬁrst ﬂoor", "ＡＢＣ １２３"], ["", ""])
        for question, row in (("Mühle", 0), ("muhle", 0), ("first floor", 0), ("abc 123", 1)):
            assert index.search(question, 1).rows.tolist() == [row], question
