"""Keyset paging walks every row once, in both directions, whatever the order and the gaps."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import paging
from core.models import JobRun

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 3, 29, 1, 0, 0, 123_456, tzinfo=dt.UTC)


def runs(*ended: int | None) -> None:
    JobRun.objects.bulk_create(
        JobRun(
            name=f"job {n % 3}",
            started_at=START + dt.timedelta(minutes=n // 2),
            ended_at=None if minute is None else START + dt.timedelta(minutes=minute),
        )
        for n, minute in enumerate(ended)
    )


def walk(queryset, *, size=4, way="older", at=""):
    """Every page on the way, first to last."""
    pages = [paging.read(queryset, size=size, at=at)]
    while link := getattr(pages[-1], way):
        pages.append(paging.read(queryset, size=size, at=link))
        assert len(pages) < 100, "the walk never ends"
    return pages


def pks(pages):
    return [record.pk for page in pages for record in page.records]


def test_it_works():
    runs(*range(10))
    pages = walk(JobRun.objects.order_by("-started_at", "-pk"))
    assert [len(page.records) for page in pages] == [4, 4, 2]
    assert [(page.first_number, page.last_number) for page in pages] == [(1, 4), (5, 8), (9, 10)]
    assert not pages[0].newer
    assert not pages[-1].older


ORDERS = (
    ("-started_at",),
    ("started_at", "-pk"),
    ("-ended_at",),
    ("ended_at",),
    ("name", "-started_at"),
    ("-ended_at", "name"),
    ("-ended_at", "-started_at"),
    ("pk",),
)


@pytest.mark.parametrize("order", ORDERS, ids=",".join)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ended=st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=14))
def test_both_walks_meet_every_row_once(order, ended):
    JobRun.objects.all().delete()
    runs(*ended)
    queryset = JobRun.objects.order_by(*order)
    forward = pks(walk(queryset, size=3))
    assert len(forward) == len(set(forward)) == len(ended)
    assert forward == [row.pk for row in expected(order)]
    backward = walk(queryset, size=3, way="newer", at="last")
    # The walk back ends on a full first page, which may show rows of the page before it again.
    assert list(dict.fromkeys(pks(reversed(backward)))) == forward


def expected(order):
    """The whole order, sorted here: rows without a value come last in both directions."""
    rows = list(JobRun.objects.all())
    last = order[-1]
    names = [*order] if "pk" in last else [*order, "-pk" if last.startswith("-") else "pk"]
    for name in reversed(names):
        bare = name.lstrip("-")
        filled = [row for row in rows if getattr(row, bare) is not None]
        empty = [row for row in rows if getattr(row, bare) is None]
        filled.sort(key=lambda row: getattr(row, bare), reverse=name.startswith("-"))
        rows = filled + empty
    return rows


def test_rows_that_arrive_do_not_shift_the_next_page():
    runs(*range(8))
    queryset = JobRun.objects.order_by("-started_at", "-pk")
    first = paging.read(queryset, size=4)
    JobRun.objects.create(name="new", started_at=START + dt.timedelta(days=1))
    second = paging.read(queryset, size=4, at=first.older)
    assert not {row.pk for row in first.records} & {row.pk for row in second.records}
    assert len(second.records) == 4


def test_a_cursor_beside_deleted_rows_shows_the_first_page():
    runs(*range(6))
    queryset = JobRun.objects.order_by("started_at", "pk")
    link = paging.read(queryset, size=4).older
    JobRun.objects.order_by("-pk").filter(pk__in=JobRun.objects.order_by("-pk")[:2]).delete()
    page = paging.read(queryset, size=4, at=link)
    assert len(page.records) == 4
    assert not page.newer


@pytest.mark.parametrize(
    "at", ["", "after-", "after-%%%", "after-W10", "sideways-WzBd", "before-WyJ4Iiwi", "x" * 4000]
)
def test_an_address_that_is_not_ours_shows_the_first_page(at):
    runs(*range(6))
    queryset = JobRun.objects.order_by("started_at", "pk")
    assert pks([paging.read(queryset, size=4, at=at)]) == pks([paging.read(queryset, size=4)])


def test_the_last_page_of_an_empty_list_is_empty():
    page = paging.read(JobRun.objects.order_by("-ended_at"), size=4, at="last")
    assert page.records == []
    assert (page.newer, page.older) == ("", "")


def test_a_deep_page_starts_in_the_index():
    """The condition is one row comparison, so PostgreSQL needs no filter and no sort."""
    runs(*range(30))
    queryset = JobRun.objects.order_by("-started_at", "-pk")
    link = paging.read(queryset, size=10).older
    with CaptureQueriesContext(
        connection,
    ) as queries:
        paging.read(queryset, size=10, at=link)
    sql = queries[-1]["sql"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (ROW(started_at, id) < ROW(" in plan
    assert "Sort" not in plan
    assert "Filter" not in plan


def test_count_is_exact_while_that_is_cheap():
    runs(*range(7))
    assert paging.count(JobRun.objects.all()) == paging.Count(7)
    assert paging.count(JobRun.objects.filter(name="job 0")) == paging.Count(3)


def test_count_of_many_is_bounded_when_filtered_and_estimated_when_not(monkeypatch):
    monkeypatch.setattr(paging, "EXACT_UP_TO", 5)
    runs(*range(9))
    assert paging.count(JobRun.objects.filter(pk__gt=0)) == paging.Count(5, is_exact=False)
    analyze()
    counted = paging.count(JobRun.objects.all())
    assert counted == paging.Count(9, is_exact=False, is_estimate=True)


def analyze():
    paging.forget_sizes()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_jobrun")


def test_in_a_large_table_the_plan_says_about_how_many_match(monkeypatch):
    monkeypatch.setattr(paging, "EXACT_UP_TO", 5)
    monkeypatch.setattr(paging, "CLEARLY_MORE", 50)
    runs(*range(200))
    analyze()
    many = paging.count(JobRun.objects.filter(name="job 0"))
    assert many.is_estimate
    assert 50 < many.number < 90  # 67 of them
    few = paging.count(JobRun.objects.filter(started_at__lt=START + dt.timedelta(minutes=2)))
    assert few == paging.Count(4)


def test_a_single_page_counts_itself(django_assert_num_queries):
    runs(1, 2)
    queryset = JobRun.objects.filter(name__startswith="job").order_by("pk")
    page = paging.read(queryset, size=4)
    with django_assert_num_queries(0):
        assert paging.count(queryset, page) == paging.Count(2)


def test_now_is_kept_to_the_microsecond():
    now = timezone.now().replace(microsecond=654_321)
    JobRun.objects.create(name="a", started_at=now)
    JobRun.objects.create(name="b", started_at=now - dt.timedelta(microseconds=1))
    pages = walk(JobRun.objects.order_by("-started_at"), size=1)
    assert [page.records[0].name for page in pages] == ["a", "b"]


def test_a_column_that_may_be_empty_can_only_come_first():
    with pytest.raises(ValueError, match="ended_at may be empty"):
        paging.read(JobRun.objects.order_by("name", "ended_at"), size=4)


def test_pages_read_from_the_end_know_their_number_once_somebody_counted():
    runs(*range(10))
    queryset = JobRun.objects.order_by("started_at", "pk")
    last = paging.read(queryset, size=4, at="last")
    assert last.start is None
    assert paging.read(queryset, size=4, at=last.newer).start is None
    last.end_at(10)
    assert (last.first_number, last.last_number) == (7, 10)
    before = paging.read(queryset, size=4, at=last.newer)
    assert (before.first_number, before.last_number) == (3, 6)
    assert paging.read(queryset, size=4, at=before.older).first_number == 7
