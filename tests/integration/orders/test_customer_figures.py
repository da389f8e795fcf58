"""The figures of customers: what is counted, and that it always equals a count of the rows."""

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.db.models import Q
from django.utils import timezone

from core import jobs
from core.models import JobRun
from core.money import q2
from orders import blame
from orders.customers import keys as customer_keys
from orders.customers import page as customer_page
from orders.intake import CustomerIn
from orders.models import Customer, CustomerBase, FigureNudge, Order, OrderLine
from orders.models.customers import NEVER
from orders.services import customer_figures, import_orders, record_acceptance
from orders.services.customer_rules import change_rules
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import NOW, OrderFactory, customer_in, later, line_in, order_in
from tests.work import drain

pytestmark = pytest.mark.django_db
REFUSED, CALLED_OFF, OURS = "25", "23", "1"


@pytest.fixture
def account(monkeypatch):
    account = MarketplaceAccountFactory(platform="bazaar", currency="RON")
    known = blame.Blame(frozenset({REFUSED}), frozenset({CALLED_OFF}))
    monkeypatch.setitem(blame._known, "bazaar", known)
    return account


def settle(account) -> list[int]:
    """What the job does; returns who changed."""
    changed = []
    while (found := customer_figures.take_nudges(account)) is not None:
        changed += found.changed
    return changed


def the_customer(number="20411873") -> Customer:
    return Customer.objects.get(external_id=number)


def shipped(**facts):
    return order_in(status="shipped", remote_status="4", **facts)


def cancelled(code, **facts):
    return order_in(status="cancelled", remote_status="0", cancel_code=code, **facts)


def recounted(customer: Customer) -> dict[str, object]:
    """The same figures, asked of the rows in the plainest way there is."""
    orders = list(customer.orders.all())
    whose = blame.of(customer.account.platform)
    sold = [o for o in orders if o.status in {"shipped", "delivered"}]
    lost = [o for o in orders if o.status == "cancelled"]
    refused = [o for o in lost if o.cancel_code in whose.refused]
    partly = [o for o in sold if OrderLine.objects.filter(order=o, returned_quantity__gt=0)]
    return {
        "orders_count": len(orders),
        "delivered_count": len(sold),
        "cancelled_count": len(lost),
        "called_off_count": len([o for o in lost if o.cancel_code in whose.called_off]),
        "refused_count": len(refused),
        "returned_count": len([o for o in orders if o.status == "returned"]),
        "partly_returned_count": len(partly),
        "cod_count": len([o for o in sold if o.payment == "cod"]),
        "cod_refused_count": len([o for o in refused if o.payment == "cod"]),
        "revenue": sum((o.total for o in sold if o.currency == customer.account.currency), D(0)),
        "first_order_at": min((o.ordered_at for o in orders), default=None),
        "last_order_at": max((o.ordered_at for o in orders), default=NEVER),
    }


def kept(customer: Customer) -> dict[str, object]:
    return {name: getattr(customer, name) for name in recounted(customer)}


def test_it_works(account):
    import_orders(
        account,
        [
            shipped(lines=2), shipped(), cancelled(REFUSED), cancelled(CALLED_OFF), cancelled(OURS),
            order_in(status="returned", remote_status="5"), order_in(),
        ],
    )  # fmt: skip
    settle(account)
    customer = the_customer()
    assert kept(customer) == recounted(customer)
    assert (customer.orders_count, customer.delivered_count) == (7, 2)
    assert (customer.cancelled_count, customer.refused_count, customer.called_off_count) == (
        3,
        1,
        1,
    )
    assert customer.returned_count == 1
    assert customer.revenue == sum(o.total for o in Order.objects.filter(status="shipped"))
    assert customer.risk > 0


def test_an_order_that_came_back_in_part_counts_as_sold_and_as_returned(account):
    import_orders(account, [shipped(lines=(line_in(returned_quantity=1), line_in(1)))])
    settle(account)
    customer = the_customer()
    assert (customer.delivered_count, customer.returned_count) == (1, 0)
    assert customer.partly_returned_count == customer.all_returned_count == 1


def test_only_money_of_the_accounts_currency_is_revenue(account):
    import_orders(account, [shipped(), shipped(currency="EUR", lines=(line_in(currency="EUR"),))])
    settle(account)
    customer = the_customer()
    assert customer.delivered_count == 2
    assert customer.revenue == Order.objects.get(currency="RON").total
    assert customer.currency == "RON"


class TestANewCurrency:
    """A country takes the euro: the account's currency changes, and nobody bought less for it."""

    @pytest.fixture
    def bulgarian(self):
        return MarketplaceAccountFactory(platform="bazaar", country="BG", currency="BGN")

    @pytest.fixture
    def before(self, bulgarian) -> Customer:
        levs = {"currency": "BGN", "lines": (line_in(currency="BGN"),)}
        small = {"currency": "BGN", "lines": (line_in(currency="BGN", quantity=1),)}
        import_orders(bulgarian, [shipped(**levs), shipped(**levs)])
        import_orders(bulgarian, [shipped(**small, customer=customer_in(external_id="2"))])
        drain()
        jobs.run_here("orders.sweep_customers", str(bulgarian.pk))
        return the_customer()

    def test_it_works(self, bulgarian, before):
        type(bulgarian).objects.filter(pk=bulgarian.pk).update(currency="EUR")
        jobs.run_here("orders.count_customers", str(bulgarian.pk))
        drain()
        after = the_customer()
        assert after.currency == "EUR"
        assert after.revenue == q2(before.revenue / D("1.95583"))
        assert (after.loyalty, after.tier) == (before.loyalty, before.tier)
        base = CustomerBase.objects.get(account=bulgarian)
        assert base.currency == "EUR"
        assert base.average_revenue > 0

    def test_nobody_falls_in_between(self, bulgarian, before):
        type(bulgarian).objects.filter(pk=bulgarian.pk).update(currency="EUR")
        bulgarian.refresh_from_db()
        customer_figures.recount(bulgarian, [before.pk])  # by an order, before everybody is
        after = the_customer()
        assert (after.currency, after.loyalty) == ("EUR", before.loyalty)
        other = the_customer("2")
        assert other.currency == "BGN"
        assert customer_page.scores_of(other)["loyalty"] == other.loyalty

    def test_orders_in_the_new_money_count_before_the_account_changes(self, bulgarian, before):
        import_orders(bulgarian, [shipped(currency="EUR", lines=(line_in(currency="EUR"),))])
        settle(bulgarian)
        euros = Order.objects.get(currency="EUR").total
        assert the_customer().revenue == q2(before.revenue + euros * D("1.95583"))


def test_an_import_asks_for_it_once_and_the_job_does_it(account):
    import_orders(account, [order_in()])
    import_orders(account, [order_in()])
    assert JobRun.objects.filter(name="orders.count_customers").count() == 1
    assert the_customer().orders_count == 0  # not in the import itself
    drain()
    assert the_customer().orders_count == 2
    assert not FigureNudge.objects.exists()


def test_a_run_that_began_may_have_missed_it_so_another_is_asked_for(account):
    import_orders(account, [order_in()])
    JobRun.objects.update(starts=1, status="running")
    import_orders(account, [order_in()])
    assert JobRun.objects.filter(status="queued").count() == 1


def test_twice_changes_nothing(account):
    import_orders(account, [order_in()])
    assert settle(account) == [the_customer().pk]
    found = customer_figures.recount(account, [the_customer().pk])
    assert not found.changed
    assert not found.repaired


def test_a_failed_import_asks_for_nothing(account):
    with pytest.raises(Exception, match=r".*"):
        import_orders(account, [order_in(currency="")])
    assert not FigureNudge.objects.exists()


def test_what_we_do_to_an_order_counts_too(account):
    order = OrderFactory(account=account)
    settle(account)
    record_acceptance(order)
    assert FigureNudge.objects.get().orders == [order.pk]


def test_an_order_that_changes_hands_counts_for_the_other_one(account):
    first = order_in()
    import_orders(account, [first, order_in()])
    settle(account)
    before = the_customer()
    assert before.orders_count == 2
    moved = later(first, customer=customer_in(external_id="777", name="Radu"))
    import_orders(account, [moved])
    settle(account)
    assert the_customer().orders_count == 1
    assert the_customer("777").orders_count == 1


def test_who_is_held_by_an_import_comes_later(account, monkeypatch):
    import_orders(account, [order_in()])
    monkeypatch.setattr(customer_figures, "_stored", lambda pks: {})
    found = customer_figures.take_nudges(account)
    assert found.skipped == [the_customer().pk]
    assert FigureNudge.objects.get().customers == found.skipped


class TestFound:
    @pytest.mark.parametrize(
        "text",
        ["tepes", "ȚEPEȘ ioana", "0700 000 001", "+40 700 000 001", "0040700000001", "000-001",
         "c0ffee5eed@", "204118", "20411873", "eed"],
    )  # fmt: skip
    def test_by_any_part_in_any_writing(self, account, text, viewer_client):
        import_orders(account, [order_in(customer=customer_in(phones=("+40700000001",)))])
        settle(account)
        assert found(viewer_client, text) == ["20411873"]

    def test_by_a_tax_number_and_a_company(self, account, viewer_client):
        firm = CustomerIn("900", "Ana", company="Brâncoveanu Trade", tax_id="RO14399840",
                          is_company=True)  # fmt: skip
        import_orders(account, [order_in(customer=firm), order_in()])
        settle(account)
        assert found(viewer_client, "4399840") == ["900"]
        assert found(viewer_client, "brancoveanu") == ["900"]

    def test_what_changed_is_found_by_the_new_words_only(self, account, viewer_client):
        order = order_in()
        import_orders(account, [order])
        settle(account)
        import_orders(account, [later(order, customer=customer_in(name="Elena Pârvu"))])
        settle(account)
        assert found(viewer_client, "parvu") == ["20411873"]
        assert found(viewer_client, "tepes") == []

    def test_keys_of_one_person_are_the_same_in_every_writing(self):
        one = customer_keys.match_keys("Ana@shop.ro", ["+40 766 859 386"], "RO 14399840")
        two = customer_keys.match_keys("ana@SHOP.ro", ["0766.859.386"], "14399840")
        assert one == two
        assert customer_keys.match_keys("", ["0000000000", "112"], "000") == []


def found(client, text):
    page = client.get("/customers/", {"q": text})
    return [one.external_id for one in page.context["listing"].page.records]


class TestSweep:
    def sweep(self, account) -> JobRun:
        return jobs.run_here("orders.sweep_customers", str(account.pk))

    def test_it_repairs_what_is_wrong_and_says_so(self, account):
        import_orders(account, [shipped()])
        settle(account)
        Customer.objects.update(orders_count=5, revenue=D(1))
        run = JobRun.objects.get(pk=self.sweep(account).pk)
        customer = the_customer()
        assert kept(customer) == recounted(customer)
        assert run.counters["repaired"] == 1
        assert str(customer.pk) in run.log

    def test_whom_an_import_holds_is_not_waited_for(self, account, monkeypatch):
        import_orders(account, [shipped()])
        turns, take = [], customer_figures.take_nudges

        def counted(of):
            turns.append(1)
            assert len(turns) < 5, "it goes round and round"
            return take(of)

        monkeypatch.setattr(customer_figures, "take_nudges", counted)
        monkeypatch.setattr(customer_figures, "_stored", lambda pks: {})
        self.sweep(account)
        assert len(turns) == 1
        assert FigureNudge.objects.get().customers == [the_customer().pk]

    def test_many_pages_are_handed_over_when_the_time_is_up(self, account, monkeypatch):
        monkeypatch.setattr(customer_figures, "PAGES", 1)
        monkeypatch.setattr(jobs.Run, "is_time_up", property(lambda run: True))
        for _page in range(4):
            import_orders(account, [shipped()])
        assert self.sweep(account).chunk >= 4
        assert the_customer().orders_count == 4

    def test_what_is_right_is_left_alone(self, account):
        import_orders(account, [shipped()])
        settle(account)
        self.sweep(account)  # takes the yardstick of the first day
        run = self.sweep(account)
        assert "repaired" not in run.counters
        assert not run.counters.get("changed")

    def test_what_was_not_counted_yet_was_not_wrong(self, account):
        import_orders(account, [shipped()])
        assert "repaired" not in self.sweep(account).counters
        assert the_customer().orders_count == 1

    def test_it_takes_the_yardstick_anew(self, account):
        import_orders(account, [shipped()])
        settle(account)
        self.sweep(account)
        base = CustomerBase.objects.get(account=account)
        assert base.average_revenue == the_customer().revenue > 0
        assert base.measured_on == 1

    def test_scores_age(self, account, monkeypatch):
        import_orders(account, [replace(shipped(), ordered_at=NOW)])
        settle(account)
        monkeypatch.setattr(timezone, "now", lambda: NOW)
        self.sweep(account)
        fresh = the_customer().loyalty
        monkeypatch.setattr(timezone, "now", lambda: NOW + dt.timedelta(days=200))
        run = self.sweep(account)
        assert the_customer().loyalty < fresh
        assert "repaired" not in run.counters  # time is no mistake

    def test_it_goes_on_where_it_stopped(self, account, monkeypatch):
        people = [order_in(customer=customer_in(external_id=str(n))) for n in range(5)]
        import_orders(account, people)
        monkeypatch.setattr(customer_figures, "CHUNK", 2)
        monkeypatch.setattr(jobs.Run, "is_time_up", True)
        run = self.sweep(account)
        assert run.chunk >= 2
        assert (run.done, run.total) == (5, 5)


class TestCounts:
    """The numbers on the tabs are kept; they must be those of the rows, whatever came when."""

    def counted(self):
        tiers = {
            tier: Customer.objects.counted().filter(tier=tier).count()
            for tier in ("gold", "silver", "bronze", "standard")
        }
        return tiers | {"risky": Customer.objects.counted().filter(risk__gte=25).count()}

    def kept(self, account):
        base = CustomerBase.objects.get(account=account)
        return {name: getattr(base, name) for name in customer_figures.COUNTERS}

    def test_they_follow(self, account):
        orders = [shipped(customer=customer_in(external_id=str(n % 4))) for n in range(30)]
        orders += [cancelled(REFUSED, customer=customer_in(external_id="9")) for _ in range(4)]
        for start in range(0, len(orders), 5):
            import_orders(account, orders[start : start + 5])
            settle(account)
            assert self.kept(account) == self.counted()
        assert self.counted()["risky"] == 1

    def test_they_follow_other_rules(self, account, owner):
        import_orders(
            account, [shipped(customer=customer_in(external_id=str(n))) for n in range(3)]
        )
        settle(account)
        change_rules(by=owner, gold_from=3, silver_from=2, bronze_from=1)
        drain()
        assert self.kept(account) == self.counted()
        assert self.counted()["gold"] == 3


@pytest.mark.parametrize("seed", range(6))
def test_figures_equal_a_recount_after_random_imports(account, seed):
    """New, changed, repeated and stale looks, orders that change hands, in any order and batch."""
    chance = random.Random(seed)
    ways = (
        {"status": "new", "remote_status": "1"},
        {"status": "accepted", "remote_status": "2"},
        {"status": "shipped", "remote_status": "4"},
        {"status": "returned", "remote_status": "5"},
        *({"status": "cancelled", "remote_status": "0", "cancel_code": code}
          for code in (REFUSED, CALLED_OFF, OURS)),
    )  # fmt: skip
    known = []
    for _page in range(12):
        page = []
        for _one in range(chance.randint(1, 8)):
            facts = {
                **chance.choice(ways),
                "payment": chance.choice(("cod", "card")),
                "customer": customer_in(external_id=str(chance.randint(1, 4))),
            }
            if known and chance.random() < 0.6:
                order = chance.choice(known)
                page.append(later(order, chance.choice((-30, 0, 5, 90)), **facts))
            else:
                page.append(
                    order_in(
                        ordered_at=NOW - dt.timedelta(days=chance.randint(0, 700)),
                        lines=(line_in(returned_quantity=chance.choice((0, 0, 1))),),
                        **facts,
                    )
                )
        known += page
        import_orders(account, page)
        if chance.random() < 0.5:
            settle(account)
    settle(account)
    for customer in Customer.objects.select_related("account"):
        assert kept(customer) == recounted(customer)
    listed = Customer.objects.counted().count()
    counted = Customer.objects.filter(Q(orders__isnull=False)).distinct().count()
    assert listed == counted
