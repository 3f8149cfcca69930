"""Shows for benches: turned by hand, tick by tick, with the GPU's work waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.components import Camera, Layer, Stage
from engine.gpu.device import Gpu, open_gpu
from engine.media.picture import Picture
from engine.scene.load import Scene
from engine.tick import Tick
from engine.timing.clock import HandClock
from systems.composite import Composite
from systems.inference import Shown
from systems.masks import Masks
from systems.show import Show

SCENES = Path(__file__).parent / "scenes"

_gpus: list[Gpu] = []


def shared_gpu() -> Gpu:
    """Return the one device of all benches in this process."""
    if not _gpus:
        _gpus.append(open_gpu())
    return _gpus[0]


def drain(gpu: Gpu) -> None:
    """Wait until the GPU has done all that was submitted."""
    gpu.wait(gpu.submit())


class Stepper:
    """A show whose ticks are turned one by one; its last work on the GPU is waited for."""

    def __init__(self, show: Show, clock: HandClock) -> None:
        self.show = show
        self._clock = clock
        self._step_ns = round(1e9 / show.stage.rate_hz)
        self._masks = Masks(show.world, show.passes, clock, show.notices, show.stage_image.size)
        self._composite = Composite(show.passes, show.stage_image, show.layers, show.lighting, show.cues)

    def tick(self) -> None:
        """Do one whole tick at the next time: every system, every display."""
        self._clock.wait_until(self._clock.now_ns + self._step_ns)
        self.same_tick()

    def same_tick(self) -> None:
        """Do one whole tick while time stands still: no camera has a new picture."""
        tick = self.show.loop.tick
        tick.step_ns, tick.now_ns = self._step_ns, self._clock.now_ns
        self.show.turn(tick)
        tick.index += 1
        drain(self.show.gpu)

    def record(self, tick: Tick) -> None:
        """Record what draws the layers onto the stage, mattes, light and particles too, into the tick's encoder."""
        self._masks.process(tick)
        self.show.lighting.process(tick)
        self.show.particles.process(tick)
        self.show.layers.process(tick)
        self._composite.process(tick)
        self.show.passes.uniforms.upload()

    def draw(self) -> None:
        """Draw the layers onto the stage, mattes included, and nothing else."""
        tick, gpu = self.show.loop.tick, self.show.gpu
        tick.encoder = gpu.device.create_command_encoder()
        self.record(tick)
        gpu.wait(gpu.submit(tick.encoder.finish()))

    def draw_anew(self) -> None:
        """Draw the layers as if the lowest had changed, so that none is taken from the kept base."""
        self.show.layers.drawings[0].touch()
        self.draw()

    def upload(self, camera: str, picture: Picture) -> None:
        """Take a picture's planes to the GPU as the newest of a camera: what depends on them is worked out anew."""
        shown = self.show.world.get(camera, Shown)
        assert shown is not None
        assert shown.planes is not None
        shown.planes.upload(picture)
        shown.changed = True


@contextmanager
def stepping(entities: Mapping[str, Mapping[str, object]], ticks: int = 2) -> Iterator[Stepper]:
    """Open a show of these entities without windows, turn it a few times, and close it in the end."""
    clock = HandClock()
    scene = Scene(Path("bench"), {name: dict(parts) for name, parts in entities.items()}, frozenset())
    show = Show(scene, clock, headless=True, gpu=shared_gpu())
    show.open()
    try:
        stepper = Stepper(show, clock)
        for _ in range(ticks):
            stepper.tick()
        yield stepper
    finally:
        drain(show.gpu)
        show.close()


def stage_of(size: tuple[int, int]) -> dict[str, object]:
    """Return the components of a stage entity of this size."""
    return {"stage": Stage(width=size[0], height=size[1])}


def picture_layer(file: Path, layer: Layer) -> dict[str, object]:
    """Return the components of a layer that shows a still picture."""
    return {"camera": Camera(source=str(file)), "layer": layer}
