"""What happens to passages after the search: reranked, spread, aged and widened, and done again by a replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.flows.reports import AS_FOUND, SearchReport
from thruline.testing.homes import as_user, open_home, write
from thruline.testing.rerankers import RerankingServer, WordsReranker
from thruline.vectors.context import estimate_tokens

QUESTION = "When does the blue valve of the north boiler open in winter?"
DOCUMENTS = {
    "winter": "# Winter\n\nIn winter the blue valve of the north boiler does open at nine, when the boiler is warm.",
    "valve": "# Valve\n\nThe blue valve, the blue valve, the blue valve: valve, valve, valve, and again the blue valve.",
    "boiler": "# Boiler\n\nThe north boiler was bought in spring and stands behind the shed.",
    "pump": "# Pump\n\nThe red pump runs at night and rests by day, in summer as in winter.",
}
NAME = "Ottilie Kvasthoug"


def by_server(server: RerankingServer, **more: str) -> Mapping[str, str]:
    return {
        "THRULINE_SEARCH__RERANKER": "server", "THRULINE_SEARCH__RERANKER_URL": server.url,
        "THRULINE_SEARCH__RERANKER_MODEL": "words", **{f"THRULINE_{name}": value for name, value in more.items()},
    }  # fmt: skip


def filled(home: Platform, docs: Path, **documents: str) -> Platform:
    home.data.add(path=str(write(docs, **(documents or DOCUMENTS))))
    home.data.sync()
    return home


def paths(report: SearchReport) -> list[str]:
    return [passage.path for passage in report.passages]


@pytest.fixture
def server() -> Iterator[RerankingServer]:
    with RerankingServer() as running:
        yield running


def test_nothing_is_done_unless_somebody_says_so(home: Platform, docs: Path) -> None:
    report = filled(home, docs).vectors.search(question=QUESTION, k=3)
    assert report.order == AS_FOUND
    assert home.vectors.ask(question=QUESTION).order == AS_FOUND


def test_a_reranker_orders_what_was_found(tmp_path: Path, docs: Path, server: RerankingServer) -> None:
    with open_home(tmp_path / "home", by_server(server)) as home:
        report = filled(home, docs).vectors.search(question=QUESTION, k=4)
        texts = [f"{p.title}\n{p.text}" for p in report.passages]
        shares = WordsReranker().scores(QUESTION, texts, 1.0).tolist()
        assert shares == sorted(shares, reverse=True)
        assert (report.order.reranker, report.order.reranked) == ("words", "done")
        assert sorted(server.requests[0]["documents"]) == sorted(texts)
        best = home.vectors.search(question=QUESTION, k=1)
        assert paths(best) == paths(report)[:1]


def test_a_search_by_words_alone_keeps_their_order(tmp_path: Path, docs: Path, server: RerankingServer) -> None:
    with open_home(tmp_path / "home", by_server(server, SEARCH__PER_RECORD="1")) as home:
        report = filled(home, docs).vectors.search(question=QUESTION, k=4, by="words")
        assert report.order == AS_FOUND
        assert server.requests == []


@pytest.mark.parametrize(
    ("trouble", "outcome"), [(503, "unavailable"), ("slow", "unavailable"), (404, "failed"), ("[]", "failed")]
)
def test_the_order_of_the_search_stands_when_the_reranker_does_not(
    tmp_path: Path, docs: Path, trouble: int | str, outcome: str
) -> None:
    with open_home(tmp_path / "plain") as plain:
        expected = paths(filled(plain, docs).vectors.search(question=QUESTION, k=4))
    with (
        RerankingServer(trouble, trouble) as server,
        open_home(tmp_path / "home", by_server(server, SEARCH__RERANKER_TIMEOUT="200ms")) as home,
    ):
        report = filled(home, docs).vectors.search(question=QUESTION, k=4)
        assert paths(report) == expected
        assert report.order.reranked == outcome
        answer = home.vectors.ask(question=QUESTION)
        assert answer.outcome == "answered"
        facts = [e.facts for e in home.line.ledger.read() if e.verb == "answer.given"]
        assert facts[-1]["reranked"] == answer.order.reranked == outcome
        assert home.vectors.replay(answer=answer.id).generation == "same"


def test_a_reranker_is_given_nothing_that_the_asker_may_not_see(
    tmp_path: Path, docs: Path, server: RerankingServer
) -> None:
    with open_home(tmp_path / "home", by_server(server)) as home:
        (tmp_path / "hr").mkdir()
        secret = write(tmp_path / "hr", pay="# Pay\n\nIn winter the blue valve of the north boiler costs ZEBRAFINCH.")
        home.data.add(path=str(secret), groups=("hr",))
        filled(home, docs)
        ada = as_user(home, "ada")
        ada.vectors.search(question=QUESTION, k=4)
        ada.vectors.ask(question=QUESTION)
        assert len(server.requests) == 2
        assert "ZEBRAFINCH" not in str(server.requests)
        home.vectors.search(question=QUESTION, k=4)
        assert "ZEBRAFINCH" in str(server.requests)


def test_a_reranker_reads_what_is_covered_for_the_asker_as_it_is_covered(
    tmp_path: Path, docs: Path, server: RerankingServer
) -> None:
    letter = f"# Letter of {NAME}\n\nDear {NAME}, the blue valve of the north boiler opens in winter."
    with open_home(tmp_path / "home", by_server(server)) as home:
        filled(home, docs, letter=letter, **DOCUMENTS)
        ada = as_user(home, "ada")
        home.guard.set_clearance(group="everyone")
        ada.vectors.ask(question=QUESTION)
        assert "Kvasthoug" not in str(server.requests)
        assert "\u2588" in str(server.requests)


@pytest.mark.parametrize(("region", "kept"), [("", 1), ("us", 1), ("eu-central-1", 0)])
def test_what_stays_in_its_region_keeps_its_place_and_is_not_sent(
    tmp_path: Path, docs: Path, server: RerankingServer, region: str, kept: int
) -> None:
    with open_home(tmp_path / "home", by_server(server, REGIONS__RERANKER=region)) as home:
        (tmp_path / "hr").mkdir()
        at_home = write(tmp_path / "hr", pay="# Pay\n\nThe valve of the north costs QUETZAL in winter.")
        home.data.add(path=str(at_home), name="hr", options=("residency=eu",))
        report = filled(home, docs).vectors.search(question=QUESTION, k=5)
        assert report.order.kept_home == kept
        assert ("QUETZAL" not in str(server.requests)) == bool(kept)
        assert "pay.md" in paths(report)
        answer = home.vectors.ask(question=QUESTION)
        assert answer.kept_home == 0


def test_a_replay_reranks_as_it_was_done_then(tmp_path: Path, docs: Path, server: RerankingServer) -> None:
    with open_home(tmp_path / "home", by_server(server, SEARCH__DIVERSITY="0.3", SEARCH__WINDOW="1")) as home:
        answer = filled(home, docs).vectors.ask(question=QUESTION)
        replayed = home.vectors.replay(answer=answer.id)
        assert (replayed.retrieval, replayed.generation) == ("same", "same")
        assert answer.order.model in {node.id for node in home.vectors.why(answer=answer.id).tree.children}
    with open_home(tmp_path / "home") as off:
        plain = off.vectors.ask(question=QUESTION)
        assert plain.order == AS_FOUND
        off.vectors.replay(answer=answer.id)  # the reranker is gone: it says what differs, and fails at nothing
    with open_home(tmp_path / "home", by_server(server)) as home:
        assert home.vectors.replay(answer=plain.id).retrieval == "same"


def test_a_cap_gives_others_a_turn_and_still_fills_the_answer(tmp_path: Path, docs: Path) -> None:
    long = "\n\n".join(
        f"# Part {n}\n\nThe blue valve of the north boiler, part {n}. " + "valve " * 150 for n in range(4)
    )
    with open_home(tmp_path / "home", {"THRULINE_SEARCH__PER_RECORD": "1"}) as home:
        filled(home, docs, long=long, other="# Other\n\nThe boiler of the south is old.")
        report = home.vectors.search(question="blue valve boiler", k=3)
        assert len(report.passages) == 3
        assert len(set(paths(report)[:2])) == 2


def test_a_repetition_goes_behind_what_says_something_else(tmp_path: Path, docs: Path) -> None:
    again = {f"copy{n}": f"# Copy\n\nThe blue valve of the boiler opens at nine. Version {n} of it." for n in range(3)}
    other = {"other": "# Other\n\nA blue valve made of brass was sold by the museum shop in Grenoble last May."}
    with open_home(tmp_path / "home", {"THRULINE_SEARCH__DIVERSITY": "0.8"}) as home:
        assert "other.md" in paths(filled(home, docs, **again, **other).vectors.search(question="blue valve", k=2))


def test_a_neighbour_comes_with_a_passage_is_marked_and_is_never_of_another_document(
    tmp_path: Path, docs: Path
) -> None:
    parts = [
        f"## Step {n}\n\nStep {n} is about {word}. " + f"{word} " * 60 for n, word in enumerate(("oak", "elm", "ash"))
    ]
    documents = {"steps": "# Steps\n\n" + "\n\n".join(parts), "other": "# Other\n\nNothing of this kind is said here."}
    settings = {"THRULINE_SEARCH__WINDOW": "1", "THRULINE_ANSWER__PASSAGES": "1", "THRULINE_INGEST__CHUNK_WORDS": "60"}
    with open_home(tmp_path / "home", settings) as home:
        answer = filled(home, docs, **documents).vectors.ask(question="What is step 1 about elm?")
        found = [p for p in answer.passages if not p.beside]
        beside = [p for p in answer.passages if p.beside]
        assert len(found) == 1
        assert beside
        assert {p.record for p in beside} == {found[0].record}
        assert all(p.number and not (p.dense_rank or p.text_rank) for p in beside)
        given = {edge.parent for edge in home.line.ledger.edges([answer.id], "up", depth=1)}
        assert {p.chunk for p in beside} <= given
        assert home.vectors.replay(answer=answer.id).retrieval == "same"


def test_neighbours_stay_within_the_budget(tmp_path: Path, docs: Path) -> None:
    long = "# Long\n\n" + "\n\n".join(f"## Part {n}\n\n" + f"elm{n} " * 60 for n in range(6))
    settings = {
        "THRULINE_SEARCH__WINDOW": "3", "THRULINE_ANSWER__PASSAGES": "1", "THRULINE_ANSWER__CONTEXT_TOKENS": "200",
        "THRULINE_INGEST__CHUNK_WORDS": "60",
    }  # fmt: skip
    with open_home(tmp_path / "home", settings) as home:
        answer = filled(home, docs, long=long).vectors.ask(question="What is elm3?")
        given = [p for p in answer.passages if p.number]
        assert any(p.beside for p in given)
        assert {p.number for p in given} == {1}  # all of it hangs together: what is behind a gap is left out
        assert sum(estimate_tokens(p.text) for p in given) <= 200


def test_a_document_that_came_in_later_goes_before_an_older_one_that_says_the_same(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "home", {"THRULINE_SEARCH__HALF_LIFE": "1ms"}) as home:
        filled(home, docs, old="# Price\n\nThe blue valve costs nine marks in the shop of the north.")
        write(docs, young="# Price\n\nThe blue valve now costs twelve marks, and the shop is in the south.")
        home.data.sync()
        assert paths(home.vectors.search(question="What does the blue valve cost in the north?", k=2)) == [
            "young.md",
            "old.md",
        ]
        answer = home.vectors.ask(question="What does the blue valve cost in the north?")
        assert home.vectors.replay(answer=answer.id).retrieval == "same"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPTH", "0"),
        ("DIVERSITY", "1.5"),
        ("WINDOW", "9"),
        ("HALF_LIFE", "soon"),
        ("RERANKER", "magic"),
        ("PER_SOURCE", "-1"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Invalid), open_home(tmp_path / "home", {f"THRULINE_SEARCH__{name}": value}):
        pass


def test_a_reranker_that_cannot_be_opened_costs_the_order_and_not_the_answer(tmp_path: Path, docs: Path) -> None:
    settings = {"THRULINE_SEARCH__RERANKER": "onnx", "THRULINE_SEARCH__RERANKER_FOLDER": str(tmp_path)}
    with open_home(tmp_path / "home", settings) as home:
        answer = filled(home, docs).vectors.ask(question=QUESTION)
        assert (answer.outcome, answer.order.reranked) == ("answered", "failed")
