"""The network, opened where it runs best: on a GPU where ONNX Runtime offers one and the weights are not 8-bit."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Literal

import onnxruntime

from thruline.core.errors import Corrupt

Device = Literal["cpu", "cuda"]
_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
# Steps that a network of 8-bit weights takes for each matrix; CUDA has none of them, so each would go back and forth.
_INT8 = (b"MatMulInteger", b"DynamicQuantizeLinear")


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """Raises Corrupt for what is no model. A GPU that cannot be used, as without its driver, is done without."""
    options = onnxruntime.SessionOptions()
    # Parallel over texts, not inside one: no thread waits for another, and sums are always in one order.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    on_gpu = _CUDA in onnxruntime.get_available_providers() and not is_int8(path)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[_CUDA, _CPU] if on_gpu else [_CPU])
    except Exception as error:  # the C++ binding derives its errors from Exception, one class per status
        raise Corrupt(f"{str(path)!r} is not a model that ONNX Runtime can open") from error


def device_of(session: onnxruntime.InferenceSession) -> Device:
    """Where it runs."""
    return "cuda" if _CUDA in session.get_providers() else "cpu"


def is_int8(path: Path) -> bool:
    """Whether the weights are 8-bit: on a CPU half the time, on a GPU no gain."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return any(data.find(step) >= 0 for step in _INT8)
