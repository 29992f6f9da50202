"""Which language a text is in. The sentences are this project's own; bench/parsing.py measures on translated texts."""

# ruff: noqa: RUF001 - other scripts have letters that look like ours

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.composing import Composer
from thruline.core.documents import BlockKind
from thruline.data.chunks import chunk
from thruline.data.language import language

SENTENCES = {
    "en": "The meeting was moved to Friday because most of us will not be back before then.",
    "de": "Die Sitzung wurde auf Freitag verlegt, weil die meisten von uns vorher nicht zurück sind.",
    "fr": "La réunion a été reportée à vendredi, car la plupart d’entre nous ne seront pas de retour avant.",
    "es": "La reunión se ha aplazado al viernes porque la mayoría de nosotros no habrá vuelto antes.",
    "it": "La riunione è stata spostata a venerdì perché molti di noi non saranno di ritorno prima.",
    "pt": "A reunião foi adiada para sexta-feira porque a maioria de nós não estará de volta antes.",
    "nl": "De vergadering is naar vrijdag verplaatst omdat de meesten van ons niet eerder terug zijn.",
    "da": "Mødet er blevet flyttet til fredag, fordi de fleste af os ikke kommer tilbage inden da.",
    "sv": "Mötet har flyttats till fredag eftersom de flesta av oss inte är tillbaka före dess.",
    "no": "Møtet er blitt flyttet til fredag fordi de fleste av oss ikke er tilbake før da, sa hun til meg.",
    "fi": "Kokous siirrettiin perjantaille, koska useimmat meistä eivät ole palanneet ennen sitä.",
    "pl": "Spotkanie zostało przeniesione na piątek, ponieważ większość z nas nie wróci wcześniej.",
    "cs": "Schůzka byla přesunuta na pátek, protože většina z nás se dříve nevrátí.",
    "sk": "Stretnutie bolo presunuté na piatok, pretože väčšina z nás sa skôr nevráti.",
    "hu": "A megbeszélést péntekre halasztották, mert a legtöbben nem érünk vissza addig.",
    "ro": "Ședința a fost mutată vineri pentru că cei mai mulți dintre noi nu se vor întoarce până atunci.",
    "tr": "Toplantı cuma gününe ertelendi, çünkü çoğumuz daha önce dönmüş olmayacak.",
    "ru": "Встречу перенесли на пятницу, потому что большинство из нас раньше не вернётся.",
    "uk": "Зустріч перенесли на п'ятницю, тому що більшість із нас раніше не повернеться.",
    "bg": "Срещата беше преместена за петък, защото повечето от нас няма да се върнат преди това.",
    "el": "Η συνάντηση μεταφέρθηκε για την Παρασκευή.",
    "he": "הפגישה נדחתה ליום שישי.",
    "ar": "تم تأجيل الاجتماع إلى يوم الجمعة.",
    "fa": "جلسه به روز جمعه موکول شد چون بیشتر ما زودتر برنمی‌گردیم.",
    "hi": "बैठक शुक्रवार तक टाल दी गई है।",
    "th": "การประชุมถูกเลื่อนไปเป็นวันศุกร์",
    "ja": "会議は金曜日に延期されました。",
    "zh": "会议改到了星期五，因为我们大多数人在那之前回不来。",
    "ko": "회의는 금요일로 연기되었습니다.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_told_by_its_language(code):
    assert language(SENTENCES[code]) == code
    assert language(SENTENCES[code].upper()) in (code, "")


@pytest.mark.parametrize(
    "text", ["", "  \n", "2024-01-01", "OK", "Ada Quine", "Oslo | Turin | Lyon", "x = y + z * 2", "🙂🙂"]
)
def test_what_is_too_short_to_say_is_not_guessed(text):
    assert language(text) == ""


def test_names_from_elsewhere_do_not_turn_a_text():
    text = "陈 and Søren Kierkegaard met Łukasz in Zürich, and they talked about what had happened to the others."
    assert language(text) == "en"


def test_each_chunk_has_its_own_language_and_code_has_none():
    out = Composer("text/plain", "test 1")
    kinds: tuple[tuple[str, BlockKind], ...] = (
        (SENTENCES["de"], "text"),
        (SENTENCES["en"], "text"),
        ("for a in b: not a", "code"),
    )
    for level, (text, kind) in enumerate(kinds):
        out.heading(1, f"{level}")
        out.block(" ".join([text] * 4), kind=kind)
    assert [c.language for c in chunk(out.done(), words=80)][:2] == ["de", "en"]
    code = replace(out.done(), blocks=out.done().blocks[-1:])
    assert [c.language for c in chunk(code)] == [""]


@given(st.text(max_size=200))
def test_any_text_has_one_answer(text):
    assert language(text) == language(text)
    assert len(language(text)) in (0, 2)
