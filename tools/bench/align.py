"""Masks that come late: shown as they are, moved along, or waited for; how near the truth, and at what cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from engine.components import Camera, Mask
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.media.shot import SECOND_NS
from engine.media.synthetic import Synthetic
from engine.models.manifest import BUILT_IN
from engine.scene.load import load_scene
from systems.show import Show
from tools.bench.cutouts import alphas, band_sad, overlap, truth
from tools.bench.late import make_late
from tools.bench.measure import interleave
from tools.bench.media import clip, model
from tools.bench.result import Result
from tools.bench.stages import stepping
from tools.cli import HELLO

CLIPS = ("comp_bbaf2n.mp4", "comp_lbbc2a.mp4")
HANDS = ("asl_again.mkv", "asl_book.mkv", "asl_night.mkv", "asl_sister.mkv")
LATE = (1, 2, 4)
"""How many pictures after its own a mask comes."""

SETTLED = 8
"""Pictures until every mask has come, and is smoothed as later ones are."""

PERFORMER = Camera(source="synthetic", width=640, height=360, backdrop="room")
PERFORMER_S = 5.0
"""They wave, and walk to one side."""

MOST_PICTURES = 75
"""Of a clip."""

MOST_OF_LATEST = 0.5
"""Of the band error of masks shown as they are, what moved ones may have where somebody walks and waves."""

MOST_TICK = 1.25
"""How many times as long a tick may take that moves a mask."""

Align = Literal["aligned", "warped", "latest"]
Truth = Callable[[int], Plane]
Errors = dict[tuple[Align, int], tuple[float, float]]
"""Mean error in the band, px, and least overlap, by what is done with masks and how late they are."""


def run(quick: bool = False) -> Result:
    """Measure edges where masks come late, then ticks."""
    result = Result("align")
    rate_hz = PERFORMER.rate_hz
    count = 12 if quick else round(PERFORMER_S * rate_hz)
    late = LATE[1:2] if quick else LATE
    known = _performer_truths(count)
    errors = _errors(PERFORMER, (PERFORMER.width, PERFORMER.height), rate_hz, count, late, known.__getitem__, own=True)
    _tell(result, "performer, true masks", errors, late)
    if not quick:
        for each in late:
            share = errors["warped", each][0] / errors["latest", each][0]
            words = f"performer, {each} late: band error of warped, of latest"
            result.require(words, share, "at most", MOST_OF_LATEST, "")
            _require_overlap(result, f"performer, {each} late", errors, each)
        _clips(result)
    _ticks(result, quick=quick)
    return result


def _clips(result: Result) -> None:
    """Real people: composites against the truth, and hands against what is shown where no mask is late."""
    files = {name: clip(name) for name in (*CLIPS, *HANDS)}
    for file, path in files.items():
        if path is None or model() is None:
            result.notes.append("no shared media (set SCRIM_MEDIA): only the performer was measured")
            return
        camera, name = Camera(source=str(path)), path.stem
        size, rate_hz, count = _measures(path)
        if file in HANDS:
            punctual = dict(alphas(camera, size, _mask("latest"), count, rate_hz))
            kinds = {f"{name}, against what no delay shows": (punctual.__getitem__, False)}
        else:
            true = partial(_clip_truth, name)
            kinds = {f"{name}, network": (true, False), f"{name}, true masks": (true, True)}
        for what, (exact, own) in kinds.items():
            errors = _errors(camera, size, rate_hz, min(count, MOST_PICTURES), LATE, exact, own=own)
            _tell(result, what, errors, LATE)
            shares = [errors["warped", late][0] / errors["latest", late][0] for late in LATE]
            words = f"{what}: band error of warped, of latest, mean of the delays"
            result.require(words, float(np.mean(shares)), "at most", 1.0, "")


def _require_overlap(result: Result, what: str, errors: Errors, late: int) -> None:
    result.require(f"{what}: least IoU of warped", errors["warped", late][1], "at least", errors["latest", late][1], "")


def _errors(
    camera: Camera,
    size: tuple[int, int],
    rate_hz: float,
    count: int,
    late: tuple[int, ...],
    true: Truth,
    *,
    own: bool = False,
) -> Errors:
    """Show a camera whose masks come late in each of the ways; with `own` they are true ones, else the network's."""
    found: Errors = {}
    ways: tuple[Align, ...] = ("latest", "warped", "aligned")
    for align, each in [(align, each) for each in late for align in ways]:
        masks = (lambda picture: true(picture.sequence - 1)) if own else None
        shown = alphas(camera, size, _mask(align), count, rate_hz, partial(_make_late, pictures=each, masks=masks))
        pairs = [(alpha / 255, true(index) / 255) for index, alpha in shown[SETTLED:]]
        error = float(np.mean([band_sad(alpha, exact) for alpha, exact in pairs]))
        found[align, each] = error, min(overlap(alpha, exact) for alpha, exact in pairs)
    return found


def _tell(result: Result, what: str, errors: Errors, late: tuple[int, ...]) -> None:
    for each in late:
        for align in ("latest", "warped", "aligned"):
            error, least = errors[align, each]
            result.add(f"{what}, {each} late, {align}: error in the band", error, "px")
            result.add(f"{what}, {each} late, {align}: least IoU", least, "")


def _mask(align: Align) -> Mask:
    return Mask(source="neural", model=str(model() or BUILT_IN.with_name("scrim_person.onnx")), align=align)


def _make_late(show: Show, pictures: int, masks: Callable[[Picture], Plane] | None = None) -> None:
    for worker in show.inference.models.values():
        make_late(worker, pictures, masks)


def _performer_truths(count: int) -> list[Plane]:
    performer, buffer = Synthetic(PERFORMER), PictureBuffer()
    truths = []
    for index in range(count):
        true = performer.picture_at(int(index * SECOND_NS / PERFORMER.rate_hz), buffer).truth
        assert true is not None
        truths.append(true.copy())
    return truths


def _clip_truth(name: str, index: int) -> Plane:
    return np.round(255 * truth(name, index)).astype(np.uint8)


def _measures(path: Path) -> tuple[tuple[int, int], float, int]:
    """Return a clip's size, rate and how many pictures it has."""
    video = cv2.VideoCapture(str(path))
    size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate_hz, count = video.get(cv2.CAP_PROP_FPS), 0
    while video.grab():
        count += 1
    video.release()
    return size, rate_hz, count


def _ticks(result: Result, *, quick: bool) -> None:
    """Time whole ticks of hello.toml, masks two pictures late, in turn."""
    with ExitStack() as stack:
        works: dict[str, Callable[[], object]] = {}
        for align in ("latest", "warped"):
            network = f"guest.mask.model={BUILT_IN.with_name('scrim_person.onnx')}"
            entities: Mapping[str, Mapping[str, object]] = load_scene(
                HELLO, (f"guest.mask.align={align}", network)
            ).entities
            stepper = stack.enter_context(stepping(entities, ticks=1))
            _make_late(stepper.show, 2)
            for _ in range(4):
                stepper.tick()
            works[align] = stepper.tick
        timings = interleave(works, 3 if quick else 60)
    for align, timing in timings.items():
        result.add(f"tick of hello.toml, 1280×720, {align}", timing.median_ms, "ms")
    times = timings["latest"].faster_than(timings["warped"])
    if not quick:
        result.require("tick of warped, times that of latest", times, "at most", MOST_TICK, "×")
