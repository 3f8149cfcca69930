"""Present: one upload, one submit, then every display gets the finished stage."""

from __future__ import annotations

from pathlib import Path

from engine.component import state
from engine.components import Display, Logo, Overlay
from engine.display.hotplug import Hotplug, NoTarget
from engine.display.presenter import Finished, Presenter
from engine.display.recorder import Recorder
from engine.display.tap import Tap
from engine.display.target import OffscreenTarget, Target
from engine.errors import OutputError, ShowError
from engine.gpu.passes import Passes
from engine.gpu.planes import Planes
from engine.gpu.stage import StageImage
from engine.media.picture import Picture
from engine.media.recording import VideoFile
from engine.media.stills import read_rgba
from engine.notices import Notices
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.trace import Trace
from engine.world import World
from systems.inference import Shown
from systems.overlay import Overlays


@state(Display)
class Presented:
    """A display's presenter. Written by Present."""

    presenter: Presenter | None = None
    display: Display | None = None
    logo: Logo | None = None
    overlay: Overlay | None = None


class Present:
    """Submits the tick, and wakes the presenters.

    Reads: Display, Logo, Overlay, Shown. Writes: Presented. Sends: finished stages to the presenters.
    """

    def __init__(
        self,
        world: World,
        passes: Passes,
        stage: StageImage,
        clock: Clock,
        notices: Notices,
        trace: Trace,
        *,
        headless: bool,
    ) -> None:
        self._world = world
        self._passes = passes
        self._stage = stage
        self._clock = clock
        self._notices = notices
        self._trace = trace
        self._headless = headless
        self._revision = -1
        self._presenters: dict[str, Presenter] = {}
        self._doubles: list[Presenter] = []  # offscreen doubles of windows that are recorded
        self.recorders: list[Recorder] = []
        self.hotplug = Hotplug(passes.gpu, notices, threaded=not clock.steps)
        self._overlays = Overlays(world, stage, clock, notices, trace)
        self._submit_span = trace.span("submit")
        self._desktop_span = trace.span("desktop")
        self.submission = 0

    @property
    def presenters(self) -> dict[str, Presenter]:
        """Every display's presenter by name."""
        return self._presenters

    @property
    def windows(self) -> bool:
        """Whether any display is a window."""
        return not all(presenter.is_offscreen for presenter in self._presenters.values())

    @property
    def every_presenter(self) -> tuple[Presenter, ...]:
        """Those of the displays, and the offscreen doubles of windows that are recorded."""
        return (*self._presenters.values(), *self._doubles)

    def open(self) -> None:
        """Make every display, before the first tick."""
        self._reconcile()

    def record(self, path: Path, display: str, rate_hz: float) -> Recorder:
        """Record a display to a file from the next tick on. Fails: OutputError."""
        presenter = self._presenters.get(display)
        if presenter is None:
            there = ", ".join(self._presenters) or "none"
            raise OutputError(f"cannot record {display!r}: there is no such display; there are {there}")
        if self.hotplug.status(display) or not isinstance(presenter.target, OffscreenTarget):
            presenter = self._double(display, presenter)
        assert isinstance(presenter.target, OffscreenTarget)
        tap = Tap(self._passes, display, presenter.target)
        recorder = Recorder(tap, VideoFile(path, *tap.size, rate_hz), self._notices, self._trace)
        presenter.taps.append(tap)
        self.recorders.append(recorder)
        recorder.start()
        return recorder

    def poll(self) -> None:
        """Let windows hear what happened on the desktop, and follow their monitors."""
        with self._desktop_span:
            for name in self.hotplug.poll(self._clock.now_ns):
                self._presenters.pop(name, None)

    def process(self, tick: Tick) -> None:
        """Submit, then present or let be presented."""
        if self._revision != self._world.revision:
            self._reconcile()
        presenters = self.every_presenter
        self._overlays.process(tick, presenters)
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
        finished = Finished(tick.index, tick.now_ns, captured_ns)
        served = [presenter for presenter in presenters if presenter.takes(tick)]
        served.sort(key=lambda presenter: -presenter.display.priority)
        if not self._clock.steps:
            for presenter in served:
                presenter.wake_for(finished)
            return
        for recorder in self.recorders:
            recorder.wait_for_room()
        for presenter in served:
            presenter.present(finished)

    def stop(self) -> None:
        """Stop the presenters and finish the recordings; windows stay, and so does what they show."""
        self._overlays.stop()
        self.hotplug.finish()
        if not self._clock.steps:
            for presenter in self.every_presenter:
                presenter.stop()
        for recorder in self.recorders:
            recorder.finish()

    def close(self) -> None:
        """Stop, and close the windows."""
        self.stop()
        for presenter in self._presenters.values():
            presenter.target.release()
        self._presenters.clear()
        self._doubles.clear()
        self.hotplug.close()

    def _reconcile(self) -> None:
        self._revision = self._world.revision
        entities = {self._world.name(entity): entity for entity, _ in self._world.each(Display)}
        displays = {name: entities[name] for name in self._world.names() if name in entities}
        for name in [name for name in self._presenters if name not in displays]:
            self._close(name)
        changed: dict[str, tuple[Display, Presented]] = {}
        for name, entity in displays.items():
            display, presented = self._world.get(entity, Display), self._world.get(entity, Presented)
            logo, overlay = self._world.get(entity, Logo), self._world.get(entity, Overlay)
            assert display is not None
            assert presented is not None
            before = presented.display
            if (before, presented.logo, presented.overlay) == (display, logo, overlay):
                continue
            changed[name] = (display, presented)
            presented.display, presented.logo, presented.overlay = display, logo, overlay
            if name in self._presenters and before is not None and _target_differs(before, display):
                self._close(name)
        new = {name: display for name, (display, _) in changed.items() if name not in self._presenters}
        targets = self._targets(new)
        for name, (display, presented) in changed.items():
            presented.presenter = self._apply(name, display, presented, targets)

    def _apply(self, name: str, display: Display, presented: Presented, targets: dict[str, Target]) -> Presenter:
        presenter = self._presenters.get(name)
        if presenter is None:
            presenter = Presenter(
                name, display, targets[name], self._stage, self._passes, self._clock,
                self._notices, self._trace,
            )  # fmt: skip
            self._presenters[name] = presenter
            if not self._clock.steps and not isinstance(presenter.target, NoTarget):
                presenter.start()
        self.hotplug.attach(name, display, presenter)
        self._look(name, presenter, display, presented)
        return presenter

    def _look(self, name: str, presenter: Presenter, display: Display, presented: Presented) -> None:
        presenter.look(display, presented.logo, self._logo_planes(name, presented.logo), presented.overlay)

    def _targets(self, displays: dict[str, Display]) -> dict[str, Target]:
        """Make a window or a texture for each; all at once, since windows share out the monitors."""
        targets: dict[str, Target] = {}
        windows: dict[str, tuple[Display, tuple[int, int]]] = {}
        for name, display in displays.items():
            if display.kind == "window" and not self._headless:
                windows[name] = (display, self._size(display))
            else:
                targets[name] = OffscreenTarget(self._passes.gpu, name, self._size(display))
        return targets | self.hotplug.open(windows)

    def _size(self, display: Display) -> tuple[int, int]:
        return (display.width or self._stage.size[0], display.height or self._stage.size[1])

    def _double(self, name: str, presenter: Presenter) -> Presenter:
        """Make an offscreen double of a window, since a swapchain's image cannot be read back."""
        # One that waits for its monitor has no size.
        size = self._size(presenter.display) if 0 in presenter.target.size else presenter.target.size
        target = OffscreenTarget(self._passes.gpu, f"{name} double", size)
        double = Presenter(
            f"{name} double", presenter.display, target, self._stage, self._passes, self._clock,
            self._notices, self._trace,
        )  # fmt: skip
        presented = self._world.get(name, Presented)
        assert presented is not None
        self._look(name, double, presenter.display, presented)
        self._doubles.append(double)
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
    names = ("kind", "width", "height", "monitor", "fullscreen", "title")
    return any(getattr(old, name) != getattr(new, name) for name in names)
