"""What a model says and no cited passage does: marked, left out, or no answer at all, as the operator chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render.answers import notes
from thruline.testing.fake_llm import FakeLlm
from thruline.testing.homes import open_home, write

VALVE = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."
RIGHT, WRONG = "The blue valve opens at nine in the morning [1].", "The blue valve closes at ten [1]."
Opens = Callable[..., Platform]


@pytest.fixture
def saying(tmp_path: Path) -> Iterator[Opens]:
    """A home whose model says this, and that deals so with what no passage says."""
    with ExitStack() as stack:

        def opened(says: str, stance: str = "mark") -> Platform:
            fake = stack.enter_context(FakeLlm(says=says))
            settings = {"MODE": "llm", "LLM_URL": fake.url, "LLM_MODEL": "fake", "UNSUPPORTED": stance}
            home = stack.enter_context(
                open_home(tmp_path / stance, {f"THRULINE_ANSWER__{k}": v for k, v in settings.items()})
            )
            home.data.add(path=str(write(tmp_path / "docs", valve=VALVE)))
            home.data.sync()
            return home

        yield opened


def test_it_is_marked_unless_something_else_was_chosen(saying: Opens) -> None:
    answer = saying(f"{RIGHT} {WRONG}").vectors.ask(question="When does the blue valve open?")
    assert [s.is_supported for s in answer.sentences] == [True, False]
    assert answer.text == f"{RIGHT} {WRONG}"
    assert any("closes at ten" in note for note in notes(answer))


def test_it_is_left_out_and_counted(saying: Opens) -> None:
    home = saying(f"{RIGHT} {WRONG}", "leave_out")
    answer = home.vectors.ask(question="When does the blue valve open?")
    assert (answer.text, answer.unsaid, answer.outcome) == (RIGHT, 1, "answered")
    assert home.vectors.why(answer=answer.id).answer.unsaid == 1
    assert any("1 sentence of the model not said" in note for note in notes(answer))


def test_an_answer_of_which_nothing_is_left_does_not_know(saying: Opens) -> None:
    answer = saying(WRONG, "leave_out").vectors.ask(question="When does the blue valve close?")
    assert (answer.text, answer.outcome, answer.unsaid) == ("I do not know.", "unknown", 1)


def test_one_such_sentence_may_cost_the_whole_answer(saying: Opens) -> None:
    home = saying(f"{RIGHT} {WRONG}", "unknown")
    answer = home.vectors.ask(question="When does the blue valve open?")
    assert (answer.text, answer.outcome, answer.sentences) == ("I do not know.", "unknown", ())
    assert saying(RIGHT, "leave_out").vectors.ask(question="When does it open?").text == RIGHT
