"""Pictures for benches: from the shared media where there are any, else drawn."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from engine.components import Camera
from engine.media.backdrop import backdrop
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.media.recording import VideoFile
from engine.media.shot import SECOND_NS
from engine.media.synthetic import Synthetic

MEDIA = Path(os.environ.get("SCRIM_MEDIA", Path(__file__).parents[3] / "shared" / "media")).absolute()

NO_MEDIA = "no shared media (set SCRIM_MEDIA): the synthetic camera with its truth stands in for file and network"


def model() -> Path | None:
    """Return the segmentation network, or None without shared media."""
    path = MEDIA / "models" / "mp_selfie_landscape.onnx"
    return path if path.is_file() else None


def clip(name: str) -> Path | None:
    """Return a clip, or None without shared media."""
    path = MEDIA / "clips" / name
    return path if path.is_file() else None


def camera_file(folder: Path, clip_file: Path, size: tuple[int, int], rate_hz: float, seconds: float) -> Path:
    """Write the start of a clip as an H.264 file of another size and rate, as a camera would have recorded it."""
    path = folder / f"{clip_file.stem}_{size[0]}x{size[1]}.mp4"
    with av.open(str(clip_file)) as container:
        frames = islice(container.decode(video=0), round(seconds * rate_hz))
        pictures = (frame.to_ndarray(format="rgb24") for frame in frames)
        _write(path, (cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC) for picture in pictures), size, rate_hz)
    return path


def performer_file(folder: Path, size: tuple[int, int], rate_hz: float, seconds: float) -> Path:
    """Write the synthetic performer before a green screen as an H.264 file."""
    path = folder / f"performer_{size[0]}x{size[1]}.mp4"
    synthetic = Synthetic(Camera(source="synthetic", width=size[0], height=size[1], rate_hz=rate_hz))
    buffer = PictureBuffer()
    times = (round(index * SECOND_NS / rate_hz) for index in range(round(seconds * rate_hz)))
    _write(path, (synthetic.picture_at(time_ns, buffer).planes[0][..., :3] for time_ns in times), size, rate_hz)
    return path


def _write(path: Path, pictures: Iterable[Any], size: tuple[int, int], rate_hz: float) -> None:
    video = VideoFile(path, *size, rate_hz)
    for index, rgb in enumerate(pictures):
        i420 = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2YUV_I420), np.uint8)
        video.write(i420, round(index * SECOND_NS / rate_hz))
    video.close()


def still_file(folder: Path, size: tuple[int, int]) -> Path:
    """Write the room as a picture of this size."""
    path = folder / f"room_{size[0]}x{size[1]}.png"
    if not path.exists():
        cv2.imwrite(str(path), cv2.cvtColor(backdrop("room", *size, 1), cv2.COLOR_RGBA2BGR))
    return path


@lru_cache(maxsize=4)
def performer(size: tuple[int, int], screen: str = "green", second: float = 1.5) -> Picture:
    """Return a picture of the synthetic performer, with its truth."""
    camera = Camera(source="synthetic", width=size[0], height=size[1], backdrop=screen)  # type: ignore[arg-type]
    return Synthetic(camera).picture_at(round(second * SECOND_NS), PictureBuffer())


def as_nv12(picture: Picture) -> tuple[Picture, Plane]:
    """Return an RGBA picture as a camera delivers it, and the same memory as OpenCV wants it: (height × 3/2, width)."""
    height, width = picture.height, picture.width
    i420 = cv2.cvtColor(picture.planes[0], cv2.COLOR_RGBA2YUV_I420)  # OpenCV's YUV is BT.601, limited
    both = np.array(i420, np.uint8)
    chroma = both[height:].reshape(-1)
    quarter = width * height // 4
    chroma[:] = np.stack([i420[height:].reshape(-1)[:quarter], i420[height:].reshape(-1)[quarter:]], -1).reshape(-1)
    planes = (both[:height], both[height:].reshape(height // 2, width // 2, 2))
    nv12 = Picture(0, 0, width, height, "nv12", planes, matrix="bt601", truth=picture.truth, opaque=True)
    return nv12, both


def agreement(alpha: Plane, truth: Plane) -> float:
    """Return the intersection over union of what is more than half there."""
    one, other = alpha > 127, truth > 127
    return float((one & other).sum() / max(1, (one | other).sum()))
