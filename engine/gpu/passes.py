"""Drawing: every pass has the same groups of bindings, so that pipelines, blocks and textures combine freely.

    group 0   the tick: `Frame` and the linear sampler
    group 1   one uniform block, by dynamic offset
    group 2   up to twelve textures
    group 3   a storage buffer, for pipelines that ask for one

Pipelines are built once per combination and kept; building one takes milliseconds, so it happens when a scene is
loaded or changed, or beside the show when a shader is (engine/gpu/reload.py). Drawing one costs about 6 µs of Python,
beginning a pass 16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import wgpu

from engine.errors import ShaderError
from engine.gpu.device import Gpu
from engine.gpu.shader import Shaders, Source, in_authors_place
from engine.gpu.uniforms import BLOCK_BYTES, FRAME_BYTES, Block, Uniforms

MOST_TEXTURES = 12

Mix = Literal["replace", "normal", "add", "multiply", "screen", "exclusion", "erase", "sum", "dissolve"]
"""What the blend unit does with premultiplied colour: what a blend mode does; take away (erase), or lay beside (sum),
what covers a pixel; or go over from the target to the colour, as far as the blend constant says (dissolve)."""


def _mix(source: str, target: str, coverage: tuple[str, str] = ("one", "one-minus-src-alpha")) -> dict[str, Any]:
    terms = ("color", (source, target)), ("alpha", coverage)
    return {part: {"src_factor": src, "dst_factor": dst, "operation": "add"} for part, (src, dst) in terms}


MIXES: dict[Mix, dict[str, Any] | None] = {
    "replace": None,
    "normal": _mix("one", "one-minus-src-alpha"),
    "add": _mix("one", "one"),
    "multiply": _mix("dst", "zero", ("zero", "one")),
    "screen": _mix("one", "one-minus-src"),
    "exclusion": _mix("one-minus-dst", "one-minus-src"),
    "erase": _mix("zero", "one-minus-src-alpha", ("zero", "one-minus-src-alpha")),
    "sum": _mix("one", "one", ("one", "one")),
    "dissolve": _mix("constant", "one-minus-constant", ("constant", "one-minus-constant")),
}

Textures = Any


class Drawn(NamedTuple):
    """What a pipeline that draws is made of."""

    shader: str
    targets: tuple[str, ...]
    mix: Mix
    constants: tuple[tuple[str, float], ...]
    fragment: str
    vertex: str
    storage: bool


class Computed(NamedTuple):
    """What a pipeline that computes is made of."""

    shader: str
    entry: str
    constants: tuple[tuple[str, float], ...]


class Pipeline:
    """A pipeline, as those who draw with it keep it; `native` is replaced when its shader is compiled anew."""

    __slots__ = ("native",)

    def __init__(self, native: Any) -> None:
        self.native = native


@dataclass(frozen=True, slots=True)
class Compiled:
    """A newer text of a shader, and all pipelines made of it."""

    shader: str
    source: Source
    module: Any
    natives: Mapping[Drawn | Computed, Any]


class Passes:
    """Pipelines and bind groups of one device.

    Thread: main builds, `compile_anew` any; any may draw with what was built. Blocks: while something is compiled.
    Owns: pipelines and layouts. Fails: ShaderError.
    """

    def __init__(self, gpu: Gpu, shaders: Shaders, uniforms: Uniforms) -> None:
        self.gpu = gpu
        self.shaders = shaders
        self.uniforms = uniforms
        device = gpu.device
        both = wgpu.ShaderStage.VERTEX | wgpu.ShaderStage.FRAGMENT | wgpu.ShaderStage.COMPUTE
        frame_layout = device.create_bind_group_layout(
            label="frame",
            entries=[
                {"binding": 0, "visibility": both, "buffer": {"type": "uniform"}},
                {"binding": 1, "visibility": both, "sampler": {"type": "filtering"}},
            ],
        )
        block_layout = device.create_bind_group_layout(
            label="block",
            entries=[{"binding": 0, "visibility": both, "buffer": {"type": "uniform", "has_dynamic_offset": True}}],
        )
        self._textures_layout = device.create_bind_group_layout(
            label="textures",
            entries=[
                {"binding": i, "visibility": both, "texture": {"sample_type": "float"}} for i in range(MOST_TEXTURES)
            ],
        )
        self._storage_layouts = {
            access: device.create_bind_group_layout(
                label=access,
                entries=[{"binding": 0, "visibility": stage, "buffer": {"type": access}}],
            )
            for access, stage in (
                ("storage", wgpu.ShaderStage.COMPUTE),
                ("read-only-storage", wgpu.ShaderStage.VERTEX),
            )
        }
        groups = [frame_layout, block_layout, self._textures_layout]
        self._layout = device.create_pipeline_layout(bind_group_layouts=groups)
        self._storage_pipelines = {
            access: device.create_pipeline_layout(bind_group_layouts=[*groups, storage])
            for access, storage in self._storage_layouts.items()
        }
        self.frame = device.create_bind_group(
            label="frame",
            layout=frame_layout,
            entries=[
                {"binding": 0, "resource": {"buffer": uniforms.buffer, "offset": 0, "size": FRAME_BYTES}},
                {"binding": 1, "resource": gpu.linear},
            ],
        )
        self.block = device.create_bind_group(
            label="block",
            layout=block_layout,
            entries=[{"binding": 0, "resource": {"buffer": uniforms.buffer, "offset": 0, "size": BLOCK_BYTES}}],
        )
        self.no_textures = self.textures()
        self._pipelines: dict[Drawn | Computed, Pipeline] = {}

    def textures(self, *views: Any) -> Textures:
        """Return the bind group of these texture views (None: blank). Costs 20 µs: keep it while they are the same."""
        padded = [view or self.gpu.blank_view for view in (*views, *(None,) * (MOST_TEXTURES - len(views)))]
        return self.gpu.device.create_bind_group(
            layout=self._textures_layout,
            entries=[{"binding": i, "resource": view} for i, view in enumerate(padded)],
        )

    def storage(self, buffer: Any, access: Literal["storage", "read-only-storage"]) -> Any:
        """Return the bind group of a storage buffer: written by compute, or read by vertices."""
        return self.gpu.device.create_bind_group(
            layout=self._storage_layouts[access],
            entries=[{"binding": 0, "resource": {"buffer": buffer, "offset": 0, "size": buffer.size}}],
        )

    def pipeline(
        self,
        shader: str,
        formats: str | Sequence[str],
        *,
        mix: Mix = "replace",
        constants: Mapping[str, float] | None = None,
        fragment: str = "fs_main",
        vertex: str = "vs_main",
        storage: bool = False,
    ) -> Pipeline:
        """Return the pipeline that draws quads with a shader into targets of these formats."""
        targets = (formats,) if isinstance(formats, str) else tuple(formats)
        values = tuple(sorted((constants or {}).items()))
        return self._kept(Drawn(shader, targets, mix, values, fragment, vertex, storage))

    def compute(self, shader: str, entry: str = "cs_main", *, constants: Mapping[str, float] | None = None) -> Pipeline:
        """Return the compute pipeline of a shader; its storage buffer is group 3."""
        return self._kept(Computed(shader, entry, tuple(sorted((constants or {}).items()))))

    def compile_anew(self, shader: str) -> Compiled | None:
        """Compile a shader's files where they say something else by now, and change nothing that is in use."""
        source = self.shaders.read_anew(shader)
        if source is None:
            return None
        module = self.shaders.compile(shader, source)
        natives = {made: self._build(made, source, module) for made in list(self._pipelines) if made.shader == shader}
        return Compiled(shader, source, module, natives)

    def take_over(self, compiled: Compiled) -> None:
        """Draw with a newer shader from now on; whoever keeps a pipeline of it need not know."""
        natives = {  # those that were first asked for meanwhile are built here
            made: compiled.natives.get(made) or self._build(made, compiled.source, compiled.module)
            for made in self._pipelines
            if made.shader == compiled.shader
        }
        self.shaders.take_over(compiled.shader, compiled.source, compiled.module)
        for made, native in natives.items():
            self._pipelines[made].native = native

    def _kept(self, made: Drawn | Computed) -> Pipeline:
        pipeline = self._pipelines.get(made)
        if pipeline is None:
            native = self._build(made, self.shaders.source(made.shader), self.shaders.module(made.shader))
            pipeline = self._pipelines[made] = Pipeline(native)
        return pipeline

    def _build(self, made: Drawn | Computed, source: Source, module: Any) -> Any:
        device = self.gpu.device
        try:
            if isinstance(made, Computed):
                return device.create_compute_pipeline(
                    label=made.shader,
                    layout=self._storage_pipelines["storage"],
                    compute={"module": module, "entry_point": made.entry, "constants": dict(made.constants)},
                )
            values, blend = dict(made.constants), MIXES[made.mix]
            return device.create_render_pipeline(
                label=made.shader,
                layout=self._storage_pipelines["read-only-storage"] if made.storage else self._layout,
                vertex={"module": module, "entry_point": made.vertex, "constants": values},
                primitive={"topology": "triangle-list"},  # of a strip lavapipe sees no rectangles
                fragment={
                    "module": module,
                    "entry_point": made.fragment,
                    "constants": values,
                    "targets": [
                        {"format": target, "blend": blend} if blend else {"format": target} for target in made.targets
                    ],
                },
            )
        except Exception as error:
            raise ShaderError(in_authors_place(source, str(error))) from error

    def send(self, encoder: Any) -> Any:
        """Submit what is recorded, to begin with; return an encoder for what follows. Costs 0.1 ms of Python."""
        self.uniforms.upload()
        self.gpu.submit(encoder.finish())
        return self.gpu.device.create_command_encoder()

    def begin(self, encoder: Any, *views: Any, clear: tuple[float, float, float, float] | None = None) -> Any:
        """Begin a pass into these views; without `clear` what is there is kept."""
        render = encoder.begin_render_pass(
            color_attachments=[
                {
                    "view": view,
                    "load_op": "load" if clear is None else "clear",
                    "store_op": "store",
                    "clear_value": clear or (0.0, 0.0, 0.0, 0.0),
                }
                for view in views
            ]
        )
        render.set_bind_group(0, self.frame)
        return render

    def draw(self, render: Any, pipeline: Pipeline, block: Block, textures: Textures, count: int = 1) -> None:
        """Draw `count` quads."""
        self.set(render, pipeline, block, textures)
        render.draw(6, count)

    def set(self, render: Any, pipeline: Pipeline, block: Block, textures: Textures) -> None:
        """Say what is drawn next."""
        render.set_pipeline(pipeline.native)
        render.set_bind_group(1, self.block, [block.offset])
        render.set_bind_group(2, textures)

    def fill(self, encoder: Any, pipeline: Pipeline, block: Block, textures: Textures, *views: Any) -> None:
        """Draw one quad over all of these views, in a pass of its own."""
        render = self.begin(encoder, *views, clear=(0.0, 0.0, 0.0, 0.0))
        self.draw(render, pipeline, block, textures)
        render.end()
