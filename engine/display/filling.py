"""The two newest stages of a display that shows pictures in between, and how things moved from one to the other."""

from __future__ import annotations

from typing import Any, Literal

from engine.gpu.device import Usage
from engine.gpu.flow import Flow
from engine.gpu.passes import Passes
from engine.gpu.stage import StageImage

FILLS = {"hold": 0.0, "blend": 1.0, "motion": 2.0}
"""What display.wgsl calls them."""


class Filling:
    """Keeps copies of two stages, and the motion between them.

    Thread: made by main, used by the presenter's. Blocks: while pipelines are compiled, when it is made.
    Owns: its textures, two of the stage's size among them. Fails: ShaderError.
    """

    def __init__(self, passes: Passes, stage: StageImage, name: str, fill: Literal["blend", "motion"]) -> None:
        self.fill = fill
        self._passes = passes
        self._stage = stage
        gpu, usage = passes.gpu, Usage.TEXTURE_BINDING | Usage.COPY_DST
        self._copies = [gpu.texture(f"{name} stage {i}", *stage.size, stage.format, usage) for i in range(2)]
        self._stages = [copy.create_view() for copy in self._copies]
        self._flow = Flow(passes, name, stage.size, halfway=True, moves=fill == "motion")
        self._flow.bind(self._stages, "light")
        self.bind()

    def bind(self, *others: Any) -> None:
        """Let display.wgsl read other views too, from binding 4 on. Thread: main."""
        moved = (self._flow.view, self._flow.change)
        self._textures = [
            self._passes.textures(*stages, *moved, *others) for stages in (self._stages, self._stages[::-1])
        ]

    @property
    def textures(self) -> Any:
        """What display.wgsl reads: the newest stage, the last, the motion, how much changed."""
        return self._textures[self._flow.taken % 2]

    @property
    def both(self) -> bool:
        """Whether there are two stages to be between."""
        return self._flow.taken > 1

    def take(self, encoder: Any) -> None:
        """Record that the stage as it is now is kept, and that motion from the one before is looked for."""
        copy = self._copies[(self._flow.taken + 1) % 2]
        encoder.copy_texture_to_texture({"texture": self._stage.texture}, {"texture": copy}, (*self._stage.size, 1))
        self._flow.take(encoder)
