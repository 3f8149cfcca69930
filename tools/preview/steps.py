"""The steps on the way from a camera to the stage, each as a picture for the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.components import Camera, Layer
from engine.display.target import OffscreenTarget
from engine.geometry import WHOLE, lay
from engine.gpu.device import Usage
from engine.gpu.planes import LAYOUTS, Planes
from engine.gpu.quads import write_quad
from engine.gpu.tiles import GUIDED, TEXTURE
from engine.gpu.uniforms import Block
from engine.media.picture import Plane
from engine.world import World
from systems.drawings.cloud import CloudDrawing
from systems.drawings.drawing import Drawing
from systems.drawings.group import every
from systems.inference import Inferred, Shown
from systems.lighting import Lit, masked_entity
from systems.masks import Matte, Silhouette
from systems.show import Show

PICTURE, GREY, SHADE, STAGE = range(4)
"""The constants of shaders/step.wgsl."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, and what it shows."""

    name: str
    help: str


STEPS = (
    Step("Stage", "All layers composed, before any display."),
    Step("Camera", "The camera's picture as it came."),
    Step("Raw mask", "What the network, the key or the truth says, before anything refines it."),
    Step("Mask", "How much of each pixel is person, as layers use it."),
    Step("Light", "What lamps and background do to a person, shown on a grey body."),
    Step("Particles", "All particles, and nothing else."),
    Step("Layer", "The chosen layer alone."),
)

LARGEST = 1280
"""Pixels in width of a step's picture: more than a panel shows costs where a CPU draws."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose camera, mask and light are shown: entities, where there are such."""

    camera: int | None = None
    mask: int | None = None
    lit: int | None = None


class Matted(Silhouette):
    """A person's alpha, large enough to look at."""

    WIDTH = 640

    def show(self, encoder: Any, planes: Planes, matte: Matte) -> None:
        """Draw it between two ticks, when no upload of all blocks is to come."""
        self.draw(encoder, planes, matte)
        self._passes.uniforms.write(self._block)


class Steps:
    """Draws steps of one show, each into a texture that it keeps.

    Thread: main, between ticks. Blocks: a pipeline's compilation, the first time a step is looked at. Owns: the
    textures. Fails: never; of what there is not, `draw` returns None.
    """

    def __init__(self, show: Show) -> None:
        self.show = show
        self._targets: dict[str, OffscreenTarget] = {}
        self._blocks: dict[str, Block] = {}
        self._bound: dict[str, tuple[object, Any]] = {}
        self._light: Any = None  # where layers alone are drawn, in linear light
        self._raw: tuple[Any, Any] | None = None
        self._matted: dict[int, Matted] = {}

    def draw(self, step: str, entity: str) -> OffscreenTarget | None:
        """Draw a step as it is now; `entity` is the one that is chosen. Return where it is to be seen."""
        show = self.show
        person = self._person(entity)
        encoder = show.gpu.device.create_command_encoder()
        target = {
            "Stage": self._draw_stage,
            "Camera": self._draw_camera,
            "Raw mask": self._draw_raw,
            "Mask": self._draw_matte,
            "Light": self._draw_light,
            "Particles": self._draw_particles,
            "Layer": self._draw_layer,
        }[step](encoder, person, entity)
        if target is not None:
            show.gpu.submit(encoder.finish())
        return target

    def _person(self, entity: str) -> Person:
        """Find whom to show: who is chosen, whom the chosen one means, or the first there is."""
        world = self.show.world
        chosen = world.entity(entity)
        mask = masked_entity(world, chosen) if chosen is not None else None
        camera = _camera_of(world, chosen) if chosen is not None and mask is None else None
        mattes = world.each(Matte)
        masks = [each for each, (matte,) in mattes if camera is None or matte.camera == camera]
        if mask is None and (masks or mattes):
            mask = masks[0] if masks else mattes[0][0]
        matte = world.get(mask, Matte) if mask is not None else None
        if camera is None:
            camera = matte.camera if matte is not None else next((each for each, _ in world.each(Camera)), None)
        lits = [each for each, (lit,) in world.each(Lit) if lit.mask == mask]
        return Person(camera, mask, chosen if chosen in lits else next(iter(lits), None))

    # One for each step -----------------------------------------------------------------------------------------------

    def _draw_stage(self, encoder: Any, _person: Person, _entity: str) -> OffscreenTarget | None:
        stage = self.show.stage_image
        return self._show_views(encoder, "Stage", STAGE, stage.size, stage.view)

    def _draw_camera(self, encoder: Any, person: Person, _entity: str) -> OffscreenTarget | None:
        planes = self._planes(person)
        if planes is None:
            return None
        return self._fill(encoder, "Camera", PICTURE, planes.upright_size, planes, *planes.views)

    def _draw_raw(self, encoder: Any, person: Person, entity: str) -> OffscreenTarget | None:
        planes = self._planes(person)
        inferred = self.show.world.get(person.mask, Inferred) if person.mask is not None else None
        shown = self.show.world.get(person.camera, Shown) if person.camera is not None else None
        plane: Plane | None = None
        if inferred is not None and inferred.answer is not None:
            plane = inferred.answer.mask
        elif shown is not None and shown.picture is not None:
            plane = shown.picture.truth
        matte = self.show.world.get(person.mask, Matte) if person.mask is not None else None
        if planes is None or matte is None:
            return None
        if plane is None or matte.kind not in (TEXTURE, GUIDED):
            return self._draw_matte(encoder, person, entity)  # a key has no other
        height, width = plane.shape
        if self._raw is None or (self._raw[0].width, self._raw[0].height) != (width, height):
            usage = Usage.TEXTURE_BINDING | Usage.COPY_DST
            texture = self.show.gpu.texture("raw mask", width, height, "r8unorm", usage)
            self._raw = (texture, texture.create_view())
        self.show.gpu.upload(self._raw[0], plane)
        return self._fill(encoder, "Raw mask", GREY, planes.upright_size, planes, self._raw[1])

    def _draw_matte(self, encoder: Any, person: Person, _entity: str) -> OffscreenTarget | None:
        planes, shape = self._planes(person), self._shape(encoder, person)
        if planes is None or shape is None:
            return None
        return self._fill(encoder, "Mask", GREY, planes.upright_size, planes, shape)

    def _draw_light(self, encoder: Any, person: Person, _entity: str) -> OffscreenTarget | None:
        planes, shape = self._planes(person), self._shape(encoder, person)
        lit = self.show.world.get(person.lit, Lit) if person.lit is not None else None
        if planes is None or shape is None or lit is None or lit.shade is None:
            return None
        return self._fill(encoder, "Light", SHADE, planes.upright_size, planes, lit.shade.gain, lit.shade.glow, shape)

    def _shape(self, encoder: Any, person: Person) -> Any | None:
        """Draw a person's alpha, and return it."""
        planes = self._planes(person)
        matte = self.show.world.get(person.mask, Matte) if person.mask is not None else None
        if planes is None or matte is None or person.mask is None or matte.view is None:
            return None
        matted = self._matted.get(person.mask)
        if matted is None or matted.size != Matted.size_for(planes.size):
            matted = self._matted[person.mask] = Matted(self.show.passes, "preview", planes.size)
        matted.show(encoder, planes, matte)
        return matted.view

    def _draw_particles(self, encoder: Any, _person: Person, _entity: str) -> OffscreenTarget | None:
        clouds = [drawing for drawing in every(self.show.layers.drawings) if isinstance(drawing, CloudDrawing)]
        return self._draw_alone(encoder, "Particles", clouds)

    def _draw_layer(self, encoder: Any, _person: Person, entity: str) -> OffscreenTarget | None:
        chosen = self.show.world.entity(entity)
        return self._draw_alone(
            encoder, "Layer", [drawing for drawing in every(self.show.layers.drawings) if drawing.entity == chosen]
        )

    def _draw_alone(self, encoder: Any, name: str, drawings: Sequence[Drawing]) -> OffscreenTarget | None:
        stage = self.show.stage_image
        drawings = [drawing for drawing in drawings if drawing.visible]
        if not drawings:
            return None
        if self._light is None:
            usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
            self._light = self.show.gpu.texture("layers alone", *stage.size, stage.format, usage).create_view()
        render = self.show.passes.begin(encoder, self._light, clear=(0.0, 0.0, 0.0, 1.0))
        for drawing in drawings:
            drawing.draw(render, stage.format)
        render.end()
        return self._show_views(encoder, name, STAGE, stage.size, self._light)

    # Drawing ---------------------------------------------------------------------------------------------------------

    def _planes(self, person: Person) -> Planes | None:
        shown = self.show.world.get(person.camera, Shown) if person.camera is not None else None
        return shown.planes if shown is not None else None

    def _show_views(
        self, encoder: Any, name: str, shown: int, size: tuple[int, int], *views: Any
    ) -> OffscreenTarget | None:
        return self._fill(encoder, name, shown, size, None, *views)

    def _fill(
        self, encoder: Any, name: str, shown: int, size: tuple[int, int], planes: Planes | None, *views: Any
    ) -> OffscreenTarget:
        """Draw views into a step's texture, upright."""
        passes = self.show.passes
        scale = min(1.0, LARGEST / size[0])
        size = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        target = self._targets.get(name)
        if target is None or target.size != size:
            target = self._targets[name] = OffscreenTarget(self.show.gpu, name, size)
        block = self._blocks.get(name)
        if block is None:
            block = self._blocks[name] = passes.uniforms.block(passes.shaders.struct("step.wgsl", "Step"))
        quad, layout = WHOLE, "rgba"
        if planes is not None:
            quad = lay(
                size, planes.upright_size, fit="stretch", quarter_turns=planes.quarter_turns, mirrored=planes.mirrored
            )
            planes.write_reading(block.data["reading"])
            layout = planes.layout
        write_quad(block.data["quad"], quad)
        passes.uniforms.write(block)
        key = tuple(map(id, views))
        if name not in self._bound or self._bound[name][0] != (key, views):
            self._bound[name] = ((key, views), passes.textures(*views))
        constants = {"SHOWN": shown, "LAYOUT": LAYOUTS[layout] if shown == PICTURE else LAYOUTS["rgba"]}
        pipeline = passes.pipeline("step.wgsl", target.format, constants=constants)
        passes.fill(encoder, pipeline, block, self._bound[name][1], target.view)
        return target


def _camera_of(world: World, entity: int) -> int | None:
    """Return the camera that an entity is or draws."""
    layer = world.get(entity, Layer)
    if layer is not None and layer.camera:
        return world.entity(layer.camera)
    return entity if world.get(entity, Camera) is not None else None
