"""How texts and questions become terms: each text by the stemmer of its language, a question by those of all texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tantivy import Filter, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from thruline.core.scripts import spaced

VERSION = 2  # of how texts become terms: an index whose terms were made otherwise is not read
FIELDS = ("title", "text")
ANALYZER = "english"  # as the schema calls it
_ENGLISH = "en"
# ISO 639-1 -> as tantivy calls it.
_STEMMED = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "es": "spanish", "fi": "finnish", "fr": "french",
    "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_NO_STOP_WORDS = frozenset({"ar", "el", "ro", "ta", "tr"})
_LONGEST = 64  # bytes of a word


class Words:
    """One for an index. English texts go into it as they are; of others the stems do.

    The index makes English stems of all of them, so that names and numbers meet across languages. A language that has
    no stemmer, or is not known, is treated as English.
    """

    def __init__(self, languages: Iterable[str] = ()) -> None:
        self.schema = _schema()
        self.english = _analyzer(Filter.ascii_fold(), Filter.stemmer("english"))
        self._plain = _analyzer()
        self._stemmers: dict[str, TextAnalyzer] = {}
        self._stops = [_analyzer(Filter.stopword("english"))]
        self.learn(languages)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of texts that were met so far, but for English."""
        return tuple(self._stemmers)

    def learn(self, languages: Iterable[str]) -> None:
        """There are texts in these: questions are looked for in them, too."""
        new = sorted({*languages} & _STEMMED.keys() - self._stemmers.keys())
        names = [_STEMMED[code] for code in new if code not in _NO_STOP_WORDS]
        self._stops = [*self._stops, *(_analyzer(Filter.stopword(name)) for name in names)]  # others search meanwhile
        self._stemmers = self._stemmers | {
            code: _analyzer(Filter.ascii_fold(), Filter.stemmer(_STEMMED[code])) for code in new
        }

    def indexed(self, text: str, language: str = "") -> str:
        """A text as it is given to the index."""
        text, stemmer = spaced(text), self._stemmers.get(language)
        return " ".join(stemmer.analyze(text)) if stemmer else text

    def terms(self, question: str) -> list[str]:
        """What the words of a question are in any language of the texts, each once and in order.

        Without the stop words of one language, of which most are met; unless there are no other words.
        """
        question = spaced(question)
        telling = min((stops.analyze(question) for stops in self._stops), key=len) or self._plain.analyze(question)
        return list(dict.fromkeys(form for word in telling for form in self._forms(word)))

    def _forms(self, word: str) -> Iterator[str]:
        yield from self.english.analyze(word)
        for stemmer in self._stemmers.values():
            for stem in stemmer.analyze(word):
                yield from self.english.analyze(stem)


def _schema() -> Schema:
    builder = SchemaBuilder().add_unsigned_field("row", indexed=True, fast=True)
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name=ANALYZER, index_option="freq")
    return builder.build()


def _analyzer(*filters: Filter) -> TextAnalyzer:
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.remove_long(_LONGEST)).filter(Filter.lowercase())
    for one in filters:
        builder = builder.filter(one)
    return builder.build()
