"""The timing log of a show: what happened when, kept in memory while it runs and written as a table at its end.

A text file, gzipped where its name ends in .gz. First the name and version of the format, then one line for each
display with its reported rate, then the names of the columns, then one row for each event, by time:

    # scrim timing 1
    # display wall 60.0 pace
    # display side 50.0
    event,subject,number,begun_ns,ended_ns,aim_ns
    tick,stage,17,283214100,288102334,300012000
    present,wall,17,288150020,288800031,300012000
    stamp,wall,17,300260011,300260011,300012000

| column | meaning |
|---|---|
| event | `tick`: a stage was made; `present`: it was drawn and presented; `stamp`: by now it is visible |
| subject | which display; `stage` for a tick |
| number | the tick whose stage it was |
| begun_ns | when it began, by the show's clock |
| ended_ns | when it ended; for a stamp the same |
| aim_ns | the vsync that it was meant for; 0 where nothing was aimed at |

`scrim bench pacing` plays such a log back: its load, its vsyncs and its late stamps, with other policies.
"""

from __future__ import annotations

import gzip
import threading
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, cast

FORMAT = "# scrim timing 1"
COLUMNS = "event,subject,number,begun_ns,ended_ns,aim_ns"
STAGE = "stage"

EventName = Literal["tick", "present", "stamp"]
EVENTS: tuple[EventName, ...] = ("tick", "present", "stamp")


@dataclass(frozen=True, slots=True)
class Event:
    """One row."""

    event: EventName
    subject: str
    number: int
    begun_ns: int
    ended_ns: int
    aim_ns: int = 0


@dataclass(frozen=True, slots=True)
class LoggedDisplay:
    """A display as the log's head has it. `pace`: the ticks follow it."""

    name: str
    refresh_hz: float
    pace: bool = False


class Lane:
    """What one subject's thread writes into: 32 bytes an event, and no more than `MOST`, about four hours at 60 Hz.

    Thread: one adds; any may read what is there. Blocks: never. Owns: its memory. Fails: never, a full one counts.
    """

    MOST = 1_000_000

    __slots__ = ("_rows", "dropped", "event", "subject")

    def __init__(self, event: EventName, subject: str) -> None:
        self.event = event
        self.subject = subject
        self.dropped = 0
        self._rows = array("q")

    def add(self, number: int, begun_ns: int, ended_ns: int, aim_ns: int = 0) -> None:
        """Note one event; 0.2 µs."""
        if len(self._rows) < 4 * self.MOST:
            self._rows.extend((number, begun_ns, ended_ns, aim_ns))
        else:
            self.dropped += 1

    def __iter__(self) -> Iterator[Event]:
        rows = self._rows
        for at in range(0, len(rows) - 3, 4):
            yield Event(self.event, self.subject, rows[at], rows[at + 1], rows[at + 2], rows[at + 3])


@dataclass(slots=True)
class TimingLog:
    """Lanes while a show runs; all events by time when it is read.

    Thread: any asks for a lane, once. Blocks: for that. Owns: its lanes. Fails: `save` with OSError.
    """

    displays: list[LoggedDisplay] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def display(self, name: str, refresh_hz: float, *, pace: bool = False) -> None:
        """Say that there is a display; a second time, that its rate is another."""
        with self._lock:
            self.displays = [each for each in self.displays if each.name != name]
            self.displays.append(LoggedDisplay(name, refresh_hz, pace))

    def lane(self, event: EventName, subject: str = STAGE) -> Lane:
        """Return where to note these events of this subject."""
        with self._lock:
            for lane in self.lanes:
                if (lane.event, lane.subject) == (event, subject):
                    return lane
            self.lanes.append(Lane(event, subject))
            return self.lanes[-1]

    @property
    def dropped(self) -> int:
        """How many events found no room."""
        return sum(lane.dropped for lane in self.lanes)

    def events(self) -> list[Event]:
        """Return all events by the time they ended."""
        return sorted((event for lane in self.lanes for event in lane), key=lambda event: event.ended_ns)

    def save(self, path: Path) -> None:
        """Write it to a file."""
        with _open(path, "wt") as file:
            file.write(f"{FORMAT}\n")
            for display in self.displays:
                pace = " pace" if display.pace else ""
                file.write(f"# display {display.name} {display.refresh_hz!r}{pace}\n")
            file.write(f"{COLUMNS}\n")
            for row in self.events():
                numbers = f"{row.number},{row.begun_ns},{row.ended_ns},{row.aim_ns}"
                file.write(f"{row.event},{row.subject},{numbers}\n")

    @classmethod
    def load(cls, path: Path) -> TimingLog:
        """Read a file; ValueError says which line is none of ours, OSError that there is no file."""
        log = cls()
        with _open(path, "rt") as file:
            if file.readline().rstrip() != FORMAT:
                raise ValueError(f"{path}:1: not a timing log: the first line must be {FORMAT!r}")
            for number, line in enumerate(file, 2):
                try:
                    log._take(line.rstrip("\n"))
                except (ValueError, IndexError) as error:
                    raise ValueError(f"{path}:{number}: not a line of a timing log: {line.rstrip()!r}") from error
        return log

    def _take(self, line: str) -> None:
        if line.startswith("# display "):
            words = line.split(" ")
            pace = words[-1] == "pace"
            name, refresh = words[2:-2] if pace else words[2:-1], words[-2] if pace else words[-1]
            if not name:
                raise ValueError(line)
            self.display(" ".join(name), float(refresh), pace=pace)
        elif line and line != COLUMNS and not line.startswith("#"):
            event, subject, *numbers = line.split(",")
            if event not in EVENTS or len(numbers) != 4:
                raise ValueError(line)
            number, begun_ns, ended_ns, aim_ns = map(int, numbers)
            self.lane(event, subject).add(number, begun_ns, ended_ns, aim_ns)


def _open(path: Path, mode: Literal["rt", "wt"]) -> IO[str]:
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, mode, encoding="utf-8"))
    return path.open(mode, encoding="utf-8")
