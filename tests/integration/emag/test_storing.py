"""Taking in a page: unchanged costs nothing, bad ones are set aside, the rest goes on."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from core import failpoints
from emag.models import PayloadStatus, RejectedPayload, Snapshot
from emag.pulls import orders, storing
from emag.pulls.storing import take_in
from emag.reading import Unreadable
from emag.services import payloads
from orders.models import Order, OrderLine
from tests.contract.payloads import READ_AT, order
from tests.factories.emag import EmagAccountFactory, RejectedPayloadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return EmagAccountFactory()


def page(n, **changes):
    return [order(id=500_000_000 + i, **changes) for i in range(n)]


def brought(rows, read_at=READ_AT):
    """A reply that holds these."""
    return SimpleNamespace(items=rows, read_at=read_at, call_id="call-1")


def take(account, rows, *, minutes=0):
    read_at = READ_AT + dt.timedelta(minutes=minutes)
    return take_in(account, orders.intake_for(account), brought(rows, read_at))


def numbers(taken):
    return (taken.new, taken.changed, taken.unchanged, taken.rejected)


def test_it_works(account):
    assert numbers(take(account, page(5))) == (5, 0, 0, 0)
    assert Order.objects.count() == 5
    kept = Snapshot.objects.get(external_id="500000000")
    assert kept.kind == "order:3"
    assert kept.payload["vendor_name"] == "Arvex Shop"
    assert kept.changed_at == dt.datetime(2026, 3, 3, 12, 25, 41, tzinfo=dt.UTC)


def test_the_same_again_is_unchanged(account):
    take(account, page(5))
    again = take(account, page(5), minutes=5)
    assert numbers(again) == (0, 0, 5, 0)
    assert again.newest == dt.datetime(2026, 3, 3, 12, 25, 41, tzinfo=dt.UTC)


def test_unchanged_writes_nothing_at_all(account, django_assert_num_queries):
    """A hundred orders: two questions, and no statement that could write."""
    take(account, page(100))
    with django_assert_num_queries(2) as seen:
        assert take(account, page(100), minutes=5).unchanged == 100
    assert all(query["sql"].lstrip().startswith("SELECT") for query in seen.captured_queries)


def test_the_order_of_keys_does_not_matter(account):
    take(account, page(1))
    turned = dict(reversed(order(id=500_000_000).items()))
    assert numbers(take(account, [turned], minutes=5)) == (0, 0, 1, 0)


def test_a_change_is_taken_over(account):
    take(account, page(3))
    later = [order(id=500_000_001, observation="Ring twice", modified="2026-03-03 15:00:00")]
    assert numbers(take(account, later, minutes=90)) == (0, 1, 0, 0)
    assert Snapshot.objects.get(external_id="500000001").payload["observation"] == "Ring twice"
    assert Order.objects.get(external_id="500000001").customer_note == "Ring twice"


def test_older_never_replaces_newer(account):
    """A page that was on its way for long arrives after a newer one was taken in."""
    newer = [order(id=500_000_000, observation="new", modified="2026-03-03 15:30:00")]
    take(account, newer, minutes=40)
    older = [order(id=500_000_000, observation="old", modified="2026-03-03 15:00:00")]
    assert numbers(take(account, older, minutes=20)) == (0, 0, 1, 0)
    assert Order.objects.get().customer_note == "new"
    assert Snapshot.objects.get().payload["observation"] == "new"


def test_what_was_examined_before_a_newer_version_came_does_not_replace_it(account):
    """Pages are examined while others are being stored."""
    intake = orders.intake_for(account)
    early = storing.examine(account, intake, brought(page(2, modified="2026-03-03 14:22:09")))
    take(account, page(1, status=2, modified="2026-03-03 14:40:00"), minutes=20)
    assert numbers(storing.store(account, intake, early)) == (1, 0, 1, 0)
    assert set(Order.objects.values_list("remote_status", flat=True)) == {"1", "2"}
    assert numbers(take(account, page(1, status=2, modified="2026-03-03 14:40:00"))) == (0, 0, 1, 0)


def test_the_same_page_examined_twice_is_stored_once(account):
    intake = orders.intake_for(account)
    first, again = (storing.examine(account, intake, brought(page(3))) for _ in range(2))
    assert numbers(storing.store(account, intake, first)) == (3, 0, 0, 0)
    assert numbers(storing.store(account, intake, again)) == (0, 0, 3, 0)


def test_examining_writes_nothing(account, django_assert_num_queries):
    with django_assert_num_queries(2):
        storing.examine(account, orders.intake_for(account), brought([*page(2), {"id": "?"}]))
    assert not Snapshot.objects.exists()
    assert not RejectedPayload.objects.exists()


def test_an_order_twice_on_a_page_is_one(account):
    rows = [order(id=500_000_000), order(id=500_000_000)]
    assert take(account, rows).new == 1
    assert OrderLine.objects.count() == 1


def test_one_number_for_both_kinds_of_orders(account):
    rows = [order(id=500_000_000, type=3), order(id=500_000_000, type=2)]
    assert take(account, rows).new == 2
    assert Snapshot.objects.filter(external_id="500000000").count() == 2


# --- What cannot be read ----------------------------------------------------------------------


def test_what_does_not_parse_is_set_aside_and_the_rest_goes_on(account):
    rows = [*page(9), order(id=500000500, products="none")]
    assert numbers(take(account, rows)) == (9, 0, 0, 1)
    row = RejectedPayload.objects.get()
    assert (row.kind, row.external_id, row.call_id) == ("order:3", "500000500", "call-1")
    assert "products" in row.why
    assert not Snapshot.objects.filter(external_id="500000500").exists()


def test_of_what_was_set_aside_only_what_is_on_the_page_is_looked_up(account):
    """Thousands may wait."""
    take(account, page(3))
    RejectedPayloadFactory.create_batch(5, account=account)
    with CaptureQueriesContext(connection) as seen:
        take(account, page(3), minutes=5)
    asked = next(one["sql"] for one in seen if RejectedPayload._meta.db_table in one["sql"])
    assert "500000002" in asked


def test_it_is_settled_when_it_can_be_read(account):
    take(account, [order(id=500_000_500, products="none")])
    take(account, [order(id=500_000_500)], minutes=5)
    row = RejectedPayload.objects.get()
    assert (row.status, row.times) == (PayloadStatus.RESOLVED, 1)
    assert row.settled_at is not None


def test_it_is_settled_when_it_is_again_what_it_was(account):
    """Good, bad, and the very same good one: its snapshot never changed."""
    take(account, [order(id=500_000_500)])
    take(account, [order(id=500_000_500, products="none")], minutes=5)
    assert RejectedPayload.objects.open().count() == 1
    take(account, [order(id=500_000_500)], minutes=10)
    assert RejectedPayload.objects.open().count() == 0


def test_the_same_bad_one_is_one_row(account):
    for minutes in (0, 5, 10):
        take(account, [order(id=500_000_500, products="none")], minutes=minutes)
    assert RejectedPayload.objects.get().times == 3


def test_one_that_is_ignored_stays_so_until_it_changes(account, owner):
    bad = order(id=500_000_500, products="none")
    take(account, [bad])
    payloads.ignore(RejectedPayload.objects.get(), by=owner)
    take(account, [bad], minutes=5)
    assert RejectedPayload.objects.get().status == PayloadStatus.IGNORED
    take(account, [bad | {"products": "other"}], minutes=10)
    assert RejectedPayload.objects.get().status == PayloadStatus.OPEN


@pytest.mark.parametrize(
    "raw", [{"id": None}, {}, "text", 7, None, ["list"], {"id": 5}, {"id": 5, "type": 9}]
)
def test_what_has_no_number_is_kept_as_well(account, raw):
    assert numbers(take(account, [raw, *page(2)])) == (2, 0, 0, 1)
    row = RejectedPayload.objects.get()
    assert not row.has_number
    assert row.messages


def test_one_that_the_import_refuses_does_not_take_the_others_along(account):
    rows = page(5)
    rows[2]["products"] = []  # an order without lines
    assert numbers(take(account, rows)) == (4, 0, 0, 1)
    assert RejectedPayload.objects.get().external_id == "500000002"


def test_one_that_trips_our_own_code_does_not_either(account, monkeypatch):
    def trips(raw, **given):
        if raw["id"] == 500_000_003:
            raise ZeroDivisionError
        return original(raw, **given)

    original = orders.order_in
    monkeypatch.setattr(orders, "order_in", trips)
    assert numbers(take(account, page(6))) == (5, 0, 0, 1)
    assert "ZeroDivisionError" in RejectedPayload.objects.get().why


def test_one_that_the_database_refuses_is_found_one_by_one(account, monkeypatch):
    def store(found):
        if any(one.external_id == "500000001" for one in found):
            raise ValueError("no idea which")
        return original(account, found)

    original = orders.import_orders
    intake = orders.intake_for(account)
    intake = storing.Intake(intake.key, intake.map, store, "order")
    taken = take_in(account, intake, brought(page(4)))
    assert numbers(taken) == (3, 0, 0, 1)


def test_a_database_that_is_away_sets_nobody_aside(account):
    gone = failpoints.raises(OperationalError("terminating connection"))
    with failpoints.armed("pull.storing", gone), pytest.raises(OperationalError):
        take(account, page(3))
    assert not RejectedPayload.objects.exists()
    assert numbers(take(account, page(3))) == (3, 0, 0, 0)


def test_orders_and_what_was_said_of_them_stand_or_fall_together(account):
    with failpoints.armed("pull.storing", failpoints.raises(OperationalError("cut"))):
        with pytest.raises(OperationalError):
            take(account, page(3))
    assert not Order.objects.exists()
    assert not Snapshot.objects.exists()


def test_words_that_quote_the_unspeakable_are_kept_as_well(account, monkeypatch):
    def trips(raw, **given):
        raise Unreadable("note", "\x00 and \ud800 " + "x" * 5_000)

    monkeypatch.setattr(orders, "order_in", trips)
    assert numbers(take(account, page(2))) == (0, 0, 0, 2)
    assert all(" and ?" in row.why for row in RejectedPayload.objects.all())
