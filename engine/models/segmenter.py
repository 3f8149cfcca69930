"""A person segmentation model on pictures: raw planes in, a mask of 0 to 255 out."""

from __future__ import annotations

from functools import cache, reduce
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models import manifest
from engine.models.session import Array, Session, Tensor

LEAST_MASK_PX = 8
"""Anything smaller is not a mask but a list that has the rank of one."""

CLOCKWISE = (-1, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


class Segmenter:
    """Finds the person in a picture.

    The picture is stretched to the model's size, upright: for a 9:16 portrait in a 16:9 model that gives an overlap of
    .98 where bars at the sides give .94. The mask covers the whole picture as its planes are stored; it is `mask_size`
    (width, height) whatever the picture's shape and turn.

    Thread: one at a time. Blocks: `run` for the time of the model, with the GIL released. Owns: the session and its
    memory. Fails: the constructor raises ModelError for anything that is not a person segmentation model.
    """

    def __init__(self, path: Path, *, threads: int = 1, provider: str = "auto") -> None:
        self.name = path.stem
        self.path = path
        self._session = Session(path, threads=threads, provider=provider)
        wanted = manifest.find(path)
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
    def fallback(self) -> str:
        """Why that is not the fastest provider installed, in one line, or nothing."""
        return self._session.fallback

    def run(self, picture: Picture, mask: NDArray[np.uint8]) -> None:
        """Write the person of `picture` into `mask`, (height, width) of `mask_size`."""
        turns = picture.quarter_turns % 4
        width, height = self.input_size
        pixels = self._shrink_to_rgb(picture, (height, width) if turns % 2 else (width, height))
        if turns:
            pixels = _turn(pixels, turns, self._scratch("upright", (height, width, 3)))
        self._fill(pixels)
        self._session.run()
        levels = self._levels()
        if turns:
            width, height = self.mask_size
            stored = (width, height) if turns % 2 else (height, width)
            turned = _turn(levels, -turns % 4, self._scratch("stored", stored))
            cv2.resize(turned, self.mask_size, dst=levels)
        np.copyto(mask, levels)

    def _shrink_to_rgb(self, picture: Picture, size: tuple[int, int]) -> Plane:
        """Return the picture's pixels at the model's size, as stored, in the model's channel order."""
        width, height = size
        rgb = self._scratch("rgb", (height, width, 3))
        if picture.layout == "rgba":
            cv2.cvtColor(self._shrink("rgba", picture.planes[0], size), self._from_rgba, dst=rgb)
        else:
            yuv = self._scratch("yuv", (height, width, 3))
            luma, chroma = picture.planes
            cv2.merge([self._shrink("luma", luma, size), self._shrink("chroma", chroma, size)], dst=yuv)
            matrix = yuv_to_rgb(picture.matrix, picture.full_range)
            cv2.transform(yuv, matrix[:: self._channel_step], dst=rgb)
        return rgb

    def _shrink(self, use: str, plane: Plane, size: tuple[int, int]) -> Plane:
        """Resize by 16 samples a pixel: bilinear to twice the size, then means of 2×2.

        As good to a model as the mean of all of them (overlap .957 with both), and 8 to 20 times faster at 1080p.
        """
        width, height = size
        channels = plane.shape[2:]
        if plane.shape[0] > 2 * height and plane.shape[1] > 2 * width:
            double = self._scratch(use + " double", (2 * height, 2 * width, *channels))
            cv2.resize(plane, (2 * width, 2 * height), dst=double, interpolation=cv2.INTER_LINEAR)
            plane = double
        small = self._scratch(use, (height, width, *channels))
        cv2.resize(plane, size, dst=small, interpolation=cv2.INTER_AREA)
        return small

    def _fill(self, pixels: Plane) -> None:
        """Turn levels into the numbers the model was trained on, straight into its bound input."""
        numbers = self._session.inputs[0][0]
        if self._layout == "nhwc":
            cv2.LUT(pixels, self._table, dst=numbers)
            return
        channel = self._scratch("channel", pixels.shape[:2])
        for index, plane in enumerate(numbers):
            cv2.extractChannel(pixels, index, dst=channel)
            cv2.LUT(channel, self._table[index], dst=plane)

    def _levels(self) -> Plane:
        """Return the mask that the model's output means."""
        values, person = self._values, self._person
        if self._activation == "none":
            np.multiply(person, np.float32(255), out=values)
        else:
            # Softmax of one channel is the sigmoid of its distance from the others; the sigmoid is half a tanh.
            others = reduce(np.logaddexp, self._others) if self._activation == "softmax" else np.float32(0)
            np.subtract(person, others, out=values)
            values *= 0.5
            np.tanh(values, out=values)
            values *= 127.5
            values += 127.5
        np.fmax(values, 0, out=values)  # fmax and fmin: where the model has no number there is no person
        np.fmin(values, 255, out=values)
        np.rint(values, out=values)
        np.copyto(self._mask, values, casting="unsafe")
        return self._mask

    def _scratch(self, use: str, shape: tuple[int, ...]) -> Plane:
        """Return memory for one use, the same one at every call with this shape."""
        key = (use, shape)
        if key not in self._scratches:
            self._scratches[key] = np.empty(shape, np.uint8)
        return self._scratches[key]

    def _bind_input(self, wanted: manifest.Input) -> None:
        tensors = self._session.declared_inputs
        if len(tensors) != 1:
            raise self._refusal(f"it has {len(tensors)} inputs")
        self._layout, shape = self._picture_shape(tensors[0], wanted)
        self._session.bind(shape)
        rows, columns = (1, 2) if self._layout == "nhwc" else (2, 3)
        self.input_size = (shape[columns], shape[rows])
        self._channel_step = 1 if wanted.channels == "rgb" else -1
        self._from_rgba = cv2.COLOR_RGBA2RGB if wanted.channels == "rgb" else cv2.COLOR_RGBA2BGR
        table = wanted.table(tensors[0].dtype)
        self._table = table[None] if self._layout == "nhwc" else np.ascontiguousarray(table.T)
        self._scratches: dict[tuple[str, tuple[int, ...]], Plane] = {}

    def _picture_shape(self, tensor: Tensor, wanted: manifest.Input) -> tuple[manifest.Axes, tuple[int, ...]]:
        if tensor.dtype not in (np.float32, np.float16, np.uint8):
            raise self._refusal(f"its input {tensor} is made of {tensor.dtype}")
        shape = tensor.shape
        if len(shape) == 4 and shape[0] in (0, 1):
            width, height = wanted.size
            if wanted.layout != "nchw" and shape[3] == 3:
                return "nhwc", (1, shape[1] or height, shape[2] or width, 3)
            if wanted.layout != "nhwc" and shape[1] == 3:
                return "nchw", (1, 3, shape[2] or height, shape[3] or width)
        raise self._refusal(f"its input is {tensor}")

    def _bind_output(self, wanted: manifest.Output) -> None:
        index, planes = self._find_mask(wanted)
        person = len(planes) - 1 if wanted.person is None else wanted.person
        if person >= len(planes):
            raise self._refusal(f"output.person is {person}, but its output {index} has {len(planes)} channels")
        self._person = planes[person]
        self._others = [plane for channel, plane in enumerate(planes) if channel != person]
        height, width = self._person.shape
        self.mask_size = (width, height)
        self._values = np.empty((height, width), np.float32)
        self._mask = np.empty((height, width), np.uint8)
        self._activation = wanted.activation or self._guess_activation(planes)

    def _find_mask(self, wanted: manifest.Output) -> tuple[int, Array]:
        """Return the number of the output with the mask, and a view of it as (channels, height, width)."""
        names = [tensor.name for tensor in self._session.declared_outputs]
        if wanted.name is not None and wanted.name not in names:
            raise self._refusal(f"output.name is {wanted.name!r}, but its outputs are {', '.join(names)}")
        chosen = names.index(wanted.name) if wanted.name is not None else wanted.index
        found = []
        for index, output in enumerate(self._session.outputs):
            if chosen in (None, index):
                planes = self._as_mask(output, wanted)
                if planes is not None:
                    found.append((index, planes))
        if len(found) == 1:
            return found[0]
        shapes = [f"{name} {output.shape}" for name, output in zip(names, self._session.outputs, strict=True)]
        listed = ", ".join(shapes[:3]) + (", …" if len(shapes) > 3 else "")
        raise self._refusal(f"{'several outputs' if found else 'no output'} of {listed} can be its mask")

    def _as_mask(self, output: Array, wanted: manifest.Output) -> Array | None:
        """View an output as (channels, height, width), or return None if it cannot be a mask of the input."""
        if output.ndim == 4 and output.shape[0] == 1:
            output = output[0]
        elif output.ndim == 2:
            output = output[None]
        if output.ndim != 3 or not np.issubdtype(output.dtype, np.floating):
            return None
        most = 2 if wanted.person is None else 1000
        orders: dict[manifest.Axes, Array] = {"nchw": output, "nhwc": np.moveaxis(output, -1, 0)}
        input_width, input_height = self.input_size
        for layout in (self._layout, *orders) if wanted.layout is None else (wanted.layout,):
            channels, height, width = orders[layout].shape
            same_shape = abs(width * input_height / (height * input_width) - 1) < 0.1
            if channels <= most and min(height, width) >= LEAST_MASK_PX and same_shape:
                return orders[layout]
        return None

    def _guess_activation(self, planes: Array) -> manifest.Activation:
        """See what noise comes out as: shares of one need nothing more."""
        width, height = self.input_size
        self._fill(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))
        self._session.run()
        shares = planes.min() >= 0 and planes.max() <= 1
        if len(planes) == 1:
            return "none" if shares else "sigmoid"
        return "none" if shares and np.allclose(planes.sum(0), 1, atol=1e-2) else "softmax"

    def _refusal(self, reason: str) -> ModelError:
        return ModelError(
            f"{self.path}: this is no person segmentation model that Scrim can use, since {reason}: one takes "
            "a picture, (1, height, width, 3) or (1, 3, height, width), and gives a mask of the same proportions with "
            f"1 channel, person, or 2, background and person; {self.path.stem}.toml beside it can say otherwise"
        )


def _turn(image: Plane, quarter_turns: int, turned: Plane) -> Plane:
    """Turn clockwise into `turned`."""
    cv2.rotate(image, CLOCKWISE[quarter_turns], dst=turned)
    return turned


@cache
def yuv_to_rgb(matrix: Literal["bt601", "bt709"], full_range: bool) -> NDArray[Any]:
    """Return the (3, 4) matrix that makes 8-bit R'G'B' of 8-bit Y'CbCr. ITU-R BT.601 and BT.709 give the numbers."""
    red, blue = (0.299, 0.114) if matrix == "bt601" else (0.2126, 0.0722)
    green = 1 - red - blue
    luma = np.array([1.0, 1.0, 1.0])
    from_cb = 2 * (1 - blue) * np.array([0, -blue / green, 1.0])
    from_cr = 2 * (1 - red) * np.array([1.0, -red / green, 0])
    zero = 0.0
    if not full_range:
        luma, from_cb, from_cr, zero = luma * 255 / 219, from_cb * 255 / 224, from_cr * 255 / 224, 16.0
    offset = -zero * luma - 128 * (from_cb + from_cr)
    return np.stack([luma, from_cb, from_cr, offset], axis=1).astype(np.float32)
