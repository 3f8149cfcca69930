"""Present: one upload, one submit, then every display gets the finished stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from engine.component import state
from engine.components import Display, Edges, Keyframes, Logo, Overlay, Sound, Stage, Stream, Warp
from engine.display.hotplug import Hotplug, NoTarget
from engine.display.outputs import Outputs
from engine.display.presenter import REHEARSED, Finished, Presenter
from engine.display.recorder import Recorder
from engine.display.target import FORMATS, OffscreenTarget, Target
from engine.display.warp import Warping
from engine.errors import OutputError, ShowError
from engine.gpu.grading import Grading as GpuGrading
from engine.gpu.passes import Passes
from engine.gpu.planes import Planes
from engine.gpu.stage import StageImage
from engine.media.picture import Picture
from engine.media.stills import read_rgba
from engine.notices import Notices
from engine.tick import Tick
from engine.timing.cadence import Strain
from engine.timing.clock import Clock
from engine.timing.keyframes import Timeline
from engine.timing.record import TimingLog
from engine.trace import Trace
from engine.world import World
from systems.grading import Graded, Grading
from systems.inference import Shown
from systems.keyframes import Keyed
from systems.overlay import Overlays

T = TypeVar("T")


@state(Display)
class Presented:
    """A display's presenter. Written by Present."""

    presenter: Presenter | None = None
    display: Display | None = None
    logo: Logo | None = None
    overlay: Overlay | None = None
    grading: GpuGrading | None = None
    warping: Warping | None = None
    made_from: tuple[object, ...] = ()


class Present:
    """Submits the tick, and wakes the presenters.

    Reads: Display, Logo, Overlay, Warp, Edges, Stream, Sound, Keyframes, Keyed, Stage, Shown, Graded.
    Writes: Presented. Sends: finished stages to the presenters.
    """

    def __init__(
        self,
        world: World,
        passes: Passes,
        stage: StageImage,
        clock: Clock,
        notices: Notices,
        trace: Trace,
        grading: Grading,
        *,
        headless: bool,
        sends: bool = True,
    ) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._clock = clock
        self._notices = notices
        self._trace = trace
        self._headless = headless
        self._sends = sends
        self._revision = (-1, -1)
        self._grading = grading
        self._presenters: dict[str, Presenter] = {}
        # By display and bits a colour: offscreen, of what is recorded or streamed and cannot be read back as it is.
        self._doubles: dict[tuple[str, int], Presenter] = {}
        self.outputs = Outputs(passes, clock, notices, trace, self._tappable)
        self.hotplug = Hotplug(passes.gpu, notices, threaded=not clock.steps)
        self._overlays = Overlays(world, stage, clock, notices, trace)
        self.lag: Callable[[], int] = lambda: 0  # how many deadlines the loop has missed
        self._strain = Strain()
        self._strained = False
        self._submit_span = trace.span("submit")
        self._desktop_span = trace.span("desktop")
        self.submission = 0
        self._log: TimingLog | None = None

    @property
    def presenters(self) -> dict[str, Presenter]:
        """Every display's presenter by name."""
        return self._presenters

    @property
    def recorders(self) -> list[Recorder]:
        """Every output that writes files, also those that have ended."""
        return [recorder for recorder in self.outputs.recorders if not recorder.settings.address.comes_back]

    @property
    def windows(self) -> bool:
        """Whether any display is a window."""
        return not all(presenter.is_offscreen for presenter in self._presenters.values())

    @property
    def every_presenter(self) -> tuple[Presenter, ...]:
        """Those of the displays, and their offscreen doubles."""
        return (*self._presenters.values(), *self._doubles.values())

    def open(self) -> None:
        """Make every display, before the first tick. Fails: ShowError, before a window opens."""
        self.outputs.check(self._streams(), self._sounds())
        self._reconcile()

    def record(self, path: Path, display: str, rate_hz: float, depth_bits: Literal[8, 10] = 8) -> Recorder:
        """Record a display to a file from the next tick on. Fails: OutputError."""
        if display not in self._presenters:
            there = ", ".join(self._presenters) or "none"
            raise OutputError(f"cannot record {display!r}: there is no such display; there are {there}")
        return self.outputs.record(path, display, rate_hz, depth_bits)

    def identify(self, seconds: float) -> None:
        """Show on every display, from the next tick on, its number in the scene's order and its name."""
        for number, (name, presenter) in enumerate(self._presenters.items(), 1):
            presenter.name_tag.show(number, name, seconds)

    def log_timing(self, log: TimingLog) -> None:
        """Note when displays present, also those that come later."""
        self._log = log
        for presenter in self._presenters.values():
            presenter.log_timing(log)

    @property
    def pacer(self) -> Presenter | None:
        """The display that the ticks follow, if the scene names one whose vsyncs are known."""
        for presenter in self._presenters.values():
            if presenter.display.pace and presenter.timing is not None and presenter.timing.trusted:
                return presenter
        return None

    def poll(self) -> None:
        """Let windows hear what happened on the desktop, and follow their monitors."""
        with self._desktop_span:
            for name in self.hotplug.poll(self._clock.now_ns):
                self._presenters.pop(name, None)

    def process(self, tick: Tick) -> None:
        """Submit, then present or let be presented."""
        if self._revision != (self._world.revision, self._grading.revision):
            self._reconcile()
        self._follow_keyframes()
        presenters = self.every_presenter
        missed = self.lag()
        self._overlays.process(tick, presenters, missed)
        for presenter in presenters:
            presenter.lay_out()
        self._passes.uniforms.upload()
        self.hotplug.start_ready()
        with self._submit_span:
            self.submission = self._passes.gpu.submit(tick.encoder.finish())
        captured_ns = tuple(
            (self._world.name(entity), shown.picture.captured_ns)
            for entity, (shown,) in self._world.each(Shown)
            if shown.picture is not None
        )
        number = tick.index if tick.deadline_ns else REHEARSED  # a rehearsal has no deadlines
        finished = Finished(number, tick.now_ns, captured_ns, tick.step_ns)
        served = self._serve(tick, presenters, missed)
        for entity, (shown,) in self._world.each(Shown):
            if shown.picture is not None:
                self.outputs.saw(
                    self._world.name(entity), shown.picture.sequence, shown.picture.captured_ns, tick.now_ns
                )
        if tick.deadline_ns:
            self.outputs.go_on_air(tick.now_ns)
        else:
            self.outputs.get_ready()
        if not self._clock.steps:
            for presenter in served:
                presenter.wake_for(finished)
            return
        self.outputs.wait_for_room()
        for presenter in served:
            presenter.present(finished)

    def _serve(self, tick: Tick, presenters: Sequence[Presenter], missed: int) -> list[Presenter]:
        """Return the presenters that this stage is for, the most important first.

        While the show is short of time, every second stage is for those of the highest priority alone.
        """
        most = max((presenter.display.priority for presenter in presenters), default=0)
        yielding = [presenter for presenter in presenters if presenter.display.priority < most]
        strained = self._strain.under(tick.now_ns, missed) and bool(yielding)
        if strained and not self._strained:
            for presenter in yielding:
                self._notices.say("noted", presenter.name, "gives way while the show is short of time")
        self._strained = strained
        left_out = yielding if strained and tick.index % 2 else ()
        served = [presenter for presenter in presenters if presenter not in left_out and presenter.takes(tick)]
        return sorted(served, key=lambda presenter: -presenter.display.priority)

    def stop(self) -> None:
        """Stop the presenters and finish the recordings; windows stay, and so does what they show."""
        self._overlays.stop()
        self.hotplug.finish()
        if not self._clock.steps:
            for presenter in self.every_presenter:
                presenter.stop()
        self.outputs.finish()

    def close(self) -> None:
        """Stop, and close the windows."""
        self.stop()
        for presenter in self._presenters.values():
            presenter.target.release()
        self._presenters.clear()
        self._doubles.clear()
        self.hotplug.close()

    def _reconcile(self) -> None:
        self._revision = (self._world.revision, self._grading.revision)
        entities = {self._world.name(entity): entity for entity, _ in self._world.each(Display)}
        displays = {name: entities[name] for name in self._world.names() if name in entities}
        for name in [name for name in self._presenters if name not in displays]:
            self._close(name)
            self._close_doubles(name)
        changed: dict[str, tuple[Display, Presented]] = {}
        for name, entity in displays.items():
            display, presented = self._world.get(entity, Display), self._world.get(entity, Presented)
            logo, overlay = self._written(entity, Logo), self._world.get(entity, Overlay)
            graded = self._world.get(entity, Graded)
            grading = graded.grading if graded is not None else None
            warp, edges = self._written(entity, Warp), self._written(entity, Edges)
            assert display is not None
            assert presented is not None
            before = presented.display
            made_from = (display, logo, overlay, grading, warp, edges, self._keyed(entity))
            if presented.made_from == made_from:
                continue
            presented.made_from = made_from
            changed[name] = (display, presented)
            presented.display, presented.logo, presented.overlay = display, logo, overlay
            presented.grading = grading
            presented.warping = Warping(self._passes.gpu, warp, edges) if warp or edges else None
            if name in self._presenters and before is not None and _target_differs(before, display):
                self._close(name)
        new = {name: display for name, (display, _) in changed.items() if name not in self._presenters}
        targets = self._targets(new)
        for name, (display, presented) in changed.items():
            presented.presenter = self._apply(name, display, presented, targets)
            self._apply_to_doubles(name, display, presented)
        ((_, (stage,)), *_) = self._world.each(Stage)
        # A window that was closed by hand may have left a double.
        there = self._presenters.keys() | {name for name, _ in self._doubles}
        keyed = self._world.each(Sound, Keyframes)
        timelines = {self._world.name(entity): Timeline(keyframes) for entity, (_, keyframes) in keyed}
        self.outputs.reconcile(there, self._streams(), self._sounds(), stage.rate_hz, timelines)

    def _written(self, entity: int, kind: type[T]) -> T | None:
        """Return a component as the author wrote it, whatever keyframes make of it now."""
        keyed = self._world.get(entity, Keyed)
        written = keyed.written.get(kind) if keyed is not None else None
        return written if isinstance(written, kind) else self._world.get(entity, kind)

    def _keyed(self, entity: int) -> frozenset[str]:
        """Return what of a display changes with time."""
        keyframes = self._world.get(entity, Keyframes)
        return frozenset(name for name in ("edges", "logo", "warp") if keyframes and getattr(keyframes, name))

    def _follow_keyframes(self) -> None:
        """Have displays whose corners, edges or logo change with time show them as they are now."""
        for entity, (presented, _) in self._world.each(Presented, Keyframes):
            keyed = self._keyed(entity)
            if presented.warping is not None and keyed & {"edges", "warp"}:
                presented.warping.follow(self._world.get(entity, Warp), self._world.get(entity, Edges))
            if "logo" in keyed and (logo := self._world.get(entity, Logo)):
                name = self._world.name(entity)
                for presenter in filter(None, (self._presenters.get(name), *self._doubles_of(name))):
                    presenter.logo.follow(logo)

    def _apply(self, name: str, display: Display, presented: Presented, targets: dict[str, Target]) -> Presenter:
        presenter = self._presenters.get(name)
        if presenter is None:
            presenter = Presenter(
                name, display, targets[name], self._stage, self._passes, self._clock,
                self._notices, self._trace,
            )  # fmt: skip
            self._presenters[name] = presenter
            if self._log is not None:
                presenter.log_timing(self._log)
            if not self._clock.steps and not isinstance(presenter.target, NoTarget):
                presenter.start()
        self.hotplug.attach(name, display, presenter)
        self._look(name, presenter, display, presented)
        return presenter

    def _look(self, name: str, presenter: Presenter, display: Display, presented: Presented) -> None:
        planes = self._logo_planes(name, presented.logo)
        presenter.look(display, presented.grading, presented.warping, presented.logo, planes, presented.overlay)

    def _targets(self, displays: dict[str, Display]) -> dict[str, Target]:
        """Make a window or a texture for each; all at once, since windows share out the monitors."""
        targets: dict[str, Target] = {}
        windows: dict[str, tuple[Display, tuple[int, int]]] = {}
        for name, display in displays.items():
            if display.kind == "window" and not self._headless:
                windows[name] = (display, self._size(display))
            else:
                targets[name] = OffscreenTarget(self._passes.gpu, name, self._size(display), display.depth_bits or 8)
        return targets | self.hotplug.open(windows)

    def _size(self, display: Display) -> tuple[int, int]:
        return (display.width or self._stage.size[0], display.height or self._stage.size[1])

    def _streams(self) -> dict[str, Stream]:
        """Every display's stream by name, where this show sends any."""
        if not self._sends:
            return {}
        return {self._world.name(entity): stream for entity, (_, stream) in self._world.each(Display, Stream)}

    def _sounds(self) -> dict[str, Sound]:
        return {self._world.name(entity): sound for entity, (sound,) in self._world.each(Sound)}

    def _tappable(self, name: str, depth_bits: int) -> Presenter:
        """Return what shows this display offscreen with so many bits a colour: its presenter, or a double of it."""
        double = self._doubles.get((name, depth_bits))
        if double is not None:
            return double
        presenter = self._presenters.get(name) or self._doubles_of(name)[0]
        target, is_window = presenter.target, presenter.display.kind == "window" and not self._headless
        if is_window or not isinstance(target, OffscreenTarget):
            return self._double(name, presenter, depth_bits)
        if target.format != FORMATS[depth_bits]:
            if presenter.display.depth_bits or not self.outputs.is_unused(presenter):
                return self._double(name, presenter, depth_bits)
            self._move(presenter, OffscreenTarget(self._passes.gpu, name, target.size, depth_bits))
        return presenter

    def _move(self, presenter: Presenter, target: Target) -> None:
        """Let a presenter draw into another target."""
        if not self._clock.steps:
            presenter.stop()
        presenter.move_to(target)
        if not self._clock.steps:
            presenter.start()

    def _doubles_of(self, name: str) -> list[Presenter]:
        return [double for (of, _), double in self._doubles.items() if of == name]

    def _apply_to_doubles(self, name: str, display: Display, presented: Presented) -> None:
        """Let doubles look like their display; those of another size are made anew, when they are asked for."""
        size = self._presenters[name].target.size
        doubles = self._doubles_of(name)
        if 0 not in size and any(double.target.size != size for double in doubles):
            self._close_doubles(name)
            return
        for double in doubles:
            self._look(name, double, display, presented)

    def _close_doubles(self, name: str) -> None:
        for key in [key for key in self._doubles if key[0] == name]:
            double = self._doubles.pop(key)
            if not self._clock.steps:
                double.stop()

    def _double(self, name: str, presenter: Presenter, depth_bits: int) -> Presenter:
        """Make an offscreen double: a swapchain's image cannot be read back, nor 10 bits where there are 8.

        Nor are 8 made of 10: what hides the steps of 10 bits is too small for those of 8.
        """
        # One that waits for its monitor has no size.
        size = self._size(presenter.display) if 0 in presenter.target.size else presenter.target.size
        target = OffscreenTarget(self._passes.gpu, f"{name} double", size, depth_bits)
        double = Presenter(
            f"{name} double", presenter.display, target, self._stage, self._passes, self._clock,
            self._notices, self._trace,
        )  # fmt: skip
        presented = self._world.get(name, Presented)
        assert presented is not None
        self._look(name, double, presenter.display, presented)
        self._doubles[name, depth_bits] = double
        if not self._clock.steps:
            double.start()
        return double

    def _logo_planes(self, name: str, logo: Logo | None) -> Planes | None:
        if logo is None:
            return None
        try:
            rgba = read_rgba(Path(logo.file))
        except ShowError as error:
            self._notices.say("visible", f"display {name}", f"{error}; it shows no logo")
            return None
        planes = Planes(self._passes.gpu, f"{name} logo")
        planes.upload(Picture(0, 0, rgba.shape[1], rgba.shape[0], "rgba", (rgba,)))
        return planes

    def _close(self, name: str) -> None:
        presenter = self._presenters.pop(name)
        self.hotplug.forget(name)
        if not self._clock.steps:
            presenter.stop()
        presenter.target.release()


def _target_differs(old: Display, new: Display) -> bool:
    """Whether a change needs another window or texture, rather than another look at the same."""
    names = ("kind", "width", "height", "monitor", "fullscreen", "title", "depth_bits")
    return any(getattr(old, name) != getattr(new, name) for name in names)
