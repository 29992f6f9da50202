"""Small pieces of text that all pages share: numbers, times, and the words for what the platform's closed lists say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from thruline.app.render.words import lasting
from thruline.core.clock import SystemClock
from thruline.core.units import show_seconds, show_size
from thruline.flows.quoting import quoted
from thruline.flows.reports import AnswerReport, Passage, Sentence

SECTIONS = (
    ("/", "Home", "reader"),
    ("/ask", "Ask", "reader"),
    ("/data", "Data", "reader"),
    ("/indexes", "Indexes", "operator"),
    ("/runs", "Runs", "operator"),
    ("/papers", "Papers", "operator"),
)

NOTICES: Mapping[str, str] = {
    "data.add": "The source was added. What could be read of it answers now.",
    "data.add.started": "The source is being read. Answers use what is in already.",
    "data.sync": "The source was read again.",
    "data.sync.started": "The source is being read again. Answers use what is in already.",
    "data.quarantine": "Quarantined: no answer uses it from now on.",
    "data.release": "Released: answers may use it again.",
    "data.consent": "Noted. Documents in which nobody else has to be asked answer from now on.",
    "data.keep": "It stays out of answers, and nobody is asked again.",
    "data.assign": "It is noted who is to decide.",
    "data.matches": "Noted. What comes in later follows it, too.",
    "data.retry": "Judged again. What is listed still breaks a rule.",
    "data.retry.started": "It is being judged again. What passes leaves the list.",
    "data.accept": "Noted. How its documents are now is usual from here on.",
    "data.alike": "Compared. What says the same in other words is marked in the list of documents.",
    "data.alike.started": "The documents are being compared. What says the same in other words will be marked.",
    "data.change": "The options are set. The next reading judges each document by them.",
    "vectors.feedback": "Noted. The question and the passages of the answer are kept as a judged question.",
    "vectors.switch": "Switched. The next question is answered from that version.",
    "vectors.tag": "Named. It stands in the list under its name from now on.",
    "vectors.untag": "The name is taken off. The version itself stays.",
    "vectors.rollback": "Rolled back. The next question is answered from the version before.",
    "vectors.rollback_plan": "Taken back. The index is searched as it was before.",
    "vectors.tune_index": "Measured. The cheapest way to search that reaches the goals is in force.",
    "vectors.tune_index.started": "Ways to search are being measured. The result will stand under Indexes.",
    "infra.cancel": "Asked to stop. It ends at its next step; finished steps are kept.",
}

REASONS: Mapping[str, str] = {
    "unreadable": "The file could not be read",
    "too_large": "Larger than the limit for one file",
    "unsupported_type": "No parser for this type of file",
    "parser_failed": "The file is damaged: its parser gave up",
    "parser_timeout": "Reading it took too long",
    "parser_memory": "Reading it took too much memory",
    "locked": "Locked by a password",
    "needs_ocr": "A picture of text: reading it needs the extra `ocr`",
    "empty": "Holds no text",
    "changed_while_read": "Changed while it was read",
    "broken_row": "A row without a key, or with other columns than the rest",
    "duplicate_key": "Another row has the same key",
    "suppressed": "Mentions a person who was erased",
    "hidden_text": "Holds text that a program reads and a person does not see",
    "injection": "Holds instructions to an AI",
    "poison": "Looks written to mislead answers",
    "secret": "Holds a secret, such as a password",
    "operator": "Taken out by an operator",
    "restricted": "Names a person the use of whose records is restricted",
    "personal": "Holds personal data that its source does not let in",
    "expired": "Was kept as long as its source allows",
    "contract": "Breaks the contract of its source",
    "symlink": "A link out of the folder",
    "ignored": "Set to be ignored",
}
RISKS: Mapping[str, str] = {
    "hidden_text": "Hidden text",
    "injection": "Instructions to an AI",
    "poison": "Misleading text",
}
PARTICULARS: Mapping[str, str] = {
    "email": "E-mail address", "phone": "Telephone number", "iban": "Bank account (IBAN)", "card": "Payment card",
    "ssn": "Social security number (US)", "ip": "IP address", "name": "Name", "declared": "Declared by you",
    "place": "Place", "organisation": "Organisation", "address": "Postal address", "postcode": "Postal code",
    "birth_date": "Date of birth", "age": "Age", "origin": "Nationality or origin", "national_id": "Identity number",
    "tax_id": "Tax number", "passport": "Passport", "licence": "Driving licence", "plate": "Number plate",
    "health_id": "Health insurance or patient number", "vat": "VAT number", "bic": "Bank (BIC)",
    "account": "Bank account", "wallet": "Crypto wallet", "imei": "Mobile phone (IMEI)", "mac": "Network card (MAC)",
    "url": "Address with a password", "secret": "Password or key", "geo": "Position on the map", "date": "Date",
    "web": "Web address",
}  # fmt: skip
WHYS: Mapping[str, str] = {
    "sync": "A source was read",
    "operator": "Chosen by a person",
    "quarantine": "Something was quarantined",
    "release": "Something was released",
    "erase": "A person was erased",
    "rectify": "Wrong words were put right",
    "rollback": "Rolled back",
    "source": "A source was removed, or its readers changed",
    "reindex": "Built anew with another embedder",
    "tuned": "Measured to be the cheapest",
    "retuned": "Measured again after recall fell",
    "moved": "Moved to another engine",
    "first": "What a home begins with",
}
OUTCOMES: Mapping[str, str] = {
    "answered": "Answered",
    "unknown": "Not in the documents",
    "refused": "Refused",
    "interrupted": "Interrupted",
}
MODES: Mapping[str, str] = {
    "extractive": "in the documents' own sentences",
    "llm": "by a language model",
    "passthrough": "by a language model, without documents",
}
STATES: Mapping[str, str] = {
    "live": "In use",
    "superseded": "Replaced by a newer version",
    "timed_out": "Timed out",
    "out_of_memory": "Out of memory",
    "touched": "Source withdrawn",
    "moved": "Changed",
    "warn": "Look at this",
    "fail": "Mend this",
    "ok": "Intact",
    "same_person": "Same person",
    "different_people": "Different people",
}
_TONES: Mapping[str, frozenset[str]] = {
    "good": frozenset(("live", "answered", "done", "succeeded", "ok", "current")),
    "warn": frozenset(
        "quarantined unknown warn quiet queued interrupted superseded touched restricted moved".split()  # noqa: SIM905
    ),
    "bad": frozenset(("failed", "refused", "fail", "lost", "timed_out", "out_of_memory")),
    "busy": frozenset(("running",)),
}
_WRAP = re.compile(r"(?<=[^\s:])\n(?=[^\s\-*>•\d#|])")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_CLOCK = SystemClock()


class Stretch(NamedTuple):
    """Part of a passage; cited is whether the answer took it."""

    text: str
    cited: bool


def number(value: float) -> str:
    """`4,480`."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """`1 document`, `2 documents`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """`87 %` of a share in [0, 1]."""
    return f"{share * 100:.0f} %"


def short(id: str) -> str:
    """The kind and first eight digits of an id: enough for people to tell things apart."""
    kind, _, digits = id.partition(":")
    return f"{kind}:{digits[:8]}" if digits else id


def ago(at: str) -> str:
    """`5 min ago` for an ISO time of the last day, its date otherwise, `never` for none."""
    if not at:
        return "never"
    then = datetime.fromisoformat(at).astimezone(UTC)
    seconds = _CLOCK.now() / 1e6 - then.timestamp()
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    return then.strftime("%-d %b %Y")


def moment(at: str) -> str:
    """`22 Nov 2026, 14:05 UTC`."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC") if at else "never"


def day(at: str) -> str:
    """`22 Nov 2026`."""
    return datetime.fromisoformat(at).strftime("%-d %b %Y")


def tone(state: str) -> str:
    """`good`, `warn`, `bad`, `busy` or `plain`: how a state is coloured."""
    return next((name for name, states in _TONES.items() if state in states), "plain")


def state(word: str) -> str:
    """A state as a word for people."""
    return STATES.get(word) or OUTCOMES.get(word) or word.replace("_", " ").capitalize()


def stretches(text: str, sentences: Iterable[Sentence], chunk: str = "") -> list[Stretch]:
    """The passage cut where sentences stand in it: where they quote its chunk, else where their words are found."""
    cut: list[Stretch] = []
    at = 0
    for start, end in quoted(text, sentences, chunk):
        cut += [Stretch(text[at:start], False), Stretch(text[start:end], True)]
        at = end
    return [part for part in (*cut, Stretch(text[at:], False)) if part.text]


def given(answer: AnswerReport) -> list[Passage]:
    """The passages that the answer was given, by number."""
    return sorted((p for p in answer.passages if p.number), key=lambda p: p.number)


def unused(answer: AnswerReport) -> list[Passage]:
    """The passages that were read and that no sentence rests on, by number."""
    return [p for p in given(answer) if p not in answer.cited]


def citing(sentences: Iterable[Sentence], passage: int) -> list[Sentence]:
    """The sentences that rest on the passage of this number."""
    return [s for s in sentences if passage in s.citations]


def flow(text: str) -> str:
    """Prose without the line ends of its file; lists, code and paragraphs keep theirs."""
    return _WRAP.sub(" ", text)


def _words(table: Mapping[str, str]) -> Callable[[str], str]:
    return lambda word: table.get(word, word.replace("_", " "))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": number, "count": count, "percent": percent, "short": short, "ago": ago, "moment": moment, "day": day,
    "size": show_size, "seconds": show_seconds, "lasting": lasting, "tone": tone, "state": state,
    "stretches": stretches, "flow": flow, "given": given, "unused": unused, "citing": citing,
    "reason": _words(REASONS), "risk": _words(RISKS), "particular": _words(PARTICULARS), "mode": _words(MODES),
    "cause": _words(WHYS),
}  # fmt: skip
