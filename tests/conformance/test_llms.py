"""Both ways to a chat model keep the same promises."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.backends.openai_llm import OpenAiLlm
from thruline.core.errors import Unavailable
from thruline.core.ids import ArtifactId
from thruline.testing.fake_llm import FakeLlm
from thruline.testing.llm_suite import LlmSuite
from thruline.vectors.context import Hit, assemble, messages
from thruline.vectors.grounding import ground
from thruline.vectors.prompts import shipped
from thruline.vectors.weights import SMOLLM2_NAME, find_gguf


class TestOpenAiCompatible(LlmSuite):
    @pytest.fixture
    def llm(self) -> Iterator[OpenAiLlm]:
        with FakeLlm() as fake:
            yield OpenAiLlm(fake.url, "fake", lambda: "sk-test")


def test_the_fake_server_answers_a_prompt_with_passages_by_citing_the_first() -> None:
    text = "The garage opens at 6. It closes at 10."
    hit = Hit(chunk=ArtifactId("c"), record=ArtifactId("r"), title="Parking", text=text, start=0, end=len(text))
    asked = messages(shipped(), "When does the garage open?", assemble([hit], 100).passages, "a1b2c3")

    async def ask(url: str) -> str:
        llm = OpenAiLlm(url, "fake")
        answer = "".join([piece.text async for piece in llm.stream(asked, {})])
        await llm.close()
        return answer

    with FakeLlm() as fake:
        answer = asyncio.run(ask(fake.url))
    assert answer == "The garage opens at 6. [1]"
    assert all(claim.is_supported for claim in ground(answer, {1: text}))


@pytest.fixture(scope="module")
def smollm2() -> Path:
    pytest.importorskip("xllamacpp", reason="needs the extra llm (xllamacpp)")
    try:
        return find_gguf(SMOLLM2_NAME, cache=Path("~/.cache/thruline").expanduser())
    except Unavailable as error:
        pytest.skip(f"the small model cannot be fetched: {error}")


class TestLlamaCpp(LlmSuite):
    @pytest.fixture
    def llm(self, smollm2: Path):
        from thruline.backends.llamacpp_llm import LlamaCppLlm

        return LlamaCppLlm(smollm2, threads=1)
