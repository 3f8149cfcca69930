"""The world: entities with names, their components and states, and the systems that run over them.

The only file that calls esper. esper keeps its worlds in module globals, so every call here first makes sure that its
own world is the current one, and that it is called from the thread that made it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar, cast, overload

import esper

from engine.component import states_of
from engine.notices import Notices, log
from engine.tick import Tick
from engine.trace import Span

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

_numbers = itertools.count(1)


class System(Protocol):
    """What happens in a tick. Its docstring says Reads, Writes and Sends."""

    def process(self, tick: Tick) -> None:
        """Do this tick's part. Must not wait, read files, or build GPU objects that could be kept."""


class World:
    """Entities by name. One per show.

    Thread: the one that made it. Blocks: never. Owns: components and states. Fails: KeyError for unknown entities.

    `revision` counts every change of what the author said (spawn, remove, edit), so that a system rebuilds what it
    derives from components only when the number differs from the one it saw last.
    """

    def __init__(self) -> None:
        self._context = f"scrim-{next(_numbers)}"
        self._thread = threading.get_ident()
        self._entities: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._systems = 0
        self.revision = 0
        self._enter()

    def spawn(self, name: str, components: Iterable[object]) -> int:
        """Make an entity with these components, and the empty states that go with them."""
        self._enter()
        if name in self._entities:
            raise KeyError(f"there is an entity {name!r} already")
        parts = list(components)
        parts += [state() for part in parts for state in states_of(type(part))]
        entity = esper.create_entity(*parts)
        self._entities[name] = entity
        self._names[entity] = name
        self.revision += 1
        return entity

    def remove(self, name: str) -> None:
        """Remove an entity at once, with everything it has."""
        self._enter()
        entity = self._entities.pop(name)
        del self._names[entity]
        esper.delete_entity(entity, immediate=True)
        self.revision += 1

    def add(self, name: str, component: object) -> None:
        """Give an entity a component, or another value of the one it has; a state it has already is kept."""
        self._enter()
        entity = self._entities[name]
        esper.add_component(entity, component)
        for state in states_of(type(component)):
            if not esper.has_component(entity, state):
                esper.add_component(entity, state())
        self.revision += 1

    def swap(self, entity: int, component: object) -> None:
        """Put a copy of what the author said in its place, for a system to change: that is no change of the scene."""
        self._enter()
        esper.add_component(entity, component)

    def drop(self, name: str, component_type: type) -> None:
        """Take a component and its states from an entity."""
        self._enter()
        entity = self._entities[name]
        for kind in (component_type, *states_of(component_type)):
            if esper.has_component(entity, kind):
                esper.remove_component(entity, kind)
        self.revision += 1

    @overload
    def each(self, first: type[A], /) -> Sequence[tuple[int, tuple[A]]]: ...
    @overload
    def each(self, first: type[A], second: type[B], /) -> Sequence[tuple[int, tuple[A, B]]]: ...
    @overload
    def each(self, first: type[A], second: type[B], third: type[C], /) -> Sequence[tuple[int, tuple[A, B, C]]]: ...
    def each(self, *types: type) -> Sequence[tuple[int, tuple[Any, ...]]]:
        """Every entity that has all of these, with them. esper caches the list: read it, don't keep or change it."""
        self._enter()
        return cast("Sequence[tuple[int, tuple[Any, ...]]]", esper.get_components(*types))

    def get(self, entity: int | str, kind: type[A]) -> A | None:
        """Return one component or state of an entity, or None."""
        self._enter()
        if isinstance(entity, str):
            found = self._entities.get(entity)
            if found is None:
                return None
            entity = found
        return cast("A | None", esper.try_component(entity, kind))

    def name(self, entity: int) -> str:
        """Return what the author calls this entity."""
        return self._names[entity]

    def entity(self, name: str) -> int | None:
        """Return the entity of this name, or None."""
        return self._entities.get(name)

    def arrange(self, names: Iterable[str]) -> None:
        """Put the entities into this order, that of the file: a reload may bring one between two others."""
        order = {name: self._entities[name] for name in names}
        if list(order) != list(self._entities):
            self._entities = {**order, **self._entities}
            self.revision += 1

    def names(self) -> list[str]:
        """Every entity's name, in the order they came or were arranged."""
        return list(self._entities)

    def add_system(self, system: System, name: str, span: Span, notices: Notices) -> None:
        """Put a system after the ones that are there; each of its turns is timed by `span`."""
        self._enter()
        self._systems += 1
        esper.add_processor(_Guarded(system, name, span, notices), priority=-self._systems)

    def process(self, tick: Tick) -> None:
        """Run every system once, in their order."""
        self._enter()
        esper.process(tick)

    def close(self) -> None:
        """Forget everything."""
        if self._context in esper.list_worlds():
            esper.switch_world("default")
            esper.delete_world(self._context)

    def _enter(self) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError(f"the world belongs to another thread than {threading.current_thread().name!r}")
        if esper.current_world != self._context:
            esper.switch_world(self._context)


class _Guarded(esper.Processor):
    """One system whose failure costs its part of a tick, not the show; after ten in a row it is switched off."""

    PATIENCE = 10

    def __init__(self, system: System, name: str, span: Span, notices: Notices) -> None:
        self._system = system
        self._name = name
        self._span = span
        self._notices = notices
        self._failures = 0

    def process(self, tick: Tick) -> None:
        """Run the system inside its span."""
        if self._failures >= self.PATIENCE:
            return
        try:
            with self._span:
                self._system.process(tick)
            self._failures = 0
        except Exception as error:
            self._failures += 1
            if self._failures == 1:
                log.exception("%s failed in tick %d; what it drew last stays", self._name, tick.index)
            words = " ".join(str(error).split())
            text = f"{type(error).__name__}: {words}"
            self._notices.say("visible", self._name, text)
            if self._failures == self.PATIENCE:
                self._notices.say(
                    "stopped", self._name, f"switched off after {self.PATIENCE} failures in a row; {text}"
                )
