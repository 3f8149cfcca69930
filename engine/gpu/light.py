"""The light on a person: which way their surface faces, what light there is around, and what it does to the picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.gpu.blur import Blur
from engine.gpu.device import Usage
from engine.gpu.passes import Passes, Textures
from engine.gpu.planes import LAYOUTS, Planes

LIGHT_FORMAT = "rgba16float"
DRAWN = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING

DETAIL = 0.35
"""How much of a normal brightness decides: above a half the prints on shirts begin to stand out."""


ADAPT_S = 2.0
"""How slowly exposure and colour follow the person: a hand before the camera is not to change them."""


SMOOTH_SIGMA_PX = 2.0
"""The standard deviation, in its own pixels, from which a blur is smooth when it is stretched."""


def shrunk_by(sigma_px: float) -> int:
    """Return how many times smaller a blur is made that has this standard deviation where it is not.

    With half the pixels each way it is a fifth of the work. With fewer still, samples would miss some of the source.
    """
    return 2 if sigma_px >= 2 * SMOOTH_SIGMA_PX else 1


class Body:
    """A person's shape: their silhouette blurred three times as wide each, and from that the way each point faces.

    `normals` holds unit vectors along the picture's axes and towards the viewer. Whoever knows better (a model of faces
    or of normals) may put another view there.

    Thread: main. Blocks: while its pipelines are compiled. Owns: its textures. Fails: ShaderError.
    """

    FORMAT = "rg16float"

    def __init__(self, passes: Passes, name: str, size: tuple[int, int], shrunk: int = 1) -> None:
        """`size` is the silhouette's, and `shrunk` how many times smaller the narrowest blur is."""
        self._passes = passes
        self.size = width, height = size
        self.shrunk = shrunk
        near_size, half, quarter = ((width // times, height // times) for times in (shrunk, 2, 4))
        self.near = Blur(passes, f"{name} near", *near_size, self.FORMAT, shrinks=shrunk > 1)
        self.middle = Blur(passes, f"{name} middle", *half, self.FORMAT, shrinks=shrunk < 2)
        self.far = Blur(passes, f"{name} far", *quarter, self.FORMAT, shrinks=True)
        self._near_textures = passes.textures(self.near.view)
        self._middle_textures = passes.textures(self.middle.view)
        self.normals: Any = passes.gpu.texture(f"{name} normals", width, height, LIGHT_FORMAT, DRAWN).create_view()
        self._guessed = self.normals
        self._pipeline = passes.pipeline("normals.wgsl", LIGHT_FORMAT)
        self._block = passes.uniforms.block(passes.shaders.struct("normals.wgsl", "Normals"))
        self._block.data["pixel"] = (1.0 / width, 1.0 / height)
        self._block.data["detail"] = DETAIL
        self._block.data["near_step"] = shrunk
        self._source = passes.textures(self.near.view, self.middle.view, self.far.view)

    def form(self, encoder: Any, silhouette: Textures, sigma_px: float) -> None:
        """Work out the shape of a silhouette; the narrowest blur has this standard deviation in pixels of that."""
        self.near.run(encoder, silhouette, sigma_px / self.shrunk)
        self.middle.run(encoder, self._near_textures, 3.5)
        self.far.run(encoder, self._middle_textures, 4.5)
        middle = math.hypot(sigma_px, 2 * 3.5)
        sigmas = ((sigma_px, self.shrunk), (middle, 2), (math.hypot(middle, 4 * 4.5), 4))
        # From one step before a straight edge to one after it its blur rises by the error function.
        self._block.data["straight"] = [2 * step / math.erf(step / (sigma * math.sqrt(2))) for sigma, step in sigmas]
        self._passes.fill(encoder, self._pipeline, self._block, self._source, self._guessed)

    def free(self) -> None:
        """Give the blocks back."""
        self._block.free()
        for blur in (self.near, self.middle, self.far):
            blur.free()


class Around:
    """The light around a person, as spherical harmonics, and what the person is like; both smoothed in time.

    The estimates of the last ticks are kept with their times, so that a person whose picture had to wait for its mask
    is lit by the light of when it was taken.

    Thread: main. Blocks: while its pipelines are compiled. Owns: its textures. Fails: ShaderError.
    """

    SIZE = (64, 36)
    """How much of what is behind a person can tell apart: colours come from directions, not from pixels."""

    ESTIMATES = 11
    SAMPLES = (32, 18)
    KEPT = 16  # ticks; half a second at 30 Hz
    SIGMA_PX = 2.5

    def __init__(self, passes: Passes, name: str) -> None:
        self._passes = passes
        gpu = passes.gpu

        def texture(part: str, size: tuple[int, int], usage: int = DRAWN) -> Any:
            return gpu.texture(f"{name} {part}", *size, LIGHT_FORMAT, usage)

        self.behind: Any = texture("behind", self.SIZE).create_view()
        self._behind_textures = passes.textures(self.behind)
        self.spread = Blur(passes, f"{name} spread", *self.SIZE, LIGHT_FORMAT)
        self._samples = [texture(part, self.SAMPLES).create_view() for part in ("colours", "grains")]
        self._estimates = [texture(part, (self.ESTIMATES, 1), DRAWN | Usage.COPY_SRC) for part in ("one", "other")]
        self._views = [estimate.create_view() for estimate in self._estimates]
        history = texture("history", (self.ESTIMATES, self.KEPT), Usage.TEXTURE_BINDING | Usage.COPY_DST)
        self._history = history
        self.history: Any = history.create_view()
        self._times_ns = np.zeros(self.KEPT, np.int64)
        self._count = 0
        self._sample_block = passes.uniforms.block(passes.shaders.struct("samples.wgsl", "Samples"))
        self._block = passes.uniforms.block(passes.shaders.struct("estimate.wgsl", "Estimate"))
        self._sources = [passes.textures(self.spread.view, *self._samples, self._views[1 - now]) for now in (0, 1)]
        self._bound: Any = None
        self._sample_textures: Any = None

    def sample(
        self, encoder: Any, planes: Planes, silhouette: Any, stage: Any, quad: NDArray[Any], *, grain: bool
    ) -> None:
        """Look at the person of a new picture; `stage` is what was composed last, for its grain."""
        passes, data = self._passes, self._sample_block.data
        key = (planes.version, silhouette, grain)
        if self._bound != key:
            self._bound = key
            self._sample_textures = passes.textures(*(*planes.views, None)[:2], silhouette, stage if grain else None)
            self._sample_pipeline = passes.pipeline(
                "samples.wgsl", (LIGHT_FORMAT,) * 2,
                constants={"LAYOUT": LAYOUTS[planes.layout], "GRAIN": float(grain)},
            )  # fmt: skip
        planes.write_reading(data["reading"])
        data["quad"] = quad
        passes.fill(encoder, self._sample_pipeline, self._sample_block, self._sample_textures, *self._samples)

    def estimate(self, encoder: Any, now_ns: int, smooth_s: float, panorama: NDArray[np.float32] | None = None) -> None:
        """Blur what was drawn into `behind`, and estimate, following within `smooth_s` what changes.

        `panorama` holds the harmonics (9, 3) of a light that is known.
        """
        self.spread.run(encoder, self._behind_textures, self.SIGMA_PX)
        first = not self._count
        passed_s = (now_ns - int(self._times_ns[(self._count - 1) % self.KEPT])) / 1e9
        data = self._block.data
        data["keep"] = 0.0 if first else math.exp(-passed_s / max(smooth_s, 1e-3))
        data["keep_person"] = 0.0 if first else math.exp(-passed_s / ADAPT_S)
        if panorama is not None:
            data["panorama"][0, :, :3] = panorama
        pipeline = self._passes.pipeline(
            "estimate.wgsl", LIGHT_FORMAT, constants={"PANORAMA": float(panorama is not None)}
        )
        now, row = self._count % 2, self._count % self.KEPT
        self._passes.fill(encoder, pipeline, self._block, self._sources[now], self._views[now])
        for number in range(self.KEPT) if first else (row,):
            encoder.copy_texture_to_texture(
                {"texture": self._estimates[now]},
                {"texture": self._history, "origin": (0, number, 0)},
                (self.ESTIMATES, 1, 1),
            )
        self._times_ns[row] = now_ns
        self._count += 1

    def rows(self, time_ns: int) -> tuple[int, int, float]:
        """Return the rows of the history about a time, and how far that lies from the first to the second."""
        newest = self._count - 1
        later = newest
        while later > 0 and later > newest - self.KEPT + 2 and self._times_ns[(later - 1) % self.KEPT] >= time_ns:
            later -= 1
        earlier = max(later - 1, 0)
        row, next_row = earlier % self.KEPT, later % self.KEPT
        begun_ns, ended_ns = int(self._times_ns[row]), int(self._times_ns[next_row])
        between = (time_ns - begun_ns) / max(ended_ns - begun_ns, 1)
        return row, next_row, min(max(between, 0.0), 1.0)

    def free(self) -> None:
        """Give the blocks back."""
        self._block.free()
        self._sample_block.free()
        self.spread.free()


class Shade:
    """What light does to a person: what multiplies their colour, what is added to it, and their shadow.

    Thread: main. Blocks: while its pipelines are compiled. Owns: its textures. Fails: ShaderError.
    """

    FORMATS = (LIGHT_FORMAT, "rgba8unorm")  # what is added is faint, and its square root fits into 8 bits

    def __init__(self, passes: Passes, name: str, body: Body, around: Around) -> None:
        self._passes = passes
        self.gain, self.glow = (
            passes.gpu.texture(f"{name} {part}", *body.size, pixel_format, DRAWN).create_view()
            for part, pixel_format in zip(("gain", "glow"), self.FORMATS, strict=True)
        )
        self._pipeline = passes.pipeline("shade.wgsl", self.FORMATS)
        self._block = passes.uniforms.block(passes.shaders.struct("shade.wgsl", "Shade"))
        self._shadow_block = passes.uniforms.block(passes.shaders.struct("shadow.wgsl", "Shadow"))
        self._body, self._around = body, around
        self._normals: Any = None
        self._drawn = b""
        self._shadow_source = passes.textures(body.middle.view, body.far.view, around.history)

    @property
    def data(self) -> NDArray[Any]:
        """What `draw` goes by, as the shader's `Shade`."""
        return self._block.data

    def draw(self, encoder: Any, *, anew: bool) -> bool:
        """Work out the light, where anything about it is another than last time; `anew`: something else is."""
        if self._normals is not self._body.normals:
            self._normals, anew = self._body.normals, True
            self._source = self._passes.textures(
                self._normals, self._body.near.view, self._around.spread.view, self._around.history
            )
        packed = self._block.data.tobytes()
        if not anew and packed == self._drawn:
            return False
        self._drawn = packed
        self._passes.fill(encoder, self._pipeline, self._block, self._source, self.gain, self.glow)
        return True

    def cast(self, render: Any, target_format: str, strength: float) -> None:
        """Draw the person's shadow onto what is behind."""
        data, shade = self._shadow_block.data, self._block.data
        for name in ("quad", "rows", "between"):
            data[name] = shade[name]
        data["strength"] = strength
        pipeline = self._passes.pipeline("shadow.wgsl", target_format, mix="multiply")
        self._passes.draw(render, pipeline, self._shadow_block, self._shadow_source)

    def free(self) -> None:
        """Give the blocks back."""
        self._block.free()
        self._shadow_block.free()
