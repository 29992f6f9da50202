"""What a source's residency keeps here goes to no language model, embedder or store that stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from openai import BadRequestError, OpenAI

from thruline.app.compose import ConfiguredEngines
from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid
from thruline.testing.embeddings_server import EmbeddingsServer
from thruline.testing.fake_llm import FakeLlm
from thruline.testing.homes import SETTINGS, open_home, write
from thruline.testing.served import PAYDAY, made_home, serving_llm

SALARY = (
    "# Salary bands\n\nThe salary band of a senior gardener in Grenoble begins at ZEBRAFINCH and ends at QUETZAL marks."
)
ROSES = (
    "# Roses\n\nThe gardener cuts the roses of the north wall in March, before the senior visitors come to see them."
)
QUESTION = "What does the salary band of a senior gardener begin at?"
ABOUT_ROSES = "When does the gardener cut the roses of the north wall?"


def talking(llm: FakeLlm, region: str = "") -> Mapping[str, str]:
    return {
        "THRULINE_ANSWER__MODE": "llm", "THRULINE_ANSWER__LLM_URL": llm.url, "THRULINE_ANSWER__LLM_MODEL": "fake",
        "THRULINE_REGIONS__LLM": region,
    }  # fmt: skip


def filled(home: Platform, tmp_path: Path, residency: str = "eu") -> Platform:
    for name, options, document in (("hr", (f"residency={residency}",), SALARY), ("garden", (), ROSES)):
        (tmp_path / name).mkdir(exist_ok=True)
        home.data.add(path=str(write(tmp_path / name, doc=document)), name=name, options=options)
    home.data.sync()
    return home


def sent(llm: FakeLlm) -> str:
    return " ".join(request.body.decode() for request in llm.requests)


@pytest.mark.parametrize("region", ["", "us", "eu2", "europe"])
def test_a_labelled_passage_is_answered_from_here_where_the_model_stands_elsewhere(tmp_path: Path, region: str):
    with FakeLlm() as llm, open_home(tmp_path / "home", talking(llm, region)) as home:
        filled(home, tmp_path)
        answer = home.vectors.ask(question=QUESTION)
        assert (answer.mode, answer.kept_home) == ("extractive", 1)
        assert "ZEBRAFINCH" in answer.text
        assert llm.requests == []
        assert home.vectors.why(answer=answer.id).answer.kept_home == 1
        assert home.vectors.replay(answer=answer.id).generation == "same"


def test_a_model_answers_from_the_rest_without_what_stays(tmp_path: Path):
    with FakeLlm() as llm, open_home(tmp_path / "home", talking(llm)) as home:
        filled(home, tmp_path)
        answer = home.vectors.ask(question=ABOUT_ROSES)
        assert (answer.mode, answer.kept_home) == ("llm", 1)
        assert "north wall" in sent(llm)
        assert "ZEBRAFINCH" not in sent(llm)
        assert {p.source for p in answer.passages if p.number} == {"garden"}
        given = list(home.line.ledger.edges([answer.id], "up", depth=1))
        assert not {p.chunk for p in answer.passages if p.source == "hr"} & {edge.parent for edge in given}


@pytest.mark.parametrize("region", ["eu", "EU", "eu-central-1"])
def test_a_model_in_the_region_is_given_the_passage(tmp_path: Path, region: str):
    with FakeLlm() as llm, open_home(tmp_path / "home", talking(llm, region)) as home:
        filled(home, tmp_path)
        answer = home.vectors.ask(question=QUESTION)
        assert (answer.mode, answer.kept_home) == ("llm", 0)
        assert "ZEBRAFINCH" in sent(llm)
        assert "residency" in {check.name for check in home.ledger.doctor() if check.state == "ok"}


def test_openais_address_keeps_it_here_too_streamed_or_whole_and_says_so(tmp_path: Path):
    with made_home(tmp_path) as made, FakeLlm() as llm:
        with made.platform() as home:
            home.data.change(source="hr", options=("residency=eu",))
        with serving_llm(made, llm) as server, OpenAI(
            base_url=f"{server.url}/v1", api_key=server.keys["ann"], max_retries=0
        ) as client:  # fmt: skip
            asked: Any = {"model": "thruline", "messages": [{"role": "user", "content": PAYDAY}]}
            whole = client.chat.completions.create(**asked)
            assert "twentieth day" in (whole.choices[0].message.content or "")
            assert (whole.model_extra or {})["x_thruline"]["kept_home"] == 1
            pieces = client.chat.completions.create(**asked, stream=True)
            assert "twentieth" in "".join(p.choices[0].delta.content or "" for p in pieces)
            with pytest.raises(BadRequestError, match="may not be sent to the language model"):
                client.chat.completions.create(**asked, response_format={"type": "json_object"})
        assert "twentieth" not in sent(llm)


def test_an_embedder_elsewhere_stops_the_sync_of_a_labelled_source_alone(tmp_path: Path):
    with EmbeddingsServer() as server:
        given = {"THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": server.url, "THRULINE_EMBED__MODEL": "m",
                 "THRULINE_EMBED__DIMS": "64"}  # fmt: skip
        with Platform.open(
            tmp_path / "home", create=True, overrides={**SETTINGS, **given}, engines=ConfiguredEngines
        ) as home:
            filled(home, tmp_path)
            with pytest.raises(Denied, match="'hr' may be in eu alone, and the embedder at") as refused:
                home.data.sync(source="hr")
            assert "regions.embedder" in refused.value.hint
            assert {s.name: s.records for s in home.data.sources()} == {"garden": 1, "hr": 0}
            assert "ZEBRAFINCH" not in str(server.requests)
            assert [c.cure for c in home.ledger.doctor() if c.name == "residency" and c.state == "fail"] == [
                "set regions.embedder to where it stands"
            ]
            home.data.change(source="hr", options=("residency=",))
            home.data.sync(source="hr")
            home.data.change(source="hr", options=("residency=eu",))
            embedded = len(server.requests)
            assert "ZEBRAFINCH" in home.vectors.ask(question=QUESTION).text
            assert "ZEBRAFINCH" not in str(server.requests[embedded:])
            with pytest.raises(Denied, match="may be in eu alone"):
                home.vectors.rebuild()


def test_what_is_pushed_and_what_is_put_right_goes_to_no_embedder_elsewhere(tmp_path: Path):
    with EmbeddingsServer() as server:
        given = {"THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": server.url, "THRULINE_EMBED__MODEL": "m",
                 "THRULINE_EMBED__DIMS": "64"}  # fmt: skip
        with Platform.open(
            tmp_path / "home", create=True, overrides={**SETTINGS, **given}, engines=ConfiguredEngines
        ) as home:
            home.data.add(path="push://shop")
            home.data.push(source="shop", path="a.txt", text=SALARY)
            home.data.change(source="shop", options=("residency=eu",))
            embedded = len(server.requests)
            with pytest.raises(Denied, match="may be in eu alone"):
                home.data.push(source="shop", path="b.txt", text=SALARY.replace("ZEBRAFINCH", "OCELOT"))
            with pytest.raises(Denied, match="may be in eu alone"):
                home.data.rectify(wrong="ZEBRAFINCH", right="OCELOT", what="shop")
            assert len(server.requests) == embedded


@pytest.mark.parametrize("label", ["in our own cellar!", "eu;us", "-", "eu,?"])
def test_what_cannot_name_a_region_is_refused(home: Platform, docs: Path, label: str):
    with pytest.raises(Invalid, match="cannot name a region"):
        home.data.add(path=str(docs), options=(f"residency={label}",))


def test_a_region_that_cannot_be_meant_is_refused_in_the_settings(tmp_path: Path):
    with pytest.raises(Invalid, match="cannot name a region"), open_home(tmp_path, {"THRULINE_REGIONS__LLM": "a b"}):
        pass


def test_what_an_older_home_says_in_a_sentence_is_admitted_nowhere_outside(tmp_path: Path):
    with FakeLlm() as llm, open_home(tmp_path / "home", talking(llm, "eu")) as home:
        filled(home, tmp_path)
        hr = home.line.records.source("hr")
        with home.line.database.transaction():
            home.line.records.set_options(hr.id, {"residency": "our own cellar in Grenoble"})
        assert home.vectors.ask(question=QUESTION).mode == "extractive"
        assert llm.requests == []
        (check,) = [c for c in home.ledger.doctor() if c.name == "residency"]
        assert check.state == "warn"
        assert "our own cellar in grenoble alone" in check.says


def test_the_papers_say_where_what_is_outside_stands(tmp_path: Path):
    with FakeLlm() as llm, open_home(tmp_path / "home", talking(llm, "eu")) as home:
        filled(home, tmp_path)
        assert f"- the language model at {llm.url}, eu" in home.data.processing()
