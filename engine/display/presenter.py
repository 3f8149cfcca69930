"""A display's presenter: whenever there is a new stage it draws it in one pass, presents it, and stamps when."""

from __future__ import annotations

import time
from dataclasses import dataclass

from engine.components.display import Display
from engine.components.logo import Logo
from engine.components.overlay import Overlay
from engine.display.filling import FILLS, Filling
from engine.display.name_tag import NameTag
from engine.display.outline import OutlineSticker
from engine.display.overlay import OverlaySticker
from engine.display.sticker import Draw, LogoSticker, Screen
from engine.display.tap import Tap
from engine.display.target import OffscreenTarget, Target, step_of
from engine.display.timing import PresentTiming
from engine.display.warp import Warping
from engine.geometry import lay
from engine.gpu.grading import UNGRADED, Grading
from engine.gpu.passes import Passes
from engine.gpu.planes import Planes
from engine.gpu.quads import write_quad
from engine.gpu.stage import StageImage
from engine.gpu.uniforms import Block
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.worker import Worker
from engine.tick import Tick
from engine.timing.between import Between, times_until_next
from engine.timing.cadence import Cadence
from engine.timing.clock import Clock
from engine.timing.record import Lane, TimingLog
from engine.trace import Span, Trace

TONES = {"clip": 0.0, "reinhard": 1.0, "aces": 2.0}
"""What display.wgsl calls them."""

REHEARSED = -1
"""The number of stages that were composed before going on air."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One stage that was submitted: its tick, its time, and when each camera's picture on it was captured."""

    tick: int
    now_ns: int
    captured_ns: tuple[tuple[str, int], ...]
    stage_ns: int = 0  # how long until the next


class Presenter(Worker):
    """Puts the newest finished stage on one display.

    Thread: one per display; `look`, `wake`, `start` and `stop` from the main thread. With a clock that steps there is
    no thread, and the main thread calls `present`. Blocks: only itself, for its display. Owns: its target.
    Fails: as every Worker; what the display shows stays.
    """

    def __init__(
        self,
        name: str,
        display: Display,
        target: Target,
        stage: StageImage,
        passes: Passes,
        clock: Clock,
        notices: Notices,
        trace: Trace,
    ) -> None:
        super().__init__(f"display {name}", notices)
        self._name = name
        self.target = target
        self.presents = 0
        self.skipped = 0
        self.first_ns: int | None = None  # when it first showed something
        self._stage = stage
        self._passes = passes
        self._clock = clock
        self._trace = trace
        self._span = trace.span(self.name)
        self.delays: dict[str, Span] = {}  # by camera: from a picture's capture to its first present here
        self._finished: Mailbox[Finished] = Mailbox()
        self._shown_ns: dict[str, int] = {}
        self._cadence = Cadence()
        self._stage_ns = 0
        self.work: Mailbox[int] = Mailbox()  # how long the newest present took, for the display that sets the pace
        self._log: TimingLog | None = None
        self._log_lane: Lane | None = None
        self.timing = self._timing_of(target)
        self._screen: Screen | None = None
        self._block: Block | None = None
        self._drawing: Draw | None = None  # of the stage
        self._filling: Filling | None = None
        self._between = Between()
        self._last: Finished | None = None  # the newest stage, while there is something to show before the next
        self._last_seen_ns = self._next_ns = 0
        self.outline = OutlineSticker(passes)
        self.logo = LogoSticker(passes)
        self.overlay = OverlaySticker(passes, name, steps=clock.steps)
        self.name_tag = NameTag(passes, name)
        self.display = display
        self._grading: Grading | None = None
        self._warping: Warping | None = None
        self.taps: list[Tap] = []

    @property
    def is_offscreen(self) -> bool:
        """Whether there is no window."""
        return isinstance(self.target, OffscreenTarget)

    @property
    def drops(self) -> int:
        """How many finished stages were replaced by a newer one before they were shown."""
        return self._finished.displaced_count

    @property
    def missed(self) -> int:
        """How many vsyncs it missed that it aimed at; of one that takes stages as they come, those it did not show."""
        timing = self.timing
        return timing.pace.deadline.misses if timing is not None and timing.trusted else self.drops

    def look(
        self,
        display: Display,
        grading: Grading | None,
        warping: Warping | None,
        logo: Logo | None,
        logo_planes: Planes | None,
        overlay: Overlay | None,
    ) -> None:
        """Take over what the author says of this display."""
        self.display = display
        self._grading, self._warping = grading, warping
        self.logo.look(logo, logo_planes)
        self.outline.look(overlay)
        self.overlay.look(overlay)
        self._screen = None

    def move_to(self, target: Target) -> None:
        """Draw into another target from now on; there must be no thread meanwhile."""
        self.target = target
        self.timing = self._timing_of(target)
        self._screen = self._drawing = None

    def log_timing(self, log: TimingLog) -> None:
        """Note every present from now on, and every stamp of a window."""
        self._log = log
        self._log_lane = log.lane("present", self._name)
        if self.timing is not None:
            self.timing.stamps = log.lane("stamp", self._name)

    def _timing_of(self, target: Target) -> PresentTiming | None:
        """Return when to present on a target: for a window, which has vsyncs, while time does not step."""
        vsync = getattr(target, "vsync", None)
        if vsync is None or self._clock.steps:
            return None
        timing = PresentTiming(self._clock, vsync, vsync.refresh_hz or getattr(target, "refresh_hz", 0.0))
        if self._log is not None:
            timing.stamps = self._log.lane("stamp", self._name)
        return timing

    def lay_out(self) -> None:
        """Lay the stage on the target as it is now, and the stickers on that. Thread: main, which owns the uniforms."""
        size = self.target.size
        if 0 in size:
            return
        if self._screen is None or self._screen.size != size:
            self._screen = self._lay_stage(size)
        elif self._block is not None:  # what may change with time
            if self._grading is not None:
                self._grading.write(self._block.data["grade"])
            if self._warping is not None and self._warping.moves:
                self._warping.write(self._block.data["warp"])
        for sticker in (self.outline, self.logo, self.overlay, self.name_tag):
            sticker.lay_out(self._screen)

    def _lay_stage(self, size: tuple[int, int]) -> Screen:
        display, passes = self.display, self._passes
        turns = display.rotate // 90
        shown = self._stage.size if turns % 2 == 0 else self._stage.size[::-1]
        quad = lay(size, shown, fit=display.fit, crop=display.crop, quarter_turns=turns)
        block = self._block = self._block or passes.uniforms.block(passes.shaders.struct("display.wgsl", "Screen"))
        write_quad(block.data["quad"], quad)
        block.data["gamma"] = display.gamma
        block.data["dither"] = step_of(self.target.format) if display.dither else 0.0
        if display.fill == "hold":
            self._filling = None
        elif self._filling is None or self._filling.fill != display.fill:
            self._filling = Filling(passes, self._stage, self.name, display.fill)
        grading, warping = self._grading, self._warping
        exact = quad.is_exact(size, self._stage.size) and not (warping is not None and warping.bends)
        if grading is not None:
            grading.write(block.data["grade"])
        if warping is not None:
            warping.write(block.data["warp"])
        others = (*(None,) * 4, grading and grading.view, warping and warping.view)
        if self._filling is not None:
            self._filling.bind(*others)
        constants = {
            **(grading.constants if grading is not None else UNGRADED),
            "TONE": TONES[display.tone],
            "EXACT": float(exact),
            "BENT": float(display.gamma != 1.0),
            "FILL": FILLS[display.fill],
        }
        how = "main" if warping is None else "warped"
        pipeline = passes.pipeline(
            "display.wgsl", self.target.format, constants=constants, vertex=f"vs_{how}", fragment=f"fs_{how}"
        )
        textures = passes.textures(self._stage.view, None, None, None, *others)
        self._drawing = Draw(pipeline, block, textures, warping.cells if warping is not None else 1)
        return Screen(size, self.target.format, quad, turns)

    def takes(self, tick: Tick) -> bool:
        """Whether this tick's stage is to be shown here, at the rate that author and display want. Thread: main.

        A display slower than the stage looks for one itself.
        """
        return self._cadence.takes(tick.now_ns, self.display.rate_hz, tick.step_ns)

    def wake_for(self, finished: Finished) -> None:
        """Say that a stage was submitted."""
        self._finished.put(finished)

    def count_from_here(self) -> None:
        """Begin to count anew; when it first showed something stays."""
        self.presents = self.skipped = self._finished.displaced_count = 0

    def wake(self) -> None:
        """End the wait for a stage."""
        self._finished.nudge()

    def turn(self) -> None:
        """Wait for a stage and present it; or wait until shortly before the vsync, and present the newest there is.

        Where it fills, what lies between the last stage and the newest is presented until the next one comes.
        """
        timing = self.timing
        if timing is None or not timing.looks(self._stage_ns) or self.display.pace:
            wait_s = 0.5 if self._last is None else max(0, self._next_ns - self._clock.now_ns) / 1e9
            finished = self._finished.wait(wait_s)
            shown_ns = self._clock.now_ns
        else:
            self.pause(timing.aim() / 1e9)
            finished = self._finished.take()
            timing.pace.looked(found=finished is not None, stage_ns=self._stage_ns)
            shown_ns = timing.pace.vsync_ns if timing.trusted else self._clock.now_ns
        if finished is not None:
            self._stage_ns = finished.stage_ns
            self._show(finished, shown_ns)
        elif self._last is not None and shown_ns >= self._next_ns - self._interval_ns / 2:
            self._show_between(self._last, shown_ns)
        if timing is not None:
            timing.learn()

    def present(self, finished: Finished) -> None:
        """Show a stage on a clock that steps, and all that the display shows until the next."""
        if self._filling is None:
            self._show(finished, finished.now_ns)
            return
        first_ns, *others_ns = times_until_next(finished.now_ns, finished.stage_ns, self._interval_ns)
        self._show(finished, first_ns)
        for shown_ns in others_ns:
            if self._last is not None:
                self._show_between(self._last, shown_ns)

    def pictures_hz(self, stage_hz: float) -> float:
        """Return how many pictures a second a recording of this display is to have."""
        display = self.display
        return max(stage_hz, display.rate_hz) if display.fill != "hold" else stage_hz

    @property
    def fill_delay_ns(self) -> int:
        """How much later a stage is shown as it is, so that others can be made up before it."""
        return self._between.delay_ns if self._filling is not None else 0

    @property
    def _interval_ns(self) -> float:
        """From one picture of this display to the next, as its vsyncs and the author allow; 0 where neither says."""
        rate_hz = self.display.rate_hz
        if self.timing is not None:
            refresh_hz = self.timing.refresh_hz
            rate_hz = min(rate_hz or refresh_hz, refresh_hz)
        return 1e9 / rate_hz if rate_hz else 0.0

    def _show(self, finished: Finished, shown_ns: int) -> None:
        """Show a new stage, or the first step on the way to it."""
        if self._filling is None:
            self._last = None
            self._draw(finished, finished.now_ns, 1.0)
            return
        self._between.stage(finished.now_ns, finished.stage_ns, shown_ns, self._interval_ns)
        self._last_seen_ns = shown_ns
        phase = self._between.phase(shown_ns) if self._filling.both else 1.0
        self._draw(finished, finished.now_ns, phase, new=True)
        self._last, self._next_ns = (finished if phase < 1.0 else None), shown_ns + round(self._interval_ns)

    def _show_between(self, finished: Finished, shown_ns: int) -> None:
        """Show a further step on the way to the newest stage."""
        phase = self._between.phase(shown_ns)
        self._draw(finished, finished.now_ns + shown_ns - self._last_seen_ns, phase)
        self._last, self._next_ns = (finished if phase < 1.0 else None), shown_ns + round(self._interval_ns)

    def _draw(self, finished: Finished, now_ns: int, phase: float, *, new: bool = False) -> None:
        """Draw, submit, present, stamp."""
        drawing, timing, filling = self._drawing, self.timing, self._filling
        if drawing is None:
            return
        began_ns = self._clock.now_ns
        with self._span:
            view = self.target.acquire()
            if view is None:
                self.skipped += 1
                return
            passes = self._passes
            encoder = passes.gpu.device.create_command_encoder()
            if filling is not None:
                if new:
                    filling.take(encoder)
                drawing = drawing._replace(textures=filling.textures)
                drawing.block.data["phase"] = phase
                passes.uniforms.write(drawing.block)
            render = passes.begin(encoder, view, clear=(0.0, 0.0, 0.0, 1.0))
            tag = self.name_tag.draws if not self.taps else ()
            for draw in (drawing, *self.outline.draws, *self.logo.draws, *self.overlay.draws, *tag):
                passes.draw(render, *draw)
            render.end()
            sent = [(tap, tap.record(encoder)) for tap in self.taps]
            passes.gpu.submit(encoder.finish())
            for tap, copy in sent:
                tap.sent(copy, now_ns)
            if timing is not None:
                timing.before_present()
            self.target.present()
            if timing is not None:
                timing.presented(finished.tick, began_ns)
                self.work.put(self._clock.now_ns - began_ns)
        self.presents += 1
        shown_ns = self._clock.now_ns
        if self._log_lane is not None and finished.tick != REHEARSED:
            aim_ns = timing.pace.vsync_ns if timing is not None else None
            self._log_lane.add(finished.tick, began_ns, shown_ns, aim_ns or 0)
        if self.first_ns is None:
            self.first_ns = time.perf_counter_ns()
        for camera, captured_ns in finished.captured_ns:
            if self._shown_ns.get(camera) != captured_ns:
                self._shown_ns[camera] = captured_ns
                if camera not in self.delays:
                    self.delays[camera] = self._trace.span(f"{self.name} delay of {camera}")
                self.delays[camera].add(shown_ns - captured_ns + round((1.0 - phase) * finished.stage_ns))
