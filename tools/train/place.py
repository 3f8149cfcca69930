"""Where the model lies that the recipe makes."""

from __future__ import annotations

from pathlib import Path

MODEL = Path(__file__).parents[2] / "engine" / "models" / "scrim_person.onnx"
