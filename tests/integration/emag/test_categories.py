"""The details of categories: page by page of values, and no category holds up the others."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from emag.models import Category
from emag.pulls import categories
from emag.pulls.categories import categories_to_read, read_characteristics
from tests.factories.emag import EmagAccountFactory

pytestmark = pytest.mark.django_db


class Catalogue:
    """Gives out categories with one characteristic that has so many values."""

    def __init__(self, **values):
        self.values, self.asked = values, []

    def read_categories(self, *, id, values_page, values_per_page):
        self.asked.append((id, values_page))
        first = (values_page - 1) * values_per_page
        found = [
            {"id": n, "value": f"value {n}"}
            for n in range(first, min(first + values_per_page, self.values[f"c{id}"]))
        ]
        details = {"id": id, "characteristics": [{"id": 5, "name": "Colour", "values": found}]}
        return SimpleNamespace(items=[details])


class Run:
    """A run whose time is up after so many calls of its chunk."""

    def __init__(self, calls=10**9):
        self.most, self.counters = calls, {}

    def count(self, name, n=1):
        self.counters[name] = self.counters.get(name, 0) + n

    def counted(self, name):
        return self.counters.get(name, 0)

    @property
    def is_time_up(self):
        return self.counted("calls") >= self.most


@pytest.fixture
def account(db):
    made = EmagAccountFactory()
    for number in (1, 2):
        Category.objects.create(
            account=made, external_id=number, name="x", is_allowed=True, read_at=timezone.now()
        )
    return made


def values(number):
    [characteristic] = Category.objects.get(external_id=number).characteristics.all()
    return [value["id"] for value in characteristic.values]


def test_it_works(account):
    catalogue = Catalogue(c1=250, c2=10)
    assert read_characteristics(account, catalogue, Run(), None) is None
    assert values(1) == list(range(250))
    assert values(2) == list(range(10))
    assert catalogue.asked == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert not categories_to_read(account).exists()


def test_a_long_one_is_read_over_several_chunks(account):
    catalogue, place, chunks = Catalogue(c1=850, c2=10), None, 0
    while chunks == 0 or place:
        place = read_characteristics(account, catalogue, Run(calls=2), place)
        chunks += 1
        assert chunks < 20
    assert values(1) == list(range(850))
    assert values(2) == list(range(10))
    assert len(catalogue.asked) == len(set(catalogue.asked)), "no page is asked for twice"


def test_one_that_takes_too_long_does_not_hold_up_the_others(account):
    """Even where its chunk never came to an end: the next hour begins with another."""
    read_characteristics(account, Catalogue(c1=10_000, c2=10), Run(calls=2), None)
    assert [one.external_id for one in categories_to_read(account)] == ["2"]


def test_no_more_calls_than_an_hour_may_have(account, monkeypatch):
    monkeypatch.setattr(categories, "MOST_CALLS", 3)
    catalogue = Catalogue(c1=250, c2=10)
    assert read_characteristics(account, catalogue, Run(), None) is None
    assert len(catalogue.asked) == 3
    assert [one.external_id for one in categories_to_read(account)] == ["2"]


def test_values_without_end_are_cut(account, monkeypatch):
    monkeypatch.setattr(categories, "MOST_VALUES", 300)
    read_characteristics(account, Catalogue(c1=10_000, c2=10), Run(), None)
    assert len(values(1)) == 300


def test_an_empty_answer_forgets_nothing(account):
    read_characteristics(account, Catalogue(c1=10, c2=10), Run(), None)
    Category.objects.update(details_read_at=None)
    nobody = SimpleNamespace(read_categories=lambda **_asked: SimpleNamespace(items=[]))
    read_characteristics(account, nobody, Run(), None)
    assert values(1) == list(range(10))
