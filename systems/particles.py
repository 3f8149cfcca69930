"""Particles: clouds that are born, move and die on the GPU."""

from __future__ import annotations

import math
from typing import Any

import wgpu

from engine import components
from engine.component import state
from engine.components import Keyframes, Place
from engine.gpu.passes import Passes
from engine.gpu.quads import UNPLACED, lay_picture, write_quad
from engine.gpu.stage import StageImage
from engine.gpu.uniforms import Block
from engine.tick import Tick
from engine.world import World
from systems.inference import Shown
from systems.masks import Matte

EMIT = {"area": 0, "top": 1, "point": 2, "edge": 3}
SHAPE = {"disc": 0, "square": 1, "streak": 2, "ribbon": 3}
"""The constants of shaders/particles.wgsl."""

RIBBON_POINTS = 24
"""How many particles make a ribbon, as in the shader."""

SEEDS_APART = 7919
"""How far apart the clouds of two stage seeds begin; with the stage's default seed a cloud's own is what counts."""

SAME = (
    *("speed", "gravity", "drag", "turbulence", "eddy", "pull", "life_s", "size_end", "soft", "count"),
    *("spin", "stretch", "depth", "hue", "twinkle"),
)
"""What a shader's `Cloud` has as the component says it."""

GROUP = 64
"""Particles a compute workgroup moves, as in the shader."""

LONGEST_STEP_NS = 100_000_000
"""After a pause particles go on from where they were instead of leaping."""

RUN_IN_STEP_S = 1 / 15
MOST_RUN_IN_STEPS = 120


@state(components.Particles)
class Cloud:
    """A cloud on the GPU. Written by Particles."""

    component: components.Particles | None = None
    block: Block | None = None
    buffer: Any = None
    moving: Any = None  # its bind group for compute
    vertices: Any = None  # its bind group for drawing
    textures: Any = None
    bound: Any = None
    count: int = 0  # of what is moved: particles, or ribbons
    quads: int = 0  # of what is drawn
    pipeline: Any = None
    turn: int = 0


class Particles:
    """Moves every cloud by the time that has passed.

    A new cloud is run in for one life, so that snow is falling in the first picture rather than starting to.

    Reads: Particles, Keyframes, Place, Matte, Shown. Writes: Cloud. Sends: nothing.
    """

    def __init__(self, world: World, passes: Passes, stage: StageImage) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._pipelines = {
            shape: passes.compute("particles.wgsl", "cs_ribbon" if shape == "ribbon" else "cs_main") for shape in SHAPE
        }
        self._struct = passes.shaders.struct("particles.wgsl", "Cloud")
        self._particle_bytes = passes.shaders.struct("particles.wgsl", "Particle").itemsize

    def process(self, tick: Tick) -> None:
        """Move, and let be born what is due."""
        clouds = self._world.each(components.Particles, Cloud)
        if not clouds:
            return
        for entity, (particles, cloud) in clouds:
            if cloud.component is not particles or self._world.get(entity, Keyframes) is not None:
                self._pack(particles, cloud)
            assert cloud.block is not None
            self._bind(particles, cloud)
            data = cloud.block.data
            data["time_s"] = tick.now_ns / 1e9
            data["step_s"] = min(tick.step_ns, LONGEST_STEP_NS) / 1e9
            cloud.turn += 1
            data["turn"] = cloud.turn
        compute = tick.encoder.begin_compute_pass()
        compute.set_bind_group(0, self._passes.frame)
        for _, (_, cloud) in clouds:
            assert cloud.block is not None
            self._dispatch(compute, cloud, cloud.block)
        compute.end()

    def _dispatch(self, compute: Any, cloud: Cloud, block: Block) -> None:
        compute.set_pipeline(cloud.pipeline.native)
        compute.set_bind_group(1, self._passes.block, [block.offset])
        compute.set_bind_group(2, cloud.textures)
        compute.set_bind_group(3, cloud.moving)
        compute.dispatch_workgroups(-(-cloud.count // GROUP))

    def _pack(self, particles: components.Particles, cloud: Cloud) -> None:
        """Take over what the author says; a cloud of another size or seed starts anew."""
        before = cloud.component
        fresh = before is None or _kind(before) != _kind(particles)
        ribbon = particles.shape == "ribbon"
        cloud.component = particles
        cloud.count = particles.count
        cloud.quads = particles.count * (RIBBON_POINTS - 1) if ribbon else particles.count
        cloud.pipeline = self._pipelines[particles.shape]
        if cloud.block is None:
            cloud.block = self._passes.uniforms.block(self._struct)
            cloud.textures = self._passes.no_textures
        if fresh:
            device = self._passes.gpu.device
            usage = wgpu.BufferUsage.STORAGE
            cloud.buffer = device.create_buffer(
                label="particles",
                size=particles.count * (RIBBON_POINTS if ribbon else 1) * self._particle_bytes,
                usage=usage,
            )
            cloud.moving = self._passes.storage(cloud.buffer, "storage")
            cloud.vertices = self._passes.storage(cloud.buffer, "read-only-storage")
        width, height = self._stage.size
        aspect = width / height
        data = cloud.block.data
        data["colour"] = (*(part * particles.glow for part in particles.colour), 1.0)
        data["end_colour"] = (*(part * particles.glow for part in particles.to), 1.0)
        data["centre"] = (particles.x * aspect, particles.y)
        data["extent"] = (particles.width * aspect, particles.height)
        data["direction"] = math.radians(particles.direction)
        data["spread"] = math.radians(particles.spread)
        data["size"] = particles.size_px / 720.0
        for name in SAME:
            data[name] = getattr(particles, name)
        data["seed"] = (particles.seed + (self._stage.seed - 1) * SEEDS_APART) % 2**32
        data["emit"] = EMIT[particles.emit]
        data["aspect"] = aspect
        data["opacity"] = 1.0
        if fresh and particles.emit != "edge":
            self._run_in(cloud, cloud.block, particles.life_s)

    def _run_in(self, cloud: Cloud, block: Block, life_s: float) -> None:
        """Let one life pass, in submissions of its own since each step has its own uniforms."""
        passes = self._passes
        steps = min(math.ceil(life_s / RUN_IN_STEP_S), MOST_RUN_IN_STEPS)
        for step in range(steps):
            cloud.turn += 1
            block.data["turn"] = cloud.turn
            block.data["step_s"] = life_s / steps
            block.data["time_s"] = (step - steps) * life_s / steps
            passes.uniforms.upload()
            encoder = passes.gpu.device.create_command_encoder()
            compute = encoder.begin_compute_pass()
            compute.set_bind_group(0, passes.frame)
            self._dispatch(compute, cloud, block)
            compute.end()
            passes.gpu.submit(encoder.finish())

    def _bind(self, particles: components.Particles, cloud: Cloud) -> None:
        """Give a cloud that is born along an edge the shape it is born along, and where that lies."""
        if particles.emit != "edge":
            return
        masked = self._world.entity(particles.mask)
        matte = self._world.get(masked, Matte) if masked is not None else None
        shown = self._world.get(matte.camera, Shown) if matte is not None and matte.camera is not None else None
        if masked is None or matte is None or matte.silhouette is None or shown is None or shown.planes is None:
            return
        if cloud.bound is not matte.silhouette:
            cloud.bound = matte.silhouette
            cloud.textures = self._passes.textures(None, None, None, matte.silhouette.view)
        place = self._world.get(masked, Place) or UNPLACED
        assert cloud.block is not None
        quad = lay_picture(self._stage.size, shown.planes, place, (0.0, 0.0))
        write_quad(cloud.block.data["person"], quad)


def _kind(particles: components.Particles) -> tuple[object, ...]:
    """What makes a cloud another one, rather than the same with other looks."""
    return particles.count, particles.seed, particles.emit, particles.shape == "ribbon"
