"""Mattes are what truth, key and network say: to the last bit, or measured against what is known to be true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components import Key, Mask
from engine.gpu.tiles import GUIDED, KEY, TEXTURE
from engine.models.manifest import BUILT_IN
from engine.scene.load import load_scene
from engine.scene.reload import apply_scene
from systems.composite import Composite
from systems.drawings.drawing import Drawing
from systems.inference import Shown
from systems.masks import Matte
from tests.engine.models.onnx_models import mixer
from tests.picture import decode, encode, overlap
from tests.shows import Air, OnAir
from tests.systems.conftest import Still
from tools.bench.late import make_late, own_truth
from tools.report import make_report

Array = NDArray[Any]

PERSON = """
[front.camera]
source = "synthetic"
backdrop = "{backdrop}"
width = 320
height = 180
[guest.mask]
camera = "front"
source = "{source}"
smooth = 0.0
[guest.layer]
order = 1
"""
BEHIND = '\n[behind.fill]\ncolour = "{}"\n[behind.layer]\norder = 0\n'


def alpha_of(air: Air, text: str, size: tuple[int, int], ticks: int = 1) -> tuple[Array, OnAir]:
    """Put a show on air before black and before white; return what of the white is covered, and one of the shows."""
    black = air(text + BEHIND.format("#000"), *size, ticks=ticks)
    white = air(text + BEHIND.format("#fff"), *size, ticks=ticks)
    return 1 - (white.light() - black.light()).mean(axis=2), black


def truth_of(on_air: OnAir) -> Array:
    """Return the alpha of the synthetic picture that is shown."""
    world = on_air.show.world
    shown = world.get("front", Shown)
    assert shown is not None
    assert shown.picture is not None
    assert shown.picture.truth is not None
    return shown.picture.truth / 255


def test_a_true_mask_covers_exactly_what_the_truth_says(air: Air) -> None:
    alpha, on_air = alpha_of(air, PERSON.format(backdrop="room", source="truth"), (320, 180), ticks=20)
    truth = truth_of(on_air)
    assert 0.05 < truth.mean() < 0.6
    assert ((truth > 0.1) & (truth < 0.9)).sum() > 100, "there are soft edges to compare"
    np.testing.assert_allclose(alpha, np.where(truth < 0.002, 0, truth), atol=1.5 / 255)


def test_a_true_mask_follows_the_picture(air: Air) -> None:
    on_air = air(PERSON.format(backdrop="room", source="truth") + BEHIND.format("#000"), 320, 180)
    first = truth_of(on_air)
    on_air.ticks(30)
    second = truth_of(on_air)
    assert overlap(first, second) < 0.98, "the performer has moved"
    lit = on_air.light().sum(axis=2) > 0.001
    assert (lit & (second == 0)).sum() == 0


SCRIM_PERSON = BUILT_IN.with_name("scrim_person.onnx")

LATE = 3
"""How many pictures after its own a mask comes."""

WAVING = range(12, 24)
"""Ticks in which the performer waves, and nothing else."""


def late_errors(air: Air, align: str, max_delay_ms: float) -> tuple[float, OnAir]:
    """Show a performer whose true masks come late; return the mean share of the truth that is missed or too much."""
    fields = f'model = "{SCRIM_PERSON}"\nalign = "{align}"\nmax_delay_ms = {max_delay_ms}\nsmooth = 0.0'
    text = PERSON.format(backdrop="room", source="neural").replace("smooth = 0.0", fields)
    shows = []
    for shade in ("#000", "#fff"):
        on_air = air(text + BEHIND.format(shade), 320, 180, ticks=0)
        for worker in on_air.show.inference.models.values():
            make_late(worker, LATE, own_truth)
        shows.append(on_air)
    errors = []
    for index in range(WAVING.stop):
        black, white = (on_air.ticks().light() for on_air in shows)
        if index in WAVING:
            truth = truth_of(shows[0])
            errors.append(float(np.abs(1 - (white - black).mean(axis=2) - truth).sum() / truth.sum()))
    return float(np.mean(errors)), shows[0]


def test_a_late_mask_moves_with_a_hand_and_one_that_is_too_old_stays(air: Air) -> None:
    latest, _ = late_errors(air, "latest", 500.0)
    moved, on_air = late_errors(air, "warped", 500.0)
    assert moved < 0.6 * latest, "with no delay it is .4 of it"
    said = make_report(on_air.show)["masks"]["guest"]
    assert said["warped"] == WAVING.stop - LATE
    assert said["too_old_to_warp"] == 0
    assert said["older_than_picture_ms"]["p50"] == pytest.approx(LATE * 1000 / 30, abs=0.1)
    stays, on_air = late_errors(air, "warped", 50.0)
    assert stays == latest, "as it was"
    assert make_report(on_air.show)["masks"]["guest"]["too_old_to_warp"] == WAVING.stop - LATE


@pytest.mark.parametrize(("first", "its_kind"), [("key", KEY), ("truth", TEXTURE)])
def test_what_was_there_stays_till_a_mask_that_takes_over_has_come(
    air: Air, first: Literal["key", "truth"], its_kind: int
) -> None:
    fields = f'model = "{SCRIM_PERSON}"\nsmooth = 0.0'
    text = PERSON.format(backdrop="green", source="neural").replace("smooth = 0.0", fields)
    shows = [air(text + BEHIND.format(shade), 320, 180, ticks=0) for shade in ("#000", "#fff")]
    for on_air in shows:
        make_late(next(iter(on_air.show.inference.models.values())), LATE, own_truth)

    def errors(source: Literal["key", "truth", "neural"], ticks: int) -> tuple[float, list[int]]:
        """Have another decide; return the greatest share of the truth that is missed or too much, and who decided."""
        wrong, kinds = 0.0, []
        for on_air in shows:
            mask = on_air.show.world.get("guest", Mask)
            assert mask is not None
            on_air.show.change("guest", replace(mask, source=source))
        matte = shows[0].show.world.get("guest", Matte)
        assert matte is not None
        for _ in range(ticks):
            black, white = (on_air.ticks().light() for on_air in shows)
            truth = truth_of(shows[0])
            wrong = max(wrong, float(np.abs(1 - (white - black).mean(axis=2) - truth).sum() / truth.sum()))
            kinds.append(matte.kind)
        return wrong, kinds

    assert errors("neural", 6)[1][-1] == GUIDED
    before, kinds = errors(first, 12)
    assert kinds == [its_kind] * 12
    wrong, kinds = errors("neural", 6)
    assert kinds == [its_kind] * LATE + [GUIDED] * (6 - LATE), "the masks that come first are of long ago"
    assert wrong < 2 * before + 0.06


@pytest.mark.parametrize("source", ["key", "neural"])
def test_a_mask_may_be_given_another_camera_on_air(air: Air, still: Still, tmp_path: Path, source: str) -> None:
    pictures = np.full((2, 64, 128, 3), (0, 177, 64), np.uint8)
    pictures[0, 16:48, 16:48] = pictures[1, 16:48, 80:112] = (230, 40, 60)
    text = BEHIND.format("#00f") + "[guest.key]\n[guest.layer]\norder = 1\n[guest.mask]\ncamera = 'left'\n"
    text += f"source = '{source}'\nmodel = '{mixer(tmp_path / 'red.onnx', 'nhwc', [[1, 0, 0]], size=(64, 32))}'\n"
    for name, picture in zip(("left", "right"), pictures, strict=True):
        text += f"[{name}.camera]\nsource = '{still(picture, name + '.png')}'\n"
    on_air = air(text, 128, 64, ticks=3)
    mask = on_air.show.world.get("guest", Mask)
    assert mask is not None
    on_air.show.change("guest", replace(mask, camera="right"))
    seen, expected = on_air.ticks(3).light(), air(text.replace("'left'", "'right'", 1), 128, 64, ticks=3).light()
    assert expected[24:40, 88:104, 0].min() > 0.7
    np.testing.assert_allclose(seen, expected, atol=0.02)


def test_the_shape_that_light_falls_on_is_as_wide_and_high_as_the_picture(air: Air, still: Still) -> None:
    text = "[guest.key]\n[guest.lighting]\n[guest.layer]\n[guest.mask]\nsource = 'key'\ncamera = 'wide'\n"
    for name, size in (("wide", (64, 128)), ("high", (128, 64))):
        text += f"[{name}.camera]\nsource = '{still(np.full((*size, 3), 200), name + '.png')}'\n"
    on_air = air(text, ticks=2)
    mask, matte = on_air.show.world.get("guest", Mask), on_air.show.world.get("guest", Matte)
    assert mask is not None
    assert matte is not None
    assert matte.silhouette is not None
    assert matte.silhouette.size == (192, 96)
    on_air.show.change("guest", replace(mask, camera="high"))
    on_air.ticks(2)
    assert matte.silhouette.size == (192, 384)
    assert not on_air.said


@pytest.mark.parametrize("size", [(320, 180), (213, 120), (640, 360)])
def test_a_keyed_performer_is_the_true_one(air: Air, size: tuple[int, int]) -> None:
    text = PERSON.format(backdrop="green", source="key") + '[guest.key]\nscreen = "#00b140"\n'
    alpha, on_air = alpha_of(air, text, size, ticks=10)
    truth = cv2.resize(truth_of(on_air), size, interpolation=cv2.INTER_AREA)
    assert overlap(alpha, truth) > 0.98
    assert np.abs(alpha - truth).mean() < 0.01


def test_a_blue_screen_is_keyed_as_well_as_a_green_one(air: Air) -> None:
    backdrop = air(PERSON.format(backdrop="blue", source="truth"), 320, 180)
    shown = backdrop.show.world.get("front", Shown)
    assert shown is not None
    assert shown.picture is not None
    red, green, blue = (int(v) for v in np.median(shown.picture.planes[0][:20, :60, :3].reshape(-1, 3), axis=0))
    text = PERSON.format(backdrop="blue", source="key") + f'[guest.key]\nscreen = "#{red:02x}{green:02x}{blue:02x}"\n'
    alpha, on_air = alpha_of(air, text, (320, 180), ticks=10)
    assert overlap(alpha, truth_of(on_air)) > 0.98


# The key, on colours --------------------------------------------------------------------------------------------------

SCREEN = np.array([0x00, 0xB1, 0x40])
KEYED = """
[front.camera]
source = "still.png"
[front.mask]
source = "key"
[front.key]
screen = "#00b140"
despill = {despill}
[front.layer]
order = 1
"""


def keyed(air: Air, still: Still, colours: Array, despill: float = 1.0) -> tuple[Array, Array]:
    """Return alpha and premultiplied light of a row of colours (8 bit)."""
    picture = np.broadcast_to(np.asarray(colours)[None, :, None], (18, len(colours), 8, 3)).reshape(18, -1, 3)
    still(picture)
    alpha, black = alpha_of(air, KEYED.format(despill=despill), (picture.shape[1], 18))
    return alpha[9, 4::8], black.light()[9, 4::8]


def test_the_screen_vanishes_also_in_shade_and_everything_else_stays(air: Air, still: Still) -> None:
    gone = [SCREEN, 0.9 * SCREEN, 0.8 * SCREEN]
    stays = [(224, 172, 144), (90, 56, 37), (255, 255, 255), (128, 128, 128), (0, 0, 0), (200, 0, 0), (40, 60, 200)]
    alpha, _ = keyed(air, still, np.round(np.array([*gone, *stays])).astype(int))
    assert alpha[:3].max() < 0.01
    assert alpha[3:].min() > 0.99


def test_mixing_screen_with_something_grey_fades_it_in_steadily(air: Air, still: Still) -> None:
    shares = np.linspace(0, 1, 16)[:, None]
    alpha, _ = keyed(air, still, np.round(shares * 180 + (1 - shares) * SCREEN).astype(int))
    assert np.diff(alpha).min() > -0.005
    assert (alpha[0], alpha[-1]) == pytest.approx((0, 1), abs=0.01)


def towards_screen(encoded: Array) -> Array:
    """Return how far colours point in the screen's hue, in the plane of HSV's hexagon."""
    axes = np.array([[1, -0.5, -0.5], [0, 0.8660254, -0.8660254]])
    screen = axes @ SCREEN
    return np.asarray(encoded @ axes.T @ screen / np.linalg.norm(screen))


def test_despill_leaves_nothing_of_the_screens_hue(air: Air, still: Still) -> None:
    shares = np.linspace(0.5, 1, 12)[:, None]
    colours = np.round(shares * np.array([210, 160, 140]) + (1 - shares) * SCREEN).astype(int)
    alpha, light = keyed(air, still, colours)
    visible = alpha > 0.05
    person = 255 * encode(light[visible] / alpha[visible, None])
    assert visible.sum() > 5
    assert towards_screen(person).max() < 3


def test_without_despill_what_is_person_keeps_its_colour(air: Air, still: Still) -> None:
    colours = np.array([(224, 172, 144), (90, 100, 37), (255, 255, 255), (30, 60, 30)])
    alpha, light = keyed(air, still, colours, despill=0.0)
    sure = alpha > 0.995
    assert sure.sum() >= 3
    np.testing.assert_allclose(light[sure], decode(colours[sure] / 255), atol=0.006)


# Real footage ---------------------------------------------------------------------------------------------------------

Media = Callable[[str], Path]


def frame(path: Path, index: int) -> Array:
    """Return one picture of a clip, RGB."""
    with av.open(str(path)) as container:
        for position, found in enumerate(container.decode(video=0)):
            if position == index:
                return np.asarray(found.to_ndarray(format="rgb24"))
    raise IndexError(index)


def matte_of(air: Air, clip: Path, mask: str, size: tuple[int, int], frames: list[int]) -> list[Array]:
    """Return the matte of these pictures of a clip, tick by tick at the clip's own rate."""
    text = f'[stage.stage]\nwidth = {size[0]}\nheight = {size[1]}\nrate_hz = 25.0\n[front.camera]\nsource = "{clip}"\n'
    text += f'[guest.mask]\ncamera = "front"\n{mask}\n[guest.layer]\norder = 1\n'
    shows = [air(text + BEHIND.format(colour), ticks=0) for colour in ("#000", "#fff")]
    mattes = []
    for index in frames:
        black, white = (on_air.ticks(index + 1 - on_air.ticked).light() for on_air in shows)
        mattes.append(1 - (white - black).mean(axis=2))
    return mattes


@pytest.mark.parametrize("clip", ["comp_bbaf2n", "comp_lbbc2a"])
def test_a_neural_matte_on_real_people_overlaps_the_truth(air: Air, media: Media, clip: str) -> None:
    model = media("models/mp_selfie_landscape.onnx")
    mask = f'source = "neural"\nmodel = "{model}"\n'
    path = media(f"clips/{clip}.mp4")
    height, width = frame(path, 0).shape[:2]
    frames = [0, 12, 30, 48]
    for index, matte in zip(frames, matte_of(air, path, mask, (width, height), frames), strict=True):
        truth: Any = cv2.imread(str(media(f"masks/{clip}/{index:04d}.png")), cv2.IMREAD_GRAYSCALE)
        assert truth.shape == matte.shape
        assert overlap(matte, truth / 255) >= 0.93, index


@pytest.mark.parametrize("clip", ["grid_bbaf2n", "grid_lbbc2a", "grid_id2_vcd_swwp2s"])
def test_a_real_blue_screen_is_keyed(air: Air, media: Media, clip: str) -> None:
    path = media(f"clips/{clip}.mpg")
    picture = frame(path, 0)
    height, width = picture.shape[:2]
    beside = np.concatenate([picture[5:230, 5:70], picture[5:230, -70:-5]]).reshape(-1, 3)
    red, green, blue = (int(v) for v in np.median(beside, axis=0))
    mask = f'source = "key"\n[guest.key]\nscreen = "#{red:02x}{green:02x}{blue:02x}"\n'
    frames = [0, 25, 50]
    for index, matte in zip(frames, matte_of(air, path, mask, (width, height), frames), strict=True):
        truth: Any = cv2.imread(str(media(f"masks/{clip}/{index:04d}.png")), cv2.IMREAD_GRAYSCALE)
        inside = np.s_[4:-4, 4:-4]  # the clips have a black rim, which is no screen
        assert overlap(matte[inside], truth[inside] / 255) >= 0.97, index


# Holes and specks -----------------------------------------------------------------------------------------------------

TIDY = """
[front.camera]
source = "still.png"
[guest.mask]
camera = "front"
source = "neural"
model = "{model}"
edges = "model"
refine = 0.0
fill_holes = {holes}
drop_specks = {specks}
[guest.layer]
order = 1
"""


def test_holes_are_filled_and_specks_dropped_while_on_air(air: Air, still: Still, tmp_path: Path) -> None:
    red = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(64, 32))
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[4:32, 20:50, 0] = 255
    picture[12:16, 30:34] = 0  # a hole of 16 of 2048 pixels
    picture[4:8, 4:8, 0] = 255  # and a speck as large
    still(picture)
    text = TIDY.format(model=red, holes=0.01, specks=0.01) + BEHIND.format("#fff")
    on_air = air(text, 64, 32, ticks=2)

    def seen() -> tuple[float, float]:
        """Return how much of the white behind shows in the middle of the hole, and of the speck."""
        light = on_air.light()[..., 1]
        return float(light[13:15, 31:33].mean()), float(light[5:7, 5:7].mean())

    assert seen() == pytest.approx((0, 1), abs=0.02)
    assert on_air.light()[13:15, 25:40, 1].max() < 0.02, "the hole has left no rim"
    on_air.path.write_text(on_air.path.read_text("utf-8").replace("= 0.01", "= 0.005"), encoding="utf-8")
    apply_scene(on_air.show.world, on_air.show.scene, load_scene(on_air.path))
    on_air.ticks(2)
    assert seen() == pytest.approx((1, 0), abs=0.06)


@pytest.mark.parametrize(("stage", "size"), [((64, 32), (64, 32)), ((32, 16), (32, 16)), ((128, 64), (64, 32))])
def test_alpha_is_drawn_no_larger_than_it_is_seen(
    air: Air, still: Still, tmp_path: Path, stage: tuple[int, int], size: tuple[int, int]
) -> None:
    red = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(64, 32))
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, 24:, 0] = 255
    still(picture)
    on_air = air(TIDY.format(model=red, holes=0.0, specks=0.0) + BEHIND.format("#fff"), *stage, ticks=2)
    (_, (matte,)) = next(iter(on_air.show.world.each(Matte)))
    assert matte.settled is not None
    assert matte.settled.size == size
    seen = on_air.light()[..., 1]
    third = stage[0] // 3
    assert seen[:, : third - 2].min() > 0.98
    assert seen[:, stage[0] // 2 :].max() < 0.02


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("[guest.place]\nscale = 2.0\n", (64, 32)),
        ("[guest.place]\ncrop = [0.25, 0.25, 0.25, 0.25]\n", (64, 32)),
        ("[guest.place]\nscale = 0.5\n", (16, 8)),
        ('[again.layer]\nmask = "guest"\norder = 2\n[again.place]\nscale = 1.4\n', (48, 24)),
        ("[guest.place]\n[guest.keyframes]\ntimes_s = [0.0, 9.0]\nplace.scale = [1.0, 3.0]\n", (64, 32)),
    ],
    ids=["larger", "cropped", "smaller", "twice", "keyed"],
)
def test_alpha_is_drawn_as_large_as_it_is_seen(
    air: Air, still: Still, tmp_path: Path, said: str, size: tuple[int, int]
) -> None:
    red = mixer(tmp_path / "red.onnx", "nhwc", [[1.0, 0.0, 0.0]], size=(64, 32))
    still(np.full((32, 64, 3), (255, 0, 0), np.uint8))
    text = TIDY.format(model=red, holes=0.0, specks=0.0) + said
    on_air = air(text, 32, 16, ticks=2)
    (_, (matte,)) = next(iter(on_air.show.world.each(Matte)))
    assert matte.settled is not None
    assert matte.settled.size == size


def test_what_a_key_cannot_do_is_said_once(air: Air, still: Still) -> None:
    still(np.full((18, 32, 3), (0, 177, 64), np.uint8))
    text = KEYED.format(despill=1.0) + BEHIND.format("#fff")
    assert not air(text, 32, 18, ticks=2).said
    asked = "fill_holes = 0.01\ndrop_specks = 0.0\nsoftness = 0.2\n"
    on_air = air(text.replace("[front.mask]\n", f"[front.mask]\n{asked}"), 32, 18, ticks=2)
    on_air.show.change("front", Key(tolerance=0.3))
    assert on_air.ticks(2).said == [
        "masks: front: mask.softness and mask.fill_holes are for neural masks, and its key goes without; "
        "key.tolerance, key.softness and mask.garbage are for keys"
    ]


# What was drawn is erased ---------------------------------------------------------------------------------------------

AGAIN = '\n[again.layer]\norder = 2\nmask = "guest"\nopacity = 0.6\n[again.place]\nx = 0.7\nscale = 0.5\n'


@pytest.mark.parametrize(
    ("more", "erased"),
    [
        ("", True),
        (AGAIN, True),
        ("[guest.lighting]\nshadow = 0.5\n", False),  # a shadow falls beside the person
        (AGAIN + "[again.keyframes]\ntimes_s = [0.0, 1.0]\nplace.x = [0.2, 0.8]\n", False),  # it is laid elsewhere
    ],
    ids=["one", "two", "shadow", "moving layer"],
)
def test_a_person_who_moves_leaves_nothing_behind(
    air: Air, monkeypatch: pytest.MonkeyPatch, more: str, *, erased: bool
) -> None:
    text = PERSON.format(backdrop="green", source="key") + "[guest.key]\n" + BEHIND.format("#248") + more
    ways: list[bool] = []
    erasable = Composite._erasable

    def noted(self: Composite, drawings: list[Drawing]) -> list[Any]:
        over = erasable(self, drawings)
        ways.append(bool(over))
        return over

    monkeypatch.setattr(Composite, "_erasable", noted)
    found = air(text, 320, 180, ticks=20).light()
    assert ways[-1] == erased
    monkeypatch.setattr(Composite, "_erasable", lambda *_: [])
    np.testing.assert_array_equal(found, air(text, 320, 180, ticks=20).light())


def test_alpha_in_what_is_cut_out_is_cut_off_too_and_that_is_said_once(air: Air, still: Still) -> None:
    picture = np.full((18, 32, 4), (200, 60, 60, 255), np.uint8)
    picture[:, 16:, 3] = 0
    still(picture)
    text = KEYED.format(despill=1.0) + BEHIND.format("#fff")
    on_air = air(text, 32, 18, ticks=3)
    assert on_air.light()[9, 4, 2] < 0.1, "the person"
    assert on_air.light()[9, 28, 2] > 0.9, "what is behind"
    assert [said for said in on_air.said if "alpha" in said] == [
        "masks: front: its camera's pictures have alpha: what is transparent in them is cut off too; "
        'alpha = "ignored" keeps it'
    ]
    ignored = air(text.replace("[front.mask]", 'alpha = "ignored"\n[front.mask]'), 32, 18, ticks=3)
    assert ignored.light()[9, 28, 2] < 0.1
    assert not ignored.said


def test_alpha_in_a_plate_is_said(air: Air, still: Still) -> None:
    still(np.full((18, 32, 3), (0, 177, 64), np.uint8))
    still(np.full((18, 32, 4), (0, 177, 64, 90), np.uint8), "plate.png")
    on_air = air(KEYED.format(despill=1.0).replace("screen =", 'plate = "plate.png"\nscreen ='), 32, 18, ticks=3)
    (said,) = on_air.said
    assert said.endswith("the plate has transparent parts, whose colours count as they are; save it without alpha")
