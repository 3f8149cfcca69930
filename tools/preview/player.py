"""The show of a session: opened, closed, opened anew, and how its time goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from engine.components import Stage
from engine.errors import ShowError
from engine.gpu.device import Gpu
from engine.scene.load import Scene
from engine.timing.clock import HandClock, RealClock
from systems.show import Show
from tools.preview.session import Session

Mode = Literal["live", "stepped"]

LONGEST_SCRUB_S = 60.0
"""How far into a show that was live one goes when it is stepped: files are decoded up to there."""

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)


class Player:
    """Runs the show of a session, live or stepped.

    Live it is the show that goes on air: its own clock, its own threads, webcams as they come. Stepped its time stands
    still unless it is played, at any speed, and every picture of a file is met: the clock of `--clock step`.

    Thread: main. Blocks: `open`, while devices and models are opened. Owns: the show.
    Fails: never; a show that cannot be opened is said in `trouble`, and the next change of the scene tries again.
    """

    def __init__(self, session: Session, gpu: Gpu, *, stepped: bool = False, windows: bool = False) -> None:
        self.session = session
        self.gpu = gpu
        self.mode: Mode = "stepped" if stepped else "live"
        self.windows = windows
        self.show: Show | None = None
        self.trouble = ""
        self.playing = True
        self.speed = 1.0
        self.loop: tuple[float, float] | None = None
        """The part that is played again and again, from and to in seconds."""
        self.on_change: Callable[[], None] = lambda: None
        """Called before a show is closed, so that nothing of it is shown any more."""
        self._tried: Scene | None = None
        self._steps = 0
        self._played_s = 0.0
        self._shown_revision = 0

    def follow(self) -> None:
        """Open the show once the session has a scene without mistakes."""
        scene = self.session.scene
        if self.show is None and scene is not None and scene is not self._tried:
            self.open()

    def open(self) -> None:
        """Open the show, or open it anew."""
        self.close()
        scene = self._tried = self.session.scene
        if scene is None:
            return
        clock = HandClock() if self.mode == "stepped" else RealClock()
        sends = self.windows and self.mode == "live"
        show = Show(scene, clock, headless=not self.windows, sends=sends, gpu=self.gpu)
        try:
            show.open()
        except ShowError as error:
            self.trouble = str(error)
            return
        self.trouble = ""
        self.show = show
        show.watch_shaders()
        self.session.on_air = show
        self._steps = 0
        if self.mode == "stepped":
            self.step()  # so that there is something to see

    def close(self) -> None:
        """Take the show down."""
        if self.show is None:
            return
        self.on_change()
        self.session.on_air = None
        show, self.show = self.show, None
        show.close()

    @property
    def needs_restart(self) -> bool:
        """Whether the scene's stage is another than the show began with."""
        if self.show is None:
            return False
        for parts in self.show.scene.entities.values():
            stage = parts.get("stage")
            if isinstance(stage, Stage):
                return stage != self.show.stage
        return False

    @property
    def now_s(self) -> float:
        """The show's time."""
        return self.show.loop.tick.now_ns / 1e9 if self.show is not None else 0.0

    def live(self, between: Callable[[], None]) -> None:
        """Be on air until the show is stopped; `between` is called between ticks."""
        assert self.show is not None
        self.show.stopping = False
        self.show.run(between=between)

    def step(self, count: int = 1) -> None:
        """Do so many ticks, each an interval of the show's time after the last."""
        show = self.show
        if show is None:
            return
        interval_ns = 1e9 / show.stage.rate_hz
        for _ in range(count):
            show.clock.wait_until(round(self._steps * interval_ns))
            self._tick()
            self._steps += 1

    def again(self) -> None:
        """Show the moment once more, where time stands still: what lies over its picture has changed."""
        if self.mode == "stepped" and not self.playing and self.show is not None:
            self._tick()

    def _tick(self) -> None:
        assert self.show is not None
        self.show.loop.run(lambda: False, 0.0)
        self._shown_revision = self.show.world.revision

    def play(self, now_s: float) -> None:
        """Step as far as the speed asks for by now; a machine that is too slow plays slower instead of skipping.

        While time stands still, the moment is shown once more whenever scene or shaders have changed.
        """
        show = self.show
        if show is None:
            return
        if not self.playing:
            show.take_shaders()
            if show.world.revision != self._shown_revision:
                self._tick()
            return
        interval_s = 1 / (show.stage.rate_hz * self.speed)
        if now_s - self._played_s >= interval_s:
            self._played_s = max(self._played_s + interval_s, now_s - interval_s)
            self.step()
            if self.loop is not None and self.now_s >= self.loop[1]:
                self.scrub(self.loop[0])

    def seek(self, seconds: float) -> None:
        """Go to a time: forward by stepping, back by beginning anew."""
        if self.show is None:
            return
        wanted = round(seconds * self.show.stage.rate_hz)
        if wanted < self._steps - 1:
            self.open()
        self.step(max(0, wanted + 1 - self._steps))

    def scrub(self, seconds: float) -> None:
        """Look at another time: files are decoded up to it, and it is one tick, however far; back it begins anew.

        What grows from tick to tick, such as particles, is not where it would be had everything been played.
        """
        if self.show is None:
            return
        wanted = max(0, round(seconds * self.show.stage.rate_hz))
        if wanted < self._steps - 1:
            self.open()
        if wanted > self._steps - 1:
            self._steps = wanted
            self.step()

    def change_mode(self, mode: Mode) -> None:
        """Play live or stepped from now on. The show is opened anew; stepped, it stands where it was."""
        if mode == self.mode:
            return
        now_s = self.now_s
        self.mode = mode
        self.open()
        if mode == "stepped":
            self.playing = False
            if now_s < LONGEST_SCRUB_S:
                self.scrub(now_s)
