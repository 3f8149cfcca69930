"""Files that are dropped onto the window: pictures and clips become layers, a model a mask's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from engine.scene.words import toml
from tools.preview.presets import top_order
from tools.preview.session import Session

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
CLIPS = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".ts"})

LAYER = """[{name}.camera]
source = FILE
[{name}.layer]
order = ORDER
[{name}.place]
fit = "contain"
scale = 0.5"""


def add_files(session: Session, files: Iterable[str]) -> None:
    """Make of each file what it can be; of one that can be nothing, say so."""
    for name in files:
        file = Path(name)
        said = toml(as_written(file, session.path))
        ending = file.suffix.lower()
        if ending in PICTURES | CLIPS:
            text = LAYER.replace("FILE", said).replace("ORDER", str(top_order(session) + 1))
            session.add_entity(name_of(file), text)
        elif ending == ".onnx":
            _add_model(session, as_written(file, session.path))
        elif ending == ".hdr":
            session.add_entity(name_of(file), f"[{{name}}.environment]\nfile = {said}")
        else:
            session.said = f"{file.name} is no picture, clip or model that a layer could show"


def _add_model(session: Session, file: str) -> None:
    """Give the model to the chosen mask, or the first; without a mask, to one for the first camera."""
    masks, cameras = session.entities_with("mask"), session.entities_with("camera")
    chosen = session.selection.entity
    if masks:
        session.set((chosen if chosen in masks else masks[0], "mask", "model"), file)
    elif cameras:
        camera = chosen if chosen in cameras else cameras[0]
        tables = f"[{{name}}.mask]\ncamera = {toml(camera)}\nmodel = {toml(file)}\n"
        session.add_entity("person", f"{tables}[{{name}}.layer]\norder = {top_order(session) + 1}")
    else:
        session.said = "a model wants a camera whose people it finds; add one first"


def as_written(file: Path, scene: Path) -> str:
    """Return a file's path as the scene writes it: from its folder where the file is in it."""
    file, folder = file.absolute(), scene.absolute().parent
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def name_of(file: Path) -> str:
    """Return what an entity may be called after a file."""
    return re.sub(r"[^a-z0-9_]+", "_", file.stem.lower()).strip("_") or "picture"
