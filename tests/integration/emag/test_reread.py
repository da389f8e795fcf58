"""The nightly look at 30 days: everything again, and whether the numbers agree."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core.models.jobs import JobStatus
from emag.models import RejectedPayload, Snapshot
from emag.pulls import reread
from orders.models import Order
from tests.integration.emag.conftest import run_job

REREAD = "emag.reread_orders"
BUCHAREST = ZoneInfo("Europe/Bucharest")


def days_ago(days):
    return dt.datetime.now(BUCHAREST).replace(tzinfo=None, microsecond=0) - dt.timedelta(days=days)


def test_it_works(sim, main):
    for days in (2, 12, 20, 28):
        sim.inject_orders(5, account=main.there, at=days_ago(days))
    run = run_job(REREAD, main)
    assert run.status == JobStatus.DONE, run.error
    assert Order.objects.count() == 20


def test_what_slipped_by_is_found(sim, main):
    """Its "modified" lies, so no reading of changes ever shows it."""
    sim.inject_orders(3, account=main.there, at=days_ago(5))
    run_job("emag.pull_orders", main)
    Order.objects.first().delete()
    Snapshot.objects.first().delete()
    run_job("emag.pull_orders", main)
    run = run_job(REREAD, main)
    assert run.status == JobStatus.DONE, run.error
    assert Order.objects.count() == 3


def test_another_number_there_is_told(sim, main):
    sim.inject_orders(3, account=main.there, at=days_ago(5))
    run_job("emag.pull_orders", main)
    Order.objects.first().delete()  # its payload is still known, so reading it again brings nothing
    run = run_job(REREAD, main)
    assert run.status == JobStatus.FAILED
    assert "3 there, 2 here" in run.error
    assert run.counters["differences"] == 1


def test_what_waits_for_a_person_is_no_difference(sim, main):
    numbers = sim.inject_orders(3, account=main.there, at=days_ago(5))
    run_job("emag.pull_orders", main)
    Order.objects.filter(external_id=str(numbers[0])).delete()
    placed = days_ago(5).isoformat(sep=" ")
    RejectedPayload.objects.create(
        account=main, kind="order:3", external_id=str(numbers[0]), digest=b"",
        payload=f'{{"date": "{placed}"}}', messages=["odd"],
    )  # fmt: skip
    assert run_job(REREAD, main).status == JobStatus.DONE


@pytest.mark.parametrize("day", ["2026-03-01", "2026-03-30", "2026-10-26", "2026-11-25"])
def test_the_stretches_are_whole_days_and_short_enough(day):
    now = dt.datetime.fromisoformat(f"{day}T02:41:17").replace(tzinfo=BUCHAREST)
    (first, first_end), (second, second_end) = reread.windows(BUCHAREST, now)
    assert second_end < now
    assert second - first_end == dt.timedelta(seconds=1)
    assert (now.date() - first.date()).days == 30
    for start, end in ((first, first_end), (second, second_end)):
        assert end.replace(tzinfo=None) - start.replace(tzinfo=None) < dt.timedelta(days=28)


def test_today_is_left_out(sim, main):
    sim.inject_orders(2, account=main.there)
    assert run_job(REREAD, main).status == JobStatus.DONE
    assert timezone.now()
    assert Order.objects.count() == 0
