"""Vsync stamps: from a Wayland desktop with a vsync of known rate and phase, a kernel that is pretended, and a Mac's.

Run as a program, on a Wayland desktop, it is a window that presents there and prints what it learnt of the vsyncs.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.components.display import Display
from engine.display.monitors import Edid, Monitor, glfw, list_monitors
from engine.display.vsync import Nominal, open_vsync_source
from engine.display.vsync.macos import HOST_TIME_VALID, DisplayLink, Timebase, TimeStamp
from engine.display.vsync.source import NoVsyncError, Stamp
from engine.display.vsync.wayland import MOST_ASKED, Interface, Wayland, the_client
from engine.display.window import Window, poll_desktop
from engine.timing.pacing import PresentPace, VsyncEstimate
from tests.conftest import ROOT
from tests.displays import need_xvfb
from tests.monitors import make_edid, skip_or_fail, sway
from tests.shows import the_gpu
from tools.bench.monitors import NOBODY, MissingError, clean_environment, end, need

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="is for Linux")

if sys.platform.startswith("linux"):
    from engine.display.vsync import drm

PATIENCE_S = 90.0


# A window on Wayland --------------------------------------------------------------------------------------------------


def present_until(done: Callable[[Window, VsyncEstimate, list[Stamp]], bool]) -> dict[str, Any]:
    """Present in a window, each time just before the vsync that is expected, until something is so."""
    gpu = the_gpu()
    monitor = list_monitors()[0]
    window = Window(gpu, "vsync", Display(), (320, 180), monitor, covers=True)
    source = open_vsync_source(window._handle, monitor)
    estimate = VsyncEstimate(float(sys.argv[1]), time.perf_counter_ns())
    pace = PresentPace(estimate)
    stamps: list[Stamp] = []
    give_up = time.monotonic() + PATIENCE_S
    for number in itertools.count():
        poll_desktop()
        time.sleep(max(0, pace.aim(time.perf_counter_ns()) - time.perf_counter_ns()) / 1e9)
        begun_ns = time.perf_counter_ns()
        if (stamp := source.newest()) is not None:
            stamps.append(stamp)
            estimate.stamp(stamp.vsync_ns, source.name)
        if (view := window.acquire()) is not None:
            encoder = gpu.device.create_command_encoder()
            attachment = {"view": view, "load_op": "clear", "store_op": "store", "clear_value": (number % 2, 0, 0, 1)}
            encoder.begin_render_pass(color_attachments=[attachment]).end()
            gpu.submit(encoder.finish())
            source.before_present(number)
            window.present()
        returned_ns = time.perf_counter_ns()
        pace.presented(pace.vsync_ns, returned_ns - begun_ns, returned_ns)
        if done(window, estimate, stamps) or time.monotonic() > give_up:
            break
    result = {
        "name": source.name,
        "detail": source.detail,
        "mode": window.present_mode,
        "numbers": [stamp.present for stamp in stamps],
        "times_ns": [stamp.vsync_ns for stamp in stamps],
        "presents": number + 1,
        "now_ns": time.perf_counter_ns(),
        "open": max(len(source._feedbacks), len(source._callbacks)) if isinstance(source, Wayland) else 0,
        "quality": estimate.quality,
        "hz": estimate.refresh_hz,
        "phase_ns": estimate.phase_ns,
    }
    source.close()
    source.close()
    # The window goes on without it, and its events still have their queues.
    for _ in range(3):
        if window.acquire() is not None:
            window.present()
        poll_desktop()
    window.release()
    return result


def is_sure(_window: Window, estimate: VsyncEstimate, stamps: list[Stamp]) -> bool:
    return len(stamps) >= 300 and estimate.quality > 0.8 and estimate.measured


def look(environment: dict[str, str], refresh_hz: float, until: str) -> dict[str, Any]:
    """Run this file as a program on a desktop."""
    command = [sys.executable, "-m", __name__, str(refresh_hz), until]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@contextmanager
def sway_with_vsync(refresh_hz: int) -> Iterator[dict[str, str]]:
    """Start sway in a window of an X server that has a vsync: at each multiple of a period on the monotonic clock.

    Headless sway has none: it counts 16 or 20 ms from whenever it has drawn, and before 0.16 its wlroots answers no
    question about presentation times.
    """
    xvfb = need_xvfb()
    try:
        program = need("sway", "sway")
    except MissingError as missing:
        skip_or_fail(str(missing))
    with tempfile.TemporaryDirectory(prefix="scrim", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o700)
        ready, says = os.pipe()
        arguments = [xvfb, "-displayfd", str(says), "-fakescreenfps", str(refresh_hz)]
        arguments += ["-screen", "0", "640x360x24", "-nolisten", "tcp", "-noreset"]
        server = subprocess.Popen(arguments, pass_fds=(says,), stderr=subprocess.DEVNULL)
        os.close(says)
        with os.fdopen(ready) as answer:
            display = f":{answer.readline().strip()}"
        (folder / "config").write_text("xwayland disable\noutput X11-1 mode --custom 320x180\n", encoding="ascii")
        environment = {"PATH": os.environ["PATH"], "HOME": name, "XDG_RUNTIME_DIR": name, "DISPLAY": display}
        environment |= {"WLR_BACKENDS": "x11", "WLR_RENDERER": "pixman"}
        command = [program, "-c", str(folder / "config")]
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        with (folder / "words").open("wb") as file:
            compositor = subprocess.Popen(command, env=environment, cwd=folder, stdout=file, stderr=file)
        try:
            begun = time.monotonic()
            while not (sockets := list(folder.glob("wayland-?"))) or not list(folder.glob("sway-ipc*")):
                words = (folder / "words").read_text("utf-8")[-500:]
                assert compositor.poll() is None, words
                assert time.monotonic() - begun < 20, words
                time.sleep(0.02)
            yield {**clean_environment(), "WAYLAND_DISPLAY": sockets[0].name, "XDG_RUNTIME_DIR": name}
        finally:
            end(compositor)
            end(server)


@on_linux
@pytest.mark.parametrize("refresh_hz", [60, 50])
def test_wayland_tells_when_each_picture_was_shown(refresh_hz: int) -> None:
    with sway_with_vsync(refresh_hz) as environment:
        seen = look(environment, refresh_hz, "sure")
    assert seen["mode"] == "mailbox"
    assert seen["name"] == "wayland presentation"
    assert seen["detail"].startswith("when each picture was shown")
    # Frame callbacks fill in until the first picture has been shown, and have no numbers.
    numbers = [number for number in seen["numbers"] if number is not None]
    assert len(numbers) > 280
    assert seen["numbers"][-len(numbers) :] == numbers
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < seen["presents"]
    assert seen["times_ns"] == sorted(set(seen["times_ns"]))
    assert seen["times_ns"][-1] <= seen["now_ns"]
    assert seen["open"] < 16
    assert seen["quality"] > 0.8
    period_ns = 1_000_000 // refresh_hz * 1000  # the server counts microseconds
    assert seen["hz"] == pytest.approx(1e9 / period_ns, rel=0.001)
    # It presents at multiples of its period, up to 1 ms early, since its alarm clock counts milliseconds.
    late_ns = (seen["phase_ns"] + period_ns // 2) % period_ns - period_ns // 2
    assert -2_000_000 < late_ns < 2_000_000


@on_linux
def test_headless_wayland_tells_something() -> None:
    with sway() as compositor:
        seen = look(compositor.environment, 60, "200 stamps")
    assert seen["name"] in ("wayland presentation", "wayland frame")
    assert len(seen["times_ns"]) >= 200
    assert seen["open"] <= MOST_ASKED
    assert seen["times_ns"] == sorted(set(seen["times_ns"]))
    assert seen["times_ns"][-1] <= seen["now_ns"] + 1_000_000


@on_linux
def test_wayland_interfaces_keep_what_they_point_to() -> None:
    try:
        client = the_client()
    except NoVsyncError as reason:
        skip_or_fail(str(reason))
    feedback = client.presentation.methods[1]
    assert (feedback.name, feedback.signature) == (b"feedback", b"on")
    assert feedback.types[0].contents.name == b"wl_surface"
    assert ctypes.addressof(feedback.types[1].contents) == ctypes.addressof(client.feedback)
    assert [client.feedback.events[index].name for index in range(3)] == [b"sync_output", b"presented", b"discarded"]
    assert client.feedback.events[0].types[0].contents.name == b"wl_output"
    assert not client.feedback.events[1].types[6]
    assert ctypes.sizeof(Interface) == 40


# Linux kernels --------------------------------------------------------------------------------------------------------

LEFT, RIGHT = make_edid("Projector", "A1"), make_edid("Projector", "B2")


class Kernel:
    """Cards with connectors, that answer as the kernel does."""

    def __init__(self, folder: Path) -> None:
        self.devices, self.folder = folder / "dri", folder / "drm"
        self.devices.mkdir()
        self.asked: list[int] = []
        self.connectors: dict[str, list[tuple[int, int, int]]] = {}  # by card: type, number, CRTC or 0 if none
        self.vblank: tuple[int, int, int] | int = (1, 1000, 5_000_000_000)  # active, count, time; or an error
        self.total = (2200, 1125, 148_352)  # 1080p at 59.94 Hz

    def plug(self, card: str, kind: int, number: int, crtc: int, edid: bytes = b"") -> None:
        (self.devices / card).touch()
        self.connectors.setdefault(card, []).append((kind, number, crtc))
        place = self.folder / f"{card}-{drm.CONNECTORS[kind]}-{number}"
        place.mkdir(parents=True)
        (place / "edid").write_bytes(edid)

    def open(self, monitor: Monitor) -> drm.Vblank:
        return drm.open_vblank(monitor, ioctl=self.ioctl, devices=self.devices, kernel=self.folder)

    def ioctl(self, file: int, request: int, asked: Any) -> int:
        self.asked.append(request)
        connectors = self.connectors[Path(f"/proc/self/fd/{file}").readlink().name]
        if request == drm.DROP_MASTER:
            raise OSError(errno.EINVAL, "Invalid argument")
        if request == drm.GET_RESOURCES:
            if asked.connectors >= len(connectors) and asked.connectors_at:
                numbers = (ctypes.c_uint32 * len(connectors)).from_address(asked.connectors_at)
                numbers[:] = list(range(100, 100 + len(connectors)))
            asked.connectors = len(connectors)
        elif request == drm.GET_CONNECTOR:
            assert asked.modes == 1, "the kernel would go and ask the monitor"
            asked.type, asked.number, crtc = connectors[asked.connector - 100]
            asked.connection = drm.CONNECTED
            asked.encoder = asked.connector + 100 if crtc else 0
        elif request == drm.GET_ENCODER:
            asked.crtc = connectors[asked.encoder - 200][2]
        elif request == drm.GET_CRTC:
            asked.mode_valid = 1
            asked.mode.horizontal_total, asked.mode.vertical_total, asked.mode.clock_khz = self.total
        elif request == drm.GET_SEQUENCE:
            if isinstance(self.vblank, int):
                raise OSError(self.vblank, os.strerror(self.vblank))
            asked.active, asked.sequence, asked.sequence_ns = self.vblank
        else:
            raise AssertionError(f"{request:x}")
        return 0


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    if not sys.platform.startswith("linux"):
        pytest.skip("is for Linux")
    return Kernel(tmp_path)


def monitor_of(name: str, edid: bytes = b"") -> Monitor:
    return Monitor(0, name, 0, 0, 1920, 1080, 60.0, edid=Edid.parse(edid).digest)


@on_linux
def test_requests_are_those_of_the_kernel() -> None:
    sizes = {
        drm.CardResources: 64,
        drm.Mode: 68,
        drm.Crtc: 104,
        drm.Encoder: 20,
        drm.Connector: 80,
        drm.Sequence: 24,
    }
    assert {kind: ctypes.sizeof(kind) for kind in sizes} == sizes
    assert (drm.GET_RESOURCES, drm.GET_CRTC, drm.GET_ENCODER) == (0xC04064A0, 0xC06864A1, 0xC01464A6)
    assert (drm.GET_CONNECTOR, drm.GET_SEQUENCE, drm.DROP_MASTER) == (0xC05064A7, 0xC018643B, 0x641F)
    assert drm.Mode.refresh_hz.offset == 24
    assert drm.Crtc.mode.offset == 36
    assert drm.Connector.encoder.offset == 44
    assert drm.Sequence.sequence_ns.offset == 16


def test_a_vblank_is_told_once(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51)
    source = kernel.open(monitor_of("DP-1"))
    assert source.name == "drm vblank"
    assert source.detail == "vblanks of DP-1 on card0, by the kernel"
    assert source.refresh_hz == pytest.approx(59.94, abs=0.001)
    source.before_present(1)
    assert source.newest() == Stamp(5_000_000_000, exact=True)
    assert source.newest() is None
    kernel.vblank = (1, 1002, 5_033_366_700)
    assert source.newest() == Stamp(5_033_366_700, exact=True)
    source.close()
    source.close()


def test_a_crtc_that_is_off_has_no_vblanks_until_it_is_on(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51)
    source = kernel.open(monitor_of("DP-1"))
    kernel.vblank = errno.EINVAL
    assert source.newest() is None
    kernel.vblank = (0, 1001, 5_016_683_350)
    assert source.newest() is None
    kernel.vblank = (1, 1001, 0)  # the driver notes no times, and the interrupt has just been switched on
    assert source.newest() is None
    kernel.vblank = (1, 1002, 5_033_366_700)
    assert source.newest() == Stamp(5_033_366_700, exact=True)
    source.close()


def test_a_monitor_is_found_by_what_it_says_of_itself(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51, LEFT)
    kernel.plug("card1", 10, 1, 61, RIGHT)
    kernel.plug("card1", 11, 1, 62)
    source = kernel.open(monitor_of("DisplayPort-0", RIGHT))
    assert source.detail == "vblanks of DP-1 on card1, by the kernel"
    source.close()


def test_twins_are_told_apart_by_their_connectors(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51, LEFT)
    kernel.plug("card0", 11, 1, 52, LEFT)
    source = kernel.open(monitor_of("HDMI-1", LEFT))
    assert source.detail.startswith("vblanks of HDMI-A-1 ")
    source.close()
    with pytest.raises(NoVsyncError, match="no graphics card shows anything on DFP-0"):
        kernel.open(monitor_of("DFP-0", LEFT))


def test_a_virtual_monitor_has_no_vblanks(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51, LEFT)
    for name in ("screen", "DUMMY0", "HEADLESS-1", "XWAYLAND0"):
        with pytest.raises(NoVsyncError, match=f"no graphics card shows anything on {name}"):
            kernel.open(monitor_of(name))


def test_one_name_on_two_cards_is_no_answer(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51)
    kernel.plug("card1", 10, 1, 61)
    with pytest.raises(NoVsyncError, match="several graphics cards have DP-1"):
        kernel.open(monitor_of("DP-1"))


def test_a_connector_that_shows_nothing_is_none(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 0, LEFT)
    with pytest.raises(NoVsyncError, match="shows anything on DP-1"):
        kernel.open(monitor_of("DP-1", LEFT))


def test_why_there_are_no_vblanks_is_said(kernel: Kernel) -> None:
    with pytest.raises(NoVsyncError, match="there is no graphics card in"):
        kernel.open(monitor_of("DP-1"))
    (kernel.devices / "card0").mkdir()  # cannot be opened, as one for which we have no permission
    with pytest.raises(NoVsyncError, match=r"on DP-1; .*card0: Is a directory"):
        kernel.open(monitor_of("DP-1"))
    kernel.plug("card1", 10, 1, 51)
    kernel.vblank = errno.EOPNOTSUPP
    with pytest.raises(NoVsyncError, match="no vblanks of DP-1: Operation not supported"):
        kernel.open(monitor_of("DP-1"))


def test_no_file_is_left_open(kernel: Kernel) -> None:
    kernel.plug("card0", 10, 1, 51, LEFT)
    kernel.plug("card1", 11, 1, 61, RIGHT)

    def opened() -> int:
        targets = (path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
        return sum(target.parent == kernel.devices for target in targets)

    source = kernel.open(monitor_of("DP-1"))
    assert opened() == 1
    source.close()
    with pytest.raises(NoVsyncError):
        kernel.open(monitor_of("screen"))
    kernel.vblank = errno.EOPNOTSUPP
    with pytest.raises(NoVsyncError):
        kernel.open(monitor_of("DP-1"))
    assert opened() == 0
    assert kernel.asked.count(drm.DROP_MASTER) == 6  # or no desktop could start on a card that nobody ruled


# A Mac ----------------------------------------------------------------------------------------------------------------


class CoreVideo:
    """Remembers the callback, and calls it when told to."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.calls: list[str] = []
        self.callback: Any = None

    def CVDisplayLinkCreateWithCGDisplay(self, display: int, link: Any) -> int:  # noqa: N802
        self.calls.append(f"create {display}")
        link._obj.value = 77
        return 0

    def CVDisplayLinkSetOutputCallback(self, _link: Any, callback: Any, _data: None) -> int:  # noqa: N802
        self.callback = callback
        return 0

    def CVDisplayLinkStart(self, _link: Any) -> int:  # noqa: N802
        self.calls.append("start")
        return -6670 if self.fails == "start" else 0

    def CVDisplayLinkStop(self, _link: Any) -> int:  # noqa: N802
        self.calls.append("stop")
        return 0

    def CVDisplayLinkRelease(self, _link: Any) -> None:  # noqa: N802
        self.calls.append("release")

    def tell(self, host_time: int, flags: int = HOST_TIME_VALID) -> None:
        stamp = TimeStamp(host_time=host_time, video_time_scale=120_000, video_refresh_period=1000, flags=flags)
        assert self.callback(77, ctypes.pointer(stamp), ctypes.pointer(stamp), 0, None, None) == 0


def test_a_display_link_tells_the_vsync_that_is_over() -> None:
    video = CoreVideo()
    source = DisplayLink(5, video, Timebase(125, 3))  # 24 ticks a microsecond, as Apple's processors have
    assert source.newest() is None
    assert source.refresh_hz is None
    assert "no vsync yet" in source.detail
    foretold_ns = (time.perf_counter_ns() // 1000 + 9_000) * 1000  # the one after the next, at 120 Hz
    video.tell(foretold_ns * 3 // 125, flags=0)
    assert source.newest() is None
    video.tell(foretold_ns * 3 // 125)
    stamp = source.newest()
    now_ns = time.perf_counter_ns()
    assert stamp is not None
    assert stamp.exact
    assert stamp.vsync_ns <= now_ns
    periods = (foretold_ns - stamp.vsync_ns) / (1e9 / 120)
    assert periods == pytest.approx(round(periods), abs=1e-3)
    assert source.refresh_hz == pytest.approx(120)
    source.close()
    source.close()
    assert video.calls == ["create 5", "start", "stop", "release"]


def test_a_display_link_tells_each_vsync_once() -> None:
    video = CoreVideo()
    source = DisplayLink(5, video, Timebase(1, 1))
    past_ns = time.perf_counter_ns() - 1_000_000_000
    video.tell(past_ns)
    assert source.newest() == Stamp(past_ns, exact=True)
    assert source.newest() is None
    video.tell(past_ns + 8_333_333)
    assert source.newest() == Stamp(past_ns + 8_333_333, exact=True)


def test_a_display_link_that_does_not_start_is_released() -> None:
    video = CoreVideo(fails="start")
    with pytest.raises(NoVsyncError, match="could not start it"):
        DisplayLink(5, video, Timebase(1, 1))
    assert video.calls == ["create 5", "start", "release"]


def test_structures_are_those_of_core_video() -> None:
    assert ctypes.sizeof(TimeStamp) == 80
    assert TimeStamp.video_refresh_period.offset == 32
    assert TimeStamp.flags.offset == 64


# Which source ---------------------------------------------------------------------------------------------------------


def test_without_a_source_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glfw, "get_platform", lambda: glfw.PLATFORM_X11)
    monkeypatch.setattr(sys, "platform", "linux")
    source = open_vsync_source(None, None)
    assert isinstance(source, Nominal)
    assert source.name == "nominal"
    assert source.detail == "vblank: the window's monitor is not known"
    source.before_present(1)
    assert source.newest() is None
    assert source.refresh_hz is None
    source.close()
    monkeypatch.setattr(sys, "platform", "win32")
    assert open_vsync_source(None, None).detail == "no source of vsyncs is known on win32"


if __name__ == "__main__":
    enough: dict[str, Callable[[Window, VsyncEstimate, list[Stamp]], bool]] = {
        "sure": is_sure,
        "200 stamps": lambda _window, _estimate, stamps: len(stamps) >= 200,
    }
    print(json.dumps(present_until(enough[sys.argv[2]])))
