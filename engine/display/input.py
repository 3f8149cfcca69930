"""What people do with a window: mouse, keys, text, files dropped onto it; and its clipboard and the pointer's shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.display.monitors import glfw
from engine.display.window import Window


class Moved(NamedTuple):
    """The pointer is at a place, in pixels of the window."""

    x: float
    y: float


class Button(NamedTuple):
    """A mouse button: 0 left, 1 right, 2 middle."""

    number: int
    down: bool


class Wheel(NamedTuple):
    """The wheel was turned, in steps to the right and up."""

    x: float
    y: float


class Key(NamedTuple):
    """A key, by its name in `KEYS`."""

    name: str
    down: bool


class Text(NamedTuple):
    """A character was typed."""

    character: str


class Focus(NamedTuple):
    """The window began or ceased to be the one that keys go to."""

    has: bool


class Dropped(NamedTuple):
    """Files were dropped where the pointer is."""

    files: tuple[str, ...]


Event = Moved | Button | Wheel | Key | Text | Focus | Dropped


def _keys() -> dict[int, str]:
    words = (
        "TAB LEFT RIGHT UP DOWN PAGE_UP PAGE_DOWN HOME END INSERT DELETE BACKSPACE SPACE ENTER ESCAPE "
        "LEFT_CONTROL LEFT_SHIFT LEFT_ALT LEFT_SUPER RIGHT_CONTROL RIGHT_SHIFT RIGHT_ALT RIGHT_SUPER MENU "
        "APOSTROPHE COMMA MINUS PERIOD SLASH SEMICOLON EQUAL LEFT_BRACKET BACKSLASH RIGHT_BRACKET GRAVE_ACCENT "
        "KP_ENTER KP_ADD KP_SUBTRACT"
    )
    names = [*words.split(), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *(f"F{number}" for number in range(1, 13))]
    return {getattr(glfw, f"KEY_{name}"): name.lower() for name in names}


KEYS = _keys()
"""Names of keys by glfw's number; a number is a place on the keyboard."""

POINTERS = {
    "arrow": "ARROW_CURSOR",
    "text": "IBEAM_CURSOR",
    "cross": "CROSSHAIR_CURSOR",
    "hand": "HAND_CURSOR",
    "across": "HRESIZE_CURSOR",
    "down": "VRESIZE_CURSOR",
    "all": "RESIZE_ALL_CURSOR",
}
"""Shapes of the pointer, and what glfw calls them."""


class Input:
    """Gathers what people do with one window until somebody asks.

    Thread: main. Blocks: never. Owns: the callbacks of the window. Fails: never; a desktop without a clipboard or
    without such a pointer has none.
    """

    def __init__(self, window: Window) -> None:
        self._handle: Any = window.handle
        self._events: list[Event] = []
        self._pointers: dict[str, Any] = {}
        self._pointer = "arrow"
        self._scale = self._pixels_a_unit()
        glfw.set_cursor_pos_callback(self._handle, self._moved)
        glfw.set_mouse_button_callback(self._handle, self._pressed)
        glfw.set_scroll_callback(self._handle, lambda _, x, y: self._events.append(Wheel(x, y)))
        glfw.set_key_callback(self._handle, self._keyed)
        glfw.set_char_callback(self._handle, lambda _, code: self._events.append(Text(chr(code))))
        glfw.set_window_focus_callback(self._handle, lambda _, has: self._events.append(Focus(bool(has))))
        glfw.set_drop_callback(self._handle, lambda _, files: self._events.append(Dropped(tuple(map(str, files)))))

    def take(self) -> Sequence[Event]:
        """Return what happened since the last time."""
        events, self._events = self._events, []
        return events

    @property
    def scale(self) -> float:
        """How much larger than on a usual monitor things are to be drawn."""
        return float(glfw.get_window_content_scale(self._handle)[0]) or 1.0

    def point_with(self, shape: str) -> None:
        """Give the pointer another shape, one of `POINTERS`."""
        if shape == self._pointer:
            return
        self._pointer = shape
        if shape not in self._pointers:
            self._pointers[shape] = glfw.create_standard_cursor(getattr(glfw, POINTERS[shape]))
        if self._pointers[shape]:
            glfw.set_cursor(self._handle, self._pointers[shape])

    def copied(self) -> str:
        """Return the text in the clipboard, or nothing."""
        text = glfw.get_clipboard_string(self._handle)
        return text.decode(errors="replace") if isinstance(text, bytes) else str(text or "")

    def copy(self, text: str) -> None:
        """Put a text into the clipboard."""
        glfw.set_clipboard_string(self._handle, text)

    def _pixels_a_unit(self) -> float:
        """Return how many pixels are one unit of the pointer's place: more than 1 on macOS and Wayland."""
        units = glfw.get_window_size(self._handle)[0]
        return float(glfw.get_framebuffer_size(self._handle)[0] / units) if units else 1.0

    def _moved(self, _handle: Any, x: float, y: float) -> None:
        self._scale = self._pixels_a_unit()
        self._events.append(Moved(x * self._scale, y * self._scale))

    def _pressed(self, _handle: Any, button: int, action: int, _modifiers: int) -> None:
        if button < 3:
            self._events.append(Button(button, action == glfw.PRESS))

    def _keyed(self, _handle: Any, key: int, code: int, action: int, _modifiers: int) -> None:
        if key not in KEYS or action == glfw.REPEAT:
            return
        name = KEYS[key]
        if len(name) == 1:  # a letter is what is printed on the key: Ctrl Z is elsewhere on a French keyboard
            printed = str(glfw.get_key_name(key, code) or "").lower()
            name = printed if printed.isascii() and printed.isalnum() and len(printed) == 1 else name
        self._events.append(Key(name, action == glfw.PRESS))
