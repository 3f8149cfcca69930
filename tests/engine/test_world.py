"""The world keeps esper's traps away from everyone else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.component import state
from engine.components import Camera, Fill, Layer, Light
from engine.notices import Notices
from engine.tick import Tick
from engine.trace import Span
from engine.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def warmth(monkeypatch: pytest.MonkeyPatch) -> type:
    """A state of lights, only for this test."""
    monkeypatch.setattr("engine.component._STATES", {})

    @state(of=Light)
    class Warmth:
        degrees: float = 0.0

    return Warmth


def test_an_entity_is_found_by_name_and_by_what_it_has(world: World) -> None:
    layer = Layer()
    sky = world.spawn("sky", [layer, Fill()])
    world.spawn("front", [Camera()])
    assert world.entity("sky") == sky
    assert world.name(sky) == "sky"
    assert world.names() == ["sky", "front"]
    assert world.get("sky", Layer) is layer
    assert world.get(sky, Camera) is None
    assert world.get("nobody", Layer) is None
    assert [entity for entity, _ in world.each(Layer, Fill)] == [sky]


def test_a_name_is_taken_once(world: World) -> None:
    world.spawn("sky", [])
    with pytest.raises(KeyError, match="there is an entity 'sky' already"):
        world.spawn("sky", [Layer()])
    assert not world.each(Layer)


def test_a_removed_entity_is_gone_at_once(world: World) -> None:
    world.spawn("sky", [Layer()])
    world.spawn("ground", [Layer()])
    assert len(world.each(Layer)) == 2
    world.remove("sky")
    assert [world.name(entity) for entity, _ in world.each(Layer)] == ["ground"]
    with pytest.raises(KeyError):
        world.remove("sky")
    world.process(Tick())  # esper itself fails here after deleting an unknown entity
    world.spawn("sky", [Layer()])


def test_states_come_and_go_with_their_component(world: World, warmth: type) -> None:
    world.spawn("lamp", [Light()])
    kept = world.get("lamp", warmth)
    assert kept is not None
    world.add("lamp", Light(strength=2.0))
    assert world.get("lamp", Light) == Light(strength=2.0)
    assert world.get("lamp", warmth) is kept
    world.drop("lamp", Light)
    assert world.get("lamp", warmth) is None
    assert not world.each(Light)
    world.add("lamp", Light())
    assert world.get("lamp", warmth) is not kept


def test_every_change_counts_as_a_revision(world: World) -> None:
    revisions = [world.revision]
    for change in (
        lambda: world.spawn("one", [Layer()]),
        lambda: world.spawn("two", []),
        lambda: world.add("one", Fill()),
        lambda: world.drop("one", Fill),
        lambda: world.arrange(["two", "one"]),
        lambda: world.remove("one"),
    ):
        change()
        revisions.append(world.revision)
    assert revisions == sorted(set(revisions))


def test_entities_can_be_put_in_order(world: World) -> None:
    for name in ("one", "three", "two"):
        world.spawn(name, [])
    world.arrange(["one", "two"])
    assert world.names() == ["one", "two", "three"]
    revision = world.revision
    world.arrange(["one", "two", "three"])
    assert world.revision == revision


def test_two_worlds_know_nothing_of_each_other(world: World, notices: Notices) -> None:
    other = World()
    world.spawn("sky", [Layer(order=1)])
    other.spawn("sky", [Layer(order=2)])
    turns: list[str] = []
    for each, name in ((world, "first"), (other, "second")):
        each.add_system(_Call(turns, name), name, Span(name), notices)
    world.process(Tick())
    assert turns == ["first"]
    assert [layer.order for _, (layer,) in world.each(Layer)] == [1]
    assert [layer.order for _, (layer,) in other.each(Layer)] == [2]
    other.close()
    assert len(world.each(Layer)) == 1


def test_another_thread_is_refused(world: World) -> None:
    said: list[str] = []

    def ask() -> None:
        try:
            world.each(Layer)
        except RuntimeError as error:
            said.append(str(error))

    thread = threading.Thread(target=ask, name="stranger")
    thread.start()
    thread.join()
    assert said == ["the world belongs to another thread than 'stranger'"]


def test_systems_run_in_the_order_they_were_added_and_are_timed(world: World, notices: Notices) -> None:
    turns: list[str] = []
    spans = [Span(name) for name in ("capture", "masks", "composite")]
    for span in spans:
        world.add_system(_Call(turns, span.name), span.name, span, notices)
    world.process(Tick())
    world.process(Tick())
    assert turns == ["capture", "masks", "composite"] * 2
    assert [span.count for span in spans] == [2, 2, 2]


def test_a_failing_system_costs_only_itself_and_is_switched_off_after_ten(world: World, notices: Notices) -> None:
    turns: list[str] = []
    world.add_system(_Call(turns, "bad", failing=range(100)), "bad", Span("bad"), notices)
    world.add_system(_Call(turns, "good"), "good", Span("good"), notices)
    for _ in range(12):
        world.process(Tick())
    assert turns.count("bad") == 10
    assert turns.count("good") == 12
    assert [(notice.severity, notice.subject, notice.count) for notice in notices.all()] == [
        ("visible", "bad", 10),
        ("stopped", "bad", 1),
    ]


def test_only_failures_in_a_row_switch_a_system_off(world: World, notices: Notices) -> None:
    turns: list[str] = []
    world.add_system(_Call(turns, "flaky", failing=[*range(9), *range(10, 19)]), "flaky", Span("flaky"), notices)
    for _ in range(25):
        world.process(Tick())
    assert len(turns) == 25


class _Call:
    """A system that notes its turns, and fails in those that are named."""

    def __init__(self, turns: list[str], name: str, failing: range | list[int] = range(0)) -> None:
        self._turns = turns
        self._name = name
        self._failing = failing

    def process(self, tick: Tick) -> None:  # noqa: ARG002 - the interface of a system
        turn = self._turns.count(self._name)
        self._turns.append(self._name)
        if turn in self._failing:
            raise ValueError("no")
