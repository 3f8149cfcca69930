"""Taking hold of what is in the picture: handles of what is chosen, choosing another, the eyedropper, the keyboard."""

from __future__ import annotations

from typing import Any

from imgui_bundle import ImVec2, imgui

from tools.preview.canvas import Canvas
from tools.preview.handles import (
    LARGE_NUDGE_PX,
    NUDGE_PX,
    Handle,
    Outline,
    Shape,
    Values,
    from_target,
    handles_of,
    layer_at,
    nudged,
    snapped,
    to_target,
)
from tools.preview.panels.view import Seen, Vector, View
from tools.preview.panels.widgets import colour, tip
from tools.preview.player import Player
from tools.preview.probe import Probe
from tools.preview.session import Selection, Session
from tools.preview.theme import ACCENT, TEXT, WARN, ink

REACH_PX = 9.0
"""How near to a handle the pointer takes hold of it."""

SNAP_PX = 7.0

PULLED_PX = 4.0
"""What is pulled by less was clicked."""

STEPS_A_KEY = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class Touch:
    """What the left button and the keys do in the picture."""

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        self._held: Handle | None = None
        self._grip: Vector = (0.0, 0.0)
        self._moved = False
        self._pressed_at: Vector | None = None
        self._lines: tuple[float | None, float | None] = (None, None)
        self._probe: Probe | None = None

    def draw(self, session: Session, seen: Seen, view: View, origin: ImVec2, area: Vector) -> None:
        """Draw the handles and act on the pointer, which is over the picture's own item."""
        corner, drawn = view.lay(area, seen.size)
        io = imgui.get_io()
        pointer = (
            (io.mouse_pos.x - origin.x - corner[0]) / drawn[0],
            (io.mouse_pos.y - origin.y - corner[1]) / drawn[1],
        )
        if session.picking is not None:
            self._pick(session, seen, pointer)
            return
        show, quad = self._player.show, seen.quad
        if show is None or quad is None:
            return
        handles, outlines = handles_of(session, show, seen.name, quad)

        def on_screen(at: Vector) -> ImVec2:
            x, y = to_target(quad, at)
            return ImVec2(origin.x + corner[0] + x * drawn[0], origin.y + corner[1] + y * drawn[1])

        place = from_target(quad, pointer)
        hovered = self._nearest(handles, on_screen) if imgui.is_item_hovered() else None
        self._act(session, handles, hovered, place, drawn)
        draw = imgui.get_window_draw_list()
        draw.push_clip_rect(origin, ImVec2(origin.x + area[0], origin.y + area[1]), True)
        for outline in outlines:
            self._draw_outline(draw, outline, on_screen)
        self._draw_lines(draw, on_screen)
        for handle in handles:
            lit = handle is hovered or (self._held is not None and handle.name == self._held.name)
            self._draw_handle(draw, handle.shape, on_screen(handle.at), lit=lit)
        draw.pop_clip_rect()
        self._keys(session, show.stage_image.size)

    # The pointer -----------------------------------------------------------------------------------------------------

    def _nearest(self, handles: list[Handle], on_screen: Any) -> Handle | None:
        pointer = imgui.get_io().mouse_pos
        best, reach = None, REACH_PX * self._canvas.scale
        for handle in handles:
            at = on_screen(handle.at)
            distance = max(abs(at.x - pointer.x), abs(at.y - pointer.y))
            if distance <= reach:
                best, reach = handle, distance
        return best

    def _act(
        self, session: Session, handles: list[Handle], hovered: Handle | None, place: Vector, drawn: Vector
    ) -> None:
        """Take hold, move, let go; a click that moved nothing chooses what lies there."""
        if hovered is not None and self._held is None:
            self._canvas.pointer = "hand"
            tip(hovered.help)
        if imgui.is_item_clicked(0):
            self._held, self._moved, self._pressed_at = hovered, False, place
            if hovered is not None:
                self._grip = (hovered.at[0] - place[0], hovered.at[1] - place[1])
        if self._held is None and self._pressed_at is not None:
            if imgui.is_item_active() and imgui.is_mouse_dragging(0, PULLED_PX):
                self._take_layer(session, handles, self._pressed_at)
            elif imgui.is_item_deactivated():
                self._choose(session, self._pressed_at)
                self._pressed_at = None
        if self._held is None:
            return
        if imgui.is_key_pressed(imgui.Key.escape):
            session.forget()
            self._held = None
        elif imgui.is_item_active():
            if imgui.is_mouse_dragging(0, 2.0) or self._moved:
                self._drag(session, self._held, place, drawn)
        else:
            session.finish()
            self._held, self._lines = None, (None, None)

    def _take_layer(self, session: Session, handles: list[Handle], place: Vector) -> None:
        """Take hold of the chosen layer where it lies there, else choose the frontmost that does, for the next frame.

        A colour or a look that nobody has placed is what everything lies on, and stays.
        """
        show = self._player.show
        names = layer_at(show, place) if show is not None else []
        names = [
            name
            for name in names
            if not {"fill", "shader"} & set(session.parts(name)) or "place" in session.parts(name)
        ]
        if session.selection.entity in names:
            self._held = next((handle for handle in handles if handle.name == "place"), None)
            if self._held is not None:
                self._grip = (self._held.at[0] - place[0], self._held.at[1] - place[1])
        elif names and names[0] in session.tables:
            session.selection = Selection(names[0])
            return
        self._pressed_at = None

    def _drag(self, session: Session, handle: Handle, place: Vector, drawn: Vector) -> None:
        if not self._moved:
            self._moved = True
            self._make_ready(session, handle.move(handle.at))
        at = (place[0] + self._grip[0], place[1] + self._grip[1])
        self._lines = (None, None)
        if handle.shape == "move" and not imgui.get_io().key_alt:
            near = (SNAP_PX / drawn[0], SNAP_PX / drawn[1])
            at, self._lines = snapped(at, near, self._others(session))
        for path, value in handle.move(at).items():
            session.turn(path, value)
        self._canvas.pointer = "all"

    def _make_ready(self, session: Session, values: Values) -> None:
        """Give the entity the component that is about to be turned, if it has none."""
        for entity, component, _ in values:
            if component not in session.parts(entity):
                session.add_component(entity, component)
                session.selection = Selection(entity)

    def _others(self, session: Session) -> list[Vector]:
        """Return the centres of the other layers."""
        found: list[Vector] = []
        for name in session.entities_with("place"):
            if name != session.selection.entity and len(found) < 64:
                x, y = session.value((name, "place", "x")), session.value((name, "place", "y"))
                if isinstance(x, (int, float)) and isinstance(y, (int, float)):
                    found.append((float(x), float(y)))
        return found

    def _choose(self, session: Session, place: Vector) -> None:
        """Choose the frontmost layer there, or the one behind it where that is chosen already."""
        show = self._player.show
        names = [name for name in layer_at(show, place) if name in session.tables] if show is not None else []
        if names:
            chosen = session.selection.entity
            after = names.index(chosen) + 1 if chosen in names else 0
            session.selection = Selection(names[after % len(names)])

    def _pick(self, session: Session, seen: Seen, pointer: Vector) -> None:
        """Show the colour under the pointer, and take it on a click."""
        self._probe = self._probe or Probe(self._canvas.gpu)
        if imgui.is_key_pressed(imgui.Key.escape):
            session.picking = None
            return
        if not imgui.is_item_hovered() or not (0 <= pointer[0] < 1 and 0 <= pointer[1] < 1):
            return
        self._canvas.pointer = "cross"
        self._probe.look(seen.texture, int(pointer[0] * seen.size[0]), int(pointer[1] * seen.size[1]))
        picked = self._probe.colour
        if not picked or session.picking is None:
            return
        mouse = imgui.get_io().mouse_pos
        draw = imgui.get_foreground_draw_list()
        corner, opposite = ImVec2(mouse.x + 16, mouse.y + 16), ImVec2(mouse.x + 106, mouse.y + 44)
        draw.add_rect_filled(corner, opposite, colour((0.08, 0.09, 0.11, 0.95)), 5)
        draw.add_rect_filled(
            ImVec2(corner.x + 5, corner.y + 5), ImVec2(corner.x + 23, corner.y + 23), colour(ink(picked)), 3
        )
        draw.add_text(ImVec2(corner.x + 30, corner.y + 6), colour(TEXT), picked)
        if imgui.is_item_clicked(0):
            session.set(session.picking, picked)
            session.picking = None
            self._probe.forget()

    # The keyboard ----------------------------------------------------------------------------------------------------

    def _keys(self, session: Session, size: tuple[int, int]) -> None:
        """Move, size and turn the chosen entity with the arrow keys, while the picture has them."""
        io = imgui.get_io()
        if not imgui.is_window_focused() or io.want_text_input:
            return
        for key, (across, down) in STEPS_A_KEY.items():
            if not imgui.is_key_pressed(getattr(imgui.Key, f"{key}_arrow")):
                continue
            entity = session.selection.entity
            if io.key_ctrl and "place" in session.parts(entity):
                scale, turned = session.value((entity, "place", "scale")), session.value((entity, "place", "rotate"))
                values: Values = (
                    {(entity, "place", "rotate"): round(turned + across, 2)}
                    if across
                    else {(entity, "place", "scale"): round(scale * 1.02**-down, 4)}
                )
            else:
                step = LARGE_NUDGE_PX if io.key_shift else NUDGE_PX
                values = nudged(session, across * step, down * step, size)
            self._make_ready(session, values)
            session.set_several(f"move {entity}", values)

    # Drawing ---------------------------------------------------------------------------------------------------------

    def _draw_outline(self, draw: imgui.ImDrawList, outline: Outline, on_screen: Any) -> None:
        points = [on_screen(point) for point in outline.points]
        flags = imgui.ImDrawFlags_.closed if outline.is_closed else 0
        draw.add_polyline(points, colour((0, 0, 0, 0.45)), 3.0, flags)
        draw.add_polyline(points, colour((*ACCENT[:3], 0.95)), 1.2, flags)

    def _draw_lines(self, draw: imgui.ImDrawList, on_screen: Any) -> None:
        """Draw what a handle has snapped to."""
        x, y = self._lines
        if x is not None:
            draw.add_line(on_screen((x, 0.0)), on_screen((x, 1.0)), colour((*WARN[:3], 0.8)), 1.0)
        if y is not None:
            draw.add_line(on_screen((0.0, y)), on_screen((1.0, y)), colour((*WARN[:3], 0.8)), 1.0)

    def _draw_handle(self, draw: imgui.ImDrawList, shape: Shape, at: ImVec2, *, lit: bool) -> None:
        size = (5.0 if lit else 4.0) * self._canvas.scale
        fill, rim = colour(TEXT if lit else ACCENT), colour((0, 0, 0, 0.6))
        if shape == "corner":
            draw.add_rect_filled(
                ImVec2(at.x - size - 1, at.y - size - 1), ImVec2(at.x + size + 1, at.y + size + 1), rim, 2
            )
            draw.add_rect_filled(ImVec2(at.x - size, at.y - size), ImVec2(at.x + size, at.y + size), fill, 1.5)
            return
        if shape == "move":
            size *= 1.5
        draw.add_circle_filled(at, size + 1.5, rim)
        draw.add_circle_filled(at, size, fill)
        if shape == "move":
            draw.add_circle_filled(at, size * 0.4, colour((0, 0, 0, 0.75)))
