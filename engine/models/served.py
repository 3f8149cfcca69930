"""A model that runs on a server while that answers, and here while it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.address import ServerAddress, parse_server
from engine.models.around import Around
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.server import ANSWER_S, ServerSession
from engine.notices import Notices
from engine.threads.worker import Worker


class SegmenterServed(Around):
    """Finds the person in a picture on a server; where that fails, the same picture is given to the model here.

    A server that is lost is called again by a thread of its own, with growing pauses: who runs the model never waits
    for more than one answer that does not come.

    Thread: one at a time. Blocks: the constructor for the first call, `run` for an answer of the server, and for the
    model here. Owns: the model here and the call. Fails: as the model here does.
    """

    def __init__(self, here: Runner, url: str, notices: Notices) -> None:
        address = parse_server(url)
        super().__init__(here)
        self.where = address.shown
        self._call = ServerCall(address, here.path, notices, self._check)
        self._call.begin()

    @property
    def provider(self) -> str:
        """The server, or what runs the model here meanwhile."""
        there = self._call.there
        return there.provider if there is not None else self.here.provider

    @property
    def nodes(self) -> dict[str, int]:
        """Of the model here, while it runs here."""
        return {} if self._call.there is not None else self.here.nodes

    @property
    def lighter(self) -> str:
        """Of the model here, while that is at work."""
        return "" if self._call.there is not None else self.here.lighter

    def lighten(self, on: bool, took_ms: float = 0.0) -> bool:
        """Spare the model here, while that is at work."""
        return (not on or self._call.there is None) and self.here.lighten(on, took_ms)

    @property
    def fallback(self) -> str:
        """Why it runs here."""
        return self._call.trouble

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Write the person of `picture` into `mask`."""
        there = self._call.there
        if there is not None:
            try:
                there.run(picture, mask, camera)
            except ModelError as error:
                self._call.lose(there, str(error))
            else:
                return
        self.here.run(picture, mask, camera)

    def open(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Make sure of the model here, and that the server is called."""
        self.here.open(stopping)
        self._call.begin()

    def close(self) -> None:
        """Hang up, and give the model here back."""
        self._call.stop()
        self.here.close()

    def _check(self, there: Segmenter) -> None:
        if (there.input_size, there.mask_size) != (self.input_size, self.mask_size):
            theirs, ours = ("{} × {}".format(*runner.mask_size) for runner in (there, self))
            raise ModelError(f"{self.where} serves another {self.name}: its masks are {theirs}, those here {ours}")


class ServerCall(Worker):
    """Keeps a model on a server at hand: `there` while it answers, else `trouble` says why not.

    Thread: `begin`, `lose` and `stop` from whoever uses it; the rest on its own. Blocks: `begin` for the first call.
    Owns: the session. Fails: never; it tries again, with growing pauses.
    """

    def __init__(
        self,
        address: ServerAddress,
        path: Path,
        notices: Notices,
        check: Callable[[Segmenter], None] = lambda _: None,
        patience_s: float = ANSWER_S,
    ) -> None:
        super().__init__(f"server {address.shown}", notices)
        self.there: Segmenter | None = None
        self.trouble = ""
        self._address = address
        self._path = path
        self._check = check
        self._patience_s = patience_s
        self._session: ServerSession | None = None
        self._lost = threading.Event()
        self._begun = False

    def begin(self) -> None:
        """Call for the first time, and go on calling."""
        if self._begun:
            return
        self._begun = True
        try:
            self.open()
        except ModelError as error:
            self.failed(error)
        self.start()

    def lose(self, there: Segmenter, trouble: str) -> None:
        """Say that it did not answer as it should."""
        if self.there is there:
            self.trouble, self.there = trouble, None
            self._lost.set()

    def open(self) -> None:
        """Call, see what the server has, and run it once."""
        if self.there is not None:
            return
        session = self._session = ServerSession(self._address, self._path.stem, self._patience_s)
        try:
            there = Segmenter(self._path, session=session)
            self._check(there)
        except BaseException:
            session.close()
            raise
        self.there, self.trouble = there, ""

    def turn(self) -> None:
        """Wait until it is lost."""
        if self._lost.wait(1.0) and not self.stopping:
            self._lost.clear()
            raise ModelError(self.trouble)

    def failed(self, error: Exception) -> None:
        """Keep what went wrong first, for whoever runs the model to say."""
        self.trouble = self.trouble or f"{error}"

    def wake(self) -> None:
        """End the wait."""
        self._lost.set()

    def close(self) -> None:
        """Hang up."""
        self.there = None
        if self._session is not None:
            self._session.close()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End, so that it can begin again."""
        super().stop(timeout_s)
        self._lost.clear()
        self._begun = False
