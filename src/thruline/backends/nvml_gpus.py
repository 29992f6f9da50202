"""NVIDIA's GPUs by its management library (extra `gpu`)."""

from __future__ import annotations

from typing import Any

from thruline.ports.gpus import Gpu, GpuReport


class NvmlGpus:
    """Asks the driver through NVML; without the package, the driver or a device the report is empty and says why."""

    def look(self) -> GpuReport:
        """The devices in PCI bus order."""
        try:
            import pynvml
        except ImportError:
            return GpuReport(reason="the package nvidia-ml-py is not installed (extra `gpu`)")
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            return GpuReport(reason=f"no NVIDIA driver: {error}")
        try:
            count = pynvml.nvmlDeviceGetCount()
            gpus = tuple(_gpu(pynvml.nvmlDeviceGetHandleByIndex(i), pynvml) for i in range(count))
            return GpuReport(gpus=gpus, reason="" if gpus else "the NVIDIA driver sees no device")
        finally:
            pynvml.nvmlShutdown()


def _gpu(device: Any, nvml: Any) -> Gpu:
    name = nvml.nvmlDeviceGetName(device)
    memory = nvml.nvmlDeviceGetMemoryInfo(device).total
    return Gpu(name=name if isinstance(name, str) else name.decode(), memory=int(memory))
