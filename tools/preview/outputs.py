"""The displays of a scene, the monitors of the desktop, which goes where, and how each fares; no window, no imgui."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.components import Display
from engine.display.hotplug import Place, place
from engine.errors import DisplayError
from engine.scene.defaults import with_defaults
from engine.scene.where import KeyPath
from systems.overlay import GATHER_NS, Rate
from systems.show import Show
from tools.preview.session import Session

if TYPE_CHECKING:
    from engine.display.monitors import Monitor

LOOK_S = 1.0
"""How often the desktop is asked for its monitors."""


@dataclass(frozen=True, slots=True)
class Output:
    """One display: its number in the scene's order, what the scene says of it, where it belongs, where it is."""

    number: int
    name: str
    display: Display
    place: Place
    where: str
    size: tuple[int, int]
    is_sent: bool = False

    @property
    def monitor(self) -> Monitor | None:
        """The monitor it belongs on, if the scene names one or lets it cover any."""
        return self.place.monitor if self.place.kind == "window" else None

    @property
    def is_absent(self) -> bool:
        """Whether the monitor that the scene wants is not to be had."""
        return bool(self.place.said) and self.place.monitor is None


@dataclass(frozen=True, slots=True)
class Figures:
    """How a display fares: presents a second, what it missed, and the delay of the slowest camera; None: not known."""

    rate_hz: float | None
    missed: int
    delay_ms: float | None


class Desktop:
    """The monitors, looked at every now and then.

    Thread: main. Blocks: 0.3 ms a look. Owns: nothing. Fails: never; without a desktop there are no monitors.
    """

    def __init__(self, *, exists: bool) -> None:
        self.exists = exists
        self.positions = True
        self.monitors: list[Monitor] = []
        self._looked_s = -LOOK_S

    def look(self, now_s: float) -> None:
        """Ask for the monitors, if that was long ago."""
        if not self.exists or now_s - self._looked_s < LOOK_S:
            return
        from engine.display.monitors import has_positions, list_monitors

        self._looked_s = now_s
        try:
            self.monitors, self.positions = list_monitors(), has_positions()
        except DisplayError:
            self.monitors = []


class Gauges:
    """Reads every display's counters four times a second, since more cannot be read by people."""

    def __init__(self) -> None:
        self.figures: dict[str, Figures] = {}
        self._rates: dict[str, Rate] = {}
        self._show: Show | None = None
        self._read_ns = 0

    def look(self, show: Show | None) -> None:
        """Read, if that was long ago; where time steps there is nothing to tell."""
        if show is not self._show:
            self._show, self._read_ns = show, 0
            self.figures, self._rates = {}, {}
        if show is None or show.clock.steps:
            return
        now_ns = show.clock.now_ns
        if now_ns - self._read_ns < GATHER_NS:
            return
        self._read_ns = now_ns
        for name, presenter in show.present.presenters.items():
            delays_ns = [span.last_ns for span in presenter.delays.values() if span.count]
            self.figures[name] = Figures(
                self._rates.setdefault(name, Rate()).of(now_ns, presenter.presents),
                presenter.missed,
                max(delays_ns) / 1e6 if delays_ns else None,
            )


def outputs_of(session: Session, show: Show | None, desktop: Desktop) -> list[Output]:
    """Return every display, in the scene's order."""
    if session.scene is None:
        return []
    scene = with_defaults(session.scene)
    displays = {
        name: part for name, parts in scene.entities.items() for part in parts.values() if isinstance(part, Display)
    }
    places: dict[str, Place] = dict.fromkeys(displays, Place("offscreen"))
    if desktop.exists:
        windows = {name: display for name, display in displays.items() if display.kind == "window"}
        places |= place(windows, desktop.monitors, {}, positions=desktop.positions)
    presenters = show.present.presenters if show is not None else {}
    found = []
    for number, (name, display) in enumerate(displays.items(), 1):
        presenter = presenters.get(name)
        size = presenter.target.size if presenter is not None else (display.width, display.height)
        status = show.present.hotplug.status(name) if show is not None else ""
        is_sent = bool(presenter is not None and presenter.taps)
        found.append(Output(number, name, display, places[name], status or _belongs(places[name]), size, is_sent))
    return found


def _belongs(where: Place) -> str:
    """Say where a display belongs whose window is not open."""
    if where.monitor is not None:
        return f"for {where.monitor.name}"
    return where.said or {"window": "a window", "offscreen": "offscreen", "wait": "waits"}[where.kind]


def name_of(monitor: Monitor, monitors: Sequence[Monitor]) -> str:
    """Return what a scene calls this monitor and no other of them: its name, else what it says of itself."""
    from engine.display.monitors import matching

    names = [monitor.name, f"serial:{monitor.serial}", f"edid:{monitor.edid}"]
    own = (name for name in names if not name.endswith(":") and matching(name, monitors) == [monitor])
    return next(own, f"at:{monitor.x},{monitor.y}")


def put_on(session: Session, output: Output, monitor: Monitor, outputs: Sequence[Output], desktop: Desktop) -> None:
    """Let a display cover a monitor; where another covers it already, be a window there."""
    is_covered = any(each.monitor == monitor and each.place.covers for each in outputs if each.name != output.name)
    name = name_of(monitor, desktop.monitors)
    values: dict[str, Any] = {"monitor": name, "fullscreen": not is_covered}
    if output.display.kind != "window":
        values["kind"] = "window"
    _say(session, output, f"put {output.name} on {monitor.name}", values)


def set_free(session: Session, output: Output) -> None:
    """Let a display be a window that the desktop puts where it likes."""
    values = {"monitor": "", "fullscreen": False}
    said = {field: value for field, value in values.items() if getattr(output.display, field) != value}
    if said:
        _say(session, output, f"take {output.name} from its monitor", said)


def _say(session: Session, output: Output, label: str, values: Mapping[str, Any]) -> None:
    """Write values of a display: one step. What is at its default again is taken out."""
    defaults = Display()
    written: dict[KeyPath, Any] = {}
    for field, value in values.items():
        path = (output.name, "display", field)
        if value != getattr(defaults, field) or session.is_included(path):
            written[path] = value
        elif session.is_said(path):
            written[path] = None
    session.set_several(label, written)
