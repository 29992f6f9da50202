"""A judge of the operator's own scores each document as it comes in; one that is away is asked again, and said.

The judge here is real: a small linear classifier, trained on generated sentences, behind a server with the route of
OpenAI's moderations.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from thruline.app.papers import outside
from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.backends.moderations_judge import ModerationsJudge
from thruline.core.errors import Corrupt, Denied, Invalid, Unavailable
from thruline.testing.homes import open_home, write

NAMES = ("the porter", "my neighbour", "that clerk", "the new cook", "our driver", "the singer")
KIND = ("is patient and kind", "helped us all day", "has a lovely garden", "writes clear letters", "came early again")
RUDE = ("is a stupid worthless idiot", "is disgusting filthy trash", "should shut up and rot", "is a pathetic moron")
FRIENDLY = "# Note\n\nThe porter helped us all day. My neighbour has a lovely garden and came early again."
HATEFUL = "# Note\n\nThe porter helped us all day. My neighbour is a stupid worthless idiot and should shut up and rot."


def trained() -> Pipeline:
    dice = random.Random(11)
    rows = [
        (f"{dice.choice(NAMES)} {dice.choice(says)}", label)
        for says, label in ((KIND, 0), (RUDE, 1))
        for _ in range(300)
    ]
    model = make_pipeline(HashingVectorizer(n_features=4096, ngram_range=(1, 2)), LogisticRegression(C=50))
    return model.fit([text for text, _ in rows], [label for _, label in rows])


class Judge:
    """A server that can be away. answers: how many texts it was asked about."""

    def __init__(self, model: Pipeline) -> None:
        self.model, self.status, self.texts, self.keys = model, 200, 0, set()
        self.said: bytes | None = None
        judge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
                judge.texts += len(asked)
                judge.keys.add(self.headers["authorization"])
                said = judge.said or judge.answer(asked)
                self.send_response(judge.status if self.path == "/v1/moderations" else 404)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, texts: list[str]) -> bytes:
        scores = self.model.predict_proba([text.lower() for text in texts])[:, 1] if texts else []
        return json.dumps(
            {"results": [{"category_scores": {"harassment": float(s), "violence": 0.0}} for s in scores]}
        ).encode()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def model() -> Pipeline:
    return trained()


@pytest.fixture
def judge(model: Pipeline) -> Iterator[Judge]:
    server = Judge(model)
    yield server
    server.close()


@pytest.fixture
def judged(judge: Judge, tmp_path: Path) -> Iterator[Platform]:
    """A home whose documents are judged."""
    with open_home(tmp_path / "home", {"THRULINE_QUALITY__JUDGE": judge.url}) as platform:
        yield platform


def failing(home: Platform, purpose: str = "rag") -> dict[str, tuple[str, ...]]:
    return {r.rule: r.examples for r in home.data.quality(source="docs", purpose=purpose).rules if r.failing}


def rested(home: Platform) -> None:
    """As after the half minute for which a judge that failed is left alone."""
    home.line.judge._failed = None


def test_a_hurtful_document_fails_the_rule_and_answers_on(judged: Platform, docs: Path):
    judged.data.add(path=str(write(docs, friendly=FRIENDLY, hateful=HATEFUL)))
    (report,) = judged.data.sync()
    assert report.unjudged == 0
    assert failing(judged)["toxicity"] == ("hateful.md",)
    assert len(judged.data.documents(state="live")) == 2
    assert next(s for s in judged.data.source(source="docs").scores if s.score == "toxicity").usual


def test_without_a_judge_nothing_is_judged_and_no_rule_about_it_is_asked(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, hateful=HATEFUL)))
    home.data.sync()
    report = home.data.quality(source="docs")
    assert "toxicity" not in {r.rule for r in report.rules}
    assert report.unjudged == 0


def test_documents_come_in_while_the_judge_is_away_and_are_judged_when_it_is_back(
    judged: Platform, judge: Judge, docs: Path
):
    judge.status = 503
    judged.data.add(path=str(write(docs, friendly=FRIENDLY, hateful=HATEFUL)))
    (report,) = judged.data.sync()
    assert (report.indexed, report.unjudged) == (2, 2)
    assert "does not answer: HTTP 503" in report.judge
    assert "2 documents not judged" in render((report,))
    assert judged.data.quality(source="docs").unjudged == 2
    assert "2 documents not judged" in render(judged.data.quality(source="docs"))
    judge.status = 200
    rested(judged)
    (again,) = judged.data.sync()
    assert again.unjudged == 0
    assert failing(judged)["toxicity"] == ("hateful.md",)


def test_a_judge_that_is_away_is_waited_for_once_and_each_text_is_judged_once(
    judged: Platform, judge: Judge, docs: Path
):
    judge.status = 500
    judged.data.add(path=str(write(docs, **{f"n{n}": FRIENDLY + f" {n}" for n in range(40)})))
    judged.data.sync()
    assert judge.texts <= 32  # the first batch alone
    judge.status, judge.texts = 200, 0
    rested(judged)
    judged.data.sync()
    assert judge.texts == 40
    judged.data.sync()
    assert judge.texts == 40


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [(401, None, Denied), (404, None, Invalid), (200, b"{}", Corrupt), (200, b'{"results": []}', Corrupt),
     (200, b'{"results": [{"category_scores": {"hate": 7}}]}', Corrupt), (429, None, Unavailable)],
)  # fmt: skip
def test_an_answer_that_is_none_is_said_and_judges_nothing(judge: Judge, status: int, said: bytes | None, error: type):
    judge.status, judge.said = status, said
    asked = ModerationsJudge(judge.url)
    with pytest.raises(error):
        asked.toxicity(["a text"])
    asked.close()


def test_a_server_that_is_not_there_is_unavailable_and_a_key_goes_nowhere_in_the_open(judge: Judge):
    gone = ModerationsJudge("http://127.0.0.1:9/v1")
    with pytest.raises(Unavailable):
        gone.toxicity(["a text"])
    gone.close()
    for url in ("ftp://judge/v1", "judge"):
        with pytest.raises(Invalid):
            ModerationsJudge(url)
    with pytest.raises(Invalid, match="in the open"):
        ModerationsJudge("http://judge.example.org/v1", key=lambda: "k")
    known = ModerationsJudge(judge.url, key=lambda: "k-7")
    known.toxicity(["a text"])
    known.close()
    assert judge.keys == {"Bearer k-7"}


def test_what_was_judged_goes_with_the_record_and_the_papers_name_the_judge(judged: Platform, judge: Judge, docs: Path):
    judged.data.add(path=str(write(docs, friendly=FRIENDLY, hateful=HATEFUL)))
    judged.data.sync()
    assert [n for (n,) in judged.line.database.query("SELECT count(*) FROM judgements")] == [2]
    judged.data.remove(source="docs")
    assert [n for (n,) in judged.line.database.query("SELECT count(*) FROM judgements")] == [0]
    assert f"the judge at {judge.url}, region not stated" in outside(judged)


def test_a_set_for_training_leaves_hurtful_documents_out_and_says_who_judged(
    judged: Platform, judge: Judge, docs: Path, tmp_path: Path
):
    judged.data.add(path=str(write(docs, friendly=FRIENDLY, hateful=HATEFUL)))
    judged.data.sync()
    report = judged.data.corpus(sources=("docs",), purpose="rag", out=str(tmp_path / "set.parquet"))
    assert (report.written, report.by_rule) == (1, {"toxicity": 1})
    judge.status = 503
    write(docs, later=FRIENDLY.replace("porter", "cook"))
    judged.data.sync()
    report = judged.data.corpus(sources=("docs",), purpose="rag", out=str(tmp_path / "later.parquet"))
    assert report.unjudged == 1
    assert "not judged for hurtful language: 1" in (tmp_path / "later.md").read_text()


def test_records_that_are_sent_are_judged_as_well(judged: Platform):
    judged.data.add(path="push://crm")
    judged.data.push(source="crm", path="a.md", text=HATEFUL)
    assert "toxicity" in {r.rule for r in judged.data.quality(source="crm").rules if r.failing}


def test_a_source_that_turns_hurtful_is_told_of(judged: Platform, docs: Path):
    judged.data.add(path=str(write(docs, **{f"a{n}": f"{FRIENDLY} The cook writes clear letters." for n in range(40)})))
    judged.data.sync()
    write(docs, **{f"b{n}": HATEFUL for n in range(24)})
    judged.data.sync()
    said = {m.score: m.says for m in judged.data.source(source="docs").moved}
    assert said["toxicity"].startswith("the words have become more hurtful: ")


def test_what_may_not_leave_its_region_is_not_sent_to_a_judge_elsewhere(judged: Platform, judge: Judge, docs: Path):
    judged.data.add(path=str(write(docs, hateful=HATEFUL)), options=("residency=eu",))
    with pytest.raises(Denied, match="the judge at"):
        judged.data.sync(source="docs")
    assert judge.texts == 0


def test_a_judge_elsewhere_is_asked_nothing_of_what_stays_in_a_region(judge: Judge, docs: Path, tmp_path: Path):
    with open_home(tmp_path / "home") as home:
        home.data.add(path="push://crm")
        home.data.push(source="crm", path="a.md", text=HATEFUL)
        home.data.add(path=str(write(docs, hateful=HATEFUL)), options=("residency=eu",))
        home.data.sync(source="docs")
        home.data.change(source="crm", options=("residency=eu",))
    with open_home(tmp_path / "home", {"THRULINE_QUALITY__JUDGE": judge.url}) as home:
        with pytest.raises(Denied, match="'docs' may be in eu alone, and the judge at"):
            home.data.sync(source="docs")
        home.data.change(source="crm", options=("purpose=support",))
    assert judge.texts == 0
    with open_home(
        tmp_path / "home", {"THRULINE_QUALITY__JUDGE": judge.url, "THRULINE_REGIONS__JUDGE": "eu-central-1"}
    ) as home:
        home.data.sync(source="docs")
    assert judge.texts == 1
