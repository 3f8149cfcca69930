"""A display's presenter: whenever there is a new stage it draws it in one pass, presents it, and stamps when."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from engine.components.display import Display
from engine.components.logo import Logo
from engine.display.tap import Tap
from engine.display.target import OffscreenTarget, Target
from engine.geometry import lay
from engine.gpu.passes import Passes
from engine.gpu.planes import Planes
from engine.gpu.quads import write_quad
from engine.gpu.stage import StageImage
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.worker import Worker
from engine.timing.clock import Clock
from engine.trace import Span, Trace


@dataclass(frozen=True, slots=True)
class Finished:
    """One stage that was submitted: its tick, its time, and when each camera's picture on it was captured."""

    tick: int
    now_ns: int
    captured_ns: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Pipelines, blocks and textures of a display's look, replaced as a whole so that a thread sees one of them."""

    pipeline: Any
    block: Any
    textures: Any
    logo_pipeline: Any = None
    logo_block: Any = None
    logo_textures: Any = None


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
        self._laid_for: Any = None
        self._drawing: _Drawing | None = None
        self._logo_planes: Planes | None = None
        self._logo: Logo | None = None
        self.display = display
        self.taps: list[Tap] = []

    @property
    def is_offscreen(self) -> bool:
        """Whether there is no window."""
        return isinstance(self.target, OffscreenTarget)

    @property
    def drops(self) -> int:
        """How many finished stages were replaced by a newer one before they were shown."""
        return self._finished.displaced_count

    def look(self, display: Display, logo: Logo | None, logo_planes: Planes | None) -> None:
        """Take over what the author says of this display."""
        self.display, self._logo, self._logo_planes = display, logo, logo_planes
        self._laid_for = None

    def move_to(self, target: Target) -> None:
        """Draw into another target from now on; there must be no thread meanwhile."""
        self.target = target
        self._laid_for = self._drawing = None

    def lay_out(self) -> None:
        """Lay the stage on the target as it is now. Thread: main, which owns the uniforms."""
        size = self.target.size
        if self._laid_for == size or 0 in size:
            return
        self._laid_for = size
        display, passes = self.display, self._passes
        turns = display.rotate // 90
        shown = self._stage.size if turns % 2 == 0 else self._stage.size[::-1]
        quad = lay(size, shown, fit=display.fit, crop=display.crop, quarter_turns=turns)
        exact = quad.is_exact(size, self._stage.size)
        struct = passes.shaders.struct("display.wgsl", "Screen")
        before = self._drawing
        block = before.block if before else passes.uniforms.block(struct)
        write_quad(block.data["quad"], quad)
        block.data["gamma"] = display.gamma
        block.data["dither"] = 1.0 / 255.0 if display.dither else 0.0
        block.data["opacity"] = 1.0
        logo = self._logo
        logo_block = None
        if logo is not None and self._logo_planes is not None:
            logo_block = (before.logo_block if before else None) or passes.uniforms.block(struct)
            width, height = self._logo_planes.size
            tall = logo.height
            wide = tall * width / height * size[1] / size[0]
            margin = (logo.margin * size[1] / size[0], logo.margin)
            left = margin[0] if "left" in logo.corner else 1.0 - margin[0] - wide
            top = margin[1] if "top" in logo.corner else 1.0 - margin[1] - tall
            logo_block.data["quad"]["origin"] = (left, top)
            logo_block.data["quad"]["axis_x"] = (wide, 0.0)
            logo_block.data["quad"]["axis_y"] = (0.0, tall)
            logo_block.data["quad"]["uv_x"] = (1.0, 0.0)
            logo_block.data["quad"]["uv_y"] = (0.0, 1.0)
            logo_block.data["opacity"] = logo.opacity
        self._drawing = _Drawing(
            passes.pipeline(
                "display.wgsl",
                self.target.format,
                constants={"EXACT": float(exact), "BENT": float(display.gamma != 1.0)},
            ),
            block,
            passes.textures(self._stage.view),
            logo_block and passes.pipeline("display.wgsl", self.target.format, mix="normal", fragment="fs_logo"),
            logo_block,
            logo_block and self._logo_planes and passes.textures(self._logo_planes.views[0]),
        )

    def wake_for(self, finished: Finished) -> None:
        """Say that a stage was submitted."""
        self._finished.put(finished)

    def turn(self) -> None:
        """Wait for a stage and present it."""
        finished = self._finished.wait(0.5)
        if finished is not None:
            self.present(finished)

    def present(self, finished: Finished) -> None:
        """Draw, submit, present, stamp."""
        drawing = self._drawing
        if drawing is None:
            return
        with self._span:
            view = self.target.acquire()
            if view is None:
                self.skipped += 1
                return
            passes = self._passes
            encoder = passes.gpu.device.create_command_encoder()
            render = passes.begin(encoder, view, clear=(0.0, 0.0, 0.0, 1.0))
            passes.draw(render, drawing.pipeline, drawing.block, drawing.textures)
            if drawing.logo_pipeline is not None:
                passes.draw(render, drawing.logo_pipeline, drawing.logo_block, drawing.logo_textures)
            render.end()
            sent = [(tap, tap.record(encoder)) for tap in self.taps]
            passes.gpu.submit(encoder.finish())
            for tap, copy in sent:
                tap.sent(copy, finished.now_ns)
            self.target.present()
        self.presents += 1
        shown_ns = self._clock.now_ns
        if self.first_ns is None:
            self.first_ns = time.perf_counter_ns()
        for camera, captured_ns in finished.captured_ns:
            if self._shown_ns.get(camera) != captured_ns:
                self._shown_ns[camera] = captured_ns
                if camera not in self.delays:
                    self.delays[camera] = self._trace.span(f"{self.name} delay of {camera}")
                self.delays[camera].add(shown_ns - captured_ns)
