"""The one GPU device of a show: opening it, submitting to it, and knowing when what was submitted is done.

The only file that reaches into wgpu's native library (through `submit` and `done`): `Queue.on_submitted_work_done` is
broken in wgpu-py 0.32 (wgpu-py #834), and a mapping promise left pending can hold up other threads' submits. Asking for
one submission by its index does neither.
"""

from __future__ import annotations

import os
import platform
import threading
import warnings
from typing import Any

import numpy as np
import wgpu
from numpy.typing import NDArray

from engine.errors import GpuError

WANTED_FEATURES = ("timestamp-query", "timestamp-query-inside-encoders", "float32-filterable")
"""Used where there; nothing depends on them."""

Usage = wgpu.TextureUsage

_instance_lock = threading.Lock()
_instance_ready = False


class Gpu:
    """Adapter, device and queue, and the few objects that every pass shares.

    Thread: any; wgpu serialises submits. Blocks: `submit` while a software queue is full, `wait` until work is done.
    Owns: the device. Fails: GpuError when there is no adapter.
    """

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter
        self.features = frozenset(adapter.features)
        self.device: Any = adapter.request_device_sync(
            label="scrim",
            required_features=[name for name in WANTED_FEATURES if name in self.features],
            required_limits={},
        )
        self.queue: Any = self.device.queue
        self.linear: Any = self.device.create_sampler(mag_filter="linear", min_filter="linear", mipmap_filter="linear")
        self.blank: Any = self.device.create_texture(
            label="blank", size=(1, 1, 1), format="rgba8unorm", usage=Usage.TEXTURE_BINDING | Usage.COPY_DST
        )
        self.blank_view: Any = self.blank.create_view()
        self._native = wgpu.backends.wgpu_native
        self._index = self._native.ffi.new("WGPUSubmissionIndex *")

    @property
    def info(self) -> dict[str, Any]:
        """What the adapter says of itself: device, description, adapter_type, backend_type."""
        return dict(self.adapter.info)

    @property
    def is_software(self) -> bool:
        """Whether a CPU does the drawing (lavapipe)."""
        return bool(self.info["adapter_type"] == "CPU")

    def texture(self, label: str, width: int, height: int, pixel_format: str, usage: int, mips: int = 1) -> Any:
        """Make a 2D texture."""
        return self.device.create_texture(
            label=label, size=(width, height, 1), format=pixel_format, usage=usage, mip_level_count=mips
        )

    def upload(self, texture: Any, data: NDArray[Any], mip: int = 0) -> None:
        """Copy an array (height, width[, channels]) into a texture. 0.4 ms for 1920×1080 RGBA on lavapipe."""
        height, width = data.shape[:2]
        self.queue.write_texture(
            {"texture": texture, "mip_level": mip},
            data,
            {"bytes_per_row": data.strides[0], "rows_per_image": height},
            (width, height, 1),
        )

    def submit(self, *command_buffers: Any) -> int:
        """Submit in order; return the number by which `done` knows when the last of it is finished."""
        ffi, lib = self._native.ffi, self._native.lib
        ids = ffi.new("WGPUCommandBuffer[]", [buffer._internal for buffer in command_buffers])
        return int(lib.wgpuQueueSubmitForIndex(self.queue._internal, len(command_buffers), ids))

    def done(self, submission: int) -> bool:
        """Whether a submission is finished. Never waits."""
        return self._poll(submission, wait=False)

    def wait(self, submission: int) -> None:
        """Wait until a submission is finished: for tests, snapshots and benches, never in a tick."""
        self._poll(submission, wait=True)

    def _poll(self, submission: int, *, wait: bool) -> bool:
        ffi, lib = self._native.ffi, self._native.lib
        index = ffi.new("WGPUSubmissionIndex *", submission)
        # wgpu-native returns a C++ bool in a wider register: only the lowest byte is meant.
        return bool(int(lib.wgpuDevicePoll(self.device._internal, wait, index)) & 0xFF)

    def read(self, texture: Any, mip: int = 0) -> NDArray[Any]:
        """Return a texture's pixels as (height, width, channels), waiting for them: for tests and snapshots."""
        dtype, channels = PIXEL[texture.format]
        width, height = max(1, texture.width >> mip), max(1, texture.height >> mip)
        row = width * channels * np.dtype(dtype).itemsize
        padded = -(-row // 256) * 256
        data = self.queue.read_texture(
            {"texture": texture, "mip_level": mip},
            {"bytes_per_row": padded, "rows_per_image": height},
            (width, height, 1),
        )
        rows = np.frombuffer(data, np.uint8).reshape(height, padded)[:, :row]
        return np.ascontiguousarray(rows).view(dtype).reshape(height, width, channels)


PIXEL: dict[str, tuple[type, int]] = {
    "r8unorm": (np.uint8, 1),
    "rg8unorm": (np.uint8, 2),
    "rgba8unorm": (np.uint8, 4),
    "rgba8unorm-srgb": (np.uint8, 4),
    "bgra8unorm": (np.uint8, 4),
    "r16float": (np.float16, 1),
    "rgba16float": (np.float16, 4),
    "r32float": (np.float32, 1),
    "rgba32float": (np.float32, 4),
}
"""What one channel is, and how many there are."""


def open_gpu() -> Gpu:
    """Open the fastest adapter. With SCRIM_REQUIRE_LAVAPIPE set, anything but lavapipe is an error (for CI)."""
    global _instance_ready
    with _instance_lock:
        if not _instance_ready and platform.system() == "Linux":
            # OpenGL adapters are slower and lack features; asking for them also prints to stderr without a desktop.
            os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
            from wgpu.backends.wgpu_native.extras import set_instance_extras

            set_instance_extras(backends=["Vulkan"])
        _instance_ready = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter = wgpu.gpu.request_adapter_sync(power_preference="high-performance")
    except Exception as error:
        raise GpuError(
            "no GPU adapter: install a Vulkan driver (Debian: apt-get install mesa-vulkan-drivers libvulkan1)"
        ) from error
    if os.environ.get("SCRIM_REQUIRE_LAVAPIPE") and "llvmpipe" not in adapter.info["device"]:
        raise GpuError(f"SCRIM_REQUIRE_LAVAPIPE is set, but the adapter is {adapter.info['device']}")
    return Gpu(adapter)
