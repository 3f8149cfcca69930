"""A scene loads, or says everything that is wrong with it, each in its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.component import Colour
from engine.components import Camera, Fill, Layer, Place
from engine.errors import SceneError
from engine.scene.load import load_scene
from tests.engine.scene.conftest import Write, Wrong

SKY = "[sky.layer]\n[sky.fill]\n"


def test_tables_become_components_in_file_order(write: Write) -> None:
    path = write("""
        #:schema scene.schema.json
        [sky]
        fill.colour = "#fff"
        layer = { order = -1, opacity = 1 }
        [guest.camera]
        source = "synthetic"
        rate_hz = 25
        [guest.place]
        crop = [0, 0.5, 0, 0]
    """)
    scene = load_scene(path)
    assert scene.path == path
    assert scene.files == {path}
    assert list(scene.entities) == ["sky", "guest"]
    assert scene.entities["sky"] == {"fill": Fill(colour=Colour.parse("#fff")), "layer": Layer(order=-1)}
    assert scene.entities["guest"]["camera"] == Camera(source="synthetic", rate_hz=25.0)
    assert scene.entities["guest"]["place"] == Place(crop=(0.0, 0.5, 0.0, 0.0))


def test_all_mistakes_are_said_at_once_in_file_order(wrong: Wrong) -> None:
    assert wrong("""
        [guest.layer]
        ordr = 1
        order = 1.5
        opacity = 3
        blur_px = nan
        visible = "yes"
        blend = "nrmal"
        camera = "frnt"
        [front.camera]
        source = "synthetic"
        rotate = 45
        [guest.fil]
        [guest]
        place.crop = [0, 0, 2, "x"]
    """) == [
        "2:1: no field 'ordr' (did you mean 'order'?)",
        "3:1: order must be a whole number, not 1.5",
        "4:1: opacity must be at most 1, not 3",
        "5:1: blur_px must be a finite number, not nan",
        '6:1: visible must be true or false, not "yes"',
        "7:1: blend: there is no \"nrmal\" (did you mean 'normal'?)",
        "8:1: camera: 'frnt' is no entity (did you mean 'front'?)",
        "11:1: rotate must be one of 0, 90, 180, 270, not 45",
        "12:8: no component 'fil' (did you mean 'fill'?)",
        "14:7: crop[2] must be at most 1, not 2",
        '14:7: crop[3] must be a number, not "x"',
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fill.colour = 'red'", '''colour must be a colour such as "#ff8800", not "red"'''),
        ("place.crop = [0, 0]", "crop must be 4 numbers in brackets, not [0, 0]"),
        ("place.crop = { x = 1 }", "crop must be 4 numbers in brackets, not a table"),
        ("place.x = 07:32:00", "x must be a number, not a date or time"),
        ("place.x = -inf", "x must be a finite number, not -inf"),
        ("place.x = true", "x must be a number, not true"),
        ("display.monitor = 1", "monitor must be text in quotes, not 1"),
        ("display.width = -2", "width must be at least 0, not -2"),
        ("display.width = 0x" + "f" * 5000, "width must be at most 16384, not a number beyond 64 bits"),
        ("display.kind = 'zzz'", 'kind must be one of "window", "offscreen", not "zzz"'),
        (
            "display.kind = 'windo'",
            """kind must be one of "window", "offscreen", not "windo" (did you mean 'window'?)""",
        ),
        ("display.title = 3", "title must be text in quotes, not 3"),
        ("place.self = 3", "no field 'self' (possible: 'x', 'y', 'scale', 'rotate', 'fit', 'crop', 'mirror', 'depth')"),
    ],
)
def test_a_wrong_value_is_named_in_plain_words(wrong: Wrong, line: str, said: str) -> None:
    [mistake] = wrong(f"[sky]\n{line}")
    assert mistake.partition(": ")[2] == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "show.toml: has no entities; write one as a table of components, such as [sky.layer] and [sky.fill]"),
        ("a = 1", "1:1: 'a' must be a table of components, not 1"),
        ("[a]\nlayer = []", "2:1: 'layer' must be a table of fields, not []"),
        ("[[a.fill]]", "1:5: 'fill' must be a table of fields, not an array of 1"),
        ("[a.layer", "1:9: no valid TOML: Expected ']' at the end of a table declaration, at the end of the file"),
        ("[a]\nb =\nc = 1", "2:4: no valid TOML: Invalid value"),
        ("a = " + "[" * 5000, "show.toml: nests its values too deeply; a scene needs entity, component and field"),
        ("x = 1\n# \xff".encode("latin-1"), "2:1: is no UTF-8 text; save it as UTF-8"),
        (b"\x7fELF\0\0", "1:1: no valid TOML: Invalid statement"),
        (b"#" * 1_000_001, "show.toml: is larger than 1 MB; a scene is a short text"),
        ("include = 'x.toml'", """1:1: include must be an array of file names such as ["other.toml"], not "x.toml\""""),
        ("include = ['shaw.toml']", "1:1: there is no file \"shaw.toml\" (did you mean 'show.toml'?)"),
        ("include = ['parts']", "1:1: 'parts' is a folder; name a scene file in it"),
    ],
)
def test_a_bad_file_says_so_in_one_line(write: Write, wrong: Wrong, text: str | bytes, said: str) -> None:
    write(b"", "parts/other")
    assert wrong(text) == [said]


def test_a_missing_file_and_a_folder_are_said(write: Write, tmp_path: Path) -> None:
    write(SKY)
    with pytest.raises(SceneError, match=r"there is no file \"shw.toml\" \(did you mean 'show.toml'\?\)"):
        load_scene(tmp_path / "shw.toml")
    with pytest.raises(SceneError, match="is a folder; name a scene file in it"):
        load_scene(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SceneError, match="'pipe' is no ordinary file"):
        load_scene(tmp_path / "pipe")


def test_windows_texts_load(write: Write) -> None:
    assert load_scene(write(b"\xef\xbb\xbf[sky.layer]\r\n[sky.fill]\r\n")).entities.keys() == {"sky"}


# Includes


def test_a_scene_is_laid_over_what_it_includes(write: Write) -> None:
    base = write('[sky.layer]\norder = 1\nopacity = 0.5\n[sky.fill]\ncolour = "#123456"\n', "parts/base.toml")
    scene = load_scene(write('include = ["parts/base.toml"]\n[sky.layer]\norder = 2\n[lamp.light]'))
    assert scene.entities["sky"]["layer"] == Layer(order=2, opacity=0.5)
    assert list(scene.entities) == ["sky", "lamp"]
    assert scene.files == {scene.path, base}


def test_a_mistake_in_an_included_file_is_placed_there(write: Write, wrong: Wrong) -> None:
    write("[sky.layer]\norder = ''\nopacity = 2\n[sky.fill]", "base.toml")
    assert wrong('include = ["base.toml"]\n[sky.layer]\norder = 1.5') == [
        "3:1: order must be a whole number, not 1.5",
        "base.toml:3:1: opacity must be at most 1, not 2",
    ]


def test_includes_in_a_circle_are_said_where_they_close_it(write: Write, wrong: Wrong) -> None:
    write('include = ["show.toml"]', "base.toml")
    [mistake] = wrong(f'include = ["base.toml"]\n{SKY}')
    assert mistake.startswith("base.toml:1:1: include goes in a circle")


def test_a_file_that_two_others_include_is_read_once(write: Write) -> None:
    write(SKY, "sky.toml")
    write('include = ["sky.toml"]\n[sky.layer]\norder = 7', "one.toml")
    write('include = ["sky.toml"]\n[sky.layer]\nopacity = 0.5', "two.toml")
    scene = load_scene(write('include = ["one.toml", "two.toml"]'))
    assert scene.entities["sky"]["layer"] == Layer(order=7, opacity=0.5)


def test_what_an_unreadable_include_may_hold_is_not_missed(write: Write, wrong: Wrong) -> None:
    write("[front", "base.toml")
    mistakes = wrong('include = ["base.toml"]\n[guest.layer]\ncamera = "front"\nordr = 1')
    assert [mistake.split(": ")[0] for mistake in mistakes] == ["4:1", "base.toml:1:7"]


# Files


def test_a_path_starts_from_the_file_that_says_it(write: Write) -> None:
    picture = write(b"", "parts/logo.png")
    write('[wall.display]\n[wall.logo]\nfile = "logo.png"', "parts/base.toml")
    scene = load_scene(write('include = ["parts/base.toml"]'))
    assert scene.entities["wall"]["logo"].file == str(picture)  # type: ignore[attr-defined]


@pytest.mark.parametrize("source", ["auto", "synthetic", "device:3", "rtsp://host/path?x=1", "http://host/a.mjpg", ""])
def test_a_camera_may_be_no_file(write: Write, source: str) -> None:
    scene = load_scene(write(f'[front.camera]\nsource = "{source}"'))
    assert scene.entities["front"]["camera"] == Camera(source=source)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('camera.source = "clip.mpp"', "(did you mean 'clip.mp4'?)"),
        ('camera.source = "sythetic"', "(did you mean 'synthetic'?)"),
        ('camera.source = "where/is/it"', "(possible: 'auto', 'synthetic', 'test-card', 'device:0')"),
        ('mask.model = "nowhere"', ""),
        ('camera.source = "bulb.mp4"', "'device:0')"),
        ('mask.model = "a\\u0000b"', ""),
        (f'mask.model = "{"x" * 300}"', ""),
    ],
)
def test_a_missing_file_is_said_with_what_is_near(write: Write, wrong: Wrong, line: str, hint: str) -> None:
    write(b"", "clip.mp4")
    [mistake] = wrong(f'[front]\ncamera.source = "synthetic"\n[guest]\ncamera.mirror = true\n{line}')
    assert mistake.startswith("5:")
    assert "there is no file" in mistake
    assert mistake.endswith(hint)


def test_a_folder_where_a_file_is_wanted_is_said(write: Write, wrong: Wrong) -> None:
    write(b"", "folder/x")
    [mistake] = wrong('[guest]\ncamera.source = "synthetic"\nmask.model = "folder"')
    assert mistake == '3:6: model: "folder" is a folder; name a file in it'


# Overrides


def test_an_override_is_toml_or_plain_text(write: Write) -> None:
    overrides = (
        *("sky.layer.opacity=0.5", "sky.layer.blend=add", "sky.fill.colour=#fff", "+'new one'.camera.source=synthetic"),
        *("sky.place.crop=[0, 0, 0, 0.5]", "sky.display.title='a = b'", "'new one'.camera.mirror=true"),
        "stage.stage.rate_hz=25",
    )
    entities = load_scene(write(SKY), overrides).entities
    assert entities["sky"]["layer"] == Layer(opacity=0.5, blend="add")
    assert entities["sky"]["fill"].colour.hex() == "#ffffff"  # type: ignore[attr-defined]
    assert entities["sky"]["place"] == Place(crop=(0.0, 0.0, 0.0, 0.5))
    assert entities["sky"]["display"].title == "a = b"  # type: ignore[attr-defined]
    assert entities["new one"] == {"camera": Camera(source="synthetic", mirror=True)}
    assert entities["stage"]["stage"].rate_hz == 25.0  # type: ignore[attr-defined] # every show has one


def test_a_path_in_an_override_starts_from_the_current_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write(b"", "here/clip.mp4")
    monkeypatch.chdir(tmp_path / "here")
    scene = load_scene(write("[front.camera]"), ["front.camera.source=clip.mp4"])
    assert scene.entities["front"]["camera"] == Camera(source=str(clip))


def test_a_wrong_override_is_said_as_such(wrong: Wrong) -> None:
    assert wrong(
        SKY,
        *("sky.layer.ordr=1", "sky.layr.order=1", "sky.layer=1", "skye.layer.order=1", "+x.layer.order=1"),
        "sky.layer.order=a\nb",
    ) == [
        "--set sky.layer.ordr=1: no field 'ordr' (did you mean 'order'?)",
        "--set sky.layr.order=1: no component 'layr' (did you mean 'layer'?)",
        "--set sky.layer=1: write an override as entity.component.field=value",
        "--set skye.layer.order=1: no entity 'skye' (did you mean 'sky'?); to add one, write +skye.layer.order=…",
        "--set +x.layer.order=1: layer has nothing to draw; add a camera, mask, particles, fill, shader or group "
        "table to this entity, or name another entity with camera or mask",
        '--set sky.layer.order=a b: order must be a whole number, not "a\\u000ab"',
    ]
