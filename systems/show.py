"""A show: world, resources, systems and displays put together, and taken down in reverse."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from engine.component import snake_case
from engine.components import Stage
from engine.errors import Mistake, SceneError, ShaderError
from engine.gpu.device import Gpu, open_gpu
from engine.gpu.passes import Passes
from engine.gpu.reload import ShaderWatcher
from engine.gpu.shader import Shaders
from engine.gpu.stage import StageImage
from engine.gpu.uniforms import Uniforms
from engine.loop import Loop
from engine.notices import Notices, log
from engine.scene.defaults import with_defaults
from engine.scene.load import Scene
from engine.scene.reload import SceneWatcher, apply_scene
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.timing.pacing import TickPace
from engine.timing.phase import TickPhase
from engine.timing.record import Lane, TimingLog
from engine.trace import Trace
from engine.world import System, World
from systems import ORDER
from systems.capture import Capture, Captured
from systems.composite import Composite
from systems.cues import Cues
from systems.grading import Grading
from systems.inference import Inference, Shown
from systems.keyframes import Keyframes
from systems.layers import Layers
from systems.lighting import Lighting
from systems.masks import Masks, Matte
from systems.particles import Particles
from systems.present import Present
from systems.viewpoint import Viewpoint

SWITCH_INTERVAL_S = 0.0005
"""How long a thread may keep the interpreter: at the default 5 ms, waking beside a busy thread takes 5 ms."""

REHEARSAL_NS = 3_000_000_000
"""How long going on air may be held up by a camera or a mask that does not come; the show then starts without it."""


class Show:
    """One running show. `headless`: without windows; without `sends`: the scene's streams are left alone.

    Thread: main. Blocks: `open` while devices, models and cameras are opened; `close` until every worker ended.
    Owns: everything. Fails: ShowError from `open`, before any window opens; once open, never.
    """

    def __init__(
        self, scene: Scene, clock: Clock, *, headless: bool = False, sends: bool = True, gpu: Gpu | None = None
    ) -> None:
        self._written = scene  # as its file has it
        self.scene = with_defaults(scene)
        self.clock = clock
        self.headless = headless
        self.sends = sends
        self.notices = Notices()
        self.trace = Trace()
        self.world = World()
        self.stopping = False
        self._gpu = gpu
        self.shader_mistakes: tuple[Mistake, ...] = ()
        """What is wrong in shaders that were saved; those that were before are on air."""
        self._watcher: SceneWatcher | None = None
        self._shader_watcher: ShaderWatcher | None = None
        self._each_tick: Callable[[Tick], None] | None = None
        self._log: TimingLog | None = None
        self._log_lane: Lane | None = None
        self._python_span = self.trace.span("tick python")

    def open(self) -> None:
        """Open everything that can fail, then the displays."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        apply_scene(self.world, None, self.scene)
        ((_, (self.stage,)),) = self.world.each(Stage)
        self.gpu = self._gpu or open_gpu()
        shaders = Shaders(self.gpu)
        uniforms = Uniforms(self.gpu)
        self.passes = Passes(self.gpu, shaders, uniforms)
        self.stage_image = StageImage(self.gpu, self.stage)
        self._frame = uniforms.frame(shaders.struct("layer.wgsl", "Frame"))
        self._frame["size"] = self.stage_image.size

        world, passes, stage, clock = self.world, self.passes, self.stage_image, self.clock
        threads = max(1, min(4, (os.cpu_count() or 2) // 2))
        self.capture = Capture(world, clock, self.notices, self.trace)
        self.inference = Inference(world, self.gpu, clock, self.notices, self.trace, threads)
        self.lighting = Lighting(world, passes, stage, self.notices)
        self.particles = Particles(world, passes, stage)
        self.cues = Cues(world)
        self.layers = Layers(world, passes, stage, self.cues, self.notices)
        self.grading = Grading(world, passes, self.notices)
        self.present = Present(
            world,
            passes,
            stage,
            clock,
            self.notices,
            self.trace,
            self.grading,
            headless=self.headless,
            sends=self.sends,
        )
        systems: dict[str, System] = {
            "keyframes": Keyframes(world),
            "cues": self.cues,
            "grading": self.grading,
            "capture": self.capture,
            "inference": self.inference,
            "masks": Masks(world, passes, clock, self.notices, stage.size),
            "viewpoint": Viewpoint(world, self.gpu, clock),
            "lighting": self.lighting,
            "particles": self.particles,
            "layers": self.layers,
            "composite": Composite(passes, stage, self.layers, self.lighting, self.cues),
            "present": self.present,
        }
        for name in ORDER:
            world.add_system(systems[name], name, self.trace.span(name), self.notices)
        self.loop = Loop(clock, self.stage.rate_hz, self.turn, self.trace)
        self._phase = TickPhase(self.stage.rate_hz)
        self.present.lag = lambda: self.loop.lag
        try:
            self.inference.open()
            self.capture.open()
            self.lighting.open()
            self.layers.open()
            self.grading.open()
            self.present.open()
            self._rehearse()
        except BaseException:
            self.close()
            raise

    def run(
        self,
        seconds: float | None = None,
        each_tick: Callable[[Tick], None] | None = None,
        between: Callable[[], None] | None = None,
    ) -> None:
        """Go on air, and stay there until stopped or for `seconds`.

        `each_tick` is called at the end of every tick and counts as part of it, `between` before the wait for the next.
        """
        self._each_tick = each_tick

        def stopped() -> bool:
            if between is not None:
                between()
            return self.stopping

        # A full collection takes 9 ms; frozen, what was loaded is never looked at again.
        gc.collect()
        gc.freeze()
        gc.disable()
        try:
            self.loop.run(stopped, seconds)
        finally:
            gc.enable()
            gc.unfreeze()

    def watch(self, overrides: Sequence[str]) -> None:
        """Reload the scene, and the shaders, whenever one of their files changes."""
        self._watcher = SceneWatcher(self._written, overrides, self.notices)
        self._watcher.start()
        self.watch_shaders()

    def watch_shaders(self) -> None:
        """Compile shaders again whenever one of their files changes."""
        self._shader_watcher = ShaderWatcher(self.passes, self.notices)
        self._shader_watcher.start()

    def take_over(self, scene: Scene) -> bool:
        """Become another scene from the next tick on; return whether it could. What does not differ stays as it is."""
        scene = with_defaults(scene)
        try:
            apply_scene(self.world, self.scene, scene)
        except Exception as error:
            log.exception("the changed scene cannot be taken over")
            self.notices.say("visible", "scene", f"{type(error).__name__}: {error}; start the show again")
            return False
        self.scene = scene
        ((_, (stage,)), *_) = self.world.each(Stage) or ((0, (self.stage,)),)
        if stage != self.stage:
            self.notices.say("noted", "scene", "the stage's new size, rate or format needs a restart")
        return True

    def take_shaders(self) -> bool:
        """Draw with shaders that were saved, from the next tick on; return whether there are any."""
        saved = self._shader_watcher.changes.take() if self._shader_watcher is not None else None
        if saved is None:
            return False
        mistakes = list(saved.mistakes)
        for compiled in saved.compiled:
            try:
                self.passes.take_over(compiled)
            except ShaderError as error:
                mistakes.append(error.mistake)
            else:
                log.info("shader %s: taken over as it is now", compiled.shader)
        for mistake in mistakes:
            self.notices.say("noted", "shader", f"{mistake} (what is on air stays)")
        self.shader_mistakes = tuple(mistakes)
        if saved.compiled:
            self.world.revision += 1  # so that nothing is kept that was drawn with the old ones
        return bool(saved.compiled)

    def change(self, entity: str, part: object) -> None:
        """Give an entity another value of a component that it has, from the next tick on."""
        self.world.add(entity, part)
        parts = {**self.scene.entities[entity], snake_case(type(part).__name__): part}
        self.scene = replace(self.scene, entities={**self.scene.entities, entity: parts})

    def turn(self, tick: Tick) -> None:
        """Do one tick."""
        cpu_ns, began_ns = time.thread_time_ns(), self.clock.now_ns
        self._poll()
        if self._watcher is not None and (change := self._watcher.changes.take()) is not None:
            self._reload(change)
        self.take_shaders()
        self._frame["time_s"] = tick.now_ns / 1e9
        tick.encoder = self.gpu.device.create_command_encoder()
        self.world.process(tick)
        self._python_span.add(time.thread_time_ns() - cpu_ns)
        self._follow(tick, began_ns)
        if self._log_lane is not None:
            self._log_lane.add(tick.index, began_ns, self.clock.now_ns, tick.deadline_ns)
        if self._each_tick is not None:
            self._each_tick(tick)

    def record(self, path: Path, display: str = "", depth_bits: Literal[8, 10] = 8) -> None:
        """Record a display (the first, unless named) from the next tick on."""
        name = display or next(iter(self.present.presenters))
        self.present.record(path, name, self.stage.rate_hz, depth_bits)

    def log_timing(self) -> TimingLog:
        """Note from now on when what happened, for `save_timing`: 32 bytes an event. Return what it is noted in."""
        self._log = TimingLog()
        self._log_lane = self._log.lane("tick")
        self.present.log_timing(self._log)
        return self._log

    def save_timing(self, path: Path) -> None:
        """Write what was noted, with the displays that there are now. Fails: OSError."""
        assert self._log is not None
        for name, presenter in self.present.presenters.items():
            timing = presenter.timing
            rate_hz = timing.refresh_hz if timing is not None else presenter.display.rate_hz
            self._log.display(name, rate_hz, pace=presenter.display.pace)
        self._log.save(path)

    def close(self) -> None:
        """Take everything down in reverse."""
        for watcher in (self._watcher, self._shader_watcher):
            if watcher is not None:
                watcher.stop()
        self.present.close()
        self.inference.close()
        self.capture.close()
        self.world.close()

    def _follow(self, tick: Tick, began_ns: int) -> None:
        """Let the loop follow the vsyncs of the display that sets the pace, else the camera that has its rate."""
        pacer = self.present.pacer
        timing = pacer.timing if pacer is not None else None
        if pacer is None or timing is None:
            self.loop.pace = None
            self._follow_camera(began_ns)
            return
        pace = self.loop.pace
        if pace is None or pace.estimate is not timing.estimate:
            work_ns = self.trace.span("tick").last_ns
            pace = self.loop.pace = TickPace(timing.estimate, timing.pace.deadline, self.loop.rate_hz, work_ns)
        present_ns = pacer.work.take()
        if present_ns is not None and tick.index:
            pace.done(self.clock.now_ns - began_ns + present_ns, self.clock.now_ns)

    def _follow_camera(self, began_ns: int) -> None:
        """Let ticks begin shortly after the pictures of a camera of their rate are ready."""
        if self.clock.steps:
            return
        for entity, (shown,) in self.world.each(Shown):
            picture = shown.picture
            if shown.changed and picture is not None and picture.ready_ns:
                wait_ns = began_ns - picture.ready_ns
                self._phase.showed(entity, picture.sequence, picture.captured_ns, wait_ns)
        self.loop.move(self._phase.step_ns())

    def _count_from_here(self) -> None:
        """Forget what was measured and counted in the rehearsal."""
        self.trace.clear()
        for _, (captured, shown) in self.world.each(Captured, Shown):
            captured.taken = shown.count = shown.unaligned = 0
            if captured.feed is not None:
                captured.feed.count_from_here()
        for _, (matte,) in self.world.each(Matte):
            matte.moved = matte.unmoved = 0
        for model in self.inference.models.values():
            model.count_from_here()
        for presenter in self.present.every_presenter:
            presenter.count_from_here()

    def _rehearse(self) -> None:
        """Compose until every camera and mask has been seen once, so that pipelines are compiled before going on air.

        With a clock that steps, the first tick does all of that, however long it takes.
        """
        self.capture.start()
        if self.clock.steps:
            return
        self.cues.rehearsing = True
        tick = Tick()
        give_up_ns = self.clock.now_ns + REHEARSAL_NS
        while self.clock.now_ns < give_up_ns:
            tick.now_ns = self.clock.now_ns
            self.turn(tick)
            tick.index += 1
            if tick.index > 2 and self.layers.complete:
                break
            self.clock.wait_until(tick.now_ns + round(1e9 / self.stage.rate_hz))
        self.cues.rehearsing = False
        self._count_from_here()

    def _poll(self) -> None:
        self.present.poll()
        if self.cues.wants_keys:
            for key in self.present.hotplug.pressed_keys():
                self.cues.press(key)
        if self.present.hotplug.all_closed_by_hand:
            self.stopping = True

    def _reload(self, change: Scene | SceneError) -> None:
        if isinstance(change, SceneError):
            for mistake in change.mistakes:
                self.notices.say("noted", "scene", f"{mistake} (what is on air stays)")
            return
        if self.take_over(change):
            log.info("scene: taken over as it is now")


def describe_gpu(gpu: Gpu) -> dict[str, Any]:
    """Return what a report says of the GPU."""
    info = gpu.info
    return {"device": info["device"], "driver": info["description"], "backend": info["backend_type"]}
