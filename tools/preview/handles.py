"""Handles on the picture: where they lie, what moving one does, and what it snaps to. No imgui in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.geometry import WHOLE, Quad, lay
from engine.scene.where import KeyPath
from systems.drawings.drawing import Drawing
from systems.drawings.group import GroupDrawing, every
from systems.show import Show
from tools.preview.control import control_of
from tools.preview.panels.view import Vector
from tools.preview.session import Session

Values = dict[KeyPath, Any]

Axes = tuple[Vector, Vector, Vector]
"""A parallelogram: its corner, and its two sides from there."""

UNIT: Axes = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))

Shape = Literal["move", "corner", "turn", "ring", "aim"]

SNAPS = (0.0, 1 / 3, 0.5, 2 / 3, 1.0)
"""Where a centre comes to rest: edges, thirds and the middle of the stage."""

NUDGE_PX = 1.0
LARGE_NUDGE_PX = 10.0


@dataclass(frozen=True, slots=True)
class Handle:
    """Something to take hold of, at a place of the stage, in fractions of it. `move` says what follows from a place."""

    name: str
    shape: Shape
    at: Vector
    move: Callable[[Vector], Values]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What is chosen, as a line around it, in fractions of the stage."""

    points: tuple[Vector, ...]
    is_closed: bool = True


def handles_of(
    session: Session, show: Show, display: str = "", quad: Quad = WHOLE
) -> tuple[list[Handle], list[Outline]]:
    """Return the handles of the chosen entity, and what is drawn around it.

    The picture is that of `display`, which shows the stage by `quad`; a display's own corners are only on its picture.
    """
    entity = session.selection.entity
    parts = session.parts(entity)
    width, height = show.stage_image.size
    aspect = width / height
    handles: list[Handle] = []
    outlines: list[Outline] = []
    if "warp" in parts and entity == display:
        _add_warp(session, entity, quad, handles, outlines)
    elif "light" in parts and session.value((entity, "light", "kind")) == "point":
        _add_light(session, entity, aspect, handles, outlines)
    elif "particles" in parts:
        _add_emitter(session, entity, aspect, handles, outlines)
    elif "layer" in parts:
        _add_layer(session, show, entity, aspect, handles, outlines)
    for group in _groups_around(show, entity):
        if not group.visible:
            return [], []
        laid = _quad_of(group)
        handles = [_carried(handle, laid) for handle in handles]
        outlines = [
            replace(outline, points=tuple(to_target(laid, point) for point in outline.points)) for outline in outlines
        ]
    return handles, outlines


def _carried(handle: Handle, laid: Quad) -> Handle:
    """Return a handle in a group as it lies on the stage, where `laid` shows that group."""
    return replace(handle, at=to_target(laid, handle.at), move=lambda to: handle.move(from_target(laid, to)))


def _groups_around(show: Show, entity: str) -> Sequence[GroupDrawing]:
    """Return the groups that a layer is in, the innermost first."""
    number = show.world.entity(entity)
    return next((groups for each, groups in _with_groups(show.layers.drawings) if each.entity == number), ())


def _with_groups(
    drawings: Sequence[Drawing], groups: tuple[GroupDrawing, ...] = ()
) -> Iterator[tuple[Drawing, tuple[GroupDrawing, ...]]]:
    """Every drawing, the frontmost first and a group after its layers, with the groups around it, innermost first."""
    for drawing in reversed(drawings):
        if isinstance(drawing, GroupDrawing):
            yield from _with_groups(drawing.members, (drawing, *groups))
        yield drawing, groups


def _quad_of(drawing: Drawing) -> Quad:
    """Return where a drawing lies, as it was packed."""
    return Quad(*(tuple(map(float, drawing.quad[0][name])) for name in Quad._fields))  # type: ignore[arg-type]


def _add_layer(
    session: Session, show: Show, entity: str, aspect: float, handles: list[Handle], outlines: list[Outline]
) -> None:
    number = show.world.entity(entity)
    drawing = next((each for each in every(show.layers.drawings) if each.entity == number), None)
    if drawing is None:
        return
    x, y, scale, turned = (_number(session, (entity, "place", name)) for name in ("x", "y", "scale", "rotate"))
    corners = _corners(drawing, show, (x, y), scale, turned)
    outlines.append(Outline(corners))
    centre = ((corners[0][0] + corners[2][0]) / 2, (corners[0][1] + corners[2][1]) / 2)
    shift = (centre[0] - x, centre[1] - y)  # the viewpoint sways, and keyframes move it

    def moved(to: Vector) -> Values:
        return _values(entity, "place", x=to[0] - shift[0], y=to[1] - shift[1])

    def scaled_from(corner: Vector) -> Callable[[Vector], Values]:
        before = math.hypot((corner[0] - centre[0]) * aspect, corner[1] - centre[1])

        def scaled(to: Vector) -> Values:
            now = math.hypot((to[0] - centre[0]) * aspect, to[1] - centre[1])
            return _values(entity, "place", scale=scale * now / max(before, 1e-6))

        return scaled

    def turned_to(to: Vector) -> Values:
        angle = math.degrees(math.atan2(to[1] - centre[1], (to[0] - centre[0]) * aspect)) + 90.0
        angle = (angle + 180.0) % 360.0 - 180.0
        near = round(angle / 15.0) * 15.0
        return _values(entity, "place", rotate=near if abs(angle - near) < 3.0 else angle)

    handles.append(Handle("place", "move", centre, moved, "Move; arrow keys, with Shift by 10 px"))
    for at, corner in enumerate(corners):
        handles.append(Handle(f"corner {at}", "corner", corner, scaled_from(corner), "Size; Ctrl ↑ ↓"))
    top = ((corners[0][0] + corners[1][0]) / 2, (corners[0][1] + corners[1][1]) / 2)
    away = (top[0] - centre[0], top[1] - centre[1])
    length = math.hypot(away[0] * aspect, away[1]) or 1.0
    inward = min(length * 0.75, length - 0.05) if top[1] < 0.06 else length + 0.05
    knob = (centre[0] + away[0] * inward / length, centre[1] + away[1] * inward / length)
    handles.append(Handle("turn", "turn", knob, turned_to, "Turn; Ctrl ← →"))


def _corners(drawing: Drawing, show: Show, centre: Vector, scale: float, turned: float) -> tuple[Vector, ...]:
    """Return where the corners of a layer lie, clockwise from the top left one."""
    size = show.stage_image.size
    if drawing.quad is not None:
        origin, across, down = (tuple(map(float, drawing.quad[0][name])) for name in ("origin", "axis_x", "axis_y"))
    else:
        quad = lay(size, size, fit="stretch", centre=centre, scale=scale, rotate_degrees=turned)
        origin, across, down = quad.origin, quad.axis_x, quad.axis_y
    right = (origin[0] + across[0], origin[1] + across[1])
    return (
        (origin[0], origin[1]),
        right,
        (right[0] + down[0], right[1] + down[1]),
        (origin[0] + down[0], origin[1] + down[1]),
    )


def _add_warp(session: Session, entity: str, quad: Quad, handles: list[Handle], outlines: list[Outline]) -> None:
    corners: list[Vector] = []
    for name in ("top_left", "top_right", "bottom_right", "bottom_left"):
        x, y = session.value((entity, "warp", name))
        at = from_target(quad, (float(x), float(y)))
        corners.append(at)

        def moved(to: Vector, name: str = name) -> Values:
            rounded = control_of("warp", name).rounded
            return {(entity, "warp", name): [rounded(part) for part in to_target(quad, to)]}

        handles.append(Handle(name, "corner", at, moved, "Where this corner falls"))
    outlines.append(Outline(tuple(corners)))


def _add_light(session: Session, entity: str, aspect: float, handles: list[Handle], outlines: list[Outline]) -> None:
    x, y, reach = (_number(session, (entity, "light", name)) for name in ("x", "y", "reach"))
    points = tuple(
        (x + reach / aspect * math.cos(angle), y + reach * math.sin(angle))
        for angle in (math.tau * step / 64 for step in range(64))
    )
    outlines.append(Outline(points))

    def reached(to: Vector) -> Values:
        return _values(entity, "light", reach=math.hypot((to[0] - x) * aspect, to[1] - y))

    handles.append(
        Handle("light", "move", (x, y), lambda to: _values(entity, "light", x=to[0], y=to[1]), "Move the lamp")
    )
    handles.append(
        Handle("reach", "ring", (x + reach / aspect, y), reached, "How far it shines with half its strength")
    )


def _add_emitter(session: Session, entity: str, aspect: float, handles: list[Handle], outlines: list[Outline]) -> None:
    names = ("x", "y", "width", "height", "direction")
    x, y, width, height, direction = (_number(session, (entity, "particles", name)) for name in names)
    left, right, top, bottom = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    if session.value((entity, "particles", "emit")) != "edge":
        outlines.append(Outline(((left, top), (right, top), (right, bottom), (left, bottom))))
        handles.append(
            Handle("emitter", "move", (x, y), lambda to: _values(entity, "particles", x=to[0], y=to[1]), "Move the box")
        )

        def sized(to: Vector) -> Values:
            return _values(entity, "particles", width=2 * abs(to[0] - x), height=2 * abs(to[1] - y))

        for at, corner in enumerate(((left, top), (right, top), (right, bottom), (left, bottom))):
            handles.append(Handle(f"corner {at}", "corner", corner, sized, "Where they are born"))
    angle = math.radians(direction)
    tip = (x + 0.12 / aspect * math.cos(angle), y + 0.12 * math.sin(angle))
    outlines.append(Outline(((x, y), tip), is_closed=False))

    def aimed(to: Vector) -> Values:
        return _values(entity, "particles", direction=math.degrees(math.atan2(to[1] - y, (to[0] - x) * aspect)))

    handles.append(Handle("direction", "aim", tip, aimed, "Where they go"))


def snapped(at: Vector, near: Vector, lines: Iterable[Vector] = ()) -> tuple[Vector, tuple[float | None, float | None]]:
    """Return a place moved onto what it is nearest to, within `near`, and the lines that it then lies on.

    `lines` are further places to snap to, such as the centres of other layers.
    """
    found: list[float] = []
    on: list[float | None] = []
    others = list(lines)
    for axis in (0, 1):
        wanted = [*SNAPS, *(line[axis] for line in others)]
        best = min(wanted, key=lambda each: abs(each - at[axis]))
        hit = abs(best - at[axis]) <= near[axis]
        found.append(best if hit else at[axis])
        on.append(best if hit else None)
    return (found[0], found[1]), (on[0], on[1])


def nudged(session: Session, across_px: float, down_px: float, size: tuple[int, int]) -> Values:
    """Return what moving the chosen entity by so many pixels of the stage makes of its place."""
    entity = session.selection.entity
    parts = session.parts(entity)
    component = "light" if "light" in parts else "particles" if "particles" in parts else "place"
    x, y = (_number(session, (entity, component, name)) for name in ("x", "y"))
    # A pixel of a large stage is less than a place is rounded to, so what is written keeps more digits.
    return {
        (entity, component, "x"): round(x + across_px / size[0], 5),
        (entity, component, "y"): round(y + down_px / size[1], 5),
    }


def layer_at(show: Show, at: Vector) -> list[str]:
    """Return the layers that lie at a place of the stage, the frontmost first.

    A group comes after its layers, and is where one of them is.
    """
    found: list[str] = []
    full: set[int] = set()  # groups of which a layer lies there
    for drawing, groups in _with_groups(show.layers.drawings):
        if drawing.quad is None or not all(each.visible for each in (drawing, *groups)):
            continue
        if isinstance(drawing, GroupDrawing) and drawing.entity not in full:
            continue
        x, y = at
        for group in reversed(groups):
            x, y = from_target(_quad_of(group), (x, y))
        laid = _quad_of(drawing)
        determinant = laid.axis_x[0] * laid.axis_y[1] - laid.axis_x[1] * laid.axis_y[0]
        if not determinant:
            continue
        s, t = _along((x, y), (laid.origin, laid.axis_x, laid.axis_y), UNIT)
        if 0 <= s <= 1 and 0 <= t <= 1:
            found.append(show.world.name(drawing.entity))
            full.update(group.entity for group in groups)
    return found


def to_target(quad: Quad, at: Vector) -> Vector:
    """Return where a place of the stage, in fractions, lies on a display that shows it by `quad`."""
    return _along(at, (quad.uv_origin, quad.uv_x, quad.uv_y), (quad.origin, quad.axis_x, quad.axis_y))


def from_target(quad: Quad, at: Vector) -> Vector:
    """Return the place of the stage that a place on a display shows."""
    return _along(at, (quad.origin, quad.axis_x, quad.axis_y), (quad.uv_origin, quad.uv_x, quad.uv_y))


def _along(at: Vector, here: Axes, there: Axes) -> Vector:
    """Return the place that lies as far along the axes `there` as `at` does along those `here`."""
    origin, x, y = here
    dx, dy = at[0] - origin[0], at[1] - origin[1]
    determinant = x[0] * y[1] - x[1] * y[0]
    s = (dx * y[1] - dy * y[0]) / determinant
    t = (dy * x[0] - dx * x[1]) / determinant
    origin, x, y = there
    return (origin[0] + s * x[0] + t * y[0], origin[1] + s * x[1] + t * y[1])


def _values(entity: str, component: str, **fields: float) -> Values:
    return {(entity, component, name): control_of(component, name).rounded(value) for name, value in fields.items()}


def _number(session: Session, path: KeyPath) -> float:
    value = session.value(path)
    return float(value) if isinstance(value, (int, float)) else float(control_of(*path[1:]).default)
