"""Displays follow their monitors: which goes where, and what happens when one goes or comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.components.display import Display
from engine.display.target import OffscreenTarget, Target
from engine.errors import DisplayError
from engine.gpu.device import Gpu
from engine.notices import Notices, log

if TYPE_CHECKING:  # these import glfw, which a headless show does without
    from engine.display.input import Input
    from engine.display.monitors import Monitor
    from engine.display.presenter import Presenter
    from engine.display.window import Window

LOOK_NS = 1_000_000_000
"""How often monitors are looked at without being told: a change of mode alone tells nobody, and a look takes 0.3 ms."""


# Where displays go: arithmetic only ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where one display is, or should be, and what there is to say about it."""

    kind: Literal["window", "offscreen", "wait"]
    monitor: Monitor | None = None
    covers: bool = False
    said: str = ""

    def is_like(self, other: Place) -> bool:
        """Whether what is shown in one place can stay what it is in the other: the monitor may have moved.

        It may not refresh at another rate: whatever tells a window's vsync would go on telling the old one's.
        """
        if (self.kind, self.covers) != (other.kind, other.covers):
            return False
        if self.monitor is None or other.monitor is None:
            return self.monitor is other.monitor
        return self.monitor.is_same_as(other.monitor) and self.monitor.refresh_hz == other.monitor.refresh_hz


def place(
    displays: Mapping[str, Display],
    monitors: Sequence[Monitor],
    before: Mapping[str, Monitor],
    *,
    positions: bool = True,
) -> dict[str, Place]:
    """Return where each display goes. `before` says which monitor each had while on air.

    First come those whose monitor is still, or again, there: nothing that others do may take it away. Then those that
    name one, then those that take any. Two windows may share a monitor, but only one may cover it.
    """
    from engine.display.monitors import matching, names_a_place, remedy

    places: dict[str, Place] = {}
    covered: dict[Monitor, str] = {}

    def put(name: str, monitor: Monitor, said: str = "") -> None:
        display = displays[name]
        # Without positions, to cover a monitor is the only way to be on it.
        covers = display.fullscreen or (bool(display.monitor) and not positions)
        if covers and not display.fullscreen:
            said = "this desktop puts no window anywhere, so it covers its monitor"
        if covers:
            covered[monitor] = name
        places[name] = Place("window", monitor, covers, said)

    for name, display in displays.items():
        had = before.get(name)
        if had is None:
            continue
        again = _again(had, monitors, by_connector=names_a_place(display.monitor))
        if again is not None and again not in covered:
            put(name, again)
        elif names_a_place(display.monitor):
            # Another monitor may lie where this one lay; that is no reason to take it from whoever is there.
            places[name] = _lost(display, f"waiting for monitor {had.name}")
    for name, display in sorted(displays.items(), key=lambda item: not item[1].monitor):
        if name in places:
            continue
        if not display.monitor and not display.fullscreen:
            places[name] = Place("window")
            continue
        there = matching(display.monitor, monitors)
        free = [monitor for monitor in there if monitor not in covered or not (display.fullscreen or not positions)]
        if free:
            put(name, free[0])
        elif name in before:
            places[name] = _lost(display, f"waiting for monitor {display.monitor}")
        elif there:
            said = f"monitor {there[0].name} is covered by display {covered[there[0]]}"
            places[name] = _absent(display, said)
        else:
            wanted = f"monitor {display.monitor!r}" if display.monitor else "monitor to cover"
            places[name] = _absent(display, f"there is no {wanted}: {remedy(display.monitor, monitors)}")
    return places


def _again(had: Monitor, monitors: Iterable[Monitor], *, by_connector: bool) -> Monitor | None:
    """Return the monitor that a display had: the same, or on another connector, or another in its place."""
    monitors = list(monitors)
    same = [monitor for monitor in monitors if monitor.is_same_as(had)]
    moved = [monitor for monitor in monitors if had.edid and monitor.edid == had.edid]
    instead = [monitor for monitor in monitors if by_connector and monitor.name == had.name]
    return next(iter(same + moved + instead), None)


def _lost(display: Display, said: str) -> Place:
    # No window even if it is to be one: it would open over what another display shows.
    if display.absent == "offscreen":
        return Place("offscreen", said=f"{said}; it goes on offscreen")
    return Place("wait", said=f"{said}; it returns by itself")


def _absent(display: Display, said: str) -> Place:
    if display.absent == "wait":
        return Place("wait", said=f"{said}; it waits")
    if display.absent == "offscreen":
        return Place("offscreen", said=f"{said}; it goes on offscreen")
    return Place("window", said=f"{said}; it is a window meanwhile")


# What is there -------------------------------------------------------------------------------------------------------


class NoTarget:
    """The target of a display that waits for its monitor: there is nothing to draw into."""

    format = "rgba8unorm"
    size = (0, 0)

    def acquire(self) -> None:
        """Return None."""

    def present(self) -> None:
        """Do nothing."""

    def release(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Outlet:
    """One display that is, or wants to be, a window."""

    name: str
    display: Display
    size: tuple[int, int]
    place: Place
    target: Target
    presenter: Presenter | None = None
    wanted: Place | None = None  # where it is to go, once its presenter has stopped
    stopping: threading.Thread | None = None
    input: tuple[Window, Input] | None = None  # what people do with the window that it has now
    is_closing: bool = False
    status: str = ""
    losses: int = 0
    seen_on: Monitor | None = None  # where a window that covers nothing was last seen: people move those
    has_moved: bool = False  # whether that is not the monitor, or not the rate, that it keeps the time of


class Hotplug:
    """The displays that are windows, and the desktop they are on.

    A monitor that goes takes its own window with it and nothing else: the display's presenter is stopped without being
    waited for, and once it has ended the window is closed. When the monitor is back a window is made on it, and the
    same presenter draws there. A window that somebody closes is gone for good; one that somebody moves to another
    monitor keeps that one's time from then on.

    Thread: main. Blocks: `poll` 0.1 ms, 2 to 5 when it makes a window. Owns: the desktop, once a window was asked for.
    Fails: never; what cannot be had is said, and waits for the next change.
    """

    def __init__(self, gpu: Gpu, notices: Notices, *, threaded: bool) -> None:
        self._gpu = gpu
        self._notices = notices
        self._threaded = threaded
        self._outlets: dict[str, Outlet] = {}
        self._had: dict[str, Monitor] = {}
        self._ready: list[Presenter] = []
        self._monitors: list[Monitor] = []
        self._revision = -1
        self._looked_ns = 0
        self._has_desktop = False
        self._closed_by_hand = 0

    @property
    def all_closed_by_hand(self) -> bool:
        """Whether people have closed every window, and none waits for its monitor to return."""
        waiting = any(outlet.place.kind != "offscreen" and not outlet.is_closing for outlet in self._outlets.values())
        return self._closed_by_hand > 0 and not waiting

    def status(self, name: str) -> str:
        """Say in a few words where a display is; "" for one that never wanted to be a window."""
        outlet = self._outlets.get(name)
        return outlet.status if outlet is not None else ""

    def pressed_keys(self) -> list[str]:
        """Return the keys that were pressed in any window since the last time."""
        from engine.display.input import Input, Key
        from engine.display.window import Window

        pressed: list[str] = []
        for outlet in self._outlets.values():
            window = outlet.target
            if isinstance(window, Window):
                if outlet.input is None or outlet.input[0] is not window:
                    outlet.input = (window, Input(window))
                pressed += [each.name for each in outlet.input[1].take() if isinstance(each, Key) and each.down]
        return pressed

    def losses(self, name: str) -> int:
        """Return how often a display lost its monitor."""
        outlet = self._outlets.get(name)
        return outlet.losses if outlet is not None else 0

    def open(self, displays: Mapping[str, tuple[Display, tuple[int, int]]]) -> dict[str, Target]:
        """Make targets for displays that want to be windows, each of a size unless it covers its monitor.

        All new displays of a scene come in one call, so that one that takes any monitor leaves alone one that another
        names.
        """
        from engine.display.monitors import has_positions

        if not displays:
            return {}
        try:
            self._start_desktop()
        except DisplayError as error:
            return {name: self._offscreen(name, size, f"{error}") for name, (_, size) in displays.items()}
        for name in displays:
            self._had.pop(name, None)
        wishes = {name: outlet.display for name, outlet in self._outlets.items() if not outlet.is_closing}
        wishes |= {name: display for name, (display, _) in displays.items()}
        had = {name: monitor for name, monitor in self._had.items() if name in wishes}
        places = place(wishes, self._monitors, had, positions=has_positions())
        targets = {}
        for name, (display, size) in displays.items():
            outlet = Outlet(name, display, size, places[name], NoTarget())
            self._outlets[name] = outlet
            self._settle(outlet, places[name])
            targets[name] = outlet.target
        return targets

    def attach(self, name: str, display: Display, presenter: Presenter) -> None:
        """Say which presenter draws into a display's target, and what the author says of it now."""
        outlet = self._outlets.get(name)
        if outlet is not None:
            outlet.presenter, outlet.display = presenter, display

    def finish(self) -> None:
        """Wait for presenters that are just stopping."""
        for outlet in self._outlets.values():
            if outlet.stopping is not None:
                outlet.stopping.join()
        self._ready.clear()

    def forget(self, name: str) -> None:
        """Leave a display alone from now on: its owner has stopped its presenter, and releases its target."""
        outlet = self._outlets.pop(name, None)
        self._had.pop(name, None)
        if outlet is not None:
            if outlet.stopping is not None:
                outlet.stopping.join()
            if outlet.presenter in self._ready:
                self._ready.remove(outlet.presenter)

    def close(self) -> None:
        """Let go of the desktop; every target has been released."""
        from engine.display.monitors import stop_desktop

        for name in list(self._outlets):
            self.forget(name)
        if self._has_desktop:
            self._has_desktop = False
            stop_desktop()

    def poll(self, now_ns: int) -> list[str]:
        """Hear what happened on the desktop and act on it; return the displays that are gone, closed by hand."""
        if not self._has_desktop:
            return []
        from engine.display.monitors import has_positions, monitors_revision
        from engine.display.window import Window, poll_desktop

        poll_desktop()
        for outlet in self._outlets.values():
            if isinstance(outlet.target, Window) and outlet.target.closed_by_hand and not outlet.is_closing:
                outlet.is_closing, outlet.wanted = True, Place("wait")
                self._closed_by_hand += 1
                self._notices.say("noted", f"display {outlet.name}", "its window was closed by hand; the show goes on")
        if self._revision != monitors_revision() or now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            if not self._look():
                self._see_windows()
            else:
                live = {name: outlet for name, outlet in self._outlets.items() if not outlet.is_closing}
                wishes = {name: outlet.display for name, outlet in live.items()}
                places = place(wishes, self._monitors, self._had, positions=has_positions())
                for name, outlet in live.items():
                    before = outlet.wanted or outlet.place
                    outlet.wanted = self._unless_moved_by_hand(outlet, places[name])
                    outlet.losses += before.kind == "window" and outlet.wanted.kind != "window"
        for outlet in list(self._outlets.values()):
            if outlet.wanted is not None:
                self._go(outlet, outlet.wanted)
        gone = [name for name, outlet in self._outlets.items() if outlet.is_closing and outlet.wanted is None]
        for name in gone:
            self.forget(name)
        return gone

    def start_ready(self) -> None:
        """Start the presenters that got another target, now that they are laid out and the GPU knows of it."""
        for presenter in self._ready:
            presenter.start()
        self._ready.clear()

    # One display ---------------------------------------------------------------------------------------------------

    def _go(self, outlet: Outlet, wanted: Place) -> None:
        """Bring a display a step nearer to where it is to go; what it has to wait for it awaits by coming again."""
        from engine.display.window import Window

        stays = wanted.is_like(outlet.place) and not outlet.is_closing
        if stays and not outlet.has_moved and outlet.stopping is None:
            outlet.wanted = None
            self._follow(outlet, wanted)
            return
        presenter = outlet.presenter
        if presenter in self._ready:
            self._ready.remove(presenter)
        elif self._threaded and presenter is not None and not isinstance(outlet.target, NoTarget):
            if outlet.stopping is None:
                # A presenter may wait half a second for a stage; the tick must not wait for that.
                outlet.stopping = threading.Thread(target=presenter.stop, name=f"{presenter.name} stops", daemon=True)
                outlet.stopping.start()
            if outlet.stopping.is_alive():
                return
            outlet.stopping = None
            if any(thread.name == presenter.name for thread in threading.enumerate()):
                # It hangs in the driver: nothing may be taken from under it, and no second one started beside it.
                self._notices.say("stopped", presenter.name, "its driver does not answer; start the show again")
                outlet.is_closing, outlet.wanted = True, None
                return
        has_moved, outlet.has_moved, outlet.wanted = outlet.has_moved, False, None
        if stays and has_moved and isinstance(outlet.target, Window) and outlet.seen_on is not None:
            outlet.target.keep_time_of(outlet.seen_on)
            outlet.status = f"on {outlet.seen_on}"
            self._notices.say("noted", f"display {outlet.name}", f"its window is {outlet.status} now")
        else:
            if isinstance(outlet.target, Window):
                outlet.target.release()
            outlet.target = NoTarget()
            if not outlet.is_closing:
                self._settle(outlet, wanted)
        if presenter is not None:
            presenter.move_to(outlet.target)
            if self._threaded and not isinstance(outlet.target, NoTarget):
                self._ready.append(presenter)

    def _settle(self, outlet: Outlet, wanted: Place) -> None:
        """Make the target of a place, where there is none yet, and say what there is to say."""
        from engine.display.window import DEEP_FORMAT, Window

        subject = f"display {outlet.name}"
        was_away = bool(outlet.place.said) and not outlet.place.monitor
        outlet.place = wanted
        outlet.status = f"on {wanted.monitor}" if wanted.monitor is not None else wanted.said or "a window"
        if wanted.said:
            self._notices.say("visible", subject, wanted.said)
        if wanted.kind == "offscreen":
            outlet.target = OffscreenTarget(self._gpu, outlet.name, outlet.size, outlet.display.depth_bits or 8)
        elif wanted.kind == "window":
            try:
                outlet.target = Window(
                    self._gpu, outlet.name, outlet.display, outlet.size, wanted.monitor, covers=wanted.covers
                )
            except Exception as error:  # whatever a driver says to one window, the others go on
                log.debug("%s failed", subject, exc_info=True)
                outlet.place = Place("offscreen")
                outlet.target = self._offscreen(outlet.name, outlet.size, f"{error}")
                outlet.status = "offscreen"
                return
            if outlet.display.depth_bits == 10 and outlet.target.format != DEEP_FORMAT:
                self._notices.say("visible", subject, "its surface offers no 10-bit colours; it shows 8 bits, dithered")
            if wanted.monitor is not None:
                self._had[outlet.name] = wanted.monitor
                if was_away:
                    again = "again" if outlet.losses else "now"
                    self._notices.say("noted", subject, f"its picture is on monitor {wanted.monitor.name} {again}")

    def _follow(self, outlet: Outlet, wanted: Place) -> None:
        """Keep a window on a monitor that has moved or changed its mode, and any window within sight."""
        from engine.display.window import Window

        monitor, before, target = wanted.monitor, outlet.place.monitor, outlet.target
        outlet.place = wanted
        if not isinstance(target, Window):
            return
        if monitor is None or before is None:
            if self._monitors and target.monitor is None:
                target.move_to(self._monitors[0].x, self._monitors[0].y)
            return
        self._had[outlet.name] = monitor
        if monitor != before:
            outlet.status = f"on {monitor}"
        if monitor.box != before.box:
            if wanted.covers:
                target.cover(monitor)
            else:
                target.move_by(monitor.x - before.x, monitor.y - before.y)

    def _unless_moved_by_hand(self, outlet: Outlet, wanted: Place) -> Place:
        """Let a window be that somebody had moved to another monitor than the one that is gone."""
        seen_on = outlet.seen_on
        if wanted.kind == "window" or seen_on is None or outlet.place.monitor is None or outlet.place.covers:
            return wanted
        is_elsewhere = not seen_on.is_same_as(outlet.place.monitor)
        return outlet.place if is_elsewhere and any(seen_on.is_same_as(other) for other in self._monitors) else wanted

    def _see_windows(self) -> None:
        from engine.display.window import Window

        for outlet in self._outlets.values():
            if isinstance(outlet.target, Window) and not outlet.place.covers:
                outlet.seen_on = seen_on = outlet.target.monitor
                if seen_on is not None and outlet.wanted is None and not outlet.target.keeps_time_of(seen_on):
                    outlet.has_moved, outlet.wanted = True, outlet.place

    def _offscreen(self, name: str, size: tuple[int, int], said: str) -> OffscreenTarget:
        self._notices.say("visible", f"display {name}", f"{said}; it goes on offscreen")
        return OffscreenTarget(self._gpu, name, size)

    # The desktop ---------------------------------------------------------------------------------------------------

    def _start_desktop(self) -> None:
        from engine.display.monitors import list_monitors, start_desktop

        if not self._has_desktop:
            start_desktop()
            self._has_desktop = True
            self._monitors = list_monitors()

    def _look(self) -> bool:
        """Look which monitors there are; return whether anything about them is other than it was."""
        from engine.display.monitors import list_monitors, monitors_revision

        self._revision = monitors_revision()
        try:
            monitors = list_monitors()
        except DisplayError:
            return False
        if monitors == self._monitors:
            return False
        self._monitors = monitors
        return True
