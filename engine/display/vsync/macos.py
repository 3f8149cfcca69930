"""Vsync stamps on macOS: a CVDisplayLink, which tells of the vsync to come on a thread of its own."""

from __future__ import annotations

import ctypes
import time
from ctypes import POINTER, c_double, c_int16, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from typing import Any

from engine.display.vsync.source import NoVsyncError, Stamp

CORE_VIDEO = "/System/Library/Frameworks/CoreVideo.framework/CoreVideo"

HOST_TIME_VALID = 1 << 1
"""What a time stamp says of itself."""


class TimeStamp(ctypes.Structure):
    """CVTimeStamp; the last part of it is for film."""

    _fields_ = (
        ("version", c_uint32),
        ("video_time_scale", c_int32),
        ("video_time", c_int64),
        ("host_time", c_uint64),
        ("rate_scalar", c_double),
        ("video_refresh_period", c_int64),
        ("subframes", c_int16 * 2),
        ("counter", c_uint32 * 3),
        ("hours", c_int16 * 4),
        ("flags", c_uint64),
        ("reserved", c_uint64),
    )


class Timebase(ctypes.Structure):
    """mach_timebase_info_data_t: how many nanoseconds a tick of the host's clock is, as a fraction."""

    _fields_ = (("numerator", c_uint32), ("denominator", c_uint32))


# The link, now, when the next picture is shown, flags in, flags out, our data.
OutputCallback = ctypes.CFUNCTYPE(
    c_int32, c_void_p, POINTER(TimeStamp), POINTER(TimeStamp), c_uint64, POINTER(c_uint64), c_void_p
)


def core_video() -> Any:
    """Load CoreVideo, and say what its functions take. Fails: NoVsyncError."""
    try:
        library = ctypes.CDLL(CORE_VIDEO)
        for name, result, *given in (
            ("CVDisplayLinkCreateWithCGDisplay", c_int32, c_uint32, POINTER(c_void_p)),
            ("CVDisplayLinkSetOutputCallback", c_int32, c_void_p, OutputCallback, c_void_p),
            ("CVDisplayLinkStart", c_int32, c_void_p),
            ("CVDisplayLinkStop", c_int32, c_void_p),
            ("CVDisplayLinkRelease", None, c_void_p),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = result, given
    except (OSError, AttributeError) as error:
        raise NoVsyncError(f"display link: {error}") from error
    return library


def host_timebase() -> Timebase:
    """Return how long a tick of the host's clock is; `time.perf_counter_ns` counts the same clock."""
    timebase = Timebase()
    ctypes.CDLL(None).mach_timebase_info(ctypes.byref(timebase))
    return timebase


class DisplayLink:
    """Hears of every vsync of one display before it comes. A VsyncSource.

    The callback notes two numbers and returns, so that the interpreter's lock is held for microseconds. A stamp is the
    newest of those vsyncs that is over: the one that was foretold, less whole periods.

    Thread: as every VsyncSource; CoreVideo's own for the callback. Blocks: never, but for `close` until a callback has
    returned. Owns: the link. Fails: NoVsyncError when it is made.
    """

    name = "display link"

    def __init__(self, display: int, video: Any = None, timebase: Timebase | None = None) -> None:
        self._video = core_video() if video is None else video
        timebase = timebase or host_timebase()
        self._numerator, self._denominator = timebase.numerator, timebase.denominator
        self._link = c_void_p()
        self._told: tuple[int, float] | None = None  # the vsync to come and the period, in nanoseconds
        self._known_ns = 0
        self._callback = OutputCallback(self._tell)  # CoreVideo keeps a pointer to it
        self._check("create", self._video.CVDisplayLinkCreateWithCGDisplay(display, ctypes.byref(self._link)))
        try:
            self._check("prepare", self._video.CVDisplayLinkSetOutputCallback(self._link, self._callback, None))
            self._check("start", self._video.CVDisplayLinkStart(self._link))
        except NoVsyncError:
            self._video.CVDisplayLinkRelease(self._link)
            raise

    @property
    def refresh_hz(self) -> float | None:
        """The rate of the mode that the display is in."""
        return 1e9 / self._told[1] if self._told else None

    @property
    def detail(self) -> str:
        """What its stamps are worth."""
        return "vsyncs as CoreVideo foretells them" if self._told else "CoreVideo has told of no vsync yet"

    def before_present(self, present: int) -> None:
        """Do nothing."""

    def newest(self) -> Stamp | None:
        """Work out which of the vsyncs that were foretold was the last one."""
        told = self._told
        if told is None:
            return None
        vsync_ns, period_ns = told
        ahead_ns = vsync_ns - time.perf_counter_ns()
        if ahead_ns > 0:
            vsync_ns -= round((ahead_ns // period_ns + 1) * period_ns)
        if vsync_ns - self._known_ns < period_ns / 2:
            return None
        self._known_ns = vsync_ns
        return Stamp(vsync_ns, exact=True)

    def close(self) -> None:
        """Stop the link and let go of it."""
        if self._link:
            self._video.CVDisplayLinkStop(self._link)
            self._video.CVDisplayLinkRelease(self._link)
            self._link = c_void_p()

    def _tell(
        self, _link: int, _now: Any, output: Any, _flags: int, _flags_out: Any, _data: None
    ) -> int:  # CoreVideo's thread
        stamp = output.contents
        if stamp.flags & HOST_TIME_VALID and stamp.video_time_scale > 0 and stamp.video_refresh_period > 0:
            period_ns = stamp.video_refresh_period * 1e9 / stamp.video_time_scale
            self._told = (stamp.host_time * self._numerator // self._denominator, period_ns)
        return 0

    @staticmethod
    def _check(what: str, answer: int) -> None:
        if answer:
            raise NoVsyncError(f"display link: CoreVideo could not {what} it (error {answer})")
