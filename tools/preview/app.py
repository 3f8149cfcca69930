"""`scrim preview`: a show, and the window in which its scene is edited.

The show keeps its time; the window is drawn in what it leaves. Both run on the main thread: between two ticks the
window hears of the mouse and, where there is time for it, is drawn. A change is in the world before the next tick.
"""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import time
from pathlib import Path

import cv2

from engine.components.display import Display
from engine.display.input import Input
from engine.display.target import OffscreenTarget, Target
from engine.display.window import Window, poll_desktop
from engine.errors import DisplayError, OutputError
from engine.gpu.device import Gpu, open_gpu
from tools.preview.canvas import Canvas
from tools.preview.drop import add_files
from tools.preview.lock import Lock
from tools.preview.player import Player
from tools.preview.session import Session
from tools.preview.slack import Slack
from tools.preview.workspace import Workspace

SIZE = (1440, 900)

IDLE_HZ = 30.0
"""How often the window is drawn while no show runs, or its time stands still."""

SETTLES = 4
"""Frames after which what docks has found its place, and tables their columns."""

COLLECT_EVERY = 300
"""Frames between two collections of young garbage: on air the collector is off, and imgui's lists make some."""


class Previewer:
    """A session, its show and its window, until the window is closed."""

    def __init__(self, session: Session, gpu: Gpu, target: Target, people: Input | None, *, stepped: bool) -> None:
        self.session = session
        self.gpu = gpu
        self.target = target
        self.people = people
        self.player = Player(session, gpu, stepped=stepped)
        self.canvas = Canvas(gpu, target, people)
        self.player.on_change = self.canvas.forget_textures
        self.workspace = Workspace(self.canvas, self.player)
        self.slack = Slack()
        self.frames = 0
        self._last_ns = time.perf_counter_ns()
        self._heard = False

    def run(self) -> None:
        """Show and edit, until the window is closed."""
        for _ in range(SETTLES):  # something is seen while the show opens
            self.frame(draw=True)
        while not self.workspace.closing:
            self.player.follow()
            if self.player.show is not None and self.player.windows == self.player.show.headless:
                self.player.open()
            if self.player.show is None or self.player.mode == "stepped":
                began_s = time.perf_counter()
                self.turn()
                time.sleep(max(0.0, 1 / IDLE_HZ - (time.perf_counter() - began_s)))
            else:
                self.player.live(self.between)
                if self.player.windows and self.player.show is not None and self.player.show.stopping:
                    self._windows_closed()
        self.player.close()

    def turn(self) -> None:
        """Without a live show: hear what people do, look at the files, step what is played, and draw."""
        self._hear()
        self.session.look()
        self.player.follow()
        self.player.play(time.perf_counter())
        self.frame(draw=True)

    def _windows_closed(self) -> None:
        """Go on without windows, once people have closed them all; the previewer's own stays."""
        show = self.player.show
        if show is not None and show.present.hotplug.all_closed_by_hand:
            self.player.windows = False
            self.player.open()

    def frame(self, *, draw: bool, delta_s: float | None = None) -> None:
        """Build a frame of the window, and draw it where asked."""
        now_ns = time.perf_counter_ns()
        self.canvas.begin((now_ns - self._last_ns) / 1e9 if delta_s is None else delta_s)
        self._last_ns = now_ns
        if self.canvas.dropped:
            add_files(self.session, self.canvas.dropped)
        self.workspace.draw(self.session)
        if self.canvas.end(draw=draw) and self.gpu.is_software:
            self.gpu.wait(self.canvas.submission)  # its cost is the CPU's, and the next tick would wait for it
        self.frames += 1
        if self.frames % COLLECT_EVERY == 0:
            gc.collect(0)

    def close(self) -> None:
        """Let go of everything but the target."""
        self.player.close()
        self.canvas.close()

    def between(self) -> None:
        """Between two ticks: hear what people do, look at the files, and draw where there is time."""
        show = self.player.show
        assert show is not None
        self._hear()
        self.session.look()
        now_ns = time.perf_counter_ns()  # and not the show's, which begins anew with each
        next_ns = now_ns + show.loop.tick.deadline_ns - show.clock.now_ns
        if self.slack.may_draw(now_ns, next_ns, urgent=self.workspace.is_dragging):
            self.frame(draw=True)
            self.slack.drew(now_ns, time.perf_counter_ns())
            self._heard = False
        elif self._heard:
            self.frame(draw=False)
            self._heard = False
        is_other = self.player.windows != (not show.headless) or self.player.show is not show
        if self.workspace.closing or is_other or self.player.mode != "live":
            show.stopping = True

    def _hear(self) -> None:
        if self.people is None:
            return
        poll_desktop()
        self._heard |= self.canvas.hear(self.people.take())
        if isinstance(self.target, Window) and self.target.closed_by_hand:
            self.target.keep_open()
            self.workspace.ask_to_close(self.session)


def run(arguments: argparse.Namespace) -> int:
    """Open the scene in a window, or draw that window into a file."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    session = Session(arguments.scene)
    if arguments.screenshot is not None:
        screenshot(session, arguments.screenshot, arguments.at, arguments.size or SIZE)
        return 0
    scene: Path | None = arguments.scene
    while scene is not None:
        scene = edit(session if scene == arguments.scene else Session(scene), arguments.size or SIZE)
    return 0


def edit(session: Session, size: tuple[int, int]) -> Path | None:
    """Open a scene in a window until that is closed; return what somebody wants to have instead."""
    lock = Lock(session.path)
    if lock.holder:
        session.other_previewer = f"Process {lock.holder} has this scene open in a previewer too."
        session.said = session.other_previewer
    try:
        return in_a_window(session, size)
    finally:
        lock.release()


def in_a_window(session: Session, size: tuple[int, int]) -> Path | None:
    """Show and edit in a window until that is closed. Raises DisplayError where there is no desktop."""
    gpu = open_gpu()
    try:
        window = Window(gpu, "preview", Display(title=f"{session.path.name} — Scrim"), size)
    except DisplayError as error:
        raise DisplayError(f"{error}; --screenshot FILE.png draws the window without one") from error
    try:
        previewer = Previewer(session, gpu, window, Input(window), stepped=False)
        try:
            previewer.run()
            return previewer.workspace.next_scene
        finally:
            previewer.close()
    finally:
        window.release()


def screenshot(session: Session, path: Path, at_s: float, size: tuple[int, int]) -> None:
    """Draw the whole window, with the show at a time, into a file; the same picture every time."""
    if not path.absolute().parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}")
    gpu = open_gpu()
    target = OffscreenTarget(gpu, "preview", size)
    previewer = Previewer(session, gpu, target, None, stepped=True)
    try:
        previewer.player.open()
        previewer.player.seek(at_s)
        previewer.player.playing = False
        for _ in range(SETTLES):
            previewer.frame(draw=True, delta_s=1 / 60)
        picture = gpu.read(target.texture)
    finally:
        previewer.close()
    try:
        written = cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGBA2BGR))
    except cv2.error as error:
        raise OutputError(f"cannot write {path}: name a .png or .jpg file") from error
    if not written:
        raise OutputError(f"cannot write {path}: the folder cannot be written")
