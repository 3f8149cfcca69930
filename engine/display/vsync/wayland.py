"""Vsync stamps on Wayland: presentation times, or else frame callbacks, on a queue beside those of glfw and Mesa."""

from __future__ import annotations

import ctypes
import time
from contextlib import suppress
from ctypes import POINTER, c_char_p, c_int, c_uint32, c_void_p
from functools import cache
from typing import Any

from engine.display.vsync.source import NoVsyncError, Stamp

LIBRARY = "libwayland-client.so.0"

SECOND_NS = 1_000_000_000
MILLISECOND_NS = 1_000_000

# Requests, by their place in the protocol.
GET_REGISTRY = 1  # wl_display
BIND = 0  # wl_registry
FRAME = 3  # wl_surface
DESTROY, FEEDBACK = 0, 1  # wp_presentation

VERSION = 1
"""Of wp_presentation. In version 2 a variable refresh is reported as the shortest one, in 1 as not known."""

AT_VSYNC, BY_HARDWARE = 1, 2
"""What `presented` says of its time."""

MOST_ASKED = 64
"""Questions that may be open: some compositors never answer, and a hidden window is not asked to draw."""

OLDEST_MS = 1000
"""Older frame callbacks are by another clock than ours, or of no use."""


class Interface(ctypes.Structure):
    """struct wl_interface: what a kind of object can be asked and tells."""


class Message(ctypes.Structure):
    """struct wl_message: one request or event. u is a number, o an object, n a new one, s a string."""

    _fields_ = (("name", c_char_p), ("signature", c_char_p), ("types", POINTER(POINTER(Interface))))


Interface._fields_ = (
    ("name", c_char_p),
    ("version", c_int),
    ("method_count", c_int),
    ("methods", POINTER(Message)),
    ("event_count", c_int),
    ("events", POINTER(Message)),
)


class Argument(ctypes.Union):
    """union wl_argument."""

    _fields_ = (("u", c_uint32), ("s", c_char_p), ("o", c_void_p))


# Events: our data, the object that tells, and what it tells.
Event = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
NumberEvent = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_uint32)
ObjectEvent = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_void_p)
GlobalEvent = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, c_uint32, c_char_p, c_uint32)
PresentedEvent = ctypes.CFUNCTYPE(None, c_void_p, c_void_p, *[c_uint32] * 7)


class Client:
    """libwayland-client, the same one that glfw and Mesa have loaded, and the interfaces that it lacks.

    What is called at every present keeps the interpreter's lock, since nobody who holds the library's lock waits for
    the interpreter's: to let go of it, with other threads in wait, would cost 0.5 ms to get it back. Requests take
    their arguments as an array: how variadic functions are called differs from CPU to CPU.
    """

    def __init__(self) -> None:
        try:
            quick, waiting = ctypes.PyDLL(LIBRARY), ctypes.CDLL(LIBRARY)
            self.create_queue = declared(quick.wl_display_create_queue, c_void_p, c_void_p)
            self.destroy_queue = declared(quick.wl_event_queue_destroy, None, c_void_p)
            self.create_wrapper = declared(quick.wl_proxy_create_wrapper, c_void_p, c_void_p)
            self.destroy_wrapper = declared(quick.wl_proxy_wrapper_destroy, None, c_void_p)
            self.set_queue = declared(quick.wl_proxy_set_queue, None, c_void_p, c_void_p)
            self.listen = declared(quick.wl_proxy_add_listener, c_int, c_void_p, c_void_p, c_void_p)
            self.destroy = declared(quick.wl_proxy_destroy, None, c_void_p)
            self.dispatch = declared(quick.wl_display_dispatch_queue_pending, c_int, c_void_p, c_void_p)
            self.round_trip = declared(waiting.wl_display_roundtrip_queue, c_int, c_void_p, c_void_p)
            self.send = declared(quick.wl_proxy_marshal_array, None, c_void_p, c_uint32, POINTER(Argument))
            self._make = declared(
                quick.wl_proxy_marshal_array_constructor_versioned,
                *(c_void_p, c_void_p, c_uint32, POINTER(Argument), POINTER(Interface), c_uint32),
            )
            self.registry = Interface.in_dll(quick, "wl_registry_interface")
            self.callback = Interface.in_dll(quick, "wl_callback_interface")
            surface = Interface.in_dll(quick, "wl_surface_interface")
            output = Interface.in_dll(quick, "wl_output_interface")
        except (OSError, AttributeError, ValueError) as error:
            raise NoVsyncError(f"libwayland-client: {error}") from error
        self.feedback = interface(
            b"wp_presentation_feedback",
            [],
            [(b"sync_output", b"o", [output]), (b"presented", b"uuuuuuu", [None] * 7), (b"discarded", b"", [])],
        )
        self.presentation = interface(
            b"wp_presentation",
            [(b"destroy", b"", []), (b"feedback", b"on", [surface, self.feedback])],
            [(b"clock_id", b"u", [None])],
        )

    def make(self, proxy: int, request: int, kind: Interface, given: Any) -> int:
        """Send a request that makes an object, and return that; its queue is the proxy's."""
        made: int | None = self._make(proxy, request, given, kind, VERSION)
        if not made:
            raise NoVsyncError("the Wayland compositor has gone")
        return made


def declared(function: Any, result: Any, *given: Any) -> Any:
    """Return a C function that knows its types."""
    function.restype, function.argtypes = result, given
    return function


Messages = list[tuple[bytes, bytes, list[Interface | None]]]


def interface(name: bytes, requests: Messages, events: Messages) -> Interface:
    """Return a struct wl_interface; it keeps all that it points to."""

    def table(messages: Messages) -> Any:
        rows = []
        for message, signature, kinds in messages:
            types = (POINTER(Interface) * len(kinds))()
            for index, kind in enumerate(kinds):
                if kind is not None:
                    types[index] = ctypes.pointer(kind)
            rows.append(Message(message, signature, types))
        return (Message * len(rows))(*rows)

    return Interface(name, VERSION, len(requests), table(requests), len(events), table(events))


def arguments(*values: Argument) -> Any:
    """Return the arguments of a request; a new object's place is empty."""
    return (Argument * len(values))(*values)


@cache
def the_client() -> Client:
    """Return libwayland-client. Fails: NoVsyncError where it is not."""
    return Client()


def listener(*functions: Any) -> Any:
    """Return a table of callbacks as wl_proxy_add_listener wants it."""
    return (c_void_p * len(functions))(*[ctypes.cast(function, c_void_p).value for function in functions])


class Wayland:
    """Asks the compositor, before every present, when that became visible. A VsyncSource.

    The request belongs to the surface's next commit, which Mesa sends from inside present, on the calling thread.
    Should a driver commit later, or glfw commit something of its own in between, the stamp is still that of a vsync;
    only the number of what was shown may be one off. What a newer present replaced before it was shown is discarded.

    Some compositors never answer (wlroots before 0.16 without a screen: it compares the number of its commit before
    having set it). So until the first answer frame callbacks are asked for as well: "now is the time to draw", sent
    after a vsync. They tell milliseconds, rounded down; the next one is taken, since a stamp must never be early.

    Events are read off the connection by whoever reads next, glfw at every tick or Mesa, sorted into queues; here they
    are only taken out of our own. So nobody waits for anybody, and it does not matter that a stamp is heard of a tick
    later, since it carries its time.

    Thread: as every VsyncSource. Blocks: two questions to the compositor, 1 ms, when it is made. Owns: its queue and
    all objects on it. Fails: NoVsyncError when it is made, where presentation times are wanted and not offered.
    """

    def __init__(self, display: int, surface: int, *, presentation: bool = True) -> None:
        self.refresh_hz: float | None = None
        self.discarded = 0  # presents that a newer one replaced before they were shown
        self.flags: int | None = None  # what the newest presentation said of its time
        self._client = the_client()
        self._display = display
        self._clock_id: int | None = None
        self._offered: tuple[int, int] | None = None  # number and version of wp_presentation
        self._presentation = self._registry = 0
        self._feedbacks: set[int] = set()  # that have not been answered
        self._callbacks: set[int] = set()
        self._newest: Stamp | None = None
        self._frame_ms: int | None = None
        # The library keeps pointers to these.
        self._events: tuple[Any, ...] = (
            GlobalEvent(self._global),
            NumberEvent(lambda _data, _registry, _number: None),
            NumberEvent(self._clock),
            ObjectEvent(lambda _data, _feedback, _output: None),
            PresentedEvent(self._presented),
            Event(self._discard),
            NumberEvent(self._frame),
        )
        self._of_registry = listener(*self._events[:2])
        self._of_presentation = listener(*self._events[2:3])
        self._of_feedback = listener(*self._events[3:6])
        self._of_callback = listener(*self._events[6:])
        self._queue = self._client.create_queue(display)
        # Objects inherit their maker's queue. These two are glfw's, on its queue, so they are asked through wrappers.
        self._wrapper = self._wrap(display)
        self._surface = self._wrap(surface)
        self._feedback_arguments = arguments(Argument(o=surface), Argument(o=None))
        self._frame_arguments = arguments(Argument(o=None))
        try:
            if presentation:
                self._bind()
        except NoVsyncError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """Whether presentation times come, or only frame callbacks."""
        return "wayland frame" if self.flags is None else "wayland presentation"

    @property
    def detail(self) -> str:
        """What its stamps are worth."""
        if self.flags is not None:
            taken_by = "the display" if self.flags & BY_HARDWARE else "the compositor"
            return f"when each picture was shown, {'at' if self.flags & AT_VSYNC else 'not'} vsync, by {taken_by}"
        if self._frame_ms is not None:
            return "when the compositor asked for the next picture, to a millisecond"
        return "nothing was shown yet"

    def before_present(self, present: int) -> None:
        """Ask when the surface's next commit becomes visible."""
        if self._presentation:
            client, given = self._client, self._feedback_arguments
            self._ask(self._feedbacks, self._presentation, FEEDBACK, client.feedback, given, self._of_feedback, present)
        if self.flags is None:
            client, given = self._client, self._frame_arguments
            self._ask(self._callbacks, self._surface, FRAME, client.callback, given, self._of_callback, None)

    def newest(self) -> Stamp | None:
        """Take what has been read for us, and return the newest."""
        self._client.dispatch(self._display, self._queue)
        stamp, self._newest = self._newest, None
        return stamp

    def close(self) -> None:
        """Let go of all objects, and then of the queue that they are on."""
        client = self._client
        if not self._queue:
            return
        for asked in self._feedbacks | self._callbacks:
            client.destroy(asked)
        self._feedbacks.clear()
        self._callbacks.clear()
        if self._presentation:
            client.send(self._presentation, DESTROY, None)
            client.destroy(self._presentation)
        if self._registry:
            client.destroy(self._registry)
        client.destroy_wrapper(self._surface)
        client.destroy_wrapper(self._wrapper)
        client.destroy_queue(self._queue)
        self._presentation = self._registry = self._queue = 0

    def _wrap(self, proxy: int) -> int:
        wrapper: int = self._client.create_wrapper(proxy)
        self._client.set_queue(wrapper, self._queue)
        return wrapper

    def _bind(self) -> None:
        client = self._client
        self._registry = client.make(self._wrapper, GET_REGISTRY, client.registry, arguments(Argument(o=None)))
        client.listen(self._registry, self._of_registry, None)
        self._wait()
        if self._offered is None:
            raise NoVsyncError("the Wayland compositor tells no presentation times")
        number, version = self._offered
        kind = Argument(s=b"wp_presentation")
        bind = arguments(Argument(u=number), kind, Argument(u=min(version, VERSION)), Argument(o=None))
        self._presentation = client.make(self._registry, BIND, client.presentation, bind)
        client.listen(self._presentation, self._of_presentation, None)
        self._wait()
        if self._clock_id is None:
            raise NoVsyncError("the Wayland compositor does not say by which clock it tells presentation times")

    def _wait(self) -> None:
        if self._client.round_trip(self._display, self._queue) < 0:
            raise NoVsyncError("the Wayland compositor has gone")

    def _ask(
        self, asked: set[int], proxy: int, request: int, kind: Interface, given: Any, hears: Any, data: int | None
    ) -> None:
        if len(asked) < MOST_ASKED:
            with suppress(NoVsyncError):
                made = self._client.make(proxy, request, kind, given)
                asked.add(made)
                self._client.listen(made, hears, data)

    # Events, as they are taken out of the queue. NULL is None to ctypes.

    def _global(self, _data: None, _registry: int, number: int, kind: bytes, version: int) -> None:
        if kind == b"wp_presentation":
            self._offered = (number, version)

    def _clock(self, _data: None, _presentation: int, clock_id: int) -> None:
        self._clock_id = clock_id

    def _presented(
        self,
        present: int | None,
        feedback: int,
        seconds_high: int,
        seconds_low: int,
        nanoseconds: int,
        refresh_ns: int,
        _count_high: int,
        _count_low: int,
        flags: int,
    ) -> None:
        self._answered(feedback)
        self.flags = flags
        self.refresh_hz = SECOND_NS / refresh_ns if refresh_ns else None
        vsync_ns = ((seconds_high << 32) + seconds_low) * SECOND_NS + nanoseconds
        if self._clock_id != time.CLOCK_MONOTONIC:  # which is perf_counter's on Linux
            assert self._clock_id is not None
            vsync_ns += time.perf_counter_ns() - time.clock_gettime_ns(self._clock_id)
        exact = flags & AT_VSYNC and flags & BY_HARDWARE
        self._newest = Stamp(vsync_ns, bool(exact), present or 0)

    def _discard(self, _present: int | None, feedback: int) -> None:
        self._answered(feedback)
        self.discarded += 1

    def _frame(self, _data: None, callback: int, time_ms: int) -> None:
        self._callbacks.discard(callback)
        self._client.destroy(callback)
        if self.flags is not None or time_ms == self._frame_ms:
            return  # several presents may have waited for the same frame
        self._frame_ms = time_ms
        # 32 bits of a clock that the protocol leaves open; every compositor takes the monotonic one.
        now_ms = time.perf_counter_ns() // MILLISECOND_NS
        age_ms = (now_ms - time_ms) % 2**32
        if age_ms <= OLDEST_MS:
            self._newest = Stamp((now_ms - age_ms + 1) * MILLISECOND_NS, exact=False)

    def _answered(self, feedback: int) -> None:
        self._feedbacks.discard(feedback)
        self._client.destroy(feedback)
