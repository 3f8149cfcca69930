"""Layers: what is drawn on the stage this tick, back to front, packed for the GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.components import Camera, Cue, Fill, Group, Keyframes, Layer, Mask, Particles, Place, Shader
from engine.errors import ShaderError
from engine.gpu.passes import Passes
from engine.gpu.quads import UNPLACED
from engine.gpu.stage import Canvas, GroupImage, StageImage
from engine.looks import LookError
from engine.notices import Notices
from engine.tick import Tick
from engine.world import World
from systems.cues import Cues
from systems.drawings.cloud import CloudDrawing
from systems.drawings.drawing import Clip, Drawing, Site
from systems.drawings.fill import FillDrawing
from systems.drawings.group import GroupDrawing, every, prepare_seen
from systems.drawings.look import LookDrawing
from systems.drawings.picture import PictureDrawing
from systems.lighting import masked_entity
from systems.viewpoint import viewpoint_shift


class Layers:
    """Decides what each layer draws, and packs it.

    Reads: Layer, Group, Cue, Place, Camera, Mask, Fill, Particles, Shader, Viewpoint, Shown, Matte, Lit, Cloud.
    Writes: `drawings`.
    """

    def __init__(self, world: World, passes: Passes, stage: StageImage, cues: Cues, notices: Notices) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._cues = cues
        self._notices = notices
        self._revision = -1
        self._good: dict[int, Shader] = {}  # looks that could be drawn, by entity
        self.drawings: list[Drawing] = []
        self._clips: dict[int, Clip] = {}
        self._images: dict[Any, GroupImage] = {}

    def open(self) -> None:
        """Make what there is to draw: before the show is on air, so that a look that is none stops it."""
        self._reconcile()

    def process(self, tick: Tick) -> None:
        """Pack every visible layer."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        shift = viewpoint_shift(self._world, tick.now_ns)
        for clip in self._clips.values():
            clip.prepare(tick, shift)
        prepare_seen(self.drawings, self._cues.hidden, tick, shift)

    @property
    def complete(self) -> bool:
        """Whether every layer has something to draw."""
        return all(drawing.visible for drawing in every(self.drawings))

    def _reconcile(self) -> None:
        for drawing in self.drawings:
            drawing.free()
        for clip in self._clips.values():
            clip.free()
        self._clips = {}
        images, self._images = self._images, {}
        shown_by_cues = {name for _, (cue,) in self._world.each(Cue) for name in cue.show}
        place_in_file = {name: position for position, name in enumerate(self._world.names())}
        found = [
            (layer.order, place_in_file[self._world.name(entity)], entity, layer)
            for entity, (layer,) in self._world.each(Layer)
            if layer.visible or self._world.name(entity) in shown_by_cues
        ]
        found.sort(key=lambda item: item[:2])
        layers = [(entity, layer) for *_, entity, layer in found]
        self.drawings = self._make_all("", self._stage, layers, images)
        for drawing in every(self.drawings):
            drawing.is_keyed = self._world.get(drawing.entity, Keyframes) is not None

    def _make_all(
        self, group: str, canvas: Canvas, layers: Sequence[tuple[int, Layer]], images: Mapping[Any, GroupImage]
    ) -> list[Drawing]:
        """Return the drawings of the layers in a group, or in none, and of those in groups in it."""
        drawings: list[Drawing] = []
        for entity, layer in layers:
            if layer.group != group:
                continue
            inner = self._world.get(entity, Group)
            site = self._site(canvas, entity, layer)
            made: Drawing | None
            if inner is None:
                made = self._make(site)
            else:
                image = self._image(entity, inner, canvas, images)
                members = self._make_all(self._world.name(entity), image, layers, images)
                made = GroupDrawing(site, image, members, self._cues)
            if made is not None:
                drawings.append(made)
        return drawings

    def _image(self, entity: int, group: Group, canvas: Canvas, images: Mapping[Any, GroupImage]) -> GroupImage:
        """Return what a group is composed on: the same as before, where the group is."""
        beneath = None if group.isolated else canvas
        key = (entity, group.isolated, group.knockout, canvas)
        name = self._world.name(entity)
        image = images.get(key) or GroupImage(self._passes.gpu, name, self._stage.size, group, beneath)
        self._images[key] = image
        return image

    def _clip(self, name: str) -> Clip | None:
        """Return the outline of the person of this name."""
        entity = self._world.entity(name) if name else None
        if entity is None:
            return None
        if entity not in self._clips:
            drawing = self._make(self._site(self._stage, entity, Layer(mask=name)))
            if drawing is None:
                return None
            drawing.is_keyed = self._world.get(entity, Keyframes) is not None
            self._clips[entity] = Clip(self._passes, self._stage, drawing)
        return self._clips[entity]

    def _site(self, canvas: Canvas, entity: int, layer: Layer) -> Site:
        place = self._world.get(entity, Place) or UNPLACED
        return Site(self._passes, canvas, entity, layer, place, self._clip(layer.clip))

    def _make(self, site: Site) -> Drawing | None:
        world, entity, layer = self._world, site.entity, site.layer
        masked = None if layer.camera else masked_entity(world, entity, layer)
        if masked is not None and (mask := world.get(masked, Mask)) is not None:
            camera = world.entity(mask.camera) if mask.camera else masked
            return PictureDrawing(site, world, camera, masked) if camera is not None else None
        camera = world.entity(layer.camera) if layer.camera else entity
        if camera is not None and world.get(camera, Camera) is not None:
            return PictureDrawing(site, world, camera, None)
        if world.get(entity, Particles) is not None:
            return CloudDrawing(site, world)
        if (shader := world.get(entity, Shader)) is not None and shader.file:
            return self._look(site, shader)
        fill = world.get(entity, Fill)
        return FillDrawing(site, fill) if fill is not None else None

    def _look(self, site: Site, shader: Shader) -> Drawing | None:
        """Make the drawing of a look, or of the last good one of that layer where this one cannot be drawn."""
        entity, name = site.entity, self._world.name(site.entity)
        try:
            drawing = LookDrawing(site, name, shader)
        except (ShaderError, LookError) as error:
            if self._revision < 0:  # not on air yet
                raise
            self._notices.say("visible", "shaders", f"{error} (what is on air stays)")
            good = self._good.get(entity)
            return LookDrawing(site, name, good) if good is not None else None
        self._good[entity] = shader
        return drawing
