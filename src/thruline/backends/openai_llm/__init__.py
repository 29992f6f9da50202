"""Any server that speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, a cloud."""

from thruline.backends.openai_llm.llm import OpenAiLlm

__all__ = ["OpenAiLlm"]
