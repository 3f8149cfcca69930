"""A session edits a scene's text and the running world, and never loses what either of two people did."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from engine.components import Fill, Layer
from engine.scene.load import Scene, load_scene
from tools.new import SCENES
from tools.preview.document import Document, merge
from tools.preview.drop import add_files, as_written
from tools.preview.lock import Lock
from tools.preview.presets import PRESETS, Preset
from tools.preview.session import Selection, Session

TEXT = b"""# The sky.
[sky.fill]
colour = "#102030"  # night
[sky.layer]
order = 0

[sun.light]
x = 0.5
y = 0.25

[spot.layer]  # in front
order = 3
mask = ""
[spot.fill]
"""


class Air:
    """Stands for a show: notes what it was told to show."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = []
        self.parts: list[tuple[str, Any]] = []

    def take_over(self, scene: Scene) -> bool:
        self.scenes.append(scene)
        return True

    def change(self, entity: str, part: object) -> None:
        self.parts.append((entity, part))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "show.toml"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def session(path: Path) -> Session:
    session = Session(path)
    session.on_air = Air()
    return session


def air(session: Session) -> Air:
    assert isinstance(session.on_air, Air)
    return session.on_air


def outside(session: Session, data: bytes) -> None:
    """Write the file as an editor does, and let the session see it: once it has been left alone for a while."""
    before = session.path.stat().st_mtime_ns if session.path.exists() else 0
    session.path.write_bytes(data)
    os.utime(session.path, ns=(before + 10**9, before + 10**9))
    seen(session)


def seen(session: Session) -> None:
    session.look()
    document = session.document
    if document._seen is not None:
        document._seen = (document._seen[0], document._seen[1] - 1.0)
    session.look()


def test_saving_one_value_changes_its_bytes_alone(session: Session, path: Path) -> None:
    session.set(("sun", "light", "x"), 0.75)
    assert path.read_bytes() == TEXT, "nothing is saved before it is asked for"
    assert session.save()
    assert path.read_bytes() == TEXT.replace(b"x = 0.5", b"x = 0.75")
    session.set(("sky", "fill", "colour"), "#ffffff")
    session.set(("sky", "fill", "colour"), "#102030")
    session.undo()
    session.redo()
    assert session.save()
    assert path.read_bytes() == TEXT.replace(b"x = 0.5", b"x = 0.75")


def test_a_slider_that_is_held_is_on_air_at_once_and_is_one_step(session: Session) -> None:
    for value in (0.1, 0.2, 0.3):
        session.turn(("sky", "layer", "opacity"), value)
    assert [part.opacity for _, part in air(session).parts] == [0.1, 0.2, 0.3]
    assert session.value(("sky", "layer", "opacity")) == 0.3
    assert session.document.text == TEXT
    session.finish()
    assert session.document.text == TEXT.replace(b"order = 0\n", b"order = 0\nopacity = 0.3\n")
    assert [scene.entities["sky"]["layer"] for scene in air(session).scenes] == [Layer(opacity=0.3)]
    session.undo()
    assert session.document.text == TEXT
    assert air(session).scenes[-1].entities["sky"]["layer"] == Layer()
    assert session.document.redoes


def test_what_is_turned_can_be_let_go_of(session: Session) -> None:
    session.turn(("sky", "fill", "colour"), "#ff0000")
    assert air(session).parts[-1][1].colour.hex() == "#ff0000"
    session.forget()
    assert session.document.text == TEXT
    assert session.value(("sky", "fill", "colour")) == "#102030"


def test_components_and_entities_come_and_go(session: Session) -> None:
    session.add_component("sky", "place")
    assert b"order = 0\n[sky.place]\n" in session.document.text
    assert session.selection == Selection("sky", "place")
    session.remove_component("sky", "place")
    assert session.document.text == TEXT
    name = session.add_entity("sky", '[{name}.fill]\ncolour = "#ffffff"\n[{name}.layer]')
    assert name == "sky_2"
    assert isinstance(air(session).scenes[-1].entities["sky_2"]["fill"], Fill)
    session.duplicate_entity("sky_2")
    assert list(session.tables)[-2:] == ["sky_2", "sky_3"]
    session.remove_entity("sky_3")
    session.remove_entity("sky_2")
    assert session.document.text == TEXT


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_can_be_added_and_again(session: Session, preset: Preset) -> None:
    for name in (preset.entity, f"{preset.entity}_2"):
        preset.add_to(session)
        assert not session.mistakes
        assert session.selection == Selection(name)
    session.undo()
    session.undo()
    assert session.document.text == TEXT


def test_snow_is_that_of_the_example_behind_people_and_before_them(session: Session) -> None:
    session.add_entity("guest", '[{name}.camera]\nsource = "synthetic"\n[{name}.mask]\n[{name}.layer]\norder = 2')
    next(preset for preset in PRESETS if preset.name == "Snow").add_to(session)
    assert session.scene is not None
    example = load_scene(SCENES / "snow.toml").entities
    for name, entity, order in (("snow", "far", 1), ("snow_near", "near", 4)):
        assert session.scene.entities[name]["particles"] == example[entity]["particles"]
        assert session.value((name, "layer", "order")) == order


def test_a_scene_that_is_not_there_begins_with_what_is_added(path: Path) -> None:
    session = Session(path.with_name("new.toml"))
    assert session.scene is None
    assert "there is no file" in session.mistakes[0].message
    session.add_entity("sky", "[{name}.fill]\n[{name}.layer]")
    assert not session.mistakes
    assert session.save()
    assert session.path.read_text("utf-8") == "[sky.fill]\n[sky.layer]\n"


def test_what_an_included_file_says_cannot_be_copied_from_here(path: Path) -> None:
    (path.parent / "base.toml").write_bytes(TEXT)
    path.write_text('include = ["base.toml"]\n', "utf-8")
    session = Session(path)
    session.duplicate_entity("sun")
    assert "change it in the file" in session.said


def test_a_renamed_entity_is_meant_by_all_who_named_it(session: Session) -> None:
    session.add_entity("guest", '[{name}.camera]\nsource = "synthetic"\n[{name}.mask]')
    session.set(("spot", "layer", "mask"), "guest")
    session.rename_entity("guest", "anna")
    assert session.value(("spot", "layer", "mask")) == "anna"
    assert not session.mistakes
    session.rename_entity("anna", "sky")
    assert "already" in session.said
    assert "anna" in session.tables


def test_a_mistake_is_listed_and_what_is_on_air_stays(session: Session) -> None:
    on_air = session.scene
    session.set(("spot", "layer", "mask"), "nobody")
    (mistake,) = session.mistakes
    assert (mistake.line, mistake.column) == (13, 1)
    assert "is no entity" in mistake.message
    assert session.mistakes_at(("spot", "layer", "mask")) == [mistake.message]
    assert session.scene is on_air
    assert not air(session).scenes
    assert session.value(("spot", "layer", "mask")) == "nobody", "what was written is shown"
    session.undo()
    assert not session.mistakes


def test_what_an_editor_saves_comes_in(session: Session) -> None:
    changed = TEXT.replace(b"# night", b"# dusk").replace(b'"#102030"', b'"#405060"')
    outside(session, changed)
    assert session.document.text == changed
    assert not session.document.is_changed
    fill = air(session).scenes[-1].entities["sky"]["fill"]
    assert isinstance(fill, Fill)
    assert fill.colour.hex() == "#405060"
    session.undo()
    assert session.document.text == TEXT, "that too can be taken back"
    assert session.document.is_changed


def test_both_change_and_nothing_is_lost(session: Session, path: Path) -> None:
    session.set(("sun", "light", "x"), 0.75)
    session.remove_component("spot", "fill")
    session.add_entity("new", "[{name}.fill]\n[{name}.layer]")
    outside(session, TEXT.replace(b"y = 0.25", b"y = 0.5 # lower"))
    text = session.document.text
    assert b"x = 0.75\ny = 0.5 # lower" in text
    assert b"[spot.fill]" not in text
    assert b"[new.layer]" in text
    assert not session.document.clashes
    assert session.save()
    assert path.read_bytes() == text


def test_a_clash_is_shown_and_decided(session: Session, path: Path) -> None:
    session.set(("sun", "light", "x"), 0.75)
    theirs = TEXT.replace(b"x = 0.5", b"x = 0.1")
    outside(session, theirs)
    (clash,) = session.document.clashes
    assert (clash.path, clash.mine, clash.theirs) == (("sun", "light", "x"), "0.75", "0.1")
    assert session.value(("sun", "light", "x")) == 0.75
    assert not session.save()
    assert "choose first" in session.said
    assert path.read_bytes() == theirs
    session.settle(clash, mine=False)
    assert session.document.text == theirs
    session.undo()
    assert session.save()
    assert b"x = 0.75" in path.read_bytes()


def test_a_save_that_comes_too_late_takes_in_what_it_did_not_know(session: Session, path: Path) -> None:
    session.set(("sun", "light", "x"), 0.75)
    path.write_bytes(TEXT.replace(b"order = 3", b"order = 4"))
    assert session.save()
    assert path.read_bytes() == TEXT.replace(b"order = 3", b"order = 4").replace(b"x = 0.5", b"x = 0.75")


def test_a_half_saved_file_waits_until_it_is_whole(session: Session, path: Path) -> None:
    session.set(("sun", "light", "x"), 0.75)
    outside(session, TEXT[:36])
    assert session.document.is_broken_outside
    assert b"x = 0.75" in session.document.text
    assert not session.save()
    assert path.read_bytes() == TEXT[:36]
    outside(session, TEXT + b"# whole\n")
    assert session.document.text == TEXT.replace(b"x = 0.5", b"x = 0.75") + b"# whole\n"
    assert session.save()


def test_a_broken_file_without_changes_here_is_listed_until_it_is_mended(session: Session) -> None:
    on_air = session.scene
    outside(session, TEXT + b"[sky\n")
    (mistake,) = session.mistakes
    assert mistake.line == 15
    assert session.scene is on_air
    assert "sun" in session.tables, "the tree stays"
    outside(session, TEXT)
    assert not session.mistakes


def test_a_deleted_file_is_said_and_can_be_written_anew(session: Session, path: Path) -> None:
    path.unlink()
    seen(session)
    assert session.document.is_gone
    assert session.document.is_changed
    assert session.scene is not None
    assert session.save()
    assert path.read_bytes() == TEXT


def test_a_scene_that_is_broken_from_the_start_opens_with_its_mistakes(path: Path) -> None:
    path.write_bytes(TEXT.replace(b"order = 0", b"ordr = 0\nopacity = 2.0"))
    session = Session(path)
    assert session.scene is None
    assert [mistake.line for mistake in session.mistakes] == [5, 6]
    assert "did you mean 'order'?" in session.mistakes[0].message
    session.on_air = Air()
    session.reset(("sky", "layer", "ordr"))
    session.set(("sky", "layer", "opacity"), 1.0)
    assert session.scene is not None
    assert len(air(session).scenes) == 1


def test_a_scene_that_is_not_there_says_so(tmp_path: Path) -> None:
    session = Session(tmp_path / "none.toml")
    assert "there is no file" in session.mistakes[0].message


def test_included_files_are_watched_and_not_written(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_bytes(b"[sky.fill]\n[sky.layer]\norder = 1\n")
    path = tmp_path / "show.toml"
    path.write_bytes(b'include = ["base.toml"]\n[sun.light]\n')
    session = Session(path)
    session.on_air = Air()
    assert session.is_included(("sky", "layer", "order"))
    session.set(("sky", "layer", "order"), 5)
    assert session.document.text == b'include = ["base.toml"]\n[sun.light]\n\n[sky.layer]\norder = 5\n'
    session.remove_component("sky", "fill")
    assert "included" in session.said
    base = tmp_path / "base.toml"
    base.write_bytes(b'[sky.fill]\ncolour = "#ffffff"\n[sky.layer]\norder = 1\n')
    os.utime(base, ns=(10**18, 10**18))
    session.look()
    assert session.value(("sky", "fill", "colour")) == "#ffffff"


def test_a_file_that_cannot_be_written_costs_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.set(("sun", "light", "x"), 0.75)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tools.preview.document._write", refuse)
    assert not session.save()
    assert "what you changed is kept here" in session.said
    assert session.document.is_changed


def test_a_second_previewer_hears_of_the_first(path: Path) -> None:
    first = Lock(path)
    assert first.holder == 0
    second = Lock(path)
    assert second.holder == os.getpid()
    first.release()
    third = Lock(path)
    assert third.holder == 0
    third.release()


def test_a_merge_of_what_is_no_toml_is_none() -> None:
    assert merge(TEXT, TEXT, b"[a") is None
    assert merge(TEXT, TEXT, b"") == (b"", [])


def test_steps_after_an_undo_are_forgotten_once_another_is_made(path: Path) -> None:
    document = Document(path)
    document.step("one", b"a = 1\n")
    document.step("two", b"a = 2\n")
    assert document.undo()
    document.step("three", b"a = 3\n")
    assert not document.redo()
    assert document.undoes == "three"


def test_dropped_files_become_layers_and_models(session: Session, tmp_path: Path) -> None:
    for name in ("Sea View.png", "net.onnx", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    add_files(session, [str(tmp_path / "Sea View.png"), str(tmp_path / "notes.txt")])
    assert session.selection.entity == "sea_view"
    assert session.value(("sea_view", "camera", "source")) == "Sea View.png"
    assert session.value(("sea_view", "layer", "order")) == 4, "in front of all others"
    assert "notes.txt is no picture" in session.said
    add_files(session, [str(tmp_path / "net.onnx")])
    assert session.value(("person", "mask", "model")) == "net.onnx"
    assert session.value(("person", "mask", "camera")) == "sea_view"
    assert as_written(Path("/elsewhere/a.png"), session.path) == "/elsewhere/a.png"


def test_lists_and_tables_are_fields_too(session: Session) -> None:
    session.add_component("sun", "keyframes")
    session.set(("sun", "keyframes", "times_s"), [0.0, 2.0])
    session.set(("sun", "keyframes", "light", "x"), [0.2, 0.8])
    assert not session.mistakes
    assert session.value(("sun", "keyframes", "light", "x")) == [0.2, 0.8]
    session.turn(("sun", "keyframes", "light", "x"), [0.2, 0.9])
    session.finish()
    assert b"light.x = [0.2, 0.9]\n" in session.document.text
    session.reset(("sun", "keyframes", "light", "x"))
    assert session.value(("sun", "keyframes", "light")) == {}
