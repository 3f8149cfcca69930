"""Alpha is what its file says, or what the author says of it; where it surprises there is a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components.camera import Camera
from engine.media.alpha import read_alpha, seems_premultiplied
from engine.media.picture import PictureBuffer
from engine.media.source import open_source

Rgba = NDArray[np.uint8]


def soft_disc(level: int = 230) -> Rgba:
    """Return a disc of one brightness with a wide soft edge, straight."""
    x, y = np.meshgrid(np.arange(96), np.arange(64))
    alpha = np.clip((28 - np.hypot(x - 48, y - 32)) / 16, 0, 1)
    colours = np.broadcast_to(np.array([level, level // 2, level // 4]), (64, 96, 3))
    return np.dstack([colours, np.round(255 * alpha)]).astype(np.uint8)


def premultiplied(rgba: Rgba) -> Rgba:
    weighed = np.round(rgba[..., :3] * (rgba[..., 3:] / 255))
    return np.dstack([weighed, rgba[..., 3]]).astype(np.uint8)


def test_premultiplied_colours_become_straight_as_far_as_8_bits_know_them() -> None:
    straight = soft_disc()
    rgba = premultiplied(straight)
    assert not read_alpha(rgba, "premultiplied")
    alpha = straight[..., 3].astype(float)
    error = np.abs(rgba[..., :3].astype(float) - straight[..., :3])[alpha > 0]
    assert (error <= (0.5 * 255 / alpha[alpha > 0] + 1)[:, None]).all()
    np.testing.assert_array_equal(rgba[..., 3], straight[..., 3])


def test_straight_stays_and_ignored_is_opaque() -> None:
    straight = soft_disc()
    rgba = straight.copy()
    assert not read_alpha(rgba, "straight")
    np.testing.assert_array_equal(rgba, straight)
    assert read_alpha(rgba, "ignored")
    assert (rgba[..., 3] == 255).all()
    assert read_alpha(rgba, "straight"), "all of it is opaque now"


@pytest.mark.parametrize("level", [255, 230, 160])
def test_what_seems_premultiplied_is(level: int) -> None:
    assert not seems_premultiplied(soft_disc(level))
    if level > 200:
        assert seems_premultiplied(premultiplied(soft_disc(level)))
    assert not seems_premultiplied(np.full((64, 96, 4), 255, np.uint8))


def write(path: Path, rgba: Rgba) -> Path:
    """Write a still, or a film of two pictures."""
    if path.suffix == ".png":
        assert cv2.imwrite(str(path), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
        return path
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("qtrle", rate=25)
        stream.width, stream.height, stream.pix_fmt = rgba.shape[1], rgba.shape[0], "argb"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, "rgba")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("name", ["disc.png", "disc.mov"])
def test_a_file_that_seems_premultiplied_is_said_until_the_author_says_what_it_is(tmp_path: Path, name: str) -> None:
    straight = soft_disc()
    path, said = write(tmp_path / name, premultiplied(straight)), list[str]()

    def first(alpha: str) -> tuple[Rgba, bool]:
        source = open_source(str(path), Camera(alpha=alpha), said.append)  # type: ignore[arg-type]
        shot = source.next()
        assert shot is not None
        picture = shot.write(PictureBuffer())
        source.close()
        return picture.planes[0].copy(), picture.opaque

    first("straight")
    (line,) = said
    assert f"{name} has dark rims" in line
    assert 'alpha = "premultiplied"' in line
    rgba, opaque = first("premultiplied")
    seen = straight[..., 3] > 64
    assert not opaque
    assert np.abs(rgba[seen].astype(int) - straight[seen]).max() <= 4
    rgba, opaque = first("ignored")
    assert opaque
    assert (rgba[..., 3] == 255).all()
    assert len(said) == 1
