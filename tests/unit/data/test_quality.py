from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.data.quality import score
from thruline.data.quality_columns import failing, scores
from thruline.data.quality_rules import DEFAULT, RAG, TRAINING, verdict

SCRAPS = st.sampled_from(
    ["the", "The", "and", " ", "  ", "\n", "\n\n", "\n \n", "a b c d e", "x", "#", "...", "....", "\u2026", ".", "-", "* ", "\u2022",
     "12", "\u00e9t\u00e9", "\u4e2d\u6587", "\t", "\x0b", "\x0c", "\u00a0", '"', "with of to", "\x1c", "\x00", "\ud800"]
)  # fmt: skip
TEXTS = st.lists(SCRAPS, max_size=40).map("".join)
PROSE = (
    "The lease holds a fencing number that grows with each runner. A runner that was asleep comes back with an old one, "
    "and the store refuses what it writes. That is all that is needed to have one writer at a time.\n"
    "Nobody has to be asked, and no clock has to be right. It is enough that the number be compared with the last one seen."
)


def failed(text: str, rules=TRAINING, **counted) -> set[str]:
    return {failure.rule for failure in verdict(score(text, **counted), rules)}


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6))
def test_columns_hold_the_numbers_of_one_document_at_a_time(texts):
    counted = range(len(texts))
    columns = scores(texts, mentions=counted, secrets=counted)
    expected = [asdict(score(text, mentions=n, secrets=n)) for n, text in enumerate(texts)]
    assert [{name: values[n] for name, values in columns.items()} for n in counted] == [
        {name: value for name, value in one.items() if name != "toxicity"} for one in expected
    ]


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6), st.sampled_from(sorted(DEFAULT)))
def test_the_columnar_verdict_is_that_of_one_document_at_a_time(texts, purpose):
    columns = scores(texts, mentions=[0] * len(texts), secrets=[2] * len(texts))
    found = {(int(n), rule.score) for rule in DEFAULT[purpose] for n in failing(columns, rule)}
    judged = (verdict(score(text, secrets=2), DEFAULT[purpose]) for text in texts)
    assert found == {(n, failed.rule) for n, failures in enumerate(judged) for failed in failures}


@given(TEXTS)
def test_shares_are_between_zero_and_one(text):
    shares = {
        n: v
        for n, v in asdict(score(text)).items()
        if "_" in n and n not in ("mean_word_length", "symbol_ratio", "stop_words")
    }
    assert all(0 <= value <= 1 for value in shares.values())


def test_prose_passes_every_rule():
    assert failed(PROSE) == failed(PROSE, RAG) == set()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Too short.", "words"),
        ("# " * 20 + PROSE, "symbol_ratio"),
        ("\n".join(f"- {line}" for line in PROSE.replace("\n", " ").split(". ")), "bullet_lines"),
        (PROSE.replace(".", "..."), "ellipsis_lines"),
        (" 12 34 56 78" * 20 + PROSE, "alphabetic_words"),
        ("\n".join([PROSE] + ["Home"] * 4), "duplicate_lines"),
        (f"{PROSE}\n{PROSE}", "duplicate_line_bytes"),
        (f"{PROSE}\n\n{PROSE}", "duplicate_paragraphs"),
        (f"{PROSE}\n\n{PROSE}", "duplicate_paragraph_bytes"),
        (PROSE + " buy now" * 20, "top_2gram"),
        (PROSE + " buy it now" * 10, "top_3gram"),
        (PROSE + " buy it now then" * 10, "top_4gram"),
        (f"{PROSE} Moreover: {PROSE}", "repeated_5grams"),
        (f"{PROSE} Moreover: {PROSE}", "repeated_10grams"),
        (PROSE.replace(".", ";"), "punctuated_lines"),
        ("Qxzv jkwq zzxq vvkj. " * 15, "surprise"),
        ("Die Verwaltung prüft jeden Antrag und schickt danach einen Bescheid. " * 10, "stop_words"),
        ("Donaudampfschifffahrtsgesellschaft " * 60, "mean_word_length"),
    ],
)
def test_debris_fails_the_rule_that_names_it(text, rule):
    assert rule in failed(text)


def test_what_the_callers_detectors_found_counts():
    assert failed(PROSE, mentions=1, secrets=1) == {"pii_density", "secrets"}
    assert failed(f"{PROSE} You fool.", toxicity=0.8) == {"toxicity"}


def test_what_nobody_measured_fails_nothing():
    assert score(PROSE).toxicity is None
    assert verdict(replace(score(PROSE), toxicity=None), TRAINING) == ()


def test_a_failure_names_rule_value_bound_and_source():
    (failure,) = (f for f in verdict(score("Too short."), TRAINING) if f.rule == "words")
    assert str(failure) == "words is 2, wanted 50 or more and at most 100000"
    assert "Gopher" in failure.source


def test_every_rule_has_a_source_and_is_about_a_score():
    fields = asdict(score(""))
    for rules in DEFAULT.values():
        assert all(rule.source and rule.score in fields for rule in rules)
        assert len({rule.score for rule in rules}) == len(rules)


def test_noise_and_other_languages_surprise_more_than_prose():
    german = "Die Verwaltung prüft jeden Antrag und schickt danach einen Bescheid an die Adresse im Formular."
    noise = "Qxzv jkwq zzxq vvkj wqzx jjvq xkqz."
    assert score(PROSE).surprise < 4 < score(german).surprise < 7 < score(noise).surprise


def test_a_script_that_the_model_does_not_know_is_not_judged():
    assert score("\u041c\u043e\u0441\u043a\u0432\u0430 - \u0441\u0442\u043e\u043b\u0438\u0446\u0430.").surprise == 0.0
