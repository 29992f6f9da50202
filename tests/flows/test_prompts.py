"""Prompts: versions of how a language model is asked; each answer names its own, and the way back is one event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Denied, Invalid, NotFound
from thruline.testing.canary import assert_gone
from thruline.testing.fake_llm import FakeLlm
from thruline.testing.homes import as_user, open_home, write
from thruline.vectors.context import estimate_tokens

VALVE = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."
QUESTION = "When does the blue valve open?"


class Asked:
    """A home with a language model, and what that was sent."""

    def __init__(self, folder: Path, stack: ExitStack, **settings: str) -> None:
        self.fake = stack.enter_context(FakeLlm())
        llm = {"MODE": "llm", "LLM_URL": self.fake.url, "LLM_MODEL": "fake", **settings}
        self.home = stack.enter_context(
            open_home(folder / "home", {f"THRULINE_ANSWER__{k}": v for k, v in llm.items()})
        )
        self.home.data.add(path=str(write(folder / "docs", valve=VALVE)))
        self.home.data.sync()

    @property
    def last(self) -> list[str]:
        """The messages of the last request."""
        return [message["content"] for message in self.fake.requests[-1].json["messages"]]


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    with ExitStack() as stack:
        yield Asked(tmp_path, stack)


def template(rules: str) -> str:
    return f'rules = "{rules} {{fence}} {{unknown}}"\nmessage = "{{passages}} Q: {{question}}"\nunknown = "No idea"\n'


def test_the_shipped_prompt_is_in_force_until_another_is_used(asked: Asked) -> None:
    (only,) = asked.home.vectors.prompts()
    assert (only.in_force, only.is_shipped, only.kept) == (True, True, "")
    answer = asked.home.vectors.ask(question=QUESTION)
    assert answer.prompt == only.id
    assert asked.home.vectors.prompt().text in asked.home.vectors.prompt(version="shipped").text


def test_an_added_version_asks_only_once_it_is_used_and_one_event_leads_back(asked: Asked) -> None:
    home = asked.home
    first = home.vectors.ask(question=QUESTION)
    added = home.vectors.add_prompt(text=template("Be a pirate."))
    assert home.vectors.ask(question=QUESTION).prompt == first.prompt
    home.vectors.use_prompt(version=added.id.partition(":")[2][:8])
    second = home.vectors.ask(question=QUESTION)
    assert asked.last[0].startswith("Be a pirate.")
    assert second.prompt == added.id != first.prompt
    before = len(home.ledger.events(verb="prompt.used"))
    assert home.vectors.rollback_prompt().is_shipped
    assert home.vectors.ask(question=QUESTION).prompt == first.prompt
    assert len(home.ledger.events(verb="prompt.used")) == before + 1
    assert home.vectors.why(answer=second.id).answer.prompt == added.id
    assert home.ledger.verify().ok


def test_why_shows_by_which_version_the_model_was_asked(asked: Asked) -> None:
    answer = asked.home.vectors.ask(question=QUESTION)
    node = next(c for c in asked.home.vectors.why(answer=answer.id).tree.children if c.kind == "prompt")
    assert (node.id, node.detail, node.role) == (answer.prompt, "as shipped", "via")


def test_a_version_can_be_tried_once_by_the_operator_alone(asked: Asked) -> None:
    added = asked.home.vectors.add_prompt(text=template("Speak in rhymes."))
    tried = asked.home.vectors.ask(question=QUESTION, prompt=added.id)
    assert (tried.prompt, asked.last[0].startswith("Speak in rhymes.")) == (added.id, True)
    assert asked.home.vectors.prompt().is_shipped
    with pytest.raises(Denied):
        as_user(asked.home, "guest", "everyone").vectors.ask(question=QUESTION, prompt=added.id)


def test_the_words_for_not_knowing_are_the_templates_own(asked: Asked) -> None:
    asked.home.vectors.use_prompt(version=asked.home.vectors.add_prompt(text=template("x")).id)
    asked.home.vectors.ask(question=QUESTION)
    assert asked.last[0].endswith("No idea")


def test_the_same_content_is_the_same_version_whatever_its_comments(asked: Asked) -> None:
    one = asked.home.vectors.add_prompt(text=template("x"))
    assert asked.home.vectors.add_prompt(text="# mine\n" + template("x")).id == one.id
    assert len(asked.home.vectors.prompts()) == 2


def test_a_template_comes_from_a_file_and_what_is_none_is_told(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(asked.home.vectors.prompt().text, "utf-8")
    assert asked.home.vectors.add_prompt(file=str(file)).is_shipped
    file.write_bytes(b"\xff\xfe")
    for given in ({"file": str(file)}, {"file": str(tmp_path)}, {"text": "rules = 1"}, {}):
        with pytest.raises(Invalid):
            asked.home.vectors.add_prompt(**given)
    with pytest.raises(NotFound, match="no version 'abcdef'"):
        asked.home.vectors.use_prompt(version="abcdef")
    with pytest.raises(Conflict, match="no other version"):
        asked.home.vectors.rollback_prompt()


def test_a_home_without_a_model_tries_no_prompt(home: Platform) -> None:
    with pytest.raises(Invalid, match="no language model"):
        home.vectors.ask(question=QUESTION, prompt="shipped")


def test_a_template_that_names_somebody_goes_with_them_and_the_one_before_serves(asked: Asked) -> None:
    home, person = asked.home, "Zuleika Quandt-Ibarra"
    first = home.vectors.add_prompt(text=template("Be brief."))
    named = home.vectors.add_prompt(text=template(f"You are {person}."))
    for version in (first, named):
        home.vectors.use_prompt(version=version.id)
    assert home.data.erase(identifiers=[person]).residue == 0
    assert home.vectors.prompt().id == first.id
    assert_gone(home.home.path, [person])
    assert home.vectors.rollback_prompt().is_shipped
    assert home.vectors.prompt().is_shipped
    with pytest.raises(NotFound):
        home.vectors.use_prompt(version=named.id)


def test_a_chosen_prompt_outlives_the_process(tmp_path: Path) -> None:
    with open_home(tmp_path / "home") as home:
        id = home.vectors.add_prompt(text=template("x")).id
        home.vectors.use_prompt(version=id)
    with open_home(tmp_path / "home") as home:
        assert home.vectors.prompt().id == id


def test_the_budget_holds_for_all_that_the_model_is_sent(tmp_path: Path) -> None:
    with ExitStack() as stack:
        asked = Asked(tmp_path, stack, CONTEXT_TOKENS="400")
        pages = {f"page{n}": f"# Valve {n}\n\n" + f"The blue valve number {n} opens at nine. " * 25 for n in range(6)}
        write(tmp_path / "docs", **pages)
        asked.home.data.sync()
        answer = asked.home.vectors.ask(question=QUESTION)
        assert answer.budget is not None
        assert sum(map(estimate_tokens, asked.last)) <= answer.budget.tokens <= answer.budget.limit == 400
        assert {p.fate for p in answer.passages if not p.number} == {"no_room"}
        assert answer.passages[0].number == 1
        with pytest.raises(Invalid, match="leaves none for passages"):
            asked.home.vectors.ask(question="valve " * 300)


def test_a_replay_keeps_to_the_budget_of_the_version_that_asked(asked: Asked) -> None:
    added = asked.home.vectors.add_prompt(text=template("x"))
    answer = asked.home.vectors.ask(question=QUESTION, prompt=added.id)
    assert asked.home.vectors.replay(answer=answer.id).retrieval == "same"
