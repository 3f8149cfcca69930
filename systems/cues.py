"""Cues: which layers are seen, and how one selection dissolves into the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.components import Cue, Layer
from engine.notices import log
from engine.tick import Tick
from engine.world import World

MOST_SELECTIONS = 4
"""How many selections may dissolve into each other at once: each is drawn. Another waits for the oldest to be gone."""


@dataclass(slots=True, eq=False)
class Selection:
    """Which layers are seen, and how far that has come. `hidden` are the entities whose layers are not seen."""

    cued: dict[int, bool]  # what cues said of an entity's layer; of others its own `visible` holds
    begun_ns: int = 0
    fade_ns: int = 0
    share: float = 1.0  # of what it dissolves from, 0, and of itself, 1
    hidden: frozenset[int] = field(default_factory=frozenset)


EVERYTHING = Selection({})


class Cues:
    """Follows the show's time and the operator's keys.

    Reads: Cue, Layer. Writes: `selections`. Sends: nothing.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._revision = -1
        self._selections: list[Selection] = [Selection({})]
        self.rehearsing = False  # what a cue may show is drawn too, so that it is ready
        self._written: dict[int, bool] = {}  # each layer's own `visible`
        self._due: dict[int, tuple[Cue, int]] = {}  # by entity: when each cue with a time is due next
        self._pressed: list[str] = []
        self._waiting: list[tuple[int, int]] = []
        self._last_ns = -1

    @property
    def wants_keys(self) -> bool:
        """Whether any cue has a key."""
        return any(cue.key for _, (cue,) in self._world.each(Cue))

    @property
    def selections(self) -> list[Selection]:
        """The selections that are on the stage, oldest first: each dissolves into the next by that one's share."""
        return [EVERYTHING, *self._selections] if self.rehearsing else self._selections

    @property
    def hidden(self) -> frozenset[int]:
        """The entities whose layers are in no selection: they need not be drawn."""
        return frozenset.intersection(*(selection.hidden for selection in self.selections))

    @property
    def differing(self) -> frozenset[int]:
        """The entities whose layers are in some selection and not in another."""
        return frozenset.union(*(selection.hidden for selection in self.selections)) - self.hidden

    def press(self, key: str) -> None:
        """Call the cues of a key, in the next tick."""
        self._pressed.append(key)

    def process(self, tick: Tick) -> None:
        """Begin what is due, and go on with what has begun."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        if self.rehearsing:
            self._pressed.clear()
            return
        self._waiting += sorted(self._take_due(tick.now_ns), key=lambda each: each[1])
        for key in self._pressed:
            self._waiting += [(entity, tick.now_ns) for entity, (cue,) in self._world.each(Cue) if cue.key == key]
        self._pressed.clear()
        last_ns, self._last_ns = self._last_ns, tick.now_ns
        self._go_on(tick.now_ns)
        while self._waiting and len(self._selections) < MOST_SELECTIONS:
            entity, begun_ns = self._waiting.pop(0)
            if (cue := self._world.get(entity, Cue)) is not None:
                # One that had to wait begins now, else it would be half over at once.
                self._begin(cue, self._world.name(entity), begun_ns if begun_ns > last_ns else tick.now_ns)
                self._go_on(tick.now_ns)

    def _go_on(self, now_ns: int) -> None:
        for position, selection in reversed(list(enumerate(self._selections))):
            selection.share = (
                min(1.0, (now_ns - selection.begun_ns) / selection.fade_ns) if selection.fade_ns and position else 1.0
            )
            if selection.share >= 1.0:
                del self._selections[:position]
                break

    def _begin(self, cue: Cue, name: str, begun_ns: int) -> None:
        log.info("cue: %s", name)
        said = {
            self._world.entity(layer): seen for names, seen in ((cue.hide, False), (cue.show, True)) for layer in names
        }
        cued = {**self._selections[-1].cued, **{entity: seen for entity, seen in said.items() if entity is not None}}
        selection = Selection(cued, begun_ns, round(cue.fade_s * 1e9))
        self._hide(selection)
        if selection.hidden != self._selections[-1].hidden:
            self._selections.append(selection)

    def _take_due(self, now_ns: int) -> list[tuple[int, int]]:
        due: list[tuple[int, int]] = []
        for entity, (cue, due_ns) in list(self._due.items()):
            if due_ns > now_ns:
                continue
            again_ns = round(cue.every_s * 1e9)
            missed = (now_ns - due_ns) // again_ns if again_ns else 0
            due.append((entity, due_ns + missed * again_ns))
            if again_ns:
                self._due[entity] = (cue, due_ns + (missed + 1) * again_ns)
            else:
                del self._due[entity]
        return due

    def _reconcile(self) -> None:
        """Take over changed cues and layers: what the author says anew of a layer goes before what a cue said."""
        before, self._written = self._written, {entity: layer.visible for entity, (layer,) in self._world.each(Layer)}
        for selection in self._selections:
            for entity, visible in self._written.items():
                if before.get(entity, visible) != visible:
                    selection.cued.pop(entity, None)
            self._hide(selection)
        kept, self._due = self._due, {}
        for entity, (cue,) in self._world.each(Cue):
            if entity in kept and kept[entity][0] == cue:
                self._due[entity] = kept[entity]
                continue
            at_ns, again_ns = round(cue.at_s * 1e9), round(cue.every_s * 1e9)
            if again_ns and 0 <= at_ns <= self._last_ns:
                at_ns += ((self._last_ns - at_ns) // again_ns + 1) * again_ns
            if at_ns > self._last_ns and cue.at_s >= 0.0:
                self._due[entity] = (cue, at_ns)

    def _hide(self, selection: Selection) -> None:
        selection.hidden = frozenset(
            entity for entity, visible in self._written.items() if not selection.cued.get(entity, visible)
        )
