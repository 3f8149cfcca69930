"""What providers are told, and where TensorRT keeps what it compiles: no card is needed to see that."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.models import providers, runtime, session
from engine.models.providers import MOST_ENGINES, MOST_GPU_BYTES, engine_folder, engine_key, options, shrinkage
from tests.engine.models.onnx_models import mixer

KEY: dict[str, Any] = {
    "model": "person",
    "sha256": "061025ee8d6ec4c38b69a2bc9862f5b0",
    "size": (256, 144),
    "driver": "570.86.10-NVIDIA H100",
    "runtime": "1.31.1",
    "tensorrt": "10.9.0",
}


def test_a_card_is_not_taken_whole_and_grows_by_what_is_asked_for() -> None:
    told = options("cuda")
    assert told["gpu_mem_limit"] == str(MOST_GPU_BYTES)
    assert told["arena_extend_strategy"] == "kSameAsRequested"
    assert options("cpu") == options("coreml") == {}


def test_tensorrt_keeps_engines_and_timings_where_there_is_a_folder(tmp_path: Path) -> None:
    told = options("tensorrt", tmp_path)
    for what in ("engine", "timing"):
        assert told[f"trt_{what}_cache_enable"] == "True"
        assert told[f"trt_{what}_cache_path"] == str(tmp_path)
    assert not any("cache" in name for name in options("tensorrt"))


def test_arenas_are_shrunk_where_they_are() -> None:
    assert [shrinkage(provider) for provider in ("cpu", "cuda", "tensorrt")] == ["cpu:0", "cpu:0;gpu:0", "cpu:0;gpu:0"]
    told = runtime.runtime().RunOptions()
    told.add_run_config_entry("memory.enable_memory_arena_shrinkage", shrinkage("cpu"))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("model", "another"),
        ("sha256", "f" * 32),
        ("size", (320, 180)),
        ("driver", "580.0-NVIDIA H100"),
        ("driver", "570.86.10-NVIDIA L4"),
        ("runtime", "1.32.0"),
        ("tensorrt", "10.10.0"),
    ],
)
def test_whatever_an_engine_was_made_for_has_a_folder_of_its_own(name: str, other: Any) -> None:
    key = engine_key(**KEY)
    assert engine_key(**KEY) == key
    assert engine_key(**{**KEY, name: other}) != key


def test_a_key_is_a_folder_name_whatever_is_in_it() -> None:
    key = engine_key(**{**KEY, "model": "../a b/ü", "driver": "1/2 : 3"})
    assert Path(key).name == key
    assert " " not in key
    assert engine_key(**KEY) == ("person_061025ee8d6ec4c3_256x144_driver-570.86.10-NVIDIA-H100_ort-1.31.1_trt-10.9.0")


def test_the_folders_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folders = []
    for index in range(MOST_ENGINES):
        folder = engine_folder(f"key{index}")
        assert folder == tmp_path / "scrim" / "engines" / f"key{index}"
        (folder / "a.engine").write_bytes(b"compiled")
        os.utime(folder, (index, index))
        folders.append(folder)
    assert engine_folder("key0") == folders[0], "used again, and so the newest"
    assert (folders[0] / "a.engine").exists()
    assert all(folder.exists() for folder in folders)
    engine_folder("one more")
    assert [folder.exists() for folder in folders] == [True, False] + [True] * (MOST_ENGINES - 2)


def test_where_no_folder_can_be_made_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert engine_folder("key", tmp_path / "file") is None


def test_the_driver_is_told_with_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    library = SimpleNamespace(
        nvmlSystemGetDriverVersion=lambda: "570.86.10",
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda _: "NVIDIA L4",
    )
    monkeypatch.setattr(providers, "nvml", lambda: library)
    assert providers.driver() == "570.86.10-NVIDIA L4"


def test_what_tensorrt_compiles_is_kept_for_this_file_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The options reach the session; on a machine without TensorRT another provider is opened in its place."""
    told: list[tuple[list[str], Path | None]] = []
    really_open = runtime._open

    def opens(model: Any, name: Any, wanted: Any, threads: int, engines: Path | None) -> Any:
        told.append((list(wanted), engines))
        return really_open(model, name, ["cpu"], threads, None)

    monkeypatch.setattr(runtime, "_open", opens)
    monkeypatch.setattr(session, "installed_providers", lambda: ["tensorrt", "cuda", "cpu"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    opened = session.Session(mixer(tmp_path / "red.onnx", "nchw", [[1, 0, 0]]), size=(320, 180))
    ((wanted, engines),) = told
    assert wanted == ["tensorrt", "cuda", "cpu"]
    assert engines is not None
    assert engines.parent == tmp_path / "scrim" / "engines"
    assert engines.name.startswith("red_")
    assert "_320x180_" in engines.name
    assert f"_ort-{runtime.runtime().__version__}_" in engines.name
    assert (opened.provider, opened.fallback) == ("cpu", "tensorrt did not start, so it runs on cpu")


class Cuda:
    """CUDA's runtime, which locks all memory but that of one byte."""

    def __init__(self) -> None:
        self.locked: dict[int, int] = {}

    def cudaHostRegister(self, address: Any, size: Any, _: Any) -> int:  # noqa: N802 - as CUDA calls it
        if size.value == 1:
            return 1
        self.locked[address.value] = size.value
        return 0

    def cudaHostUnregister(self, address: Any) -> int:  # noqa: N802
        del self.locked[address.value]
        return 0


def test_memory_is_locked_until_it_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = Cuda()
    monkeypatch.setattr(providers, "_cuda", lambda: cuda)
    arrays: list[Any] = [np.zeros((3, 4), np.float32), np.zeros(1, np.uint8), np.zeros(16, np.uint8)]
    locked = providers.pin(arrays)
    assert cuda.locked == {arrays[0].ctypes.data: 48, arrays[2].ctypes.data: 16}
    providers.unpin(locked)
    assert cuda.locked == {}


def test_without_cuda_nothing_is_locked() -> None:
    if providers._cuda() is None:
        assert providers.pin([np.zeros(4)]) == []
