"""Optical flow: how what is in one picture has moved since the picture before, small, from coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from engine.gpu.device import Usage
from engine.gpu.passes import Passes

LARGEST_PX = 128
"""The longer side of what motion is looked for in: enough for limbs, and for hands at arm's length."""

LEVELS = 4
"""Each half as large as the last: motion of an eighth of the picture can be found in the smallest."""

CHANGE_LEVEL = LEVELS - 2
"""Where it is summed up how much has changed."""

BRIGHT, SLOPES, MOTION = "r8unorm", "rgba16float", "rg16float"
"""Formats. Of brightness: a filtered sample of 8 bits takes a CPU half the time of one of 16 (lavapipe)."""

Reads = Literal["brightness", "colours", "light"]
READS: dict[Reads, float] = {"brightness": 0.0, "colours": 1.0, "light": 2.0}
"""What flow.wgsl calls what a picture's texels are: luma, R'G'B', or linear light."""


class Flow:
    """The motion from each picture to the next, in fractions of the picture, the newest of them kept.

    `halfway`: at points of a picture that would lie in the middle between the two; else at points of the newer one,
    where it says what has come from where, and what hardly moves stands still. `moves = False` looks only at how much
    has changed.

    Thread: made by main, used by one at a time. Blocks: while pipelines are compiled, when it is made or bound.
    Owns: its textures. Fails: ShaderError.
    """

    def __init__(
        self,
        passes: Passes,
        name: str,
        picture_size: tuple[int, int],
        *,
        halfway: bool,
        moves: bool = True,
        kept: int = 1,
    ) -> None:
        self.taken = 0
        """How many pictures there were."""
        self._passes = passes
        width, height = picture_size
        self._shrink = max(2, 2 * round(max(picture_size) / LARGEST_PX / 2))
        sizes = [
            (max(1, width // self._shrink >> level), max(1, height // self._shrink >> level)) for level in range(LEVELS)
        ]

        def view(what: str, size: tuple[int, int], pixel_format: str) -> Any:
            usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
            return passes.gpu.texture(f"{name} {what}", *size, pixel_format, usage).create_view()

        self._bright = [[view("brightness", size, BRIGHT) for size in sizes] for _ in range(2)]
        self._slopes = [view("slopes", size, SLOPES) for size in sizes]
        coarser = [view("motion", size, MOTION) for size in sizes[1:]] if moves else []
        self.kept = kept
        self.view = view("motions", (sizes[0][0], sizes[0][1] * kept), MOTION) if moves else None
        """The motions that are kept, under each other in a ring: the newest is the one at `newest`."""
        self._finest_size = sizes[0]
        self.change = view("change", (1, 1), "r16float")
        """One pixel: by how much the two still differ when one is moved onto the other."""
        self._block = passes.uniforms.block(passes.shaders.struct("flow.wgsl", "Frame"))  # none of it is read

        towards = {"TOWARDS": 0.5 if halfway else 0.0}
        flow = passes.pipeline("flow.wgsl", MOTION, constants=towards, fragment="fs_flow")
        steady = {"STEADY": 0.0 if halfway else 1.0}
        self._flow = passes.pipeline("flow.wgsl", MOTION, constants={**towards, **steady}, fragment="fs_flow")
        change = passes.pipeline("flow.wgsl", "r16float", constants=towards, fragment="fs_change")
        self._looks: list[list[tuple[Any, ...]]] = []  # for even pictures and odd ones
        self._searches: list[list[tuple[Any, ...]]] = []
        self._finest: list[Any] = []
        for before in reversed(self._bright):
            reads = [
                passes.textures(self._slopes[level], before[level], *coarser[level : level + 1])
                for level in range(LEVELS)
            ]
            search = [(flow, reads[level], coarser[level - 1]) for level in range(len(coarser), 0, -1)]
            moved = coarser[CHANGE_LEVEL - 1] if moves else None
            both = passes.textures(self._slopes[CHANGE_LEVEL], before[CHANGE_LEVEL], moved)
            self._searches.append([*search, (change, both, self.change)])
            self._finest.append(reads[0])

    @property
    def newest(self) -> int:
        """How many motions lie above the newest one in `view`."""
        return self.taken % self.kept

    def bind(self, pictures: Sequence[Any], reads: Reads) -> None:
        """Say where pictures are read from: one view, or two in turn, the second for the first picture."""
        passes = self._passes
        how = {"SHRINK": self._shrink, "READS": READS[reads]}
        first = passes.pipeline("flow.wgsl", BRIGHT, constants=how, fragment="fs_shrink")
        halve = passes.pipeline("flow.wgsl", BRIGHT, fragment="fs_shrink")
        slope = passes.pipeline("flow.wgsl", SLOPES, fragment="fs_slope")
        self._looks = []
        for now, bright in enumerate(self._bright):
            levels = [passes.textures(view) for view in bright]
            look = [(first, passes.textures(pictures[now % len(pictures)]), bright[0])]
            look += [(halve, levels[level - 1], bright[level]) for level in range(1, LEVELS)]
            look += [(slope, levels[level], self._slopes[level]) for level in range(LEVELS)]
            self._looks.append(look)

    def take(self, encoder: Any) -> None:
        """Record that the next picture is looked at, and what has moved since the one before."""
        self.taken += 1
        now = self.taken % 2
        for pipeline, textures, view in (*self._looks[now], *self._searches[now]):
            self._passes.fill(encoder, pipeline, self._block, textures, view)
        if self.view is not None:
            render = self._passes.begin(encoder, self.view)
            width, height = self._finest_size
            render.set_viewport(0, self.newest * height, width, height, 0.0, 1.0)
            self._passes.draw(render, self._flow, self._block, self._finest[now])
            render.end()
