"""`scrim check`: read scenes, and say everything that is wrong with them."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from engine.components import Mask
from engine.errors import ModelError, SceneError
from engine.scene.load import Scene, load_scene
from engine.scene.source import Source


def run(arguments: Namespace) -> int:
    """Check `arguments.scenes`; return 2 when any has a mistake."""
    mistaken = False
    for path in map(Path, arguments.scenes):
        try:
            scene = load_scene(path)
            _check_models(path, scene)
        except SceneError as error:
            mistaken = True
            print(error, file=sys.stderr)
        else:
            count = len(scene.entities)
            print(f"{path}: ok, {count} {'entity' if count == 1 else 'entities'}")
    return 2 if mistaken else 0


def _check_models(path: Path, scene: Scene) -> None:
    """Open the models that neural masks name. Fails: SceneError."""
    source = Source(path)
    for name, parts in scene.entities.items():
        mask = parts.get("mask")
        if isinstance(mask, Mask) and mask.model and mask.source in ("auto", "neural"):
            from engine.models.segmenter import Segmenter  # a second, for scenes that name a model

            try:
                Segmenter(Path(mask.model))
            except ModelError as error:
                source.blame((name, "mask", "model"), f"model: {error}")
    if mistakes := source.mistakes():
        raise SceneError(mistakes)
