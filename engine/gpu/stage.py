"""The composed image: the one texture that layers are drawn into and displays read from."""

from __future__ import annotations

from typing import Any

from engine.components.stage import Stage
from engine.gpu.device import Gpu, Usage


class StageImage:
    """The stage's texture, in linear light; a copy of its base, what lies at the bottom and does not change; and a copy
    for blend modes that read what is behind them.

    One texture is enough for all displays: the queue runs submissions in order, so a display that draws reads either
    the last stage or the next, both whole.

    Thread: main writes, any reads. Blocks: never. Owns: the textures. Fails: never.
    """

    def __init__(self, gpu: Gpu, stage: Stage) -> None:
        self._gpu = gpu
        self.size = (stage.width, stage.height)
        self.format = stage.format
        self.seed = stage.seed
        self.colour = (*stage.colour, 1.0)
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC | Usage.COPY_DST
        self.texture = gpu.texture("stage", *self.size, self.format, usage)
        self.view: Any = self.texture.create_view()
        self._base: Any = None
        self._backdrop: Any = None
        self._backdrop_view: Any = None

    @property
    def backdrop_view(self) -> Any:
        """The copy, made when it is first asked for."""
        if self._backdrop_view is None:
            usage = Usage.TEXTURE_BINDING | Usage.COPY_DST
            self._backdrop = self._gpu.texture("backdrop", *self.size, self.format, usage)
            self._backdrop_view = self._backdrop.create_view()
        return self._backdrop_view

    def keep_base(self, encoder: Any) -> None:
        """Record a copy of the stage as it is at this point: what lies at the bottom and does not change."""
        if self._base is None:
            usage = Usage.COPY_SRC | Usage.COPY_DST
            self._base = self._gpu.texture("base", *self.size, self.format, usage)
        encoder.copy_texture_to_texture({"texture": self.texture}, {"texture": self._base}, (*self.size, 1))

    def restore_base(self, encoder: Any) -> None:
        """Record the copy back: 1 ms at 1080p on lavapipe, where drawing one picture costs 5."""
        encoder.copy_texture_to_texture({"texture": self._base}, {"texture": self.texture}, (*self.size, 1))

    def copy_to_backdrop(self, encoder: Any) -> None:
        """Record the copy of the stage as it is at this point of the encoder."""
        encoder.copy_texture_to_texture({"texture": self.texture}, {"texture": self._backdrop}, (*self.size, 1))
