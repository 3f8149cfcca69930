"""Overlay: what those who run the show want to know of it, gathered four times a second. Present calls it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from engine.components import Camera, Layer, Mask, Place, Stage
from engine.display.facts import CameraFacts, DisplayFacts, Facts, MaskFacts, Message
from engine.display.outline import Person
from engine.display.overlay import OverlayPainter, Painting
from engine.display.presenter import Presenter
from engine.geometry import Vector, stored_box
from engine.gpu.planes import Planes
from engine.gpu.quads import UNPLACED, lay_picture
from engine.gpu.stage import StageImage
from engine.gpu.tiles import GUIDED, KEY
from engine.media.feed import Feed
from engine.notices import Notices, log
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.trace import Trace
from engine.world import World
from systems.capture import Captured
from systems.inference import Inferred, Shown
from systems.lighting import masked_entity
from systems.masks import Matte
from systems.viewpoint import viewpoint_shift

GATHER_NS = 250_000_000
"""Figures that change faster than this cannot be read."""

RATE_GATHERINGS = 8
"""Rates are counted over two seconds: over one, 30 Hz is now 29 and now 31, by when the second happens to begin."""

KEPT_TICKS = 128
KEPT_PRESENTS = 48
LATELY_NS = 5_000_000_000


class Rate:
    """How often something happens, from its counter read now and then."""

    def __init__(self) -> None:
        self._read: deque[tuple[int, int]] = deque(maxlen=RATE_GATHERINGS + 1)

    def of(self, now_ns: int, count: int) -> float | None:
        """Read the counter; return the rate, or None as long as too little is known."""
        if self._read and count < self._read[-1][1]:
            self._read.clear()  # another counter: a camera that was opened anew
        self._read.append((now_ns, count))
        then_ns, then = self._read[0]
        return (count - then) * 1e9 / (now_ns - then_ns) if now_ns - then_ns >= 2 * GATHER_NS else None


class Overlays:
    """Samples the show at every tick, gathers facts at every eighth or so, and has the overlays painted.

    A worker paints them; where time steps, this thread does, and durations are left out: they would differ each time.
    With no overlay in the scene a tick costs nothing.

    Thread: main; of what other threads write it reads only counters and the newest of a span's durations.
    Blocks: never. Owns: the painter. Fails: never.

    Reads: Overlay, Camera, Captured, Mask, Inferred, Matte, Layer, Place, Shown. Writes: nothing.
    """

    def __init__(self, world: World, stage: StageImage, clock: Clock, notices: Notices, trace: Trace) -> None:
        self._world = world
        self._stage = stage
        self._clock = clock
        self._notices = notices
        self._trace = trace
        self._painter = OverlayPainter(notices, trace)
        self._painting = False
        self._tick_span = trace.span("tick")
        self._revision = -1
        self._bodies: list[_Body] = []
        self._gathered_ns: int | None = None
        self._ticks = 0
        self._tick_ms: deque[float] = deque(maxlen=KEPT_TICKS)
        self._presents: dict[str, _Presents] = {}
        self._rates: dict[tuple[str, str], Rate] = {}
        self._missed = 0
        self._misses: deque[tuple[int, int]] = deque(maxlen=64)  # when, and how many
        self._said: dict[tuple[str, str], tuple[int, int]] = {}  # of each notice: its count, and when that was new

    def process(self, tick: Tick, presenters: Sequence[Presenter], missed: int) -> None:
        """Sample, and where it is time gather; `missed` deadlines so far. What goes wrong costs the overlays alone."""
        try:
            self._count_missed(tick, missed)
            self._process(tick, presenters)
        except Exception as error:
            log.debug("the overlays failed", exc_info=True)
            self._notices.say("noted", "overlays", f"{type(error).__name__}: {error}")

    def _process(self, tick: Tick, presenters: Sequence[Presenter]) -> None:
        self._ticks += 1
        if any(presenter.outline.wanted for presenter in presenters):
            self._outline(tick, presenters)
        carriers = [presenter.overlay for presenter in presenters if presenter.overlay.overlay is not None]
        if not carriers:
            return
        steps, now_ns = self._clock.steps, tick.now_ns
        for presenter in presenters:
            if presenter.name not in self._presents:
                self._presents[presenter.name] = _Presents(self._trace, presenter)
            self._presents[presenter.name].sample(presenter, timed=not steps)
        if not steps:
            self._tick_ms.append(self._tick_span.last_ns / 1e6)
        if self._gathered_ns is not None and 0 <= now_ns - self._gathered_ns < GATHER_NS - tick.step_ns // 2:
            return
        canvases = tuple((carrier, canvas) for carrier in carriers if (canvas := carrier.begin()) is not None)
        if not canvases:
            return
        self._gathered_ns = now_ns
        painting = Painting(self._gather(tick, presenters), canvases)
        if steps:
            self._painter.paint(painting)
            return
        if not self._painting:
            self._painting = True
            self._painter.start()
        self._painter.put(painting)

    def stop(self) -> None:
        """Stop painting; what is shown stays."""
        if self._painting:
            self._painting = False
            self._painter.stop()

    def _count_missed(self, tick: Tick, missed: int) -> None:
        if missed != self._missed:
            self._misses.append((tick.now_ns, missed - self._missed))
            self._missed = missed

    def _gather(self, tick: Tick, presenters: Sequence[Presenter]) -> Facts:
        world, now_ns = self._world, tick.now_ns
        wanted_hz = next((stage.rate_hz for _, (stage,) in world.each(Stage)), Stage().rate_hz)
        return Facts(
            rate_hz=self._rate("tick", "", now_ns, self._ticks),
            wanted_hz=wanted_hz,
            missed=self._missed,
            missed_lately=sum(count for then_ns, count in self._misses if now_ns - then_ns < LATELY_NS),
            tick_ms=tuple(self._tick_ms),
            stepping=self._clock.steps,
            displays=tuple(self._display(presenter, now_ns) for presenter in presenters),
            cameras=tuple(
                self._camera(world.name(entity), captured, captured.feed, now_ns)
                for entity, (_, captured, shown) in world.each(Camera, Captured, Shown)
                if captured.feed is not None and (captured.feed.status == "lost" or not _is_still(shown.planes))
            ),
            masks=tuple(
                self._mask(world.name(entity), matte, inferred)
                for entity, (_, matte, inferred) in world.each(Mask, Matte, Inferred)
            ),
            messages=tuple(self._messages(now_ns)),
        )

    def _rate(self, kind: str, name: str, now_ns: int, count: int) -> float | None:
        return self._rates.setdefault((kind, name), Rate()).of(now_ns, count)

    def _display(self, presenter: Presenter, now_ns: int) -> DisplayFacts:
        name = presenter.name.removeprefix("display ")
        presents = self._presents[presenter.name]
        delays_ms = sorted(presents.delay_ms)
        return DisplayFacts(
            name,
            self._rate("display", name, now_ns, presenter.presents),
            delays_ms[len(delays_ms) // 2] if delays_ms else None,
            tuple(presents.draw_ms),
            presenter.missed,
            0 in presenter.target.size,
        )

    def _camera(self, name: str, captured: Captured, feed: Feed, now_ns: int) -> CameraFacts:
        return CameraFacts(name, feed.status, self._rate("camera", name, now_ns, captured.taken), feed.dropped)

    def _mask(self, name: str, matte: Matte, inferred: Inferred) -> MaskFacts:
        if matte.kind != GUIDED:
            return MaskFacts(name, "key" if matte.kind == KEY else "truth")
        model, answer = inferred.model, inferred.answer
        if model is None:
            return MaskFacts(name, "no model")
        segmenter = model.segmenter
        lighter = segmenter.lighter
        by, provider, spared = lighter or segmenter.name, segmenter.provider, bool(lighter)
        if answer is None:
            return MaskFacts(name, by, provider, spared=spared)
        age_ms = (self._clock.now_ns - answer.captured_ns) / 1e6
        moved = matte.moved if matte.moves else None
        return MaskFacts(name, by, provider, answer.confidence, age_ms, moved, spared)

    def _messages(self, now_ns: int) -> list[Message]:
        """Every notice, those of what is off the air first, then the newest."""
        found = []
        for notice in self._notices.all():
            key, count = (notice.subject, notice.text), notice.count
            said = self._said.get(key)
            if said is None or said[0] != count:
                said = self._said[key] = (count, now_ns)
            found.append(Message(notice.severity, *key, count, (now_ns - said[1]) / 1e9))
        found.reverse()
        found.sort(key=lambda message: (message.severity != "stopped", message.age_s))
        return found

    def _outline(self, tick: Tick, presenters: Sequence[Presenter]) -> None:
        """Tell the displays that show outlines where everybody is."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._bodies = list(self._find_bodies())
        shift = viewpoint_shift(self._world, tick.now_ns)
        people = tuple(person for body in self._bodies if (person := body.at(self._world, self._stage, shift)))
        for presenter in presenters:
            if presenter.outline.wanted:
                presenter.outline.people = people

    def _find_bodies(self) -> Iterator[_Body]:
        world = self._world
        for entity, (layer,) in world.each(Layer):
            masked = None if layer.camera or not layer.visible else masked_entity(world, entity)
            mask = world.get(masked, Mask) if masked is not None else None
            if masked is not None and mask is not None:
                camera = world.entity(mask.camera) if mask.camera else masked
                if camera is not None:
                    yield _Body(masked, camera, world.get(entity, Place) or UNPLACED)


class _Presents:
    """The newest presents of one display."""

    def __init__(self, trace: Trace, presenter: Presenter) -> None:
        self._span = trace.span(presenter.name)
        self._seen = 0
        self.draw_ms: deque[float] = deque(maxlen=KEPT_PRESENTS)
        self.delay_ms: deque[float] = deque(maxlen=KEPT_PRESENTS)

    def sample(self, presenter: Presenter, *, timed: bool) -> None:
        """Look at the last present, if it is another than before; its delay is that of the slowest camera."""
        if presenter.presents == self._seen:
            return
        self._seen = presenter.presents
        if timed:
            self.draw_ms.append(self._span.last_ns / 1e6)
        delays = list(presenter.delays.values())
        if delays:
            self.delay_ms.append(max(span.last_ns for span in delays) / 1e6)


class _Body:
    """One person on the stage."""

    def __init__(self, mask: int, camera: int, place: Place) -> None:
        self._mask = mask
        self._camera = camera
        self._place = place
        self._laid: Any = None
        self._person: Person | None = None

    def at(self, world: World, stage: StageImage, shift: Vector) -> Person | None:
        """Return the person as drawn with this shift of the viewpoint, or None where there is no silhouette yet."""
        shown, matte = world.get(self._camera, Shown), world.get(self._mask, Matte)
        silhouette = matte.silhouette if matte is not None else None
        if shown is None or shown.planes is None or silhouette is None:
            return None
        planes, place = shown.planes, self._place
        laid = (
            silhouette, planes.version, planes.upright_size, planes.quarter_turns, planes.mirrored,
            shift if place.depth else None, (place.x, place.y, place.scale, place.rotate, place.depth, place.crop),
        )  # fmt: skip
        if laid != self._laid:
            self._laid = laid
            crop = stored_box(place.crop, planes.quarter_turns, planes.mirrored != place.mirror)
            self._person = Person(silhouette.textures, lay_picture(stage.size, planes, place, shift), *crop)
        return self._person


def _is_still(planes: Planes | None) -> bool:
    return planes is not None and planes.still
