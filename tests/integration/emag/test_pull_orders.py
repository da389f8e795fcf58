"""Reading orders from a marketplace that behaves like the real one."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.choices import Fulfilment
from core.models.jobs import JobStatus
from emag.models import Cursor, RejectedPayload, Snapshot
from emag.pulls import orders as pulling
from orders.models import Order, OrderLine
from tests.integration.emag.conftest import run_job

PULL, SWEEP = "emag.pull_orders", "emag.sweep_new_orders"


def ours(account):
    return {
        int(n) for n in Order.objects.filter(account=account).values_list("external_id", flat=True)
    }


def theirs(sim, account):
    return set(sim.truth("order", account.there))


def check_same(sim, account):
    """No order lost, none twice, none torn."""
    truth = sim.truth("order", account.there)
    assert ours(account) == set(truth)
    assert Order.objects.filter(account=account).count() == len(truth)
    lines = sum(len(order["products"]) for order in truth.values())
    assert OrderLine.objects.filter(order__account=account).count() == lines


def test_it_works(sim, main):
    sim.inject_orders(12, account=main.there)
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE, run.error
    check_same(sim, main)
    assert run.counters["new"] == 12
    assert run.counters["read"] == 12
    assert (run.done, run.total) == (12, 12)


def test_the_second_reading_changes_nothing(sim, main):
    sim.inject_orders(12, account=main.there)
    run_job(PULL, main)
    run = run_job(PULL, main)
    assert "new" not in run.counters
    assert run.counters["unchanged"] >= 1
    check_same(sim, main)


def test_many_pages(sim, main):
    sim.inject_orders(730, account=main.there)
    run = run_job(PULL, main)
    check_same(sim, main)
    assert run.counters["new"] == 730
    # Eight pages and the empty one, the count, and the empty list of the other kind.
    assert run.counters["calls"] == 11


def test_only_what_changed_is_read_the_next_time(sim, main):
    sim.clock(mode="frozen", at=local_now() - dt.timedelta(hours=5))
    sim.inject_orders(150, account=main.there)
    run_job(PULL, main)
    sim.clock(mode="real")
    new = sim.inject_orders(3, account=main.there)
    run = run_job(PULL, main)
    assert run.counters["new"] == 3
    assert set(new) <= ours(main)


def test_an_empty_account(sim, main):
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE
    assert run.counters["calls"] == 2, "one question for each kind of order"
    assert Cursor.objects.filter(account=main).count() == 2


def test_the_first_reading_goes_back_thirty_days(sim, main):
    run_job(PULL, main)
    asked = bodies(sim)[0]["modifiedAfter"]
    back = dt.datetime.now(ZoneInfo("Europe/Bucharest")).replace(tzinfo=None) - as_time(asked)
    assert dt.timedelta(days=29, hours=22) < back < dt.timedelta(days=30, hours=2)


def bodies(sim, route="order/read"):
    found = (call["request"] for call in sim.journal(route=route))
    return [json.loads(body) if isinstance(body, str) else body for body in found]


def local_now():
    return dt.datetime.now(ZoneInfo("Europe/Bucharest")).replace(tzinfo=None, microsecond=0)


def fired(sim, name):
    """How often a fault really struck: a test of one that did not proves nothing."""
    return sum(name in str(call["faults"]) for call in sim.journal())


def as_time(text):
    return dt.datetime.fromisoformat(text)


def test_orders_that_emag_ships_are_found_by_asking_for_them(sim, connect):
    fbe = connect("fbe", kind="fbe")
    sim.inject_orders(8, account=fbe.there)
    run_job(PULL, fbe)
    check_same(sim, fbe)
    assert set(Order.objects.values_list("fulfilment", flat=True)) == {Fulfilment.MARKETPLACE}
    assert {body["type"] for body in bodies(sim)} == {2, 3}


def test_two_accounts_that_share_a_number_have_two_orders(sim, main, connect):
    other = connect("other")
    sim.inject_orders(1, account=main.there, id=512_340_077)
    sim.inject_orders(1, account=other.there, id=512_340_077)
    run_job(PULL, main)
    run_job(PULL, other)
    assert Order.objects.filter(external_id="512340077").count() == 2


def test_an_order_that_is_first_seen_cancelled(sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    sim.order_event(number, "customer_cancel", account=main.there)
    run_job(PULL, main)
    assert Order.objects.get().remote_status == "0"
    assert Order.objects.get().status == "cancelled"


def test_a_change_is_seen(sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    run_job(PULL, main)
    sim.order_event(number, "customer_cancel", account=main.there)
    run = run_job(PULL, main)
    assert run.counters["changed"] == 1
    assert Order.objects.get().status == "cancelled"


def test_rows_that_move_while_paging_are_all_there(sim, main):
    """Orders are placed between two pages, so rows come twice."""
    sim.inject_orders(250, account=main.there)
    sim.fault("page_shift_new", match={"route": "order/read"}, count=2, n=30)
    run_job(PULL, main)
    run_job(PULL, main)
    assert fired(sim, "page_shift_new")
    check_same(sim, main)


def test_rows_that_leave_a_status_while_it_is_read(sim, main):
    sim.inject_orders(250, account=main.there)
    sim.fault("page_shift_gone", match={"route": "order/read"}, count=1, n=30)
    run_job(SWEEP, main)
    run_job(PULL, main)
    assert fired(sim, "page_shift_gone")
    check_same(sim, main)


@pytest.mark.parametrize(
    "name", ["http_500", "http_502", "http_503", "truncate", "html_200", "drop"]
)
def test_a_page_that_does_not_come_is_asked_for_again(sim, main, name):
    sim.inject_orders(320, account=main.there)
    sim.fault(name, match={"route": "order/read", "page": 2}, count=2)
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE, run.error
    assert run.counters["repeated"] >= 2
    check_same(sim, main)


def test_the_cursor_does_not_move_past_a_page_that_never_came(sim, main, monkeypatch):
    sim.inject_orders(320, account=main.there)
    rule = sim.fault("http_500", match={"route": "order/read", "page": 3})
    run = run_job(PULL, main)
    assert run.status == JobStatus.FAILED
    assert run.error
    assert not Cursor.objects.filter(account=main, name="order:3").exists()
    assert rule
    sim.clear_faults()
    run_job(PULL, main)
    check_same(sim, main)


def test_the_cursor_does_not_move_while_orders_are_missing(sim, main):
    """Most of a page does not come, however often it is asked for."""
    sim.inject_orders(320, account=main.there)
    sim.fault("short_page", match={"route": "order/read", "page": 2}, n=99)
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE, run.error
    assert Order.objects.count() == 220, "all that came"
    assert "eMAG counts 320 orders and gave out 220." in run.log
    assert not Cursor.objects.filter(account=main, name="order:3").exists()
    run_job(PULL, main)
    assert not Cursor.objects.filter(account=main, name="order:3").exists(), "though nothing is new"
    sim.clear_faults()
    run_job(PULL, main)
    check_same(sim, main)
    assert Cursor.objects.filter(account=main, name="order:3").exists()


def test_a_page_that_is_given_twice(sim, main):
    sim.inject_orders(320, account=main.there)
    sim.fault("repeat_page", match={"route": "order/read"}, count=1)
    run_job(PULL, main)
    assert fired(sim, "repeat_page")
    check_same(sim, main)


def test_a_short_page_in_the_middle(sim, main):
    sim.inject_orders(320, account=main.there)
    sim.fault("short_page", match={"route": "order/read", "page": 2}, count=1, n=60)
    run_job(PULL, main)
    assert fired(sim, "short_page")
    check_same(sim, main)


def test_rows_in_no_order_at_all(sim, main):
    sim.inject_orders(320, account=main.there)
    sim.config(**{"read.order": "random"})
    for _round in range(4):
        run_job(PULL, main)
    check_same(sim, main)


def test_a_strange_world_does_not_stop_it(sim, main):
    """New keys, new codes, numbers as texts: nothing is lost, and what cannot be read is told."""
    sim.inject_orders(120, account=main.there)
    for name in ("unknown_fields", "unknown_enums", "type_drift"):
        sim.fault(name, match={"route": "order/read"}, rate=0.2)
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE, run.error
    waiting = {int(n) for n in RejectedPayload.objects.values_list("external_id", flat=True)}
    assert ours(main) | waiting == theirs(sim, main)
    sim.clear_faults()
    run_job("emag.reread_orders", main)
    run_job(PULL, main)
    assert ours(main) == theirs(sim, main)


def test_too_many_calls_are_waited_for(sim, main):
    sim.inject_orders(320, account=main.there)
    sim.fault("http_429", match={"route": "order/read", "page": 2}, count=2)
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE, run.error
    assert run.counters["limit_hits"] == 2
    check_same(sim, main)


def test_a_long_reading_goes_on_where_it_was(sim, main, monkeypatch):
    """Cut into chunks after every few pages: nothing is read twice or left out."""
    from core.jobs import runs

    sim.inject_orders(1_300, account=main.there)
    monkeypatch.setattr(runs, "CHUNK_SECONDS", 0.3)
    run = run_job(PULL, main)
    assert run.status == JobStatus.DONE, run.error
    assert run.chunk >= 1
    assert run.counters["new"] == 1_300
    assert run.done == 1_300
    check_same(sim, main)


def test_snapshots_are_what_emag_says(sim, main):
    (number,) = sim.inject_orders(1, account=main.there)
    run_job(PULL, main)
    kept = Snapshot.objects.get(account=main)
    assert kept.payload["id"] == number
    assert kept.kind == "order:3"


class TestOverlap:
    ZONE = ZoneInfo("Europe/Bucharest")

    @pytest.mark.parametrize(
        ("day", "minutes"),
        [
            (dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), 10),
            (dt.datetime(2026, 10, 25, 2, tzinfo=dt.UTC), 130),  # the hour that comes twice
            (dt.datetime(2026, 3, 29, 2, tzinfo=dt.UTC), 130),  # the hour that is left out
            (dt.datetime(2026, 10, 25, 8, tzinfo=dt.UTC), 10),
        ],
    )
    def test_it_is_wider_when_the_clocks_change(self, day, minutes):
        found = pulling.overlap(day, day + dt.timedelta(minutes=5), self.ZONE)
        assert found == dt.timedelta(minutes=minutes)

    def test_a_reading_that_rested_over_the_night(self):
        """The clocks changed between the last reading and this one."""
        before = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
        assert pulling.overlap(before, before + dt.timedelta(days=2), self.ZONE) > dt.timedelta(
            hours=2
        )


@pytest.mark.parametrize("night", ["2026-10-25", "2026-03-29"])
def test_the_night_in_which_the_clocks_change(sim, main, night):
    """Read every twenty minutes while wall clocks repeat or leave out an hour: nothing is lost."""
    start = dt.datetime.fromisoformat(f"{night}T00:10:00+00:00")
    for step in range(9):
        with time_machine.travel(start + dt.timedelta(minutes=20 * step), tick=True):
            numbers = sim.inject_orders(3, account=main.there)
            if step % 2:
                sim.order_event(numbers[0], "customer_cancel", account=main.there)
            run = run_job(PULL, main)
            assert run.status == JobStatus.DONE, run.error
            check_same(sim, main)
    placed = [order["date"] for order in sim.truth("order", main.there).values()]
    assert len(placed) == 27
    assert all(date.startswith(night) for date in placed), "the simulator lived through it too"
