"""What every show has, also where its scene does not say so: a stage and a display."""

from __future__ import annotations

import dataclasses

from engine.component import snake_case
from engine.components import Display, Stage
from engine.scene.load import Scene


def with_defaults(scene: Scene) -> Scene:
    """Return a scene that has a stage and a display, each in an entity of its own where the author made none."""
    entities = dict(scene.entities)
    for kind in (Stage, Display):
        name = snake_case(kind.__name__)
        if not any(name in parts for parts in entities.values()):
            free = name
            while free in entities:
                free += "_"
            entities[free] = {name: kind()}
    return dataclasses.replace(scene, entities=entities)
