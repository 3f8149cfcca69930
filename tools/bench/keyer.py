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
from tools.bench import cutouts
from tools.bench.measure import Timing, interleave
from tools.bench.media import MEDIA, NO_MEDIA, agreement, as_nv12, clip, performer, still_file
from tools.bench.opencv import OpenCV, SameFormula
from tools.bench.result import Result
from tools.bench.stages import Stepper, picture_layer, stage_of, stepping

FULL_HD = (1920, 1080)

AT_LEAST = 1.5
"""How many times as fast as OpenCV's key and blend ours must be: our own formula, and a key with Sobel and Canny."""

SAME_PICTURE = 0.97
"""IoU with the truth that both must reach, so that nobody is fast by being wrong."""

GRID = ("grid_bbaf2n", "grid_id2_vcd_swwp2s", "grid_lbbc2a")
INDICES = (0, 25, 50)
"""Blue-screen clips with masks, and which of their pictures are measured."""

FFMPEG, FFMPEG_TUNED = (0.12, 0.06), (0.06, 0.06)
"""Similarity and blend of chromakey: as the timed run has them, and the best of a search over these clips."""

LEAST_OVERLAP, MOST_OF_RIVAL, MOST_RIM, LEAST_CHROMA = 0.98, 0.7, 0.1, 0.9
"""On those clips: IoU, edge error as a share of a rival's, how much more of the screen's hue the rim may have, and how
much of the chroma behind it it must have."""

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
        same = SameFormula(cv2.imread(str(room)), Key())
        with stepping(keyed(size, room)) as ours, stepping(keyed(size, room)) as ours_rgba:
            ours.upload("guest", nv12)
            timings = interleave(
                {
                    "ours": lambda: frame(ours, nv12),
                    "ours, from RGBA": lambda: frame(ours_rgba, rgba),
                    "OpenCV, the same formula": lambda: same.frame(nv12_memory),
                    "OpenCV, hard range": lambda: rival.frame(cv2.cvtColor(nv12_memory, cv2.COLOR_YUV2BGR_NV12)),
                    "OpenCV, hard range, from BGR": lambda: rival.frame(bgr),
                    "OpenCV on 8 bits, from BGR": lambda: rival.encoded_frame(bgr),
                    "OpenCV on 8 bits with edges, from BGR": lambda: rival.edged_frame(bgr),
                    "OpenCV with edges, from NV12": lambda: rival.edged_frame(
                        cv2.cvtColor(nv12_memory, cv2.COLOR_YUV2BGR_NV12)
                    ),
                    "OpenCV by hand, from BGR": lambda: rival.hand_made_frame(bgr),
                },
                rounds,
            )
        per_frame = ffmpeg_ms(Path(folder), rgba, room, 30)
        _report(result, timings, per_frame)
        same.frame(nv12_memory)
        _agree(result, size, nv12, {"OpenCV, same formula": same.alpha_8_bit}, rival, bgr, Path(folder), quick)
    if not quick:
        _footage(result)
    return result


def _footage(result: Result) -> None:
    """Key the shared blue screens, and compare edges and rims with the truth and with rivals."""
    if any(clip(f"{name}.mpg") is None for name in GRID):
        result.notes.append(f"{NO_MEDIA}: edges not measured")
        return
    sads: dict[str, float] = {}
    least, rims, ratios, with_border = 1.0, [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in GRID:
            path = MEDIA / "clips" / f"{name}.mpg"
            pictures = cutouts.frames(path, INDICES)
            height, width = pictures[0].shape[:2]
            ours = cutouts.cut_out(path, (width, height), cutouts.key_parts(), INDICES)
            for index, cut in zip(INDICES, ours, strict=True):
                true, rgb = cutouts.truth(name, index), pictures[index]
                found = {"ours": cut, "OpenCV with Sobel and Canny": cutouts.by_opencv(rgb)}
                for title, settings in (("ffmpeg", FFMPEG), ("ffmpeg, tuned to these clips", FFMPEG_TUNED)):
                    if (theirs := cutouts.by_ffmpeg(rgb, Path(folder), *settings)) is not None:
                        found[title] = theirs
                for title, each in found.items():
                    sads[title] = sads.get(title, 0.0) + cutouts.band_sad(each.alpha, true) / 9
                least = min(least, cutouts.overlap(cut.alpha, true))
                more, ratio = cutouts.rim(cut, cutouts.screen_of(rgb))
                rims.append(more)
                ratios.append(ratio)
                with_border.append(cutouts.rim(cut, cutouts.screen_of(rgb), border=True))
    for title, value in sads.items():
        result.add(f"GRID: SAD in a band of 10 px, {title}", value, "px")
        share = sads["ours"] / value
        if title == "ffmpeg, tuned to these clips":
            result.add(f"GRID: edge error, of that of {title}", share, "")
        elif title != "ours":
            result.require(f"GRID: edge error, of that of {title}", share, "at most", MOST_OF_RIVAL, "")
    result.require("GRID: IoU with the truth, the least", least, "at least", LEAST_OVERLAP, "")
    result.require("GRID: screen's hue in the outer 2 px more than in the inner 6", max(rims), "at most", MOST_RIM, "")
    chroma = float(np.mean(ratios))
    result.require("GRID: chroma of the outer 2 px, of the inner 6's", chroma, "at least", LEAST_CHROMA, "")
    hues, chromas = zip(*with_border, strict=True)
    result.notes.append(
        f"GRID: hue and chroma leave out the clips' outermost {cutouts.BORDER_PX} px, as IoU and SAD do: half lines at "
        f"the top that no truth counts as somebody; with them they are {max(hues):.3f} and {np.mean(chromas):.2f}"
    )


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
    same = ours.faster_than(timings["OpenCV, the same formula"])
    result.against("from a camera's NV12", "OpenCV doing the same formula", same)
    ranged = ours.faster_than(timings["OpenCV, hard range"])
    result.against("from a camera's NV12", "OpenCV with a hard HSV range, blurred, in linear light", ranged)
    ranged_rgba = ours_rgba.faster_than(timings["OpenCV, hard range, from BGR"])
    result.against("from RGBA", "the same, from BGR", ranged_rgba)
    on_8_bits = ours_rgba.faster_than(timings["OpenCV on 8 bits, from BGR"])
    result.against("from RGBA", "OpenCV blending 8-bit encoded values", on_8_bits)
    edged = ours_rgba.faster_than(timings["OpenCV on 8 bits with edges, from BGR"])
    result.against("from RGBA", "OpenCV with Sobel and Canny, 8-bit encoded values", edged)
    pipeline = ours.faster_than(timings["OpenCV with edges, from NV12"])
    result.against("from a camera's NV12", "OpenCV with Sobel and Canny, 8-bit encoded values", pipeline)
    by_hand = ours_rgba.faster_than(timings["OpenCV by hand, from BGR"])
    result.against("from RGBA", "OpenCV with Sobel, Canny and a float blend", by_hand)
    if per_frame is None:
        result.notes.append("the ffmpeg program is not here: not compared with its chromakey, despill and overlay")
    else:
        result.add("ffmpeg, quickest", per_frame, "ms")
        result.against("from NV12", "ffmpeg chromakey, despill, overlay", per_frame / ours.least_ms)
    result.require("as fast as OpenCV doing the same formula, both from NV12", same, "at least", AT_LEAST, "×")
    result.require("as fast as OpenCV with Sobel and Canny, both from NV12", pipeline, "at least", AT_LEAST, "×")
    result.notes.append(
        f"OpenCV {cv2.__version__} with {cv2.getNumThreads()} threads; the same formula: cvtColor, transform, split, "
        "max, magnitude, addWeighted, multiply, min, merge, LUT, blendLinear; hard range: cvtColor, inRange, "
        "morphologyEx, GaussianBlur, split, addWeighted, min, merge, LUT, blendLinear"
    )


def _agree(
    result: Result,
    size: tuple[int, int],
    picture: Picture,
    alphas: dict[str, Plane],
    rival: OpenCV,
    bgr: Any,
    folder: Path,
    quick: bool,
) -> None:
    truth = picture.truth
    assert truth is not None
    rival.frame(bgr)
    alphas = {"ours": our_alpha(size, picture, folder), **alphas, "OpenCV, hard range": rival.alpha}
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
