"""Where the trained networks belong, and the sizes of what they take."""

from __future__ import annotations

from pathlib import Path

_MODELS = Path(__file__).parents[2] / "engine" / "models"
MODEL = _MODELS / "scrim_person.onnx"
EDGES = _MODELS / "scrim_edges.onnx"

PICTURE, MASK = (512, 288), (256, 144)
"""Width and height of what the network of edges takes: a picture, and another network's mask of it."""
