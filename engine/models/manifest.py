"""What is known about models, from a sidecar or the built-in manifest: what one wants, gives, comes from and allows."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import DTypeLike
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from engine.errors import ModelError
from engine.models.runtime import Array

BUILT_IN = Path(__file__).with_name("manifest.toml")

CHECKED = ConfigDict(extra="forbid", allow_inf_nan=False)

Axes = Literal["nhwc", "nchw"]
Activation = Literal["none", "sigmoid", "softmax"]
Triple = tuple[float, float, float]
Side = Annotated[int, Field(ge=16, le=4096)]
Number = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(config=CHECKED, frozen=True, kw_only=True)
class Input:
    """How a picture becomes the model's input.

    Levels are 0 to 255. They are stretched to `range`, or become (level − mean) / std with one number for each channel
    in the model's order. `size` (width, height) counts only where the model leaves it open.
    """

    layout: Axes | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    range: tuple[float, float] | None = None
    mean: Triple | None = None
    std: Triple | None = None
    size: tuple[Side, Side] = (256, 144)

    @model_validator(mode="after")
    def _one_scale(self) -> Input:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std go together")
        if self.mean is not None and self.range is not None:
            raise ValueError("give range, or mean and std, not both")
        if self.std is not None and 0.0 in self.std:
            raise ValueError("std must not be 0")
        return self

    def table(self, dtype: DTypeLike) -> Array:
        """Return what each of the 256 levels becomes, (256, 3) in the model's channel order."""
        levels = np.arange(256.0)[:, None]
        if self.mean is not None and self.std is not None:
            values = (levels - self.mean) / self.std
        else:
            whole = (0.0, 255.0) if np.issubdtype(dtype, np.integer) else (0.0, 1.0)
            low, high = self.range or whole
            values = np.broadcast_to(low + levels * (high - low) / 255.0, (256, 3))
        return np.ascontiguousarray(values, dtype)


@dataclass(config=CHECKED, frozen=True, kw_only=True)
class Output:
    """Where among the outputs the mask is, and what its numbers mean."""

    index: Number | None = None
    name: str | None = None
    layout: Axes | None = None
    person: Number | None = None
    activation: Activation | None = None


@dataclass(config=CHECKED, frozen=True, kw_only=True)
class Manifest:
    """What is known about a model; None is what its shapes must tell.

    `made_of` is the SHA-256 of the model that this is a lighter variant of, by `scrim models optimise`.
    """

    made_of: Digest | None = None
    input: Input = dataclasses.field(default_factory=Input)
    output: Output = dataclasses.field(default_factory=Output)


@dataclass(config=CHECKED, frozen=True, kw_only=True)
class Measured:
    """How well a model finds people, and what that costs: what `scrim models eval` says.

    `overlap` is the mean intersection over union on the two composites with exact masks, `took_ms` the median time of
    one core, with the preparing of the picture.
    """

    overlap: float
    took_ms: float


Task = Literal[
    "person segmentation",
    "edge refinement",
    "face detection",
    "face landmarks",
    "face blendshapes",
    "face identity embedding",
]


@dataclass(config=CHECKED, frozen=True, kw_only=True)
class Known(Manifest):
    """A model of the built-in manifest.

    `sha256` is that of the ONNX file which Scrim runs, `url` where its publisher keeps it at a fixed commit. Where the
    publisher has another format, `published_sha256` is that of the file there, and `conversion` says how ONNX comes of
    it. `wants` is said where no picture is. `commercial` is whether the licence lets it be used for money. A model
    without `url` comes with Scrim. `measured` is there for those that a mask may choose by itself.
    """

    name: str
    sha256: Digest
    task: Task
    url: str = ""
    source: str
    licence: str
    commercial: bool = True
    wants: str = ""
    gives: str
    published_sha256: Digest | None = None
    conversion: str = ""
    measured: Measured | None = None


_SIDECAR = TypeAdapter(Manifest)
_KNOWN = TypeAdapter(list[Known])


def find(model: Path) -> Manifest:
    """Return what the sidecar says of this model, else the built-in manifest, else nothing.

    A model that is no file here, but on a server, is found by its name.
    """
    sidecar = model.with_suffix(".toml")
    if sidecar.exists():
        return _read_sidecar(sidecar)
    if not model.exists():
        return next((entry for entry in known() if entry.name == model.stem), Manifest())
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    return next((entry for entry in known() if entry.sha256 == digest), Manifest())


def known() -> list[Known]:
    """Return the models of the built-in manifest."""
    return _KNOWN.validate_python(tomllib.loads(BUILT_IN.read_text("utf-8"))["model"])


def _read_sidecar(path: Path) -> Manifest:
    try:
        return _SIDECAR.validate_python(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: the sidecar cannot be read: {error}") from None
    except ValidationError as error:
        mistakes = error.errors()
        said = "; ".join(f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}" for mistake in mistakes)
        if any(len(mistake["loc"]) == 1 and "unexpected" in mistake["type"] for mistake in mistakes):
            said += "; there are made_of, [input] and [output]"
            said += f": beside {path.stem}.onnx it is to say what that wants; if it is a scene, give it another name"
        raise ModelError(f"{path}: {said}") from None
