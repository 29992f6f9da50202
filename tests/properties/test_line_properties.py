"""The line under any order of what can happen to a folder and its records."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from thruline.testing.homes import open_home

NAMES = st.sampled_from([f"page{n}.md" for n in range(4)])
WORDS = ("anvil", "bellows", "chisel", "drill", "easel", "flask")
WORD = st.sampled_from(WORDS)


def text_of(word: str) -> str:
    return f"# About the {word}\n\nThe {word} stands in the hall of the {word} and nowhere else, says the {word} maker."


class Line(RuleBasedStateMachine):
    """Model: what each path holds at the last sync, and which words an operator took out or had erased."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.docs = Path(self.folder.name) / "docs"
        self.docs.mkdir()
        self.home = open_home(Path(self.folder.name) / "home")
        self.home.data.add(path=str(self.docs))
        self.held: dict[str, str] = {}
        self.out: set[str] = set()
        self.erased: set[str] = set()
        self.rolled_back = False

    @rule(name=NAMES, word=WORD)
    def write(self, name: str, word: str) -> None:
        (self.docs / name).write_text(text_of(word))
        self.held[name] = word
        self.sync()

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        (self.docs / name).unlink(missing_ok=True)
        self.held.pop(name, None)
        self.sync()

    @rule(old=NAMES, new=NAMES)
    def move(self, old: str, new: str) -> None:
        if old in self.held and old != new:
            (self.docs / old).rename(self.docs / new)
            self.held[new] = self.held.pop(old)
            self.sync()

    @rule(word=WORD)
    def quarantine(self, word: str) -> None:
        name = next((n for n, w in self.held.items() if w == word), "")
        if name and word not in self.out | self.erased:
            self.home.data.quarantine(what=f"docs/{name}")
            self.out.add(word)

    @precondition(lambda self: self.out)
    @rule(word=WORD)
    def release(self, word: str) -> None:
        name = next((n for n, w in self.held.items() if w == word), "")
        if name and word in self.out:
            self.home.data.release(what=f"docs/{name}")
            self.out.discard(word)

    @rule(word=WORD)
    def erase(self, word: str) -> None:
        if word in self.held.values() and word not in self.erased:
            self.home.data.erase(identifiers=(word,), one_word=True)
            self.erased.add(word)
            self.out.discard(word)  # there is nothing left to release

    @precondition(lambda self: len(self.home.vectors.generations()) > 1)
    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        generation = data.draw(st.sampled_from(sorted({g.id for g in self.home.vectors.generations()})))
        self.home.vectors.switch(generation=generation)
        self.rolled_back = True

    @invariant()
    def nothing_that_was_taken_out_answers(self) -> None:
        assert not self.answering() & (self.out | self.erased)

    @invariant()
    def what_is_held_answers_once(self) -> None:
        if not self.rolled_back:
            assert self.answering() == set(self.held.values()) - self.out - self.erased
            said = [p.chunk for p in self.home.vectors.search(question=" ".join(WORDS), k=100).passages]
            assert len(said) == len(self.answering())

    def answering(self) -> set[str]:
        passages = self.home.vectors.search(question=" ".join(WORDS), k=100).passages
        return {w for w in WORDS for p in passages if f"The {w} stands" in p.text}

    def sync(self) -> None:
        (report,) = self.home.data.sync(allow_empty=True)
        self.rolled_back = False
        assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
        assert report.seen == len(self.held)

    def teardown(self) -> None:
        assert self.home.ledger.verify().ok
        self.home.close()
        self.folder.cleanup()


TestLine = Line.TestCase
TestLine.settings = settings(
    max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
