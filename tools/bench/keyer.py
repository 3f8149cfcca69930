"""A chroma key with despill over a background at 1080p: ours, OpenCV's and ffmpeg's."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.component import Colour
from engine.components import Fill, Key, Layer, Mask
from engine.media.picture import Picture, Plane
from tools.bench.measure import Timing, interleave
from tools.bench.media import agreement, as_nv12, performer, still_file
from tools.bench.result import Result
from tools.bench.stages import Stepper, picture_layer, stage_of, stepping

FULL_HD = (1920, 1080)

AT_LEAST = 1.5
"""How many times as fast as OpenCV's key and blend ours must be."""

SAME_PICTURE = 0.97
"""IoU with the truth that both must reach, so that nobody is fast by being wrong."""

Entities = dict[str, dict[str, object]]


def run(quick: bool = False) -> Result:
    """Time them in turn; then see whether all cut out the same person."""
    result = Result("keyer")
    size = (320, 180) if quick else FULL_HD
    rounds = 3 if quick else 40
    rgba = performer(size)
    nv12, nv12_memory = as_nv12(rgba)
    bgr = cv2.cvtColor(rgba.planes[0], cv2.COLOR_RGBA2BGR)
    with tempfile.TemporaryDirectory() as folder:
        room = still_file(Path(folder), size)
        rival = OpenCV(cv2.imread(str(room)))
        with stepping(keyed(size, room)) as ours, stepping(keyed(size, room)) as ours_rgba:
            ours.upload("guest", nv12)
            timings = interleave(
                {
                    "ours": lambda: frame(ours, nv12),
                    "ours, from RGBA": lambda: frame(ours_rgba, rgba),
                    "OpenCV": lambda: rival.frame(cv2.cvtColor(nv12_memory, cv2.COLOR_YUV2BGR_NV12)),
                    "OpenCV, from BGR": lambda: rival.frame(bgr),
                    "OpenCV on 8 bits, from BGR": lambda: rival.encoded_frame(bgr),
                    "OpenCV on 8 bits with edges, from BGR": lambda: rival.edged_frame(bgr),
                    "OpenCV by hand, from BGR": lambda: rival.hand_made_frame(bgr),
                },
                rounds,
            )
        per_frame = ffmpeg_ms(Path(folder), rgba, room, 30)
        _report(result, timings, per_frame)
        _agree(result, size, nv12, rival, bgr, Path(folder), quick)
    return result


def keyed(size: tuple[int, int], room: Path) -> Entities:
    """Return a scene: a green screen's picture, keyed, over another picture."""
    green = still_of(performer(size), room.parent)
    return {
        "stage": stage_of(size),
        "room": picture_layer(room, Layer(order=0)),
        "guest": {**picture_layer(green, Layer(order=1)), "mask": Mask(source="key"), "key": Key()},
    }


def still_of(picture: Picture, folder: Path) -> Path:
    """Write a picture as a file for a camera; what the bench uploads takes its place."""
    path = folder / f"green_{picture.width}.png"
    if not path.exists():
        cv2.imwrite(str(path), cv2.cvtColor(picture.planes[0], cv2.COLOR_RGBA2BGR))
    return path


def frame(stepper: Stepper, picture: Picture) -> None:
    """Do what a tick does for a keyed camera: its planes up, background and person onto the stage."""
    stepper.upload("guest", picture)
    stepper.draw()


class OpenCV:
    """The same with OpenCV: range in HSV, soft edge, despill, blend. Everything is written into memory made once."""

    LOW, HIGH = np.array((50, 80, 60)), np.array((85, 255, 255))
    SPECK = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))

    def __init__(self, background: Any) -> None:
        height, width = background.shape[:2]
        self._background = background
        self._blended = np.empty_like(background)
        self._hsv = np.empty_like(background)
        self._screen, self.alpha, self._mean, self._green = (np.empty((height, width), np.uint8) for _ in range(4))
        self._front, self._behind = (np.empty((height, width), np.float32) for _ in range(2))
        self._light_of = decoded(np.arange(256) / 255).astype(np.float32).reshape(1, 256)
        self._background_light = cv2.LUT(background, self._light_of)
        self._light, self._blended_light = (np.empty((height, width, 3), np.float32) for _ in range(2))

    def frame(self, bgr: Any) -> Any:
        """Key and blend one picture in linear light onto a stage of floats, as ours does."""
        self.key(bgr)
        cv2.LUT(self.despill(bgr), self._light_of, dst=self._light)
        front, behind = self._weights()
        return cv2.blendLinear(self._light, self._background_light, front, behind, dst=self._blended_light)

    def encoded_frame(self, bgr: Any) -> Any:
        """Key and blend one picture as its 8 bits are: less work, and edges that are too dark."""
        self.key(bgr)
        front, behind = self._weights()
        return cv2.blendLinear(self.despill(bgr), self._background, front, behind, dst=self._blended)

    def edged_frame(self, bgr: Any) -> Any:
        """The same with an edge by Sobel and Canny."""
        self.key(bgr, edges=True)
        front, behind = self._weights()
        return cv2.blendLinear(self.despill(bgr), self._background, front, behind, dst=self._blended)

    def hand_made_frame(self, bgr: Any) -> Any:
        """Key with edges (Sobel, Canny), and blend in floats: what one finds in tutorials."""
        self.key(bgr, edges=True)
        front = cv2.merge([self.alpha] * 3).astype(np.float32) / 255
        person = cv2.multiply(self.despill(bgr).astype(np.float32), front)
        behind = cv2.multiply(self._background.astype(np.float32), 1.0 - front)
        return cv2.add(person, behind).astype(np.uint8)

    def key(self, bgr: Any, *, edges: bool = False) -> None:
        """Work out `alpha`; `edges` takes away from it where the picture is steep."""
        cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV, dst=self._hsv)
        cv2.inRange(self._hsv, self.LOW, self.HIGH, dst=self._screen)
        cv2.morphologyEx(self._screen, cv2.MORPH_OPEN, self.SPECK, dst=self._screen)
        cv2.bitwise_not(self._screen, dst=self._screen)
        if edges:
            grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
            across, down = cv2.Sobel(grey, cv2.CV_16S, 1, 0), cv2.Sobel(grey, cv2.CV_16S, 0, 1)
            steep = cv2.addWeighted(cv2.convertScaleAbs(across), 0.5, cv2.convertScaleAbs(down), 0.5, 0)
            cv2.subtract(self._screen, cv2.min(steep, cv2.Canny(grey, 80, 160)), dst=self._screen)
        cv2.GaussianBlur(self._screen, (5, 5), 0, dst=self.alpha)

    def despill(self, bgr: Any) -> Any:
        """Take the screen's light off: green may not stand out above the mean of blue and red."""
        blue, green, red = cv2.split(bgr)
        cv2.addWeighted(blue, 0.5, red, 0.5, 0, dst=self._mean)
        cv2.min(green, self._mean, dst=self._green)
        return cv2.merge((blue, self._green, red))

    def _weights(self) -> tuple[Any, Any]:
        np.multiply(self.alpha, np.float32(1 / 255), out=self._front)
        np.subtract(1.0, self._front, out=self._behind)
        return self._front, self._behind


def decoded(encoded: Any) -> Any:
    """Return sRGB-encoded values as linear light."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def ffmpeg_ms(folder: Path, picture: Picture, room: Path, frames: int) -> float | None:
    """Return what a frame costs in the `ffmpeg` program: many frames less few, so that its start does not count."""
    counts = (frames // 3, frames)
    least_ms = dict.fromkeys(counts, float("inf"))
    for _ in range(3):
        for count in counts:
            filters = f"[0]format=yuv420p,loop={count}:1[c];[1]format=yuv420p,loop={count}:1[b];"
            filters += "[c]chromakey=0x00b140:0.12:0.06,despill[k];[b][k]overlay=format=yuv420"
            begun_ns = time.perf_counter_ns()
            if not _ffmpeg(still_of(picture, folder), room, filters, "-frames:v", str(count), "-f", "null", "-"):
                return None
            least_ms[count] = min(least_ms[count], (time.perf_counter_ns() - begun_ns) / 1e6)
    return (least_ms[counts[1]] - least_ms[counts[0]]) / (counts[1] - counts[0])


def _ffmpeg(green: Path, room: Path, filters: str, *output: str) -> bool:
    program = shutil.which("ffmpeg")
    if program is None:
        return False
    command = [program, "-v", "error", "-y", "-i", str(green), "-i", str(room), "-filter_complex", filters, *output]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return True


def _report(result: Result, timings: dict[str, Timing], per_frame: float | None) -> None:
    for name, timing in timings.items():
        result.add(name, timing.median_ms, "ms")
        result.add(f"{name}, quickest", timing.least_ms, "ms")
        result.add(f"{name}, CPU of all threads", timing.cpu_ms, "ms")
    ours, ours_rgba = timings["ours"], timings["ours, from RGBA"]
    same = ours.faster_than(timings["OpenCV"])
    same_rgba = ours_rgba.faster_than(timings["OpenCV, from BGR"])
    result.against("from a camera's NV12", "OpenCV, NV12 converted too", same)
    result.against("from RGBA", "OpenCV, from BGR", same_rgba)
    on_8_bits = ours_rgba.faster_than(timings["OpenCV on 8 bits, from BGR"])
    result.against("from RGBA", "OpenCV blending 8-bit encoded values", on_8_bits)
    edged = ours_rgba.faster_than(timings["OpenCV on 8 bits with edges, from BGR"])
    result.against("from RGBA", "OpenCV with Sobel and Canny, 8-bit encoded values", edged)
    by_hand = ours_rgba.faster_than(timings["OpenCV by hand, from BGR"])
    result.against("from RGBA", "OpenCV with Sobel, Canny and a float blend", by_hand)
    if per_frame is None:
        result.notes.append("the ffmpeg program is not here: not compared with its chromakey, despill and overlay")
    else:
        result.add("ffmpeg, quickest", per_frame, "ms")
        result.against("from NV12", "ffmpeg chromakey, despill, overlay", per_frame / ours.least_ms)
    result.require("as fast as OpenCV, both from NV12", same, "at least", AT_LEAST, "×")
    result.require("as fast as OpenCV, both from ready RGB", same_rgba, "at least", AT_LEAST, "×")
    result.notes.append(
        f"OpenCV {cv2.__version__} with {cv2.getNumThreads()} threads: cvtColor, inRange, morphologyEx, GaussianBlur, "
        "split, addWeighted, min, merge, LUT, multiply, blendLinear; linear light on 32-bit floats, ours on 16-bit"
    )


def _agree(
    result: Result, size: tuple[int, int], picture: Picture, rival: OpenCV, bgr: Any, folder: Path, quick: bool
) -> None:
    truth = picture.truth
    assert truth is not None
    rival.frame(bgr)
    alphas = {"ours": our_alpha(size, picture, folder), "OpenCV": rival.alpha}
    cut = folder / "alpha.png"
    filters = "[0]format=yuva444p,chromakey=0x00b140:0.12:0.06,despill,alphaextract"
    if _ffmpeg(still_of(performer(size), folder), still_file(folder, size), filters, "-frames:v", "1", str(cut)):
        alphas["ffmpeg"] = np.asarray(cv2.imread(str(cut), cv2.IMREAD_GRAYSCALE), np.uint8)
    for name, alpha in alphas.items():
        iou = agreement(alpha, truth)
        error = float(np.abs(alpha.astype(np.float32) - truth).mean() / 255)
        result.add(f"IoU with the truth, {name}", iou, "")
        result.add(f"mean error of alpha, {name}", error * 100, "%")
        if name != "ffmpeg" and not quick:
            result.require(f"IoU with the truth, {name}", iou, "at least", SAME_PICTURE, "")


def our_alpha(size: tuple[int, int], picture: Picture, folder: Path) -> Plane:
    """Return the alpha that our keyer gave every pixel: what of a white background it hides more than of a black."""
    entities = keyed(size, still_file(folder, size))
    seen = []
    for shade in ("#000000", "#ffffff"):
        entities["room"] = {"fill": Fill(shape="plain", colour=Colour.parse(shade)), "layer": Layer(order=0)}
        with stepping(entities) as stepper:
            frame(stepper, picture)
            seen.append(stepper.show.gpu.read(stepper.show.stage_image.texture)[..., 1].astype(np.float32))
    return np.asarray(np.clip((1 - (seen[1] - seen[0])) * 255 + 0.5, 0, 255), np.uint8)
