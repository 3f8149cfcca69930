"""A person segmentation model on pictures: raw planes in, a mask of 0 to 255 out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import cv2
import numpy as np

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models import manifest
from engine.models.runner import Runner
from engine.models.runtime import Array
from engine.models.server import ServerSession
from engine.models.session import Session, Tensor
from engine.models.shrink import Shrinker

LEAST_MASK_PX = 8
"""Anything smaller is not a mask but a list that has the rank of one."""

MOST_SIDE_PX = 4096
"""Of an input: whoever asks for more, a server that lies say, would get no memory for it."""


class Segmenter(Runner):
    """Finds the person in a picture, on this thread; `session` can be one on a server, which answers here.

    The mask covers the whole picture as its planes are stored; it is `mask_size` (width, height) whatever the picture's
    shape and turn.

    Thread: one at a time. Blocks: `run` for the time of the model, with the GIL released. Owns: the session and its
    memory. Fails: the constructor raises ModelError for anything that is not a person segmentation model.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 1,
        provider: str | Sequence[str] = "auto",
        session: ServerSession | None = None,
    ) -> None:
        self.name = path.stem
        self.path = path
        self._subject = session.provider if session is not None else f"{path}"
        wanted = self._wanted = manifest.find(path)
        self._session = session or Session(path, threads=threads, provider=provider, size=wanted.input.size)
        self._bind_input(wanted.input)
        self._bind_output(wanted.output)

    @property
    def provider(self) -> str:
        """What really runs the model now."""
        return self._session.provider

    @property
    def nodes(self) -> dict[str, int]:
        """How many nodes of its graph run on each provider."""
        return self._session.nodes

    @property
    def providers(self) -> list[str]:
        """Those that may run it from now on."""
        return self._session.providers

    @property
    def fallback(self) -> str:
        """Why that is not the fastest provider installed, in one line, or nothing."""
        return self._session.fallback

    @property
    def fed(self) -> tuple[str, Array]:
        """The name of its input, and what the last run put there."""
        return self._session.declared_inputs[0].name, self._session.inputs[0]

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:  # noqa: ARG002 - it is all the same here
        """Write the person of `picture` into `mask`, (height, width) of `mask_size`."""
        self.find(self.shrinker.pixels(picture), mask)
        self.shrinker.turn_back(mask, picture.quarter_turns)

    def find(self, pixels: Plane, mask: Plane) -> None:
        """Write the person of what the shrinker made of a picture into `mask`, both upright."""
        self._fill(pixels)
        self._session.run()
        self._write_levels(mask)

    def _fill(self, pixels: Plane) -> None:
        """Turn levels into the numbers the model was trained on, straight into its bound input."""
        numbers = self._session.inputs[0][0]
        if self._layout == "nhwc":
            cv2.LUT(pixels, self._table, dst=numbers)
            return
        for index, plane in enumerate(numbers):
            cv2.extractChannel(pixels, index, dst=self._channel)
            cv2.LUT(self._channel, self._table[index], dst=plane)

    def _write_levels(self, mask: Plane) -> None:
        """Write the mask that the model's output means."""
        values, planes = self._values, self._planes()
        person = planes[self._person]
        if self._activation == "none":
            np.multiply(person, np.float32(255), out=values)
        else:
            # Softmax of one channel is the sigmoid of its distance from the others; the sigmoid is half a tanh.
            others = np.float32(0)
            if self._activation == "softmax":
                others = reduce(np.logaddexp, [each for channel, each in enumerate(planes) if channel != self._person])
            np.subtract(person, others, out=values)
            values *= 0.5
            np.tanh(values, out=values)
            values *= 127.5
            values += 127.5
        np.fmax(values, 0, out=values)  # fmax and fmin: where the model has no number there is no person
        np.fmin(values, 255, out=values)
        np.rint(values, out=values)
        np.copyto(mask, values, casting="unsafe")

    def _bind_input(self, wanted: manifest.Input) -> None:
        tensors = self._session.declared_inputs
        if len(tensors) != 1:
            raise self._refusal(f"it has {len(tensors)} inputs")
        self._layout, shape = self._picture_shape(tensors[0], wanted)
        self._session.bind(shape)
        rows, columns = (1, 2) if self._layout == "nhwc" else (2, 3)
        self.input_size = (shape[columns], shape[rows])
        self.channels = wanted.channels
        self._channel = np.empty((shape[rows], shape[columns]), np.uint8)
        table = wanted.table(tensors[0].dtype)
        self._table = table[None] if self._layout == "nhwc" else np.ascontiguousarray(table.T)

    def _picture_shape(self, tensor: Tensor, wanted: manifest.Input) -> tuple[manifest.Axes, tuple[int, ...]]:
        if tensor.dtype not in (np.float32, np.float16, np.uint8):
            raise self._refusal(f"its input {tensor} is made of {tensor.dtype}")
        shape = tensor.shape
        if len(shape) == 4 and shape[0] in (0, 1):
            width, height = wanted.size
            if max(shape) > MOST_SIDE_PX:
                raise self._refusal(f"its input is {tensor}, and a side may have {MOST_SIDE_PX} pixels")
            if wanted.layout != "nchw" and shape[3] == 3:
                return "nhwc", (1, shape[1] or height, shape[2] or width, 3)
            if wanted.layout != "nhwc" and shape[1] == 3:
                return "nchw", (1, 3, shape[2] or height, shape[3] or width)
        raise self._refusal(f"its input is {tensor}")

    def _bind_output(self, wanted: manifest.Output) -> None:
        self._mask = self._find_mask(wanted)
        channels, height, width = self._planes().shape
        self._person = channels - 1 if wanted.person is None else wanted.person
        if self._person >= channels:
            raise self._refusal(
                f"output.person is {self._person}, but its output {self._mask[0]} has {channels} channels"
            )
        self.mask_size = (width, height)
        self._values = np.empty((height, width), np.float32)
        self.shrinker = Shrinker(self.input_size, self.mask_size, self.channels)
        self._activation = wanted.activation or self._guess_activation()

    def _planes(self) -> Array:
        """Return the output with the mask as (channels, height, width): where it is now, which may change."""
        index, layout = self._mask
        return _as_planes(self._session.outputs[index], layout)

    def _find_mask(self, wanted: manifest.Output) -> tuple[int, manifest.Axes]:
        """Return the number of the output with the mask, and its layout."""
        names = [tensor.name for tensor in self._session.declared_outputs]
        if wanted.name is not None and wanted.name not in names:
            raise self._refusal(f"output.name is {wanted.name!r}, but its outputs are {', '.join(names)}")
        chosen = names.index(wanted.name) if wanted.name is not None else wanted.index
        found = []
        for index, output in enumerate(self._session.outputs):
            if chosen in (None, index):
                layout = self._mask_layout(output, wanted)
                if layout is not None:
                    found.append((index, layout))
        if len(found) == 1:
            return found[0]
        shapes = [f"{name} {output.shape}" for name, output in zip(names, self._session.outputs, strict=True)]
        listed = ", ".join(shapes[:3]) + (", …" if len(shapes) > 3 else "")
        raise self._refusal(f"{'several outputs' if found else 'no output'} of {listed} can be its mask")

    def _mask_layout(self, output: Array, wanted: manifest.Output) -> manifest.Axes | None:
        """Return how an output can be read as a mask of the input, or None if it cannot."""
        single = output.ndim == 2 or (output.ndim == 4 and output.shape[0] == 1)
        if not (single or output.ndim == 3) or not np.issubdtype(output.dtype, np.floating):
            return None
        most = 2 if wanted.person is None else 1000
        input_width, input_height = self.input_size
        either: tuple[manifest.Axes, ...] = (self._layout, "nchw", "nhwc")
        for layout in either if wanted.layout is None else (wanted.layout,):
            channels, height, width = _as_planes(output, layout).shape
            same_shape = abs(width * input_height / (height * input_width) - 1) < 0.1
            if channels <= most and min(height, width) >= LEAST_MASK_PX and same_shape:
                return layout
        return None

    def _guess_activation(self) -> manifest.Activation:
        """See what noise comes out as: shares of one need nothing more."""
        width, height = self.input_size
        self._fill(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))
        self._session.run()
        planes = self._planes()
        shares = planes.min() >= 0 and planes.max() <= 1
        if len(planes) == 1:
            return "none" if shares else "sigmoid"
        return "none" if shares and np.allclose(planes.sum(0), 1, atol=1e-2) else "softmax"

    def _refusal(self, reason: str) -> ModelError:
        wanted = self._wanted
        if isinstance(wanted, manifest.Known) and wanted.task != "person segmentation":
            return ModelError(
                f"{self._subject}: this is {wanted.name}, for {wanted.task}: a mask wants person segmentation, which "
                "`scrim models list` names"
            )
        return ModelError(
            f"{self._subject}: this is no person segmentation model that Scrim can use, since {reason}: one takes "
            "a picture, (1, height, width, 3) or (1, 3, height, width), and gives a mask of the same proportions with "
            f"1 channel, person, or 2, background and person; {self.path.stem}.toml beside it can say otherwise"
        )


def _as_planes(output: Array, layout: manifest.Axes) -> Array:
    """View an output of one picture as (channels, height, width)."""
    if output.ndim == 2:
        return output[None]
    planes = output[0] if output.ndim == 4 else output
    return planes if layout == "nchw" else np.moveaxis(planes, -1, 0)
