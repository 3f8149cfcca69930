"""Time: live or stepped; play, pause, step, scrub, loop a part, slow motion; what lies where in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from imgui_bundle import ImVec2, imgui

from engine.components import Camera
from systems.capture import Captured
from systems.show import Show
from tools.preview.canvas import Canvas
from tools.preview.panels.widgets import at_right, chip, colour, coloured, icon_button, tip
from tools.preview.player import SPEEDS, Player
from tools.preview.session import Session
from tools.preview.theme import ACCENT, DIM, FAINT, LIFTED, LINE, RAISED, TEXT, WARN, Icon

SHORTEST_S = 10.0
"""How much time the ruler shows at least."""

LABEL_WIDTH = 110.0
LINE_HEIGHT = 18.0


class Track(NamedTuple):
    """Something that has a time of its own: a file that ends or begins anew, or an entity with keyframes."""

    name: str
    round_s: float
    loops: bool
    marks_s: tuple[float, ...] = ()


class TimelinePanel:
    """The show's time in one's hand."""

    title = "Timeline"

    def __init__(self, canvas: Canvas, player: Player) -> None:
        self._canvas = canvas
        self._player = player
        self._wanted_s: float | None = None  # where the playhead is dragged to

    def draw(self, session: Session) -> None:
        """Draw what plays, then the ruler."""
        player, show = self._player, self._player.show
        self._draw_modes(player)
        if show is None:
            return
        if player.mode == "live":
            imgui.same_line(0, 16)
            coloured("Time goes as on air. Step it to pause, go back, or look slowly.", FAINT)
            return
        imgui.same_line(0, 16)
        self._draw_transport(player, show)
        self._draw_ruler(player, list(tracks(session, show)))
        self._keys(player)

    def _draw_modes(self, player: Player) -> None:
        words = "The show that goes on air: its own clock, its own threads, webcams as they come"
        if chip("Live", on=player.mode == "live", help_text=words):
            player.change_mode("live")
        imgui.same_line(0, 2)
        words = "Time in your hand: every picture of a file is met, however long that takes (--clock step)"
        if chip("Stepped", on=player.mode == "stepped", help_text=words):
            player.change_mode("stepped")

    def _draw_transport(self, player: Player, show: Show) -> None:
        step_s = 1 / show.stage.rate_hz
        if icon_button(Icon.TO_START, "To the beginning (Home)"):
            player.scrub(0.0)
        imgui.same_line(0, 2)
        if icon_button(Icon.STEP_BACK, "A frame back (,)"):
            player.scrub(player.now_s - step_s)
        imgui.same_line(0, 2)
        if icon_button(Icon.PAUSE if player.playing else Icon.PLAY, "Play or pause (Space)", key="play"):
            player.playing = not player.playing
        imgui.same_line(0, 2)
        if icon_button(Icon.STEP, "A frame on (.)"):
            player.playing = False
            player.step()
        imgui.same_line(0, 10)
        imgui.set_next_item_width(72 * self._canvas.scale)
        if imgui.begin_combo("##speed", f"{player.speed:g} ×"):
            for speed in SPEEDS:
                if imgui.selectable(f"{speed:g} ×", speed == player.speed)[0]:
                    player.speed = speed
            imgui.end_combo()
        tip("How fast it plays")
        imgui.same_line(0, 4)
        if icon_button(Icon.LOOP, "Play a part again and again (L); drag its ends", on=player.loop is not None):
            self._toggle_loop(player)
        at_right(120 * self._canvas.scale)
        imgui.push_font(self._canvas.fonts.digits, 16)
        imgui.align_text_to_frame_padding()
        coloured(clock_text(player.now_s, show.stage.rate_hz), TEXT)
        imgui.pop_font()

    def _toggle_loop(self, player: Player) -> None:
        begin = max(0.0, round(player.now_s - 1.0, 2))
        player.loop = None if player.loop is not None else (begin, begin + 2.0)

    # The ruler -------------------------------------------------------------------------------------------------------

    def _draw_ruler(self, player: Player, found: list[Track]) -> None:
        scale = self._canvas.scale
        label, line = LABEL_WIDTH * scale, LINE_HEIGHT * scale
        ends = [track.round_s for track in found] + [mark for track in found for mark in track.marks_s]
        end_s = max(SHORTEST_S, *ends, player.now_s * 1.02, player.loop[1] * 1.05 if player.loop else 0.0)
        imgui.begin_child("ruler", ImVec2(0, 0))
        origin = imgui.get_cursor_screen_pos()
        width = imgui.get_content_region_avail().x - label - 8
        height = line * (1.3 + len(found))
        imgui.invisible_button("scrub", ImVec2(label + width + 8, max(line * 2, height)))
        pixels = width / end_s
        left = origin.x + label
        draw = imgui.get_window_draw_list()
        self._hear(player, left, pixels, end_s)
        draw.add_rect_filled(ImVec2(left, origin.y), ImVec2(left + width, origin.y + line), colour(RAISED), 3)
        if player.loop is not None:
            begin, end = (left + second * pixels for second in player.loop)
            draw.add_rect_filled(
                ImVec2(begin, origin.y), ImVec2(end, origin.y + height), colour((*ACCENT[:3], 0.14)), 3
            )
            for x in (begin, end):
                draw.add_line(ImVec2(x, origin.y), ImVec2(x, origin.y + line), colour(ACCENT), 3.0)
        for second, is_named in ticks_of(end_s, width / scale):
            x = left + second * pixels
            draw.add_line(
                ImVec2(x, origin.y + line * (0.55 if is_named else 0.75)), ImVec2(x, origin.y + line), colour(FAINT)
            )
            if is_named:
                draw.add_text(ImVec2(x + 3, origin.y + 1), colour(DIM), f"{second:g}")
        for at, track in enumerate(found):
            self._draw_track(draw, track, ImVec2(left, origin.y + line * (1.3 + at)), pixels, end_s, line)
        x = left + (player.now_s if self._wanted_s is None else self._wanted_s) * pixels
        draw.add_line(ImVec2(x, origin.y), ImVec2(x, origin.y + max(height, line)), colour(WARN), 1.5)
        draw.add_triangle_filled(
            ImVec2(x - 5, origin.y), ImVec2(x + 5, origin.y), ImVec2(x, origin.y + 7), colour(WARN)
        )
        imgui.end_child()

    def _draw_track(
        self, draw: imgui.ImDrawList, track: Track, corner: ImVec2, pixels: float, end_s: float, line: float
    ) -> None:
        label = LABEL_WIDTH * self._canvas.scale
        draw.push_clip_rect(ImVec2(corner.x - label, corner.y), ImVec2(corner.x - 6, corner.y + line), True)
        draw.add_text(ImVec2(corner.x - label, corner.y + 1), colour(DIM), track.name)
        draw.pop_clip_rect()
        middle = corner.y + line / 2
        if track.round_s:
            begin, turn = 0.0, 0
            while begin < end_s and turn < 200:
                end = min(end_s, begin + track.round_s)
                draw.add_rect_filled(
                    ImVec2(corner.x + begin * pixels, corner.y + 2),
                    ImVec2(corner.x + end * pixels - 1, corner.y + line - 3),
                    colour(LIFTED if turn % 2 == 0 else RAISED),
                    3,
                )
                begin, turn = end, turn + 1
                if not track.loops:
                    break
        else:
            draw.add_line(ImVec2(corner.x, middle), ImVec2(corner.x + end_s * pixels, middle), colour(LINE), 1.0)
        for mark in track.marks_s:
            x = corner.x + mark * pixels
            draw.add_quad_filled(
                ImVec2(x - 4, middle), ImVec2(x, middle - 4), ImVec2(x + 4, middle), ImVec2(x, middle + 4),
                colour(ACCENT),
            )  # fmt: skip

    def _hear(self, player: Player, left: float, pixels: float, end_s: float) -> None:
        """Drag the playhead, or an end of the loop; time goes back only when it is let go, since it begins anew."""
        pointer_s = min(end_s, max(0.0, (imgui.get_io().mouse_pos.x - left) / pixels))
        if imgui.is_item_active():
            if player.loop is not None and imgui.get_io().key_shift:
                begin, end = player.loop
                nearer_end = abs(pointer_s - end) < abs(pointer_s - begin)
                part = (begin, pointer_s) if nearer_end else (pointer_s, end)
                if part[1] - part[0] > 0.1:
                    player.loop = part
                return
            self._wanted_s = pointer_s
            if pointer_s > player.now_s:
                player.scrub(pointer_s)
        elif self._wanted_s is not None:
            player.scrub(self._wanted_s)
            self._wanted_s = None
        if imgui.is_item_hovered():
            imgui.set_tooltip(f"{pointer_s:.2f} s" + ("; Shift drags the loop" if player.loop is not None else ""))

    def _keys(self, player: Player) -> None:
        if imgui.get_io().want_text_input or player.show is None:
            return
        flags = imgui.InputFlags_.route_global
        step_s = 1 / player.show.stage.rate_hz
        if imgui.shortcut(imgui.Key.space, flags):
            player.playing = not player.playing
        if imgui.shortcut(imgui.Key.period, flags | imgui.InputFlags_.repeat):
            player.playing = False
            player.step()
        if imgui.shortcut(imgui.Key.comma, flags):
            player.scrub(player.now_s - step_s)
        if imgui.shortcut(imgui.Key.home, flags):
            player.scrub(0.0)
        if imgui.shortcut(imgui.Key.l, flags):
            self._toggle_loop(player)


def tracks(session: Session, show: Show) -> Iterator[Track]:
    """Find what has a time of its own, in the order of the scene."""
    lengths = {
        show.world.name(entity): (captured.feed.round_ns / 1e9, camera.loop)
        for entity, (camera, captured) in show.world.each(Camera, Captured)
        if captured.feed is not None
    }
    for name in session.tables:
        round_s, loops = lengths.get(name, (0.0, True))
        marks: tuple[float, ...] = ()
        if "keyframes" in session.parts(name):
            times, start = session.value((name, "keyframes", "times_s")), session.value((name, "keyframes", "start_s"))
            if isinstance(times, (list, tuple)):
                marks = tuple(float(start) + float(each) for each in times if isinstance(each, (int, float)))
        if round_s > 0.1 or marks:
            yield Track(name, round_s, loops, marks)


def ticks_of(end_s: float, width_px: float) -> Iterator[tuple[float, bool]]:
    """Return where a ruler has its lines, in seconds, and which of them are named: about one for every 60 pixels."""
    steps = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0)
    named = next((step for step in steps if width_px * step / end_s >= 60), 3600.0)
    count = int(end_s / named * 5) + 1
    for at in range(count):
        yield round(at * named / 5, 3), at % 5 == 0


def clock_text(seconds: float, rate_hz: float) -> str:
    """Write a time as minutes, seconds and frames."""
    frames = round(seconds * rate_hz)
    whole, frame = divmod(frames, max(1, round(rate_hz)))
    return f"{whole // 60:02d}:{whole % 60:02d} + {frame:02d}"
