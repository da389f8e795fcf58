"""Sales figures of a selection: equal to a recount, never of two currencies, bounded."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import caches
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from core import bounded
from core.bounded import TooMuch
from orders import sales
from orders.models import Order, OrderLine
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory, line_in

pytestmark = pytest.mark.django_db
BUCHAREST = ZoneInfo("Europe/Bucharest")
URL = "/orders/sales/"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    caches["local"].clear()


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=BUCHAREST)


def asked(query, user):
    return {one.currency: one for one in sales.figures(QueryDict(query), user)}


class TestFigures:
    def test_it_works(self, viewer, account):
        kept = [OrderFactory(account=account, lines=n) for n in (1, 2)]
        gone = OrderFactory(account=account, ours={"status": "cancelled"})
        ron = asked("", viewer)["RON"]
        assert ron.sums.orders == 2
        assert ron.sums.revenue == sum(order.total for order in kept)
        assert ron.sums.average == (ron.sums.revenue / 2).quantize(D("0.01"))
        assert (ron.sums.cancelled, ron.sums.cancelled_value) == (1, gone.total)

    def test_what_came_back_stands_apart(self, viewer, account):
        """Whether the marketplace empties its lines or leaves them: nobody pays for it."""
        kept = OrderFactory(account=account, ours={"status": "shipped"})
        back = OrderFactory(account=account, ours={"status": "returned"})
        sums = asked("", viewer)["RON"].sums
        assert (sums.orders, sums.revenue, sums.average) == (1, kept.total, kept.total)
        assert (sums.returned, sums.returned_value) == (1, back.total)
        assert (sums.cancelled, sums.cancelled_value) == (0, 0)

    def test_currencies_stand_side_by_side(self, viewer, account):
        bulgarian = MarketplaceAccountFactory(country="BG", currency="EUR")
        OrderFactory(account=account)
        order = OrderFactory(
            account=bulgarian, currency="EUR", lines=(line_in(price=D("10"), currency="EUR"),)
        )
        found = asked("", viewer)
        assert set(found) == {"RON", "EUR"}
        assert found["EUR"].sums.revenue == order.total

    def test_it_follows_filter_search_and_tab(self, viewer, account):
        order = OrderFactory(account=account, ours={"status": "packed"})
        OrderFactory(account=account)
        for query in (
            "status=packed",
            f"q={order.external_id}",
            f"status=packed&q={order.external_id}",
        ):
            assert asked(query, viewer)["RON"].sums.orders == 1
        assert asked("status=shipped", viewer) == {}
        assert asked("q=x", viewer) == {}

    @pytest.mark.parametrize(
        ("moment", "day"),
        [
            ("2026-03-28T21:59", "2026-03-28"),  # 23:59, still winter time
            ("2026-03-28T22:01", "2026-03-29"),
            ("2026-03-29T20:59", "2026-03-29"),  # 23:59, summer time
            ("2026-03-29T21:01", "2026-03-30"),
            ("2026-10-25T21:59", "2026-10-25"),
            ("2026-10-25T22:01", "2026-10-26"),
        ],
    )
    def test_days_are_the_companys(self, viewer, account, moment, day):
        moment = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
        OrderFactory(account=account, ordered_at=moment)
        assert [str(d) for d in asked("", viewer)["RON"].days] == [day]


class TestBefore:
    @pytest.mark.parametrize(
        ("first", "last", "before"),
        [
            ("2026-03-05", "2026-03-05", ("2026-03-04", "2026-03-04")),
            ("2026-03-05", "2026-03-11", ("2026-02-26", "2026-03-04")),
            ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
            ("2026-01-01", "2026-03-31", ("2025-10-01", "2025-12-31")),
            ("2026-03-01", "2026-03-30", ("2026-01-30", "2026-02-28")),
        ],
    )
    def test_just_as_long_just_before(self, first, last, before):
        span = sales.Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last), False)
        assert tuple(map(str, span.before)) == before

    def test_compared(self, viewer, account):
        for day in (1, 2, 2, 3):
            OrderFactory(account=account, ordered_at=at(f"2026-02-0{day}T12:00"), lines=1)
        ron = asked("ordered_at=2026-02-02", viewer)["RON"]
        assert (ron.sums.orders, ron.before.orders) == (2, 1)
        assert (ron.orders_change, ron.revenue_change) == (100, 100)
        assert asked("ordered_at=2026-02-01", viewer)["RON"].revenue_change is None
        assert asked("", viewer)["RON"].before is None

    def test_a_running_day_is_compared_up_to_the_same_hour(self, viewer, account):
        for moment in ("2026-03-03T09:00", "2026-03-03T15:00", "2026-03-04T09:00"):
            OrderFactory(account=account, ordered_at=at(moment))
        with time_machine.travel(at("2026-03-04T12:00"), tick=False):
            ron = asked("ordered_at=today", viewer)["RON"]
        assert (ron.sums.orders, ron.before.orders) == (1, 1)

    def test_unreadable_days_are_no_span(self):
        for query in (
            "ordered_at=soon",
            "ordered_at__between=2026-03-01..",
            "ordered_at__between=x",
            "ordered_at__between=2026-03-02..2026-03-01",
            "ordered_at__gt=2026-03-01",
            "ordered_at__between=1100-01-01..2026-03-01",
            "",
        ):
            assert sales.span_of(QueryDict(query)) is None  # fmt: skip


class TestProducts:
    def test_the_best_by_value(self, viewer, account):
        OrderFactory(account=account, lines=(line_in(0, quantity=5), line_in(1, quantity=1)))
        OrderFactory(account=account, lines=(line_in(1, quantity=1),))
        OrderFactory(
            account=account, lines=(line_in(2, quantity=99),), ours={"status": "cancelled"}
        )
        OrderFactory(account=account, lines=(line_in(3, quantity=99),), ours={"status": "returned"})
        best, second = sales.top_products(QueryDict(""), viewer, "RON")
        assert (best.sku, best.pieces) == ("HUS-S24-BK", 5)
        assert (second.sku, second.pieces) == ("FOL-S24-2", 2)
        assert best.value == D("499.95")
        assert sales.top_products(QueryDict(""), viewer, "HUF") == []

    def test_without_a_number_of_ours_by_name(self, viewer, account):
        lines = tuple(line_in(sku="", name=name) for name in ("Lampă", "Scaun", "Scaun"))
        OrderFactory(account=account, lines=lines)
        found = {one.name: one.pieces for one in sales.top_products(QueryDict(""), viewer, "RON")}
        assert found == {"Lampă": 2, "Scaun": 4}


class TestChart:
    def buckets(self, first, last, *days, today="2027-01-01"):
        one = sales.Figures("RON", days={})
        for day in days:
            one.days.setdefault(dt.date.fromisoformat(day), sales.Sums()).add("", 1, D("2.50"))
        span = None
        if first:
            span = sales.Span(dt.date.fromisoformat(first), dt.date.fromisoformat(last), False)
        return sales.buckets(one, span)

    def test_days_without_an_order_are_there(self):
        found = self.buckets("2026-03-01", "2026-03-04", "2026-03-02", "2026-03-02")
        assert [bucket.orders for bucket in found] == [0, 2, 0, 0]
        assert found[1].revenue == D("5.00")

    def test_long_times_have_weeks_and_longer_ones_months(self):
        weeks = self.buckets("2026-01-01", "2026-06-30", "2026-03-02")
        assert weeks[0].last == dt.date(2026, 1, 4)
        assert (weeks[1].last - weeks[1].first).days == 6
        months = self.buckets("2024-01-15", "2026-06-30", "2026-03-02")
        assert months[0].last == dt.date(2024, 1, 31)
        assert sum(bucket.orders for bucket in months) == 1

    def test_nothing_at_all(self):
        assert self.buckets("", "") == []


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["RON", "EUR", "HUF"]),
        st.sampled_from(["new", "packed", "shipped", "cancelled", "returned"]),
        st.integers(0, 24 * 60),  # hours before
        st.integers(1, 10**9),  # bani
    ),
    max_size=40,
)
QUERIES = st.sampled_from(
    ["", "status=new", "status=new&status=packed", "ordered_at__between=2026-03-01..2026-03-20",
     "ordered_at=2026-03-29", "total__gt=1000", "ordered_at__gt=2026-03-10&status=cancelled"]
)  # fmt: skip


@pytest.fixture
def raw_orders(account):
    """Rows as they are, without the road an order takes to get here."""
    template = OrderFactory(account=account)
    Order.objects.filter(pk=template.pk).delete()

    def make(rows):
        Order.objects.all().delete()
        made = []
        for number, (currency, status, hours, bani) in enumerate(rows):
            order = Order.objects.model(**{
                field.attname: getattr(template, field.attname)
                for field in Order._meta.concrete_fields if field.attname != "id"
            })  # fmt: skip
            order.external_id, order.currency, order.status = f"N{number}", currency, status
            order.ordered_at = at("2026-03-31T23:30") - dt.timedelta(hours=hours)
            order.total = D(bani) / 100
            made.append(order)
        Order.objects.bulk_create(made)

    return make


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ORDERS, QUERIES)
def test_figures_equal_a_recount(raw_orders, viewer, rows, query):
    raw_orders(rows)
    shown = sales.selection(QueryDict(query), viewer).qs
    expected = defaultdict(sales.Sums)
    by_day = defaultdict(lambda: D(0))
    for order in shown:
        is_apart = order.status in {"cancelled", "returned"}
        expected[order.currency].add(order.status if is_apart else "", 1, order.total)
        if not is_apart:
            by_day[order.currency, order.ordered_at.astimezone(BUCHAREST).date()] += order.total
    found = asked(query, viewer)
    assert {code: one.sums for code, one in found.items()} == dict(expected)
    for code, one in found.items():
        charted = sales.buckets(one, sales.span_of(QueryDict(query)))
        assert sum((bucket.revenue for bucket in charted), D(0)) == one.sums.revenue
        assert sum(bucket.orders for bucket in charted) == one.sums.orders
        if len(charted) <= sales.DAYS_UP_TO:
            for bucket in charted:
                assert bucket.revenue == by_day[code, bucket.first]


class TestPage:
    def test_the_fragment(self, viewer_client, account):
        order = OrderFactory(account=account)
        page = viewer_client.get(URL).content.decode()
        assert "<html" not in page
        for words in (
            "Revenue",
            "199.98",
            "Average order",
            "Cancelled, not counted",
            "Returned, not counted",
            "Top products",
            order.lines.get().name,
            'data-value="199.98"',
        ):
            assert words in page  # fmt: skip

    def test_amounts_for_the_chart_are_written_alike_in_every_language(self, account):
        OrderFactory(account=account)
        client = signed_in(UserFactory(role=Role.VIEWER, language="ro"))
        page = client.get(URL).content.decode()
        assert 'data-value="199.98"' in page
        assert "199,98" in page

    def test_one_currency_at_a_time(self, viewer_client, account):
        OrderFactory(account=account)
        other = MarketplaceAccountFactory(country="HU", currency="HUF")
        OrderFactory(account=other, currency="HUF", lines=(line_in(currency="HUF"),))
        page = viewer_client.get(f"{URL}?_currency=HUF").content.decode()
        assert 'data-currency="HUF"' in page
        assert 'data-currency="RON"' not in page
        assert "200\xa0" in page

    @pytest.mark.parametrize(
        "query",
        [
            "ordered_at__between=0002-01-01..2026-12-31",
            "ordered_at__between=1900-01-01..2026-12-31",
            "ordered_at__between=2026-01-01..9999-12-31",
            "ordered_at=0001-01-01",
        ],
    )
    def test_a_year_that_is_being_typed(self, viewer_client, account, query):
        OrderFactory(account=account)
        page = viewer_client.get(f"{URL}?{query}", headers={"HX-Request": "true"})
        assert page.status_code == 200
        assert page.content.count(b"<tr") < 100

    def test_nothing_selected(self, viewer_client):
        assert "nothing to add up" in viewer_client.get(f"{URL}?status=new").content.decode()

    @pytest.mark.parametrize(
        ("role", "may"),
        [
            (Role.OWNER, True), (Role.MANAGER, True), (Role.ACCOUNTANT, True), (Role.VIEWER, True),
            (Role.PICKER, False), (Role.PACKER, False),
        ],
    )  # fmt: skip
    def test_who_may_see_them(self, role, may):
        client = signed_in(UserFactory(role=role))
        assert client.get(URL).status_code == (200 if may else 403)
        assert (b'id="sales"' in client.get("/orders/").content) is may

    def test_shown_or_not_is_remembered(self, viewer, viewer_client, django_assert_num_queries):
        assert b'hx-trigger="load, sales:read"' not in viewer_client.get("/orders/").content
        toggle = f"{URL}toggle/"
        part = viewer_client.post(toggle, {"figures": "shown"}, headers={"HX-Request": "true"})
        assert b'hx-trigger="load, sales:read"' in part.content
        viewer.refresh_from_db()
        assert viewer.preferences["figures"] == "shown"
        assert b'hx-trigger="load, sales:read"' in viewer_client.get("/orders/").content
        viewer_client.post(toggle, {"figures": "hidden"})
        assert b'hx-trigger="load, sales:read"' not in viewer_client.get("/orders/").content
        assert viewer_client.post(toggle, {"figures": "huge"}).status_code == 422

    def test_it_costs_three_statements(self, viewer_client, account, django_assert_num_queries):
        for _ in range(3):
            OrderFactory(account=account)
        viewer_client.get(URL)
        # Session and person; figures, before, products; each of these between two limits.
        with django_assert_num_queries(2 + 3 * 5):
            viewer_client.get(f"{URL}?ordered_at__between=2026-03-01..2026-03-31")


class TestTooMuch:
    def test_a_question_that_takes_too_long_is_told(self, viewer_client, account, monkeypatch):
        OrderFactory(account=account)
        monkeypatch.setattr(sales, "MILLISECONDS", 1)
        slow = "(SELECT pg_sleep(0.05)) IS NOT NULL"
        monkeypatch.setattr(
            sales, "selection", lambda query, user: Slow(Order.objects.extra(where=[slow]))
        )
        page = viewer_client.get(URL).content.decode()
        assert "too much to add up now: choose a period" in page
        assert "ordered_at=30d" in page

    def test_it_is_not_asked_again_for_a_while(self):
        asked = []

        def ask():
            asked.append(1)
            raise TooMuch("too much")

        for _ in range(3):
            with pytest.raises(TooMuch, match="too much"):
                bounded.once("sales", ask)
        assert len(asked) == 1

    def test_few_at_once(self, monkeypatch):
        monkeypatch.setattr(bounded, "PATIENCE", 0)
        with bounded.work(milliseconds=500), bounded.work(milliseconds=500):
            with pytest.raises(TooMuch, match="Others"), bounded.work(milliseconds=500):
                pass
        with bounded.work(milliseconds=500):
            assert OrderLine.objects.count() == 0

    def test_other_faults_stay_faults(self):
        with pytest.raises(ZeroDivisionError), bounded.work(milliseconds=500):
            1 / 0  # noqa: B018
        assert bounded._places.acquire(blocking=False)
        bounded._places.release()


class Slow:
    def __init__(self, qs):
        self.qs = qs
