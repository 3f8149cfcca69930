"""The two newest stages of a display that shows pictures in between, and how things moved from one to the other."""

from __future__ import annotations

from typing import Any, Literal

from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.stage import StageImage

LARGEST_PX = 128
"""The longer side of what motion is looked for in: 13 ms at 1280×720 where a CPU draws, and enough for limbs."""

LEVELS = 4
"""Each half as large as the last: motion of an eighth of the picture can be found in the smallest."""

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
        self._kept = 0
        gpu = passes.gpu
        width, height = stage.size
        shrink = max(2, 2 * round(max(width, height) / LARGEST_PX / 2))
        sizes = [(max(1, width // shrink >> level), max(1, height // shrink >> level)) for level in range(LEVELS)]

        def texture(what: str, size: tuple[int, int], pixel_format: str, usage: int = 0) -> Any:
            usage = usage or Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC
            return gpu.texture(f"{name} {what}", *size, pixel_format, usage)

        copied = Usage.TEXTURE_BINDING | Usage.COPY_DST
        self._copies = [texture(f"stage {i}", stage.size, stage.format, copied) for i in range(2)]
        views = [copy.create_view() for copy in self._copies]
        bright = [[texture("brightness", size, "r16float").create_view() for size in sizes] for _ in range(2)]
        slopes = [[texture("slope", size, "rgba16float").create_view() for size in sizes] for _ in range(2)]
        self._flows = [texture(f"flow {i}", size, "rg16float") for i, size in enumerate(sizes)]
        flows = [flow.create_view() for flow in self._flows]
        change = texture("change", (1, 1), "r16float").create_view()
        block = passes.uniforms.block(passes.shaders.struct("display.wgsl", "Screen"))  # none of it is read
        first = passes.pipeline(
            "flow.wgsl", "r16float", constants={"SHRINK": shrink, "FROM_STAGE": 1.0}, fragment="fs_shrink"
        )
        halve = passes.pipeline("flow.wgsl", "r16float", fragment="fs_shrink")
        slope = passes.pipeline("flow.wgsl", "rgba16float", fragment="fs_slope")
        flow = passes.pipeline("flow.wgsl", "rg16float", fragment="fs_flow")
        changed = passes.pipeline("flow.wgsl", "r16float", fragment="fs_change")
        self._steps: list[list[tuple[Any, ...]]] = []
        self._views: list[tuple[Any, ...]] = []
        self._textures: list[Any] = []
        for now, before in ((0, 1), (1, 0)):
            steps = []
            for level in range(LEVELS):
                source = views[now] if level == 0 else bright[now][level - 1]
                steps.append((first if level == 0 else halve, block, passes.textures(source), bright[now][level]))
                steps.append((slope, block, passes.textures(bright[now][level]), slopes[now][level]))
            for level in reversed(range(LEVELS)) if fill == "motion" else ():
                coarser = flows[level + 1] if level + 1 < LEVELS else None
                both = passes.textures(slopes[now][level], slopes[before][level], coarser)
                steps.append((flow, block, both, flows[level]))
            least = LEVELS - 2
            moved = flows[least] if fill == "motion" else None
            both = passes.textures(slopes[now][least], slopes[before][least], moved)
            steps.append((changed, block, both, change))
            self._steps.append(steps)
            self._views.append((views[now], views[before], flows[0] if fill == "motion" else None, change))
        self.bind()

    def bind(self, *others: Any) -> None:
        """Let display.wgsl read other views too, from binding 4 on. Thread: main."""
        self._textures = [self._passes.textures(*views, *others) for views in self._views]

    @property
    def textures(self) -> Any:
        """What display.wgsl reads: the newest stage, the last, the motion, how much changed."""
        return self._textures[self._kept % 2]

    @property
    def both(self) -> bool:
        """Whether there are two stages to be between."""
        return self._kept > 1

    def take(self, encoder: Any) -> None:
        """Record that the stage as it is now is kept, and that motion from the one before is looked for."""
        self._kept += 1
        passes, to = self._passes, self._kept % 2
        encoder.copy_texture_to_texture(
            {"texture": self._stage.texture}, {"texture": self._copies[to]}, (*self._stage.size, 1)
        )
        for pipeline, block, textures, view in self._steps[to]:
            passes.fill(encoder, pipeline, block, textures, view)
