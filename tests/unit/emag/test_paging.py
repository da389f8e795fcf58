"""Reading page by page: what is asked, how often, and that nothing is passed over."""

import threading
import time
from types import SimpleNamespace

import pytest
from django.utils import timezone, translation
from django.utils.translation import get_language

from core.errors import RemoteAuthFailed, RemoteRejected, RemoteUnavailable
from core.ratelimit import RateLimited
from emag.pulls import paging
from emag.pulls.paging import Place, Source, crew, read_pages


class FakeRun:
    """What a reading needs of a job's run."""

    def __init__(self, *, late_after=10**9):
        self.counters, self.lines, self.pages, self.late_after = {}, [], 0, late_after

    def count(self, name, n=1):
        self.counters[name] = self.counters.get(name, 0) + n

    def log(self, text):
        self.lines.append(text)

    @property
    def is_time_up(self):
        return self.pages >= self.late_after


class Shop:
    """A list of so many rows, and what goes wrong with it."""

    def __init__(self, rows, *, errors=None, per_second=1000.0, took=0.0, short=()):
        self.rows, self.errors, self.took = list(range(rows)), dict(errors or {}), took
        self.asked, self.counts, self.short = [], 0, short
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.source = Source(self.page, self.count, per_second)

    def page(self, number):
        with self.lock:
            self.asked.append(number)
            self.now += 1
            self.most = max(self.most, self.now)
            error = self.errors.get(number, [None]).pop(0) if self.errors.get(number) else None
        read_at = timezone.now()
        time.sleep(self.took)
        with self.lock:
            self.now -= 1
        if error:
            raise error
        rows = self.rows[(number - 1) * 100 : number * 100]
        if number in self.short:
            rows = rows[:50]
        return SimpleNamespace(items=rows, call_id="c", read_at=read_at)

    def count(self):
        self.counts += 1
        return SimpleNamespace(items=len(self.rows), pages=-(-len(self.rows) // 100))


def read(shop, *, run=None, place=None):
    got, run, place = [], run or FakeRun(), place or Place()

    def handle(page):
        run.pages += 1
        got.extend(page.items)

    return read_pages(shop.source, place, run, handle), got, place, run


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(paging, "FIRST_WAIT", 0.01)


def down(**more):
    return RemoteUnavailable("The line is down.", remote="emag", **more)


def test_it_works():
    is_over, got, place, _run = read(Shop(730))
    assert is_over
    assert sorted(got) == list(range(730))
    assert place.is_over
    assert place.items == 730


def test_those_who_ask_speak_the_language_of_the_run():
    shop, spoken = Shop(250), set()
    shop.source = Source(lambda n: spoken.add(get_language()) or shop.page(n), shop.count, 1000.0)
    with translation.override("ro"):
        read(shop)
    assert spoken == {"ro"}


def test_an_empty_list_costs_one_call():
    shop = Shop(0)
    assert read(shop)[0]
    assert (shop.asked, shop.counts) == ([1], 0)


def test_a_short_first_page_costs_two_calls_and_no_count():
    """A short page is no proof of the end; an empty one is."""
    shop = Shop(7)
    _over, got, _place, run = read(shop)
    assert (shop.asked, shop.counts, len(got)) == ([1, 2], 0, 7)
    assert run.counters["calls"] == 2


def test_a_long_list_costs_two_calls_more_than_it_has_pages():
    shop = Shop(2_000)
    read(shop)
    assert sorted(shop.asked) == list(range(1, 22))
    assert shop.counts == 1


def test_a_short_page_in_the_middle_does_not_end_it():
    shop = Shop(1_000, short={4})
    _over, got, *_rest = read(shop)
    assert len(got) == 950
    assert max(got) == 999


def test_many_are_on_their_way_at_once_where_replies_are_slow():
    shop = Shop(1_500, per_second=60, took=0.1)
    read(shop)
    assert shop.most >= 5


def test_no_more_than_the_limit_can_use_are_on_their_way():
    shop = Shop(1_500, per_second=3, took=0.01)
    read(shop)
    assert shop.most <= 3


def test_a_page_that_failed_is_asked_for_again_and_not_passed_over():
    shop = Shop(900, errors={4: [down(), down()], 7: [down()]})
    _over, got, _place, run = read(shop)
    assert sorted(got) == list(range(900))
    assert shop.asked.count(4) == 3
    assert shop.asked.count(7) == 2
    assert run.counters["repeated"] == 3


def test_the_first_page_may_fail_too():
    shop = Shop(300, errors={1: [down()] * 4})
    assert len(read(shop)[1]) == 300


def test_a_page_that_never_comes_ends_it_with_its_error():
    shop = Shop(900, errors={4: [down()] * 99})
    place = Place()
    with pytest.raises(RemoteUnavailable):
        read(shop, place=place)
    assert shop.asked.count(4) == paging.MOST_TRIES + 1
    assert "4" in place.again, "it is still to be read"
    assert not place.is_over


def test_who_is_not_let_in_does_not_ask_again():
    shop = Shop(900, errors={1: [RemoteAuthFailed("no", remote="emag")]})
    with pytest.raises(RemoteAuthFailed):
        read(shop)
    assert shop.asked == [1]


def test_it_waits_as_long_as_it_was_told():
    shop = Shop(5, errors={1: [down(retry_after=0.3)]})
    began = time.monotonic()
    read(shop)
    assert time.monotonic() - began >= 0.3


def test_a_used_up_limit_is_counted():
    limited = RateLimited("slow down", remote="emag", retry_after=0.05)
    _over, got, _place, run = read(Shop(5, errors={1: [limited]}))
    assert len(got) == 5
    assert run.counters["limit_hits"] == 1


def test_when_the_time_is_up_it_goes_on_where_it_was():
    shop, got = Shop(1_200, per_second=1), []
    place, chunks = Place(), 0
    while True:
        chunks += 1
        is_over, part, place, _run = read(shop, run=FakeRun(late_after=3), place=place)
        got += part
        if is_over:
            break
        place = Place.load(place.dump())
    assert chunks > 2
    assert sorted(got) == list(range(1_200))
    assert shop.counts == 1, "the total is asked for once, not in every chunk"


def test_what_was_not_handled_is_read_again():
    """The place counts a page only when it is stored."""
    shop, place = Shop(600), Place()

    def breaks(page):
        if 250 in page.items:
            raise ValueError("the database is gone")

    with pytest.raises(ValueError, match="database"):
        read_pages(shop.source, place, FakeRun(), breaks)
    _over, got, *_rest = read(shop, place=Place.load(place.dump()))
    assert set(range(200, 300)) <= set(got)


def test_a_list_that_shrinks_is_read_to_its_counted_end():
    """An empty page that others should follow proves nothing, so it is looked at again."""
    shop = Shop(1_000)
    shop.count = lambda: SimpleNamespace(items=2_000, pages=20)
    shop.source = Source(shop.page, shop.count, 1000.0)
    is_over, got, place, _run = read(shop)
    assert is_over
    assert len(got) == 1_000
    assert (place.end, place.again) == (20, {})
    assert max(shop.asked.count(number) for number in range(11, 20)) == paging.MOST_LOOKS + 1


def empty(shop, number, times):
    """The shop gives out nothing for this page, so many times."""
    left, page = [times], shop.page

    def sometimes(asked):
        answer = page(asked)
        if asked == number and left[0]:
            left[0] -= 1
            answer.items = []
        return answer

    shop.source = Source(sometimes, shop.count, 1.0)  # few at once


def test_an_empty_page_before_others_is_asked_for_again():
    shop = Shop(1_000)
    empty(shop, 4, 1)
    is_over, got, place, run = read(shop)
    assert is_over
    assert sorted(got) == list(range(1_000))
    assert place.end == 11
    assert run.counters["repeated"] == 1


def test_one_that_stays_empty_is_not_the_end():
    shop = Shop(1_000)
    empty(shop, 4, 99)
    is_over, got, place, _run = read(shop)
    assert is_over
    assert max(got) == 999
    assert len(got) == 900
    assert place.items == 1_000, "so that it is seen that some are missing"


# --- Without a count --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "asked"),
    [
        (RemoteRejected("We do not count that.", remote="emag"), 1),
        (RateLimited("slow down", remote="emag", retry_after=0.01), paging.MOST_TRIES + 1),
        (down(), paging.MOST_TRIES + 1),
    ],
)
def test_what_cannot_be_counted_is_read_one_by_one(problem, asked):
    shop = Shop(730)

    def count():
        shop.counts += 1
        raise problem

    shop.source = Source(shop.page, count, 1000.0)
    is_over, got, place, run = read(shop)
    assert is_over
    assert got == list(range(730))
    assert (place.pages, place.items, shop.counts) == (None, None, asked)
    assert "How many there are" in run.lines[-1]


def test_a_count_that_is_not_let_in_ends_it():
    shop = Shop(730)

    def count():
        raise RemoteAuthFailed("no", remote="emag")

    shop.source = Source(shop.page, count, 1000.0)
    with pytest.raises(RemoteAuthFailed):
        read(shop)


# --- Not let in -------------------------------------------------------------------------------


def test_after_the_first_refusal_nobody_asks_any_more():
    """Each further try with a password that is not accepted makes it worse."""
    asked = []

    def refuses(number):
        asked.append(number)
        time.sleep(0.05)
        raise RemoteAuthFailed("no", remote="emag")

    with crew(Source(refuses, lambda: None, 1.0)) as hands:
        for number in range(1, 21):
            hands.do(number, most=2)
        assert isinstance(hands.next(5.0)[2], RemoteAuthFailed)
        time.sleep(0.2)  # whoever waits for an answer may be busy storing another
        assert len(asked) <= 2
