"""What each of onnxruntime's providers is called and told: its memory, and where TensorRT keeps what it compiled."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine.models.heat import nvml

PROVIDERS: dict[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""onnxruntime's names by ours, fastest first."""

DEVICES: dict[str, str] = {"tensorrt": "cuda", "cuda": "cuda"}
"""Where a provider wants its tensors, when that is not the memory of the processor."""

MOST_GPU_BYTES = 2 << 30
"""What a session may take of a card that draws the show as well; the models known here need a tenth of it."""

MOST_ENGINES = 8
"""So many folders of compiled engines are kept, those used last: one is 2 to 50 MB, and a minute of work."""


def options(provider: str, engines: Path | None = None) -> dict[str, str]:
    """Return what this provider is told. `engines` is the folder where TensorRT keeps engine and timing cache.

    Names and values are those of onnxruntime's pages on the CUDA and TensorRT execution providers.
    """
    if provider == "cuda":
        return {
            "device_id": "0",
            "gpu_mem_limit": f"{MOST_GPU_BYTES}",
            "arena_extend_strategy": "kSameAsRequested",  # the other doubles: shapes stay, so nothing would use it
        }
    if provider == "tensorrt":
        told = {"device_id": "0", "trt_max_workspace_size": f"{MOST_GPU_BYTES}"}
        if engines is not None:
            told |= {
                "trt_engine_cache_enable": "True",
                "trt_engine_cache_path": f"{engines}",
                "trt_timing_cache_enable": "True",
                "trt_timing_cache_path": f"{engines}",
            }
        return told
    return {}


def shrinkage(provider: str) -> str:
    """Return the value of the run option that gives back what a run left unused in the arenas."""
    return "cpu:0;gpu:0" if provider in DEVICES else "cpu:0"


def engine_key(model: str, sha256: str, size: tuple[int, int], driver: str, runtime: str, tensorrt: str) -> str:
    """Return the name of the folder for what TensorRT compiles of a model: what any of these changes is another's.

    `size` (width, height) is what dimensions that the model leaves open will be, `driver` that of the card and its
    name, `runtime` and `tensorrt` the versions of onnxruntime and TensorRT.
    """
    width, height = size
    words = (model, sha256[:16], f"{width}x{height}", f"driver-{driver}", f"ort-{runtime}", f"trt-{tensorrt}")
    return "_".join(re.sub(r"[^\w.-]+", "-", word) for word in words)


def engine_folder(key: str, below: Path | None = None) -> Path | None:
    """Return a folder that is there, after removing those not used for longest; None where none can be made.

    It is in `scrim/engines` of the user's cache folder, or in `below`.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    below = below or Path(cache) / "scrim" / "engines"
    folder = below / key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        kept = sorted((each for each in below.iterdir() if each.is_dir()), key=lambda each: -each.stat().st_mtime_ns)
    except OSError:
        return None
    for old in kept[MOST_ENGINES:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def driver() -> str:
    """Return the version of NVIDIA's driver and the first card's name, or "unknown"."""
    found = nvml()
    with suppress(Exception):
        return f"{found.nvmlSystemGetDriverVersion()}-{found.nvmlDeviceGetName(found.nvmlDeviceGetHandleByIndex(0))}"
    with suppress(OSError, IndexError):
        return Path("/proc/driver/nvidia/version").read_text("utf-8").split("Module")[1].split()[0]
    return "unknown"


def tensorrt_version() -> str:
    """Return the version of TensorRT: its package's, else the library's own number, else "unknown"."""
    for name in ("tensorrt", "tensorrt-cu12", "tensorrt-cu13"):
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    library = ctypes.util.find_library("nvinfer")
    with suppress(OSError, AttributeError):
        if library:
            return str(ctypes.CDLL(library).getInferLibVersion())
    return "unknown"


def pin(arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Lock the memory of these, so that a card copies it without a detour; return those that were, to `unpin`."""
    cuda = _cuda()
    return [] if cuda is None else [array for array in arrays if _lock(cuda, array)]


def unpin(arrays: Sequence[NDArray[Any]]) -> None:
    """Give locked memory back, before it is freed."""
    cuda = _cuda()
    if cuda is not None:
        for array in arrays:
            cuda.cudaHostUnregister(ctypes.c_void_p(array.ctypes.data))


def _lock(cuda: Any, array: NDArray[Any]) -> bool:
    address, size = ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes)
    return bool(cuda.cudaHostRegister(address, size, ctypes.c_uint(0)) == 0)


def _cuda() -> Any:
    """Return CUDA's runtime where onnxruntime has loaded it, else None."""
    for name in ("libcudart.so.13", "libcudart.so.12"):
        with suppress(OSError):
            return ctypes.CDLL(name, getattr(os, "RTLD_NOLOAD", 0) | getattr(os, "RTLD_LAZY", 0))
    return None
