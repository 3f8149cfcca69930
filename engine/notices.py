"""What the show has to say to people: each thing once, then counted."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["stopped", "visible", "noted"]
"""stopped: something is off the air. visible: an audience may see it. noted: nobody sees it."""

LEVEL = {"stopped": logging.ERROR, "visible": logging.WARNING, "noted": logging.INFO}

log = logging.getLogger("scrim")


@dataclass(slots=True)
class Notice:
    """One message about one subject, and how often it came."""

    severity: Severity
    subject: str
    text: str
    count: int = 1
    said_s: float = field(default_factory=time.monotonic, repr=False)  # when it last came


class Notices:
    """The messages of one show.

    Thread: any. Blocks: on a lock for a dictionary look-up. Owns: its notices. Fails: never.
    """

    AGAIN_S = 2.0  # what comes again after such a silence is something new, and is logged once more
    MOST = 200  # a show that says more than this has one cause that keeps changing its words

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_text: dict[tuple[str, str], Notice] = {}

    def say(self, severity: Severity, subject: str, text: str) -> None:
        """Log `subject: text` the first time, and when it comes back after a silence; count it in between."""
        with self._lock:
            notice = self._by_text.get((subject, text))
            if notice is not None:
                notice.count += 1
                again = time.monotonic() - notice.said_s >= self.AGAIN_S
                notice.said_s = time.monotonic()
                if not again:
                    return
            elif len(self._by_text) < self.MOST:
                self._by_text[subject, text] = Notice(severity, subject, text)
        log.log(LEVEL[severity], "%s: %s", subject, text)

    def all(self) -> list[Notice]:
        """Every notice so far, oldest first."""
        with self._lock:
            return list(self._by_text.values())
