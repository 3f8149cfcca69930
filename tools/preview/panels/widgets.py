"""Small things that several panels draw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imgui_bundle import ImVec2, ImVec4, imgui

from tools.preview.theme import ACCENT, DIM, FAINT, TEXT, WARN, Fonts, Icon, Ink

SIGNS = {
    "camera": Icon.CAMERA,
    "display": Icon.MONITOR,
    "environment": Icon.LAMP,
    "fill": Icon.FILL,
    "key": Icon.DROPPER,
    "keyframes": Icon.CLOCK,
    "layer": Icon.LAYERS,
    "light": Icon.LAMP,
    "lighting": Icon.BOLT,
    "logo": Icon.PICTURE,
    "mask": Icon.MASK,
    "overlay": Icon.FILE,
    "particles": Icon.SNOW,
    "place": Icon.ARROWS,
    "sound": Icon.MICROPHONE,
    "stage": Icon.STAGE,
    "stream": Icon.STREAM,
    "viewpoint": Icon.EYE,
}
"""A sign for each component that has one; the others get a box."""

MAIN = ("stage", "display", "light", "viewpoint", "particles", "fill", "mask", "camera", "layer", "sound")
"""What an entity mostly is, the first that it has."""


def sign_of(parts: object) -> str:
    """Return the sign of an entity with these components."""
    names = parts if isinstance(parts, dict) else {}
    main = next((name for name in MAIN if name in names), next(iter(names), ""))
    return Icon.PERSON if main == "mask" else SIGNS.get(main, Icon.BOX)


def colour(ink: Ink) -> int:
    """Return an ink as draw lists want it."""
    return imgui.get_color_u32(ImVec4(*ink))


def coloured(text: str, ink: Ink) -> None:
    """Write in another colour."""
    imgui.text_colored(ImVec4(*ink), text)


@contextmanager
def inked(ink: Ink) -> Iterator[None]:
    """Write in another colour for a while."""
    imgui.push_style_color(imgui.Col_.text, ImVec4(*ink))
    yield
    imgui.pop_style_color()


def heading(fonts: Fonts, text: str) -> None:
    """Write a small title in capitals, with air above it."""
    imgui.push_font(fonts.bold, 11.5)
    coloured(text.upper(), FAINT)
    imgui.pop_font()


def at_right(width: float) -> None:
    """Go on in the same line, so far from the right edge."""
    imgui.same_line()
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + max(0.0, imgui.get_content_region_avail().x - width))


def tip(text: str, title: str = "", foot: str = "") -> None:
    """Say more about the last item while the pointer rests on it."""
    if not imgui.is_item_hovered(imgui.HoveredFlags_.for_tooltip | imgui.HoveredFlags_.allow_when_disabled):
        return
    imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(11, 9))
    if imgui.begin_tooltip():
        imgui.push_text_wrap_pos(imgui.get_font_size() * 24)
        if title:
            coloured(title, TEXT)
        with inked(DIM if title else TEXT):
            imgui.text_wrapped(text)
        if foot:
            coloured(foot, FAINT)
        imgui.pop_text_wrap_pos()
        imgui.end_tooltip()
    imgui.pop_style_var()


def icon_button(sign: str, help_text: str, *, on: bool = False, enabled: bool = True, key: str = "") -> bool:
    """A button that is a sign without a frame."""
    imgui.push_style_color(imgui.Col_.button, ImVec4(0, 0, 0, 0))
    imgui.push_style_color(imgui.Col_.text, ImVec4(*(ACCENT if on else TEXT)))
    imgui.begin_disabled(not enabled)
    pressed = imgui.button(f"{sign}##{key or help_text}")
    imgui.end_disabled()
    imgui.pop_style_color(2)
    tip(help_text)
    return pressed


def chip(text: str, *, on: bool, help_text: str = "") -> bool:
    """One of several that can be chosen, in a row."""
    imgui.push_style_color(imgui.Col_.button, ImVec4(*((*ACCENT[:3], 0.22) if on else (0, 0, 0, 0))))
    imgui.push_style_color(imgui.Col_.text, ImVec4(*(TEXT if on else DIM)))
    pressed = imgui.button(text)
    imgui.pop_style_color(2)
    if help_text:
        tip(help_text)
    return pressed


def warning(text: str) -> None:
    """Say in a line of its own that something is not as it should be."""
    with inked(WARN):
        imgui.text_wrapped(f"{Icon.WARNING}  {text}")
