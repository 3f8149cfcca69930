"""The gallery's stills are small, of scenes that there are, and on its page with what each scene says of itself."""

from __future__ import annotations

import cv2

from tools.gallery import PAGE, STILL_PX, STILLS, sentence
from tools.golden import scenes, times_of


def test_stills_are_small_and_of_scenes_that_there_are() -> None:
    stills = {path.stem: path for path in STILLS.glob("*.webp")}
    assert stills.keys() <= {scene.stem for scene in scenes() if times_of(scene)}, "run python -m tools.gallery"
    assert [path.name for path in stills.values() if path.stat().st_size > 40_000] == []
    picture = cv2.imread(str(stills["hello"]))
    assert picture is not None
    assert max(picture.shape[:2]) == STILL_PX


def test_the_page_shows_every_still() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [path.name for path in STILLS.glob("*.webp") if f"gallery/stills/{path.name}" not in text] == []


def test_every_scene_says_what_it_is() -> None:
    assert [scene.name for scene in scenes() if times_of(scene) and "." not in sentence(scene)] == []
