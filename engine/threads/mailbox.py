"""A box that holds one item: the newest wins."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Between one producer that never waits and one consumer that wants only the newest.

    Thread: any. Blocks: `wait` for an item; the others for a pointer swap. Owns: the item it holds. Fails: never.
    """

    def __init__(self) -> None:
        self._filled = threading.Condition(threading.Lock())
        self._item: T | None = None
        self.put_count = 0
        self.displaced_count = 0
        self.taken_count = 0

    def put(self, item: T) -> T | None:
        """Leave an item; return the one it displaced, which is the caller's to release."""
        with self._filled:
            displaced, self._item = self._item, item
            self.put_count += 1
            self.displaced_count += displaced is not None
            self._filled.notify()
            return displaced

    def take(self) -> T | None:
        """Return the newest item, now the caller's, or None."""
        with self._filled:
            item, self._item = self._item, None
            self.taken_count += item is not None
            return item

    def nudge(self) -> None:
        """Let whoever waits go on without an item."""
        with self._filled:
            self._filled.notify_all()

    def wait(self, timeout_s: float) -> T | None:
        """Like `take`, but wait for an item as long as `timeout_s`."""
        with self._filled:
            if self._item is None:
                self._filled.wait(timeout_s)
            item, self._item = self._item, None
            self.taken_count += item is not None
            return item
