"""What a presenter draws into: a swapchain's image, or a texture without a window."""

from __future__ import annotations

from typing import Any, Protocol

from engine.gpu.device import Gpu, Usage


class Target(Protocol):
    """Somewhere to present.

    Thread: its presenter's. Blocks: `acquire` for an image, at most until the next vsync. Owns: its images.
    Fails: `acquire` returns None when there is nothing to draw into now (hidden, resized, lost); try again.
    """

    format: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def acquire(self) -> Any | None:
        """Return the view to draw into, or None."""

    def present(self) -> None:
        """Show what was drawn."""

    def release(self) -> None:
        """Let go of everything."""


FORMATS = {8: "rgba8unorm", 10: "rgb10a2unorm", 16: "rgba16float"}
"""Of targets without a window, by bits of a colour. Half floats near white are as fine as 11 bits, and finer below."""


def step_of(target_format: str) -> float:
    """Return how far apart two values are that a target can hold, of 1; 0 where there are as good as no steps."""
    return {"rgb10a2unorm": 1.0 / 1023.0, "rgba16float": 0.0}.get(target_format, 1.0 / 255.0)


class OffscreenTarget:
    """A texture, encoded as a display wants it, of 8, 10 or 16 bits a colour; it keeps the last picture."""

    def __init__(self, gpu: Gpu, name: str, size: tuple[int, int], depth_bits: int = 8) -> None:
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC
        self.format = FORMATS[depth_bits]
        self.texture = gpu.texture(name, *size, self.format, usage)
        self.view: Any = self.texture.create_view()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return (self.texture.width, self.texture.height)

    def acquire(self) -> Any:
        """Return the view."""
        return self.view

    def present(self) -> None:
        """Do nothing: it is shown by being there."""

    def release(self) -> None:
        """Do nothing: the texture goes with its last reference."""
