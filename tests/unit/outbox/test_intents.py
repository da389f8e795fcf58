"""Intents: frozen, plain, and refused where they contradict themselves."""

import dataclasses

import pytest
from django.core.exceptions import ImproperlyConfigured

from outbox import intents
from outbox.intents import Intent, intent, key_of
from tests.bazaar import Buy, Publish, Rename, Tell


@pytest.fixture(autouse=True)
def _nothing_stays():
    before = intents.kinds()
    yield
    intents._kinds.clear()
    intents._kinds.update(before)


def test_it_works():
    one = Buy(7)
    assert (one.spec.kind, one.payload()) == ("tests.Buy", {"thing_id": 7})
    assert intents.load("tests.Buy", {"thing_id": 7}) == one
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.thing_id = 8


def test_keys():
    assert key_of(Buy(7), "bazaar", 1) == ('tests.Buy|bazaar|{"thing_id":7}', None)
    assert key_of(Tell(7), "bazaar", 1) == (None, None)
    assert key_of(Rename(7, "Ana"), "bazaar", 1) == ("tests.Rename|bazaar|7", None)
    assert key_of(Publish(7), "bazaar", 1) == (None, 'tests.Publish|bazaar|1|{"thing_id":7}')


def test_a_long_key_fits_and_still_tells_apart():
    keys = {key_of(Buy("x" * 500 + end), "bazaar", 1)[0] for end in "ab"}
    assert len(keys) == 2
    assert all(len(key) <= 200 for key in keys)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("tests.Gone", {}), ("tests.Buy", {}), ("tests.Buy", {"thing_id": 1, "more": 2})],
)
def test_what_cannot_be_read_any_more(kind, payload):
    assert intents.load(kind, payload) is None


def test_a_kind_without_code_keeps_its_name():
    assert intents.title_of("gone.Thing") == "gone.Thing"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"repeat_safe": False, "family": "state"}, "safe to repeat"),
        ({"repeat_safe": False, "batch": 5}, "goes in batches"),
        ({"repeat_safe": True, "batch": 0}, "a batch is"),
    ],
)
def test_contradictions_are_refused(options, words):
    with pytest.raises(ImproperlyConfigured, match=words):

        @intent(title="Bad", **options)
        class Bad(Intent):
            thing_id: int


def test_a_dataclass_of_ones_own_must_be_frozen():
    with pytest.raises(ImproperlyConfigured, match="frozen"):

        @intent(title="Soft", repeat_safe=True)
        @dataclasses.dataclass
        class Soft(Intent):
            thing_id: int
