"""Hints on their way from a change to an open tab, over PostgreSQL and over Redis."""

import asyncio
import threading
import time

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core import live
from core.models import SavedView
from tests.live import MERGED, committing, elsewhere  # noqa: F401


class Undone(Exception):
    pass


def touch_and_undo(*ids):
    """A transaction, or a savepoint inside one, that is rolled back."""
    with transaction.atomic():
        live.touch("things", *ids)
        raise Undone


def ten_changes():
    for number in range(10):
        with transaction.atomic():
            live.touch("things", number)


@pytest.fixture
def tab(topics, open_page, person):
    """An open page that follows "things" and "others"."""
    tab = open_page(person)
    assert tab.follow("things", "others") == {}
    return tab


def test_it_works(tab):
    with transaction.atomic():
        live.touch("things", 5)
        assert tab.is_untold(), "nothing is told before the commit"
        live.touch("things", 3, 5)
    assert tab.hint() == {"topic": "things", "ids": [3, 5]}
    assert tab.is_untold(after=MERGED), "one hint for a topic in a transaction"


def test_each_topic_has_its_hint(tab):
    with transaction.atomic():
        live.touch("things", 1)
        live.touch("others", 2)
        live.touch("things", 3)
    told = [tab.hint(), tab.hint()]
    assert sorted(told, key=lambda hint: hint["topic"]) == [
        {"topic": "others", "ids": [2]},
        {"topic": "things", "ids": [1, 3]},
    ]


def test_other_topics_are_not_told(tab):
    live.touch("thing", 1)
    live.touch("things:7", 1)
    assert tab.is_untold()


def test_rolled_back_is_never_told(tab):
    with pytest.raises(Undone):
        touch_and_undo(1)
    assert tab.is_untold()
    with transaction.atomic():
        live.touch("others", 2)
    assert tab.hint() == {"topic": "others", "ids": [2]}, "nothing is left over for the next one"


def test_a_commit_that_fails_is_not_told(tab):
    """A deferred constraint speaks up at the commit itself."""

    def save_for_nobody():
        with transaction.atomic():
            SavedView.objects.create(page="p", name="n", owner_id=-1)
            live.touch("things", 1)

    with pytest.raises(IntegrityError):
        save_for_nobody()
    assert tab.is_untold()


def test_a_swallowed_error_is_not_told(tab):
    """PostgreSQL answers COMMIT with a rollback then, and Django does not notice."""
    with transaction.atomic():
        live.touch("things", 1)
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        connection.needs_rollback = False
    assert tab.is_untold()


def test_a_rolled_back_savepoint_takes_no_other_hint_along(tab):
    with transaction.atomic():
        with pytest.raises(Undone):
            touch_and_undo(1)
        live.touch("things", 2)
    assert 2 in tab.hint()["ids"]


def test_what_was_touched_before_a_savepoint_stays(tab):
    with transaction.atomic():
        live.touch("things", 1)
        with pytest.raises(Undone):
            touch_and_undo(2)
    assert 1 in tab.hint()["ids"]


def test_a_savepoint_that_holds_is_told_with_the_outer_commit(tab):
    with transaction.atomic():
        with transaction.atomic():
            live.touch("things", 1)
        assert tab.is_untold()
    assert tab.hint() == {"topic": "things", "ids": [1]}


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([], "many"),
        (range(1, 101), list(range(1, 101))),
        (range(1, 102), "many"),
        ([2**63 - 1 - n for n in range(100)], sorted(2**63 - 1 - n for n in range(100))),
    ],
    ids=["none", "a hundred", "more", "the longest"],
)
def test_ids_or_many(tab, ids, told):
    with transaction.atomic():
        live.touch("things", *ids)
    assert tab.hint() == {"topic": "things", "ids": told}


def test_many_small_touches_become_many(tab):
    with transaction.atomic():
        for number in range(101):
            live.touch("things", number)
    assert tab.hint() == {"topic": "things", "ids": "many"}


def test_outside_a_transaction_it_is_told_at_once(tab):
    live.touch("things", 1)
    assert tab.hint(within=1) == {"topic": "things", "ids": [1]}


def test_in_a_transaction_managed_by_hand(tab):
    transaction.set_autocommit(False)
    try:
        live.touch("things", 1)
        assert tab.is_untold()
        transaction.commit()
        assert tab.hint() == {"topic": "things", "ids": [1]}
        live.touch("things", 2)
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    assert tab.is_untold()


def test_in_an_async_view(tab):
    async def view():
        live.touch("things", 1)

    elsewhere(asyncio.run, view())
    assert tab.hint() == {"topic": "things", "ids": [1]}


def test_in_a_thread_of_an_async_view(tab):
    def service():
        with transaction.atomic():
            live.touch("things", 1)
        connection.close()

    async def view():
        await asyncio.to_thread(service)

    elsewhere(asyncio.run, view())
    assert tab.hint() == {"topic": "things", "ids": [1]}


def test_a_burst_is_told_at_once_and_then_in_one(tab):
    time.sleep(MERGED)  # the topic has been quiet
    started = time.monotonic()
    elsewhere(ten_changes)
    first = tab.hint()
    assert time.monotonic() - started < 1
    assert first == {"topic": "things", "ids": [0]}
    told = set()
    hints = 0
    while told < set(range(1, 10)):
        told |= set(tab.hint()["ids"])
        hints += 1
    assert told == set(range(1, 10))
    assert hints <= 3, "the rest is merged"
    assert tab.is_untold(after=MERGED)


def test_pages_of_one_address_are_told_together_and_others_in_between(topics, open_page, person):
    """So that those who will share an answer ask for it in the same moment."""
    tabs = [open_page(person) for _ in range(4)]
    for tab, page in zip(tabs, ["/a/", "/a/", "/b/", "/b/"], strict=True):
        tab.follow("things", page=page)
    told = {tab: [] for tab in tabs}  # when the hints that each got were heard

    def listen(tab):
        while len(told[tab]) < 4:
            tab.hint()
            told[tab].append(tab.told_at)

    listeners = [threading.Thread(target=listen, args=(tab,)) for tab in tabs]
    for listener in listeners:
        listener.start()
    while any(listener.is_alive() for listener in listeners):
        elsewhere(live.touch, "things", 1)
        time.sleep(0.01)
    first, second, third, fourth = told.values()
    assert first == second
    assert third == fourth
    assert first[0] == third[0], "the first hint reaches everybody at once"
    assert first[1:] != third[1:], "then each address has its turn"


def test_who_goes_to_another_address_misses_nothing_that_waited_for_its_turn(tab):
    time.sleep(MERGED)  # the topic has been quiet
    elsewhere(live.touch, "things", 1)
    assert tab.hint() == {"topic": "things", "ids": [1]}
    elsewhere(live.touch, "things", 2)  # waits for the turn of the page that the tab leaves now
    tab.send({"topics": ["things", "others", "marker"], "page": "/elsewhere/", "age": 5000})
    told = []
    while (message := tab.hint()).get("type") != "following":
        told.append(message)
    assert {"topic": "things", "ids": "many"} in told


def test_what_changed_while_the_page_was_on_its_way_is_told(tab, open_page, person):
    time.sleep(0.5)  # the hub cannot vouch for the time before it listened
    live.touch("things", 1)
    assert tab.hint()
    late = open_page(person)
    late.follow("things", "others", age=400)
    assert late.hint() == {"topic": "things", "ids": "many"}
    assert late.is_untold(), "the other topic was quiet"


@pytest.mark.parametrize("name", ["", "Things", "resync", "things:", "a b", "x" * 99, "things:1:2"])
def test_a_topic_has_a_plain_name(db, name):
    with pytest.raises(ValueError, match="no name"):
        live.touch(name, 1)
    with pytest.raises(ValueError, match="no name"):
        live.register_topic(name, None)


def test_a_topic_has_one_permission(topics):
    live.register_topic("things", None)
    with pytest.raises(ValueError, match="another permission"):
        live.register_topic("things", "core.view_auditentry")


def test_waiting_hints_can_be_looked_at(db):
    live.touch("things", 1)
    live.touch("things", 2)
    assert [(hint.topic, hint.ids) for hint in live.waiting()] == [("things", {1, 2})]
