"""What the scores are called, and what a move of one means, in a reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from thruline.data.score_blocks import LANGUAGE, UNTOLD
from thruline.data.score_drift import Move

Unit = Literal["share", "words", "letters", "of eight", "bits a letter", "a thousand words", "a document"]


class Words(NamedTuple):
    """A score's name, what is said when its values rise or fall, and what they count."""

    name: str
    more: str
    less: str
    unit: Unit = "share"


WORDS: Mapping[str, Words] = {
    "words": Words("Length", "documents have become longer", "documents have become shorter", "words"),
    "mean_word_length": Words("Length of a word", "words have become longer", "words have become shorter", "letters"),
    "alphabetic_words": Words("Words with letters", "more words have letters", "fewer words have letters"),
    "stop_words": Words(
        "Everyday English words", "there are more everyday English words", "there are fewer everyday English words",
        "of eight",
    ),
    "digit_ratio": Words("Digits", "there are more digits", "there are fewer digits"),
    "symbol_ratio": Words(
        "Hash marks or dots", "there are more hash marks or dots", "there are fewer hash marks or dots"
    ),
    "punctuated_lines": Words(
        "Lines that end as sentences do", "more lines end as sentences do", "fewer lines end as sentences do"
    ),
    "ellipsis_lines": Words("Lines that trail off", "more lines trail off in dots", "fewer lines trail off in dots"),
    "bullet_lines": Words("Lines of lists", "more lines belong to lists", "fewer lines belong to lists"),
    "duplicate_lines": Words("Repeated lines", "more lines are repeated", "fewer lines are repeated"),
    "duplicate_line_bytes": Words(
        "Text in repeated lines", "more text is repeated lines", "less text is repeated lines"
    ),
    "duplicate_paragraphs": Words(
        "Repeated paragraphs", "more paragraphs are repeated", "fewer paragraphs are repeated"
    ),
    "duplicate_paragraph_bytes": Words(
        "Text in repeated paragraphs", "more text is repeated paragraphs", "less text is repeated paragraphs"
    ),
    **{
        f"top_{n}gram": Words(
            f"The commonest {many} words in a row", f"the same {many} words make up more of the text",
            f"the same {many} words make up less of the text",
        )
        for n, many in ((2, "two"), (3, "three"), (4, "four"))
    },
    **{
        f"repeated_{n}grams": Words(
            f"Said again, {many} words at a time", "more of the text says again what it said",
            "less of the text says again what it said",
        )
        for n, many in ((5, "five"), (10, "ten"))
    },
    "surprise": Words(
        "Unlike English letters", "the text has become less like English", "the text has become more like English",
        "bits a letter",
    ),
    LANGUAGE: Words("Language", "more documents are in {}", "fewer documents are in {}"),
    "pii_density": Words(
        "Personal data", "there is more personal data", "there is less personal data", "a thousand words"
    ),
    "secrets": Words("Keys and passwords", "there are more keys and passwords", "there are fewer keys and passwords",
                     "a document"),
    "toxicity": Words("Hurtful language", "the words have become more hurtful", "the words have become less hurtful"),
}  # fmt: skip
_LANGUAGES: Mapping[str, str] = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
    "pt": "Portuguese", "pl": "Polish", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish",
    "cs": "Czech", "ru": "Russian", "uk": "Ukrainian", "tr": "Turkish", "el": "Greek", "he": "Hebrew", "ar": "Arabic",
    "fa": "Persian", "hi": "Hindi", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "ro": "Romanian",
    "hu": "Hungarian", "bg": "Bulgarian", UNTOLD: "no language that can be told",
}  # fmt: skip


def told(move: Move) -> str:
    """`documents have become shorter: 95 words, 312 before`."""
    words = WORDS[move.score]
    said = words.more if move.now >= move.before else words.less
    now = valued(move.score, move.now)
    before = valued(move.score, move.before).removesuffix(f" {words.unit}")
    return f"{said.format(named(move.language))}: {now}, {before} before"


def valued(score: str, value: float) -> str:
    """A value with its unit, as `312 words` or `4 %`."""
    unit = WORDS[score].unit
    if unit == "share":
        return f"{100 * value:.0f} %" if value >= 0.0995 or not value else f"{100 * value:.1f} %"
    number = (
        f"{value:,.0f}" if value >= 20 or value == int(value) else f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"
    )
    return f"{number} {unit}"


def named(language: str) -> str:
    """What a language is called; its code where we have no word."""
    return _LANGUAGES.get(language, language)
