"""The one GPU device of a show: opening it, submitting to it, and knowing when what was submitted is done.

The only file that reaches into wgpu's native library: `Queue.on_submitted_work_done` is broken in wgpu-py 0.32
(wgpu-py #834), and its mapping promise starts a thread that waits for all work there is, which held up a recording for
100 ms a picture. A native mapping that is asked for at the submit and looked after by polling waits for nothing.
"""

from __future__ import annotations

import os
import platform
import threading
import warnings
import weakref
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
        self.linear: Any = self.device.create_sampler(mag_filter="linear", min_filter="linear")
        self.blank: Any = self.device.create_texture(
            label="blank", size=(1, 1, 1), format="rgba8unorm", usage=Usage.TEXTURE_BINDING | Usage.COPY_DST
        )
        self.blank_view: Any = self.blank.create_view()
        self._textures: weakref.WeakSet[Any] = weakref.WeakSet()
        self._native = wgpu.backends.wgpu_native

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
        texture = self.device.create_texture(
            label=label, size=(width, height, 1), format=pixel_format, usage=usage, mip_level_count=mips
        )
        self._textures.add(texture)
        return texture

    @property
    def texture_bytes(self) -> int:
        """How much memory the textures hold that there are now, as far as their formats tell."""
        return sum(_bytes(texture) for texture in list(self._textures))

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
        """Submit in order; return the number by which `wait` knows the last of it."""
        ffi, lib = self._native.ffi, self._native.lib
        ids = ffi.new("WGPUCommandBuffer[]", [buffer._internal for buffer in command_buffers])
        return int(lib.wgpuQueueSubmitForIndex(self.queue._internal, len(command_buffers), ids))

    def wait(self, submission: int) -> None:
        """Wait until a submission is finished: for tests, snapshots and benches, never in a tick."""
        ffi, lib = self._native.ffi, self._native.lib
        lib.wgpuDevicePoll(self.device._internal, True, ffi.new("WGPUSubmissionIndex *", submission))

    def poll(self) -> None:
        """Let finished mappings say so. Never waits."""
        self._native.lib.wgpuDevicePoll(self.device._internal, False, self._native.ffi.NULL)

    def map(self, buffer: Any) -> Mapping:
        """Ask for a readable buffer's bytes, as they will be when what was submitted so far is done."""
        return Mapping(self._native, buffer)

    def can_draw_on(self, surface: Any) -> bool:
        """Whether a window's surface takes any format that this GPU draws.

        wgpu-py 0.32 makes formats up where there are none, and configuring the surface then aborts the process.
        """
        ffi, lib = self._native.ffi, self._native.lib
        capabilities = ffi.new("WGPUSurfaceCapabilities *")
        lib.wgpuSurfaceGetCapabilities(surface, self.adapter._internal, capabilities)
        some = bool(capabilities.formatCount)
        lib.wgpuSurfaceCapabilitiesFreeMembers(capabilities[0])
        return some

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
        pixels: NDArray[Any] = np.ascontiguousarray(rows).view(dtype).reshape(height, width, channels)
        return unpack_rgb10a2(pixels[..., 0]) if texture.format == "rgb10a2unorm" else pixels


def unpack_rgb10a2(words: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """Return the red, green, blue (0 to 1023) and alpha (0 to 3) of pixels of 32 bits: one more axis, of 4."""
    parts = [(words >> shift) & most for shift, most in ((0, 1023), (10, 1023), (20, 1023), (30, 3))]
    return np.stack(parts, axis=-1).astype(np.uint16)


def _bytes(texture: Any) -> int:
    dtype, channels = PIXEL.get(texture.format, (np.uint8, 4))
    level = texture.width * texture.height * channels * np.dtype(dtype).itemsize
    return int(sum(level / 4**mip for mip in range(texture.mip_level_count)))


class Mapping:
    """A buffer's bytes on their way to the CPU: `ready` once a `Gpu.poll` has found them there.

    Thread: any. Blocks: never. Owns: the buffer's mapping until `release`. Fails: GpuError from `bytes`.
    """

    def __init__(self, native: Any, buffer: Any) -> None:
        self._native = native
        self._buffer = buffer
        self._status: int | None = None
        ffi, lib = native.ffi, native.lib

        @ffi.callback("void(WGPUMapAsyncStatus, WGPUStringView, void *, void *)")  # type: ignore[untyped-decorator]
        def answered(status: int, _message: Any, _userdata1: Any, _userdata2: Any) -> None:
            self._status = status

        self._callback = answered  # the library keeps only its address
        info = {"mode": lib.WGPUCallbackMode_AllowProcessEvents, "callback": answered}
        lib.wgpuBufferMapAsync(
            buffer._internal, wgpu.MapMode.READ, 0, buffer.size, ffi.new("WGPUBufferMapCallbackInfo *", info)[0]
        )

    @property
    def ready(self) -> bool:
        """Whether `bytes` can be asked for."""
        return self._status is not None

    def bytes(self) -> NDArray[np.uint8]:
        """Return the bytes, valid until `release`."""
        ffi, lib = self._native.ffi, self._native.lib
        if self._status != lib.WGPUMapAsyncStatus_Success:
            raise GpuError(f"the GPU gives no access to {self._buffer.label!r} (status {self._status})")
        address = lib.wgpuBufferGetMappedRange(self._buffer._internal, 0, self._buffer.size)
        return np.frombuffer(ffi.buffer(address, self._buffer.size), np.uint8)

    def release(self) -> None:
        """Give the buffer back; arrays of it must not be read any more."""
        self._callback = None
        self._native.lib.wgpuBufferUnmap(self._buffer._internal)


PIXEL: dict[str, tuple[type, int]] = {
    "r8unorm": (np.uint8, 1),
    "rg8unorm": (np.uint8, 2),
    "rgba8unorm": (np.uint8, 4),
    "rgba8unorm-srgb": (np.uint8, 4),
    "bgra8unorm": (np.uint8, 4),
    "rgb10a2unorm": (np.uint32, 1),  # three colours of 10 bits and alpha of 2: `unpack_rgb10a2`
    "r16uint": (np.uint16, 1),
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
