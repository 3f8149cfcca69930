"""`scrim check`: read scenes, and say everything that is wrong with them."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from engine.errors import SceneError
from engine.scene.load import load_scene


def run(arguments: Namespace) -> int:
    """Check `arguments.scenes`; return 2 when any has a mistake."""
    mistaken = False
    for path in map(Path, arguments.scenes):
        try:
            scene = load_scene(path)
        except SceneError as error:
            mistaken = True
            print(error, file=sys.stderr)
        else:
            count = len(scene.entities)
            print(f"{path}: ok, {count} {'entity' if count == 1 else 'entities'}")
    return 2 if mistaken else 0
