"""Mailboxes keep the newest, slots go round, workers fail alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.slots import Slots
from engine.threads.worker import Worker

WAIT_S = 20.0  # generous: nothing here asserts a duration


# Mailbox


def test_a_mailbox_keeps_the_newest_and_counts() -> None:
    mailbox: Mailbox[str] = Mailbox()
    assert mailbox.take() is None
    assert mailbox.put("first") is None
    assert mailbox.put("second") == "first"
    assert mailbox.take() == "second"
    assert mailbox.take() is None
    assert (mailbox.put_count, mailbox.displaced_count, mailbox.taken_count) == (2, 1, 1)


def test_a_mailbox_can_be_waited_for() -> None:
    mailbox: Mailbox[str] = Mailbox()
    assert mailbox.wait(0.0) is None
    threading.Timer(0.01, mailbox.put, ["late"]).start()
    assert mailbox.wait(WAIT_S) == "late"


def test_nothing_is_lost_between_two_threads() -> None:
    mailbox: Mailbox[int] = Mailbox()
    displaced: list[int] = []

    def produce() -> None:
        displaced.extend(item for item in map(mailbox.put, range(1, 1001)) if item is not None)

    producer = threading.Thread(target=produce)
    producer.start()
    taken: list[int] = []
    while 1000 not in taken:
        item = mailbox.wait(WAIT_S)
        assert item is not None
        taken.append(item)
    producer.join()
    assert taken == sorted(taken)
    assert sorted(taken + displaced) == list(range(1, 1001))
    assert mailbox.put_count == mailbox.displaced_count + mailbox.taken_count


# Slots


def test_slots_are_made_once_and_go_round() -> None:
    slots = Slots(bytearray, 2)
    one, two = slots.acquire(), slots.acquire()
    assert one is not None
    assert two is not None
    assert slots.acquire() is None
    one.release()
    assert slots.acquire() is one


def test_a_retained_slot_is_free_only_when_all_let_go() -> None:
    slots = Slots(bytearray, 1)
    slot = slots.acquire()
    assert slot is not None
    slot.retain()
    slot.release()
    assert slots.acquire() is None
    slot.release()
    assert slots.acquire() is slot


def test_a_slot_released_too_often_says_so() -> None:
    slots = Slots(bytearray, 1)
    slot = slots.acquire()
    assert slot is not None
    slot.release()
    with pytest.raises(RuntimeError, match="released more often than it was held"):
        slot.release()


# Worker


class _Work(Worker):
    """Fails in the turns that are named, and lets the test wait for the others."""

    FIRST_PAUSE_S = 0.001
    LONGEST_PAUSE_S = 0.01

    def __init__(self, notices: Notices, failing: range = range(0), fails_to_close: bool = False) -> None:
        super().__init__("work", notices)
        self.opened = self.closed = self.turns = 0
        self.worked = threading.Event()
        self._failing = failing
        self._fails_to_close = fails_to_close

    def open(self) -> None:
        self.opened += 1

    def turn(self) -> None:
        self.turns += 1
        if self.turns in self._failing:
            raise OSError("unplugged")
        self.worked.set()
        self.pause(0.001)

    def close(self) -> None:
        self.closed += 1
        if self._fails_to_close:
            raise OSError("stuck")


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    """Workers that are stopped after the test."""
    workers: list[Worker] = []
    yield workers
    for worker in workers:
        worker.stop()


def test_a_worker_turns_until_it_is_stopped(workers: list[Worker], notices: Notices) -> None:
    work = _Work(notices)
    workers.append(work)
    work.start()
    assert work.worked.wait(WAIT_S)
    work.stop()
    turns = work.turns
    assert work.stopping
    assert (work.opened, work.closed) == (1, 1)
    assert "work" not in {thread.name for thread in threading.enumerate()}
    assert work.turns == turns
    assert not notices.all()


def test_a_stopped_worker_can_start_again(workers: list[Worker], notices: Notices) -> None:
    work = _Work(notices)
    workers.append(work)
    for _ in range(2):
        work.worked.clear()
        work.start()
        assert work.worked.wait(WAIT_S)
        work.stop()
    assert (work.opened, work.closed) == (2, 2)


@pytest.mark.parametrize("fails_to_close", [False, True])
def test_a_failure_is_said_once_and_tried_again(workers: list[Worker], notices: Notices, fails_to_close: bool) -> None:
    work = _Work(notices, failing=range(1, 4), fails_to_close=fails_to_close)
    workers.append(work)
    work.start()
    assert work.worked.wait(WAIT_S)
    work.stop()
    assert (work.opened, work.closed) == (4, 4)
    assert [(notice.subject, notice.text, notice.count) for notice in notices.all()] == [("work", "unplugged", 3)]


def test_a_stop_does_not_wait_for_a_long_pause(workers: list[Worker], notices: Notices) -> None:
    class Sleeper(_Work):
        def turn(self) -> None:
            self.worked.set()
            self.pause(3600.0)

    work = Sleeper(notices)
    workers.append(work)
    work.start()
    assert work.worked.wait(WAIT_S)
    work.stop(WAIT_S)
    assert not notices.all()


def test_a_worker_that_does_not_end_is_named_and_left_behind(notices: Notices) -> None:
    let_go = threading.Event()

    class Stuck(_Work):
        def turn(self) -> None:
            self.worked.set()
            let_go.wait(WAIT_S)

    work = Stuck(notices)
    work.start()
    assert work.worked.wait(WAIT_S)
    work.stop(0.01)
    let_go.set()
    assert [notice.text for notice in notices.all()] == ["did not stop within 0.01 s and was left behind"]
