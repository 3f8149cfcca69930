"""Previewers in real windows on a virtual desktop, and hands for them: xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imgui_bundle import imgui
from numpy.typing import NDArray

from engine.components import Display
from engine.display.input import Input
from engine.display.window import Window
from engine.scene.where import KeyPath
from tests.displays import HEIGHT, WIDTH, Desktop
from tests.shows import the_gpu
from tools.preview.app import Previewer
from tools.preview.panels.inspector import InspectorPanel
from tools.preview.session import Session

os.environ.pop("PYGLFW_LIBRARY", None)  # imgui names a glfw of its own, without Wayland, to all that is started later

Place = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels of the window."""

ITEMS = (
    *("button", "small_button", "invisible_button", "checkbox", "selectable", "begin_combo", "menu_item_simple"),
    *("slider_float", "slider_int", "color_edit3", "input_text", "input_text_with_hint"),
)
"""What of imgui people can use, by the names of its functions."""


def xdotool(*words: object) -> None:
    """Move a person's hands."""
    program = shutil.which("xdotool")
    if program is None:
        text = "xdotool is not installed (Debian and Ubuntu: apt-get install xdotool)"
        if os.environ.get("SCRIM_REQUIRE_LAVAPIPE"):
            pytest.fail(text)
        pytest.skip(text)
    subprocess.run([program, *map(str, words)], check=True, capture_output=True)


class Hands:
    """A previewer that is open in a window, somebody who uses it, and where everything lies that can be used."""

    def __init__(self, previewer: Previewer, desktop: Desktop) -> None:
        self.previewer = previewer
        self.session = previewer.session
        self.desktop = desktop
        self.items: dict[tuple[str, object], Place] = {}

    def turns(self, count: int = 2) -> None:
        """Let so many frames be drawn."""
        for _ in range(count):
            self.items.clear()
            self.previewer.turn()

    def until(self, seen: Callable[[], bool], words: str) -> None:
        """Go on until something is so."""
        give_up = time.monotonic() + 20
        while not seen():
            assert time.monotonic() < give_up, f"never: {words}; {self.session.said}"
            self.turns(1)
            time.sleep(0.01)

    def at(self, label: str, of: object = None, across: float = 0.5) -> tuple[int, int]:
        """Return where an item lies: a control by its kind and field, anything else by the text on it."""
        found = [place for (name, path), place in self.items.items() if label in name and (of is None or of == path)]
        assert found, f"there is no {label!r} of {of}: {sorted(map(str, self.items))}"
        left, top, right, bottom = found[0]
        return round(left + across * (right - left)), round((top + bottom) / 2)

    def point(self, x: int, y: int) -> None:
        """Move the pointer, and let it be seen."""
        xdotool("mousemove", x, y)
        self.turns()

    def click(self, label: str, of: object = None, across: float = 0.5) -> None:
        """Point at something and press it."""
        self.point(*self.at(label, of, across))
        self.press()

    def press(self, button: int = 1) -> None:
        """Press and let go, where the pointer is."""
        xdotool("mousedown", button)
        self.turns()
        xdotool("mouseup", button)
        self.turns(3)

    def drag(self, start: tuple[int, int], end: tuple[int, int], held: Callable[[], None] = lambda: None) -> None:
        """Take hold at one place and let go at another; `held` is called before."""
        self.point(*start)
        xdotool("mousedown", 1)
        self.turns()
        for step in (0.4, 0.7, 1.0):
            self.point(*(round(a + step * (b - a)) for a, b in zip(start, end, strict=True)))
        held()
        xdotool("mouseup", 1)
        self.turns(3)

    def keys(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            xdotool("key", key)
            self.turns(3)

    def type(self, text: str) -> None:
        """Type a text."""
        xdotool("type", text)
        self.turns(3)

    @property
    def screen(self) -> NDArray[np.uint8]:
        """What the monitor shows."""
        return self.desktop.screenshot()


Open = Callable[[str], Hands]


@pytest.fixture
def opened(tmp_path: Path, desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a previewer on a scene's text, its time standing still."""
    windows: list[Window] = []
    previewers: list[Previewer] = []
    hands: list[Hands] = []
    path_now: list[KeyPath] = []

    def note(name: str, label: str) -> None:
        first, last = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        place = (round(first.x), round(first.y), round(last.x), round(last.y))
        for each in hands:
            each.items[f"{name} {label}", path_now[-1] if path_now else None] = place

    def wrap(name: str) -> None:
        original = getattr(imgui, name)

        def wrapped(label: str, *arguments: Any) -> Any:
            result = original(label, *arguments)
            note(name, label)
            return result

        monkeypatch.setattr(imgui, name, wrapped)

    for name in ITEMS:
        wrap(name)
    original = InspectorPanel._draw_control

    def draw_control(self: InspectorPanel, session: Session, path: KeyPath, control: Any) -> None:
        path_now.append(path)
        original(self, session, path, control)
        path_now.pop()

    monkeypatch.setattr(InspectorPanel, "_draw_control", draw_control)

    def open_one(text: str) -> Hands:
        path = tmp_path / "show.toml"
        path.write_text(text, encoding="utf-8")
        window = Window(the_gpu(), "preview", Display(title="preview"), (WIDTH, HEIGHT))
        windows.append(window)
        previewer = Previewer(Session(path), the_gpu(), window, Input(window), stepped=True)
        previewers.append(previewer)
        previewer.player.playing = False
        person = Hands(previewer, desktop)
        hands.append(person)
        xdotool("mousemove", 5, 5)
        person.turns(4)
        return person

    yield open_one
    for previewer in previewers:
        previewer.close()
    for window in windows:
        window.release()
