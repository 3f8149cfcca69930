"""Inference: pictures to the models, masks back, and which picture each camera shows, with which mask."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from engine.component import state
from engine.components import Camera, Key, Mask, Stage
from engine.components.mask import decide, edge_of
from engine.errors import ShowError
from engine.gpu.device import Gpu
from engine.gpu.planes import Planes
from engine.media.feed import Feed
from engine.media.picture import Picture
from engine.models.place import open_runner
from engine.models.runtime import installed_providers
from engine.models.store import Store
from engine.models.tidy import Tidying
from engine.models.worker import Answer, ModelWorker
from engine.notices import Notices
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.trace import Span, Trace
from engine.world import World
from systems.capture import Captured

MOST_WAITING = 3
"""Pictures held back for their masks; a camera has seven slots, and the others are needed to keep it running."""

CORES_PER_CONTEXT = 2
"""On a CPU each camera has its model to itself where the machine has so many cores for each.

Two cameras then wait 4.4 ms for their masks instead of 7.3, for the same work (`scrim bench server`, which also shows
that batches bring nothing there). On a GPU a second context only takes memory.
"""

FASTEST = 0.9
"""Of a tick's interval: a camera whose pictures last less gives more of them than ticks can take."""


class Wanted(NamedTuple):
    """A model file, the best on this machine where that is empty, and what is to run it."""

    file: str
    provider: str
    run: str = "thread"
    corrected_by: str = ""
    correct_every: int = 0
    edges: bool = False
    camera: str = ""  # only where a camera has a context of its own

    def __str__(self) -> str:
        provider = "" if self.provider == "auto" else f" on {self.provider}"
        where = {"thread": "", "process": " in a process"}.get(self.run, f" at {self.run}")
        corrected = f", corrected by {self.corrected_by}" if self.corrected_by else ""
        camera = f" for {self.camera}" if self.camera else ""
        return f"{self.file}{provider}{where}{camera}{corrected}"


def who_decides(world: World, entity: int, mask: Mask) -> Literal["key", "neural", "truth"]:
    """Return who decides what is person in the camera that a mask cuts out."""
    camera = world.entity(mask.camera) if mask.camera else entity
    seen = world.get(camera, Camera) if camera is not None else None
    return decide(mask, seen, world.get(entity, Key) is not None)


def tidying_of(mask: Mask) -> Tidying:
    """Return what is too small to be true in a mask."""
    least, most = edge_of(mask)
    return Tidying(mask.fill_holes, mask.drop_specks, 255.0 * least, 255.0 * most)


@state(Camera)
class Shown:
    """The picture of a camera that this tick draws, on the GPU. Written by Inference."""

    planes: Planes | None = None
    picture: Picture | None = None  # held until the next one is shown
    changed: bool = False  # whether it became the shown one in this tick
    waiting: list[Picture] = field(default_factory=list)  # held, oldest first
    count: int = 0  # pictures shown so far
    unaligned: int = 0  # pictures shown without their own mask, because it came too late


@state(Mask)
class Inferred:
    """The newest answer of a neural mask's model. Written by Inference."""

    camera: int | None = None
    model: ModelWorker | None = None
    answer: Answer | None = None  # held until the next one comes
    fresh: bool = False  # whether it came in this tick
    late: Span | None = None  # how much older than the pictures shown the pictures of their masks were


class Way:
    """Where the time of a camera's pictures goes before they are drawn: spans that a report names one after another."""

    def __init__(self, camera: str, trace: Trace) -> None:
        self._capture = trace.span(f"{camera}: capture to delivery")
        self._hand_over = trace.span(f"{camera}: delivery to model")
        self._inference = trace.span(f"{camera}: model to mask")
        self._wait = trace.span(f"{camera}: wait for a tick")

    def add(self, picture: Picture) -> None:
        """Add what one picture's stamps say; it is about to be drawn."""
        self._capture.add(picture.delivered_ns - picture.captured_ns)
        if picture.asked_ns:
            self._hand_over.add(max(0, picture.asked_ns - picture.delivered_ns))
            if picture.answered_ns:
                self._inference.add(picture.answered_ns - picture.asked_ns)
        self._wait.add(picture.shown_ns - picture.ready_ns)


class Inference:
    """Has each new picture handed to each model that wants it, once, and never waits for an answer.

    Then it decides which picture each camera shows: the newest, or, for aligned masks, the newest whose mask is there.

    Reads: Camera, Mask, Key, Captured. Writes: Shown, Inferred. Sends: pictures to the model workers.
    """

    def __init__(self, world: World, gpu: Gpu, clock: Clock, notices: Notices, trace: Trace, threads: int = 1) -> None:
        self._world = world
        self._gpu = gpu
        self._clock = clock
        self._notices = notices
        self._trace = trace
        self._threads = threads
        self._apart = False  # whether each camera has a context of its own
        self._upload_span = trace.span("upload")
        self._ways: dict[str, Way] = {}  # by camera
        self._revision = -1
        self._models: dict[Wanted, ModelWorker] = {}
        self._loading: set[Wanted] = set()
        self._refused: set[Wanted] = set()
        self._asked: dict[int, dict[ModelWorker, list[Inferred]]] = {}  # by camera
        self._anew: set[int] = set()  # cameras whose masks have changed: a still gives no other picture to ask about
        self._early: dict[tuple[ModelWorker, int], Answer] = {}  # answers to pictures that no tick has seen yet
        self._patience_ns: dict[int, int] = {}  # cameras with aligned masks, and how long a picture may wait

    @property
    def models(self) -> dict[str, ModelWorker]:
        """The models at work, by file, and by provider where one was asked for."""
        return {
            str(wanted if wanted.file else wanted._replace(file=str(model.segmenter.path))): model
            for wanted, model in self._models.items()
        }

    def models_of(self, camera: int) -> list[ModelWorker]:
        """Return the models that look at a camera's pictures."""
        return list(self._asked.get(camera, ()))

    def open(self) -> None:
        """Open every model: before the show is on air, so that a bad one stops it."""
        cameras = {
            mask.camera or self._world.name(entity)
            for entity, (mask,) in self._world.each(Mask)
            if who_decides(self._world, entity, mask) == "neural"
        }
        self._apart = 1 < len(cameras) <= (os.cpu_count() or 1) // CORES_PER_CONTEXT
        for wanted in self._wanted():
            self._models[wanted] = self._load(wanted)

    def process(self, tick: Tick) -> None:
        """Submit, collect, and choose what is shown."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        for entity, (captured, shown) in self._world.each(Captured, Shown):
            anew = entity in self._anew
            picture = captured.newest if captured.arrived or anew else None
            if picture is not None and picture.asked_ns and not anew:
                picture = None  # the models got it when it came
            if picture is not None:
                self._anew.discard(entity)
            for model, masks in self._asked.get(entity, {}).items():
                self._deliver(self._ask(model, entity, captured, picture), masks)
            self._choose(entity, captured, shown, tick)
            if shown.changed and shown.picture is not None:
                self._compare(entity, shown.picture)

    def close(self) -> None:
        """Stop the models and release every picture."""
        for _, (captured,) in self._world.each(Captured):
            if captured.feed is not None:
                captured.feed.readers = ()
        for model in self._models.values():
            model.stop()
        for early in self._early.values():
            early.release()
        self._early.clear()
        for _, (inferred,) in self._world.each(Inferred):
            if inferred.answer is not None:
                inferred.answer.release()
                inferred.answer = None
        for _, (shown,) in self._world.each(Shown):
            for picture in (*shown.waiting, shown.picture):
                if picture is not None:
                    picture.release()
            shown.waiting.clear()
            shown.picture = None

    def _ask(self, model: ModelWorker, camera: int, captured: Captured, picture: Picture | None) -> Answer | None:
        """Hand over a picture, if there is one to; return the newest answer to a picture that a tick has seen."""
        if picture is not None:
            picture.retain()
            if self._clock.steps:
                return model.infer_now(camera, picture)
            model.submit(camera, picture)
        answer, early = model.answers(camera), self._early.pop((model, camera), None)
        if answer is None:
            answer = early
        elif early is not None:
            early.release()
        if answer is not None and captured.newest is not None and answer.sequence > captured.newest.sequence:
            self._early[model, camera] = answer  # its picture came after Capture looked: both are for the next tick
            return None
        return answer

    def _deliver(self, answer: Answer | None, masks: list[Inferred]) -> None:
        """Give an answer to every mask that asked for it; each holds it once."""
        for mask in masks:
            mask.fresh = answer is not None
            if answer is not None:
                answer.retain()
                if mask.answer is not None:
                    mask.answer.release()
                mask.answer = answer
        if answer is not None:
            answer.release()

    def _choose(self, entity: int, captured: Captured, shown: Shown, tick: Tick) -> None:
        shown.changed = False
        patience_ns = self._patience_ns.get(entity)
        if captured.arrived and captured.newest is not None:
            captured.newest.retain()
            shown.waiting.append(captured.newest)
        if not shown.waiting:
            return
        chosen = len(shown.waiting) - 1
        if patience_ns is not None:
            asking = [mask for masks in self._asked[entity].values() for mask in masks]
            answered = min(mask.answer.sequence if mask.answer else 0 for mask in asking)
            ready = [i for i, picture in enumerate(shown.waiting) if picture.sequence <= answered]
            if ready:
                chosen = ready[-1]
            elif shown.picture is not None:
                if tick.now_ns - shown.waiting[0].captured_ns <= patience_ns:
                    if len(shown.waiting) > MOST_WAITING:
                        # The first is with the model; the second was displaced there and will get no mask.
                        shown.waiting.pop(1).release()
                    return
                shown.unaligned += 1
        self._show(shown, chosen, self._world.name(entity))

    def _show(self, shown: Shown, chosen: int, name: str) -> None:
        """Upload one of the waiting pictures, and let go of it, those before it, and the one shown so far."""
        picture = shown.waiting[chosen]
        for older in shown.waiting[:chosen]:
            older.release()
        del shown.waiting[: chosen + 1]
        if shown.planes is None:
            shown.planes = Planes(self._gpu, name)
        if shown.picture is not None:
            shown.picture.release()
        shown.picture = picture
        picture.shown_ns = self._clock.now_ns
        if picture.delivered_ns:
            self._way(name).add(picture)
        with self._upload_span:
            shown.planes.upload(picture)
        shown.changed = True
        shown.count += 1

    def _compare(self, camera: int, picture: Picture) -> None:
        """Add up how much older than a picture that is about to be drawn its masks are."""
        for masks in self._asked.get(camera, {}).values():
            for mask in masks:
                if mask.answer is not None and mask.late is not None:
                    mask.late.add(picture.captured_ns - mask.answer.captured_ns)

    def _way(self, name: str) -> Way:
        if name not in self._ways:
            self._ways[name] = Way(name, self._trace)
        return self._ways[name]

    def _wanted(self) -> set[Wanted]:
        wanted = {
            self._want(entity, mask)
            for entity, (mask,) in self._world.each(Mask)
            if who_decides(self._world, entity, mask) == "neural"
        }
        return wanted - self._refused

    def _want(self, entity: int, mask: Mask) -> Wanted:
        """Return what a neural mask wants; on a server each camera has its own calls, so that batches form there."""
        apart = "://" in mask.run or (self._apart and mask.run == "thread" and installed_providers() == ["cpu"])
        every = mask.correct_every if mask.corrected_by else 0
        camera = (mask.camera or self._world.name(entity)) if apart else ""
        # Where a software GPU needs the cores, it costs: of hello.toml's ticks a tenth, on two of them.
        has_time = self._clock.steps or not self._gpu.is_software
        edges = mask.edges == "network" or (mask.edges == "auto" and has_time)
        return Wanted(mask.model, mask.provider, mask.run, mask.corrected_by, every, edges, camera)

    def _load(self, wanted: Wanted) -> ModelWorker:
        path = Path(wanted.file) if wanted.file else Store().best()
        segmenter = open_runner(
            path,
            self._notices,
            run=wanted.run,
            corrected_by=wanted.corrected_by,
            correct_every=wanted.correct_every,
            provider=wanted.provider,
            threads=1 if wanted.camera else self._threads,
            edges=wanted.edges,
            inline=self._clock.steps,
        )
        name = f"model {segmenter.name}" + (f" for {wanted.camera}" if wanted.camera else "")
        model = ModelWorker(segmenter, self._clock, self._trace, self._notices, name=name)
        if not self._clock.steps:
            model.start()
        return model

    def _load_on_air(self, wanted: Wanted) -> None:
        """Open a model beside the running show; the world's next change or `_reconcile` picks it up."""
        try:
            self._models[wanted] = self._load(wanted)
        except ShowError as error:
            self._refused.add(wanted)
            self._notices.say("visible", "inference", f"{error}; what found people before goes on")
        finally:
            self._loading.discard(wanted)
            self._revision = -1

    def _reconcile(self) -> None:
        """Work out again who asks which model, and which cameras wait for masks."""
        for wanted in self._wanted() - self._models.keys() - self._loading:
            self._loading.add(wanted)
            threading.Thread(target=self._load_on_air, args=(wanted,), name=f"loading {wanted}", daemon=True).start()
        asked: dict[int, dict[ModelWorker, list[Inferred]]] = {}
        tidying: dict[tuple[ModelWorker, int], Tidying] = {}
        self._patience_ns.clear()
        for entity, (mask, inferred) in self._world.each(Mask, Inferred):
            inferred.fresh = False  # of a mask that asks no model nobody says so any more
            camera = self._world.entity(mask.camera) if mask.camera else entity
            if who_decides(self._world, entity, mask) != "neural" or camera is None:
                inferred.model = None
                continue
            inferred.camera = camera
            model = self._models.get(self._want(entity, mask)) or inferred.model
            if model is None:
                continue  # it is still being loaded, or was refused, and there was none before
            inferred.model = model
            own = tidying_of(mask)
            tidying[model, camera] = tidying[model, camera].joined(own) if (model, camera) in tidying else own
            inferred.late = inferred.late or self._trace.span(f"{self._world.name(entity)}: mask older than picture")
            asked.setdefault(camera, {}).setdefault(model, []).append(inferred)
            if mask.align == "aligned":
                patience_ns = int(mask.max_delay_ms * 1e6)
                self._patience_ns[camera] = min(patience_ns, self._patience_ns.get(camera, patience_ns))
        for (model, camera), together in tidying.items():
            news = model.join(camera, self._world.name(camera), together)
            if news or any(inferred.answer is None for inferred in asked[camera][model]):
                self._anew.add(camera)
        self._asked = asked
        for entity, (captured,) in self._world.each(Captured):
            if captured.feed is not None and not self._clock.steps:
                captured.feed.readers = self._readers(entity, captured.feed)

    def _readers(self, camera: int, feed: Feed) -> tuple[Callable[[Picture], None], ...]:
        """Return what hands a camera's pictures to its models the moment they come, rather than at the next tick.

        A picture is then shown, with its mask, at the first tick after its answer; handed over by a tick it would wait
        for two, whatever the model takes (at 30 Hz: 33 ms more). Not for a camera faster than the show: ticks leave out
        many of its pictures, and each would cost an inference.
        """
        tick_ns = min((1e9 / stage.rate_hz for _, (stage,) in self._world.each(Stage)), default=0.0)

        def hand_over(picture: Picture, model: ModelWorker) -> None:
            if feed.interval_ns >= FASTEST * tick_ns:
                picture.retain()
                model.submit(camera, picture)

        return tuple(partial(hand_over, model=model) for model in self._asked.get(camera, ()))
