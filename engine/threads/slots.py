"""A fixed number of buffers that go round between threads, so that a running show allocates none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    """One buffer and how many hold it. Whoever keeps it longer than a call retains it, and releases it once."""

    __slots__ = ("_holders", "_slots", "buffer")

    def __init__(self, slots: Slots[T], buffer: T) -> None:
        self._slots = slots
        self.buffer = buffer
        self._holders = 0

    def retain(self) -> None:
        """Hold it once more."""
        with self._slots.lock:
            self._holders += 1

    def release(self) -> None:
        """Hold it once less; with no holder left it is free again."""
        with self._slots.lock:
            self._holders -= 1
            if self._holders < 0:
                raise RuntimeError("a slot was released more often than it was held")
            if self._holders == 0:
                self._slots.free.append(self)


class Slots(Generic[T]):
    """A pool of slots, all made at the start.

    Thread: any. Blocks: for a list operation. Owns: the buffers. Fails: `acquire` returns None when all are held.
    """

    def __init__(self, make: Callable[[], T], count: int) -> None:
        self.lock = threading.Lock()
        self.free: list[Slot[T]] = [Slot(self, make()) for _ in range(count)]
        self.count = count

    def acquire(self) -> Slot[T] | None:
        """Return a free slot, held once by the caller, or None."""
        with self.lock:
            if not self.free:
                return None
            slot = self.free.pop()
            slot._holders = 1
            return slot
