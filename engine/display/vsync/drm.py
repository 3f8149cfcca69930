"""Vsync stamps from the Linux kernel: the vblanks of the CRTC that drives a monitor, whatever desktop it shows."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from ctypes import c_char, c_int64, c_uint16, c_uint32, c_uint64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.display.monitors import HASH_DIGITS, Monitor
from engine.display.vsync.source import NoVsyncError, Stamp

DEVICES = Path("/dev/dri")
KERNEL = Path("/sys/class/drm")

CONNECTORS = (
    *("Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN", "DP"),
    *("HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB"),
)
"""What the kernel calls the kinds of connectors, by their number."""

CONNECTED = 1

Ioctl = Callable[[int, int, Any], int]
"""As fcntl.ioctl: a file, a request, and what is asked, into which the answer is written."""


class CardResources(ctypes.Structure):
    """struct drm_mode_card_res."""

    _fields_ = (
        *((name, c_uint64) for name in ("frame_buffers_at", "crtcs_at", "connectors_at", "encoders_at")),
        *((name, c_uint32) for name in ("frame_buffers", "crtcs", "connectors", "encoders")),
        *((name, c_uint32) for name in ("least_width", "most_width", "least_height", "most_height")),
    )


class Mode(ctypes.Structure):
    """struct drm_mode_modeinfo."""

    _fields_ = (
        ("clock_khz", c_uint32),
        *((f"horizontal_{name}", c_uint16) for name in ("pixels", "sync_start", "sync_end", "total", "skew")),
        *((f"vertical_{name}", c_uint16) for name in ("lines", "sync_start", "sync_end", "total", "scan")),
        *((name, c_uint32) for name in ("refresh_hz", "flags", "type")),
        ("name", c_char * 32),
    )


class Crtc(ctypes.Structure):
    """struct drm_mode_crtc."""

    _fields_ = (
        ("connectors_at", c_uint64),
        *((name, c_uint32) for name in ("connectors", "crtc", "frame_buffer", "x", "y", "gamma_size", "mode_valid")),
        ("mode", Mode),
    )


class Encoder(ctypes.Structure):
    """struct drm_mode_get_encoder."""

    _fields_ = tuple((name, c_uint32) for name in ("encoder", "type", "crtc", "possible_crtcs", "possible_clones"))


class Connector(ctypes.Structure):
    """struct drm_mode_get_connector."""

    _fields_ = (
        *((name, c_uint64) for name in ("encoders_at", "modes_at", "properties_at", "values_at")),
        *((name, c_uint32) for name in ("modes", "properties", "encoders", "encoder", "connector", "type", "number")),
        *((name, c_uint32) for name in ("connection", "width_mm", "height_mm", "subpixel", "pad")),
    )


class Sequence(ctypes.Structure):
    """struct drm_crtc_get_sequence: the newest vblank of a CRTC, on the monotonic clock."""

    _fields_ = (("crtc", c_uint32), ("active", c_uint32), ("sequence", c_uint64), ("sequence_ns", c_int64))


def both_ways(number: int, kind: type[ctypes.Structure]) -> int:
    """Return an ioctl's number: bits 30 and 31 for both directions, the size, d for DRM."""
    return 3 << 30 | ctypes.sizeof(kind) << 16 | ord("d") << 8 | number


DROP_MASTER = ord("d") << 8 | 0x1F
GET_SEQUENCE = both_ways(0x3B, Sequence)
GET_RESOURCES = both_ways(0xA0, CardResources)
GET_CRTC = both_ways(0xA1, Crtc)
GET_ENCODER = both_ways(0xA6, Encoder)
GET_CONNECTOR = both_ways(0xA7, Connector)


@dataclass(frozen=True, slots=True)
class Lit:
    """A connector with a monitor that a CRTC drives."""

    card: Path
    name: str
    crtc: int
    edid: str


class Card:
    """One opened graphics card, to be asked for what it drives.

    Thread: any, one at a time. Blocks: microseconds. Owns: the file. Fails: OSError.
    """

    def __init__(self, path: Path, ioctl: Ioctl) -> None:
        self.path = path
        self._ioctl = ioctl
        self._file = os.open(path, os.O_RDWR)
        # Whoever opens a card that nobody rules becomes its ruler, and no desktop could start on it again.
        with suppress(OSError):  # mostly another rules it
            ioctl(self._file, DROP_MASTER, 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def lit(self, kernel: Path) -> Iterator[Lit]:
        """Find the connectors with a monitor that shows something; their EDIDs lie in a folder of the kernel's."""
        resources = CardResources()
        self._ioctl(self._file, GET_RESOURCES, resources)
        # The first answer says how many, the second which; one plugged in between comes the next time.
        connectors = (c_uint32 * resources.connectors)()
        asked = CardResources(connectors=len(connectors), connectors_at=ctypes.addressof(connectors))
        self._ioctl(self._file, GET_RESOURCES, asked)
        for number in connectors[: asked.connectors]:
            # Asked for no modes at all, the kernel goes and asks the monitor, which takes tens of milliseconds.
            mode = Mode()
            connector = Connector(connector=number, modes=1, modes_at=ctypes.addressof(mode))
            self._ioctl(self._file, GET_CONNECTOR, connector)
            if connector.connection != CONNECTED or not connector.encoder:
                continue
            encoder = Encoder(encoder=connector.encoder)
            self._ioctl(self._file, GET_ENCODER, encoder)
            if encoder.crtc:
                kind = CONNECTORS[connector.type] if connector.type < len(CONNECTORS) else "Unknown"
                name = f"{kind}-{connector.number}"
                yield Lit(self.path, name, encoder.crtc, edid_of(kernel / f"{self.path.name}-{name}" / "edid"))

    def refresh_hz(self, crtc: int) -> float | None:
        """Return the rate of the mode that a CRTC is in, with its fraction."""
        asked = Crtc(crtc=crtc)
        self._ioctl(self._file, GET_CRTC, asked)
        mode = asked.mode
        pixels = mode.horizontal_total * mode.vertical_total
        return mode.clock_khz * 1000 / pixels if asked.mode_valid and pixels else None

    def vblank(self, asked: Sequence) -> None:
        """Write the newest vblank of the CRTC that `asked` names into it."""
        self._ioctl(self._file, GET_SEQUENCE, asked)


class Vblank:
    """Asks the kernel for the newest vblank of one CRTC. A VsyncSource.

    The question is answered at once, from the time that the vblank interrupt or the display hardware itself noted; to
    wait for vblanks instead would take a thread, woken late, and bring the same times.

    Thread: as every VsyncSource. Blocks: microseconds. Owns: its card. Fails: as every VsyncSource: a CRTC that has
    been switched off has no vblanks, and stamps come again with it.
    """

    name = "drm vblank"

    def __init__(self, card: Card, lit: Lit) -> None:
        self.refresh_hz = card.refresh_hz(lit.crtc)
        self.detail = f"vblanks of {lit.name} on {card.path.name}, by the kernel"
        self._card = card
        self._asked = Sequence(crtc=lit.crtc)
        self._known = -1
        self._closed = False

    def before_present(self, present: int) -> None:
        """Do nothing."""

    def newest(self) -> Stamp | None:
        """Ask the kernel."""
        asked = self._asked
        try:
            self._card.vblank(asked)
        except OSError:
            return None
        # A driver that notes no times says 0 for the vblank before the interrupt was switched on.
        if not asked.active or asked.sequence_ns <= 0 or asked.sequence == self._known:
            return None
        self._known = asked.sequence
        return Stamp(asked.sequence_ns, exact=True)

    def close(self) -> None:
        """Close the card."""
        if not self._closed:
            self._closed = True
            self._card.close()


def open_vblank(
    monitor: Monitor, *, ioctl: Ioctl = fcntl.ioctl, devices: Path = DEVICES, kernel: Path = KERNEL
) -> Vblank:
    """Return the vblanks of the CRTC that drives a monitor. Fails: NoVsyncError.

    Thread: any. Blocks: about 0.1 ms a card.
    """
    paths = sorted(devices.glob("card*"))
    if not paths:
        raise NoVsyncError(f"no vblanks: there is no graphics card in {devices}")
    cards, refused = [], []
    for path in paths:
        try:
            cards.append(Card(path, ioctl))
        except OSError as error:
            refused.append(f"{path}: {error.strerror or error}")
    taken = None
    try:
        found = []
        for card in cards:
            try:
                found += [(card, lit) for lit in card.lit(kernel)]
            except OSError as error:  # a card for computing only has no connectors to ask for
                refused.append(f"{card.path}: {error.strerror or error}")
        lit = the_one(monitor, [lit for _, lit in found], refused)
        taken = next(card for card, other in found if other is lit)
        try:
            taken.vblank(Sequence(crtc=lit.crtc))
            return Vblank(taken, lit)
        except OSError as error:
            taken = None
            raise NoVsyncError(f"no vblanks of {lit.name}: {error.strerror or error}") from error
    finally:
        for card in cards:
            if card is not taken:
                card.close()


def the_one(monitor: Monitor, found: list[Lit], refused: list[str]) -> Lit:
    """Return the connector that a monitor is on. Fails: NoVsyncError when that is not sure.

    What a monitor says of itself decides; X11's names of connectors are often others than the kernel's. A monitor that
    says nothing and has another name is taken for none: a virtual one has no vblanks, though there may be a real one.
    """
    same = [lit for lit in found if monitor.edid and lit.edid == monitor.edid]
    if len(same) != 1:
        same = [lit for lit in same or found if monitor.name in known_as(lit.name)]
    if len(same) == 1:
        return same[0]
    what = "several graphics cards have" if same else "no graphics card shows anything on"
    raise NoVsyncError("; ".join((f"no vblanks: {what} {monitor.name}", *refused)))


def known_as(name: str) -> tuple[str, ...]:
    """Return the names that a connector has in X11 and on Wayland: HDMI-A-1 is HDMI-1 to X11's modesetting driver."""
    return (name, name.replace("HDMI-A-", "HDMI-").replace("HDMI-B-", "HDMI-"))


def edid_of(path: Path) -> str:
    """Return the hash of an EDID as a Monitor has it, or nothing."""
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(data).hexdigest()[:HASH_DIGITS] if data else ""
