import pytest

from thruline.data import tagger
from thruline.data.names import AllNames, ContextNames, KnownNames
from thruline.data.privacy import find_mentions
from thruline.data.tagger import tag
from thruline.ports.names import Span


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Customer: Maria Lopez", "maria lopez"),
        ("Dear Mr Novak,", "novak"),
        ("Kind regards,\nAnna Berg", "anna berg"),
        ("Anna Berg <anna@firma.de>", "anna berg"),
        ("Reported by Jean van der Meer on Monday", "jean van der meer"),
    ],
)
def test_names_are_found_by_the_words_around_them(text, name):
    assert [m.value for m in find_mentions(text, ContextNames()) if m.kind == "name"] == [name]


def test_a_surname_alone_means_the_person_named_before():
    text = "Customer: Maria Lopez\nBerg said that Lopez had called."
    linked = [m for m in find_mentions(text, ContextNames()) if m.score >= 0.5]
    assert [m.value for m in linked] == ["maria lopez"] * 2


def test_known_names_are_whole_words_in_their_own_case():
    names = KnownNames(["Anna Berg", "Rose"])
    assert [m.value for m in find_mentions("Anna\nBerg rose. Rosemary and Berg met Rose.", names)] == [
        "anna berg",
        "anna berg",
        "rose",
    ]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("The keys were found by Krisztina Varga near the river.", "name", "Krisztina Varga"),
        ("Yesterday Anders Lindqvist signed the contract.", "name", "Anders Lindqvist"),
        ("We moved from the coast to Bratislava in March.", "place", "Bratislava"),
        ("She has worked for Lindqvist Consulting GmbH since 2011.", "organisation", "Lindqvist Consulting GmbH"),
        ("Please send it to 12 Sollentuna Avenue, 4700 Aalborg", "address", "12 Sollentuna Avenue, 4700 Aalborg"),
    ],
)
def test_the_tagger_reads_running_text(text, kind, words):
    assert (kind, words) in [(part.label, text[part.start : part.end]) for part in tag(text)]


def test_of_the_tagger_only_full_names_are_worth_a_link():
    text = "Yesterday Anders Lindqvist signed the contract. Later Krisztina went home to Bratislava."
    found = {text[s.start : s.end]: s.score for s in ContextNames().find([text])[0]}
    assert found["Anders Lindqvist"] >= 0.5 > found["Krisztina"]
    assert found["Bratislava"] < 0.5


def test_a_word_that_mostly_stands_there_as_no_name_is_none():
    once = "Please ask Bratislav about the report. "
    often = "Every Bratislav returns rows. A Bratislav is lazy. See the class Bratislav. " * 5
    assert [part.label for part in tag(once)] == ["name"]
    assert [part for part in tag(once + often) if part.label == "name"] == []


def test_no_text_has_no_names():
    assert ContextNames().find(["", " \n\n", "()"]) == [[], [], []]


class TwoSpans:
    version = "two"

    def find(self, texts):
        return [[Span(0, 4, 0.45), Span(9, 12, 0.45, "place")] for _ in texts]


def test_of_several_detectors_the_surest_span_stays():
    both = AllNames([KnownNames(["Anna Berg"]), TwoSpans()])
    assert both.find(["Anna Berg Ulm"]) == [[Span(0, 9, 1.0), Span(9, 12, 0.45, "place")]]
    assert both.version == "known 1 and two"


def test_every_feature_of_the_tagger_has_a_row_of_its_own() -> None:
    model = tagger.weights()
    assert len(model.features) + 1 == model.words.shape[1]
    assert set(model.features.values()) == set(range(1, model.words.shape[1]))
    assert "w=\n" in model.features
