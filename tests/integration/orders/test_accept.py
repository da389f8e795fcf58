"""New orders are accepted: by a person, by the account's rule, and as a fact from outside."""

import datetime as dt

import pytest
from django.utils import timezone

from catalog.services import record_push, record_reading
from core.errors import RuleViolation
from core.models import AuditEntry
from orders import services
from orders.actions import on
from orders.choices import OrderStatus, Problem
from orders.models import Order
from orders.services import accepting
from orders.services.accepting import is_being_accepted
from outbox.choices import CommandStatus
from outbox.models import Command
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.catalog import OfferFactory
from tests.factories.orders import OrderFactory, line_in

pytestmark = pytest.mark.django_db


def give_up(status):
    ended_at = timezone.now() if status == CommandStatus.CANCELLED else None
    Command.objects.update(status=status, ended_at=ended_at)


def requested():
    return list(Command.objects.order_by("pk").values_list("kind", "subject_id"))


class TestByAPerson:
    def test_it_works(self):
        order, by = OrderFactory(), UserFactory()
        services.accept_order(order, by=by)
        order.refresh_from_db()
        assert order.status == OrderStatus.NEW  # until the marketplace has said yes
        assert is_being_accepted(order)
        command = Command.objects.get()
        assert (command.kind, command.executor) == ("orders.AcceptOrder", order.account.platform)
        assert command.payload == {"order_id": order.pk}
        assert command.requested_by == by
        assert AuditEntry.objects.latest("pk").verb == "order.accept_requested"

    def test_twice_is_once(self):
        order = OrderFactory()
        services.accept_order(order, by=None)
        services.accept_order(order, by=None)
        assert requested() == [("orders.AcceptOrder", order.pk)]
        assert AuditEntry.objects.filter(verb="order.accept_requested").count() == 1

    @pytest.mark.parametrize("status", [s for s in OrderStatus if s != OrderStatus.NEW])
    def test_only_what_is_new(self, status):
        order = OrderFactory(ours={"status": status})
        with pytest.raises(RuleViolation, match="not new any more"):
            services.accept_order(order, by=None)
        assert not requested()

    def test_not_what_the_marketplace_ships(self):
        order = OrderFactory(fulfilment="marketplace")
        with pytest.raises(RuleViolation, match="ships this order"):
            services.accept_order(order, by=None)

    def test_not_what_is_not_known_completely(self):
        order = OrderFactory(is_complete=False)
        with pytest.raises(RuleViolation, match="not told everything"):
            services.accept_order(order, by=UserFactory())
        assert not requested()

    def test_whoever_stands_before_it_goes_first(self):
        """Only then are three quick tries made."""
        page, list_ = OrderFactory(), OrderFactory()
        by = UserFactory()
        services.accept_order(page, by=by, is_awaited=True)
        on(services.accept_order)(list_.pk, by=by)
        awaited = dict(Command.objects.values_list("subject_id", "is_awaited"))
        assert awaited == {page.pk: True, list_.pk: False}

    @pytest.mark.parametrize("status", [CommandStatus.CANCELLED, CommandStatus.FAILED])
    def test_what_was_stopped_or_refused_can_be_asked_for_again(self, status):
        order = OrderFactory()
        services.accept_order(order, by=None)
        give_up(status)
        assert not is_being_accepted(order)
        services.accept_order(order, by=None)
        assert is_being_accepted(order)
        assert Command.objects.count() == 2
        assert AuditEntry.objects.filter(verb="order.accept_requested").count() == 2


class TestTheFact:
    def test_it_works(self):
        order = OrderFactory()
        services.record_acceptance(order)
        order.refresh_from_db()
        assert order.status == OrderStatus.ACCEPTED
        assert order.accepted_at is not None
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.changes) == ("order.accepted", {"status": ["new", "accepted"]})

    def test_twice_is_once(self):
        order = OrderFactory()
        services.record_acceptance(order)
        first = Order.objects.get().accepted_at
        services.record_acceptance(order)
        assert Order.objects.get().accepted_at == first

    def test_it_is_never_refused(self):
        order = OrderFactory(ours={"status": OrderStatus.CANCELLED})
        services.record_acceptance(order)
        order.refresh_from_db()
        assert order.status == OrderStatus.CANCELLED
        assert order.problems == [Problem.STATUS]

    @pytest.mark.parametrize("status", [OrderStatus.ON_HOLD, OrderStatus.PICKING])
    def test_it_never_goes_backwards(self, status):
        order = OrderFactory(ours={"status": status})
        services.record_acceptance(order)
        order.refresh_from_db()
        assert (order.status, order.problems) == (status, [])


@pytest.fixture
def account():
    return MarketplaceAccountFactory(accepts_automatically=True, accepts_only_in_stock=False)


class TestByRule:
    def test_it_works(self, account):
        orders = [OrderFactory(account=account) for _ in range(3)]
        assert services.accept_new_orders(account) == (3, 0)
        assert requested() == [("orders.AcceptOrder", order.pk) for order in orders]
        assert services.accept_new_orders(account) == (0, 0)
        assert len(requested()) == 3

    def test_not_without_the_rule(self, account):
        account.accepts_automatically = False
        OrderFactory(account=account)
        assert services.accept_new_orders(account) == (0, 1)

    def test_not_while_paused(self, account):
        account.is_paused = True
        OrderFactory(account=account)
        assert services.accept_new_orders(account) == (0, 1)

    def test_only_its_own(self, account):
        OrderFactory()
        assert services.accept_new_orders(account) == (0, 0)

    def test_after_a_while(self, account):
        account.accept_after = 30
        now = timezone.now()
        OrderFactory(account=account, ordered_at=now - dt.timedelta(minutes=29))
        old = OrderFactory(account=account, ordered_at=now - dt.timedelta(minutes=31))
        assert services.accept_new_orders(account) == (1, 1)
        assert requested() == [("orders.AcceptOrder", old.pk)]

    def test_what_a_person_should_see_waits(self, account):
        OrderFactory(account=account, remarks=("odd",))
        OrderFactory(account=account, is_complete=False)
        OrderFactory(account=account, fulfilment="marketplace")
        OrderFactory(account=account, status="accepted")
        assert services.accept_new_orders(account) == (0, 2)

    @pytest.mark.parametrize("status", [CommandStatus.CANCELLED, CommandStatus.FAILED])
    def test_what_was_refused_or_stopped_is_for_a_person(self, account, status):
        order = OrderFactory(account=account)
        services.accept_order(order, by=None)
        give_up(status)
        assert services.accept_new_orders(account) == (0, 0)


class TestInStock:
    @pytest.fixture
    def account(self):
        return MarketplaceAccountFactory(accepts_automatically=True, accepts_only_in_stock=True)

    @pytest.fixture
    def offer(self, account):
        def make(number, stock, **facts):
            return OfferFactory(account=account, external_id=number, stock=stock, **facts)

        return make

    def order(self, account, *wanted, minutes=5):
        lines = tuple(
            line_in(n, offer_external_id=o, quantity=q) for n, (o, q) in enumerate(wanted)
        )
        ordered_at = timezone.now() - dt.timedelta(minutes=minutes)
        return OrderFactory(account=account, lines=lines, ordered_at=ordered_at)

    def test_it_works(self, account, offer):
        offer("1", 5)
        offer("2", 1)
        enough = self.order(account, ("1", 2), ("2", 1))
        self.order(account, ("2", 2))
        assert services.accept_new_orders(account) == (1, 1)
        assert requested() == [("orders.AcceptOrder", enough.pk)]

    def test_what_is_not_offered_is_not_there(self, account):
        self.order(account, ("9", 1))
        assert services.accept_new_orders(account) == (0, 1)

    def test_the_oldest_gets_the_last_piece(self, account, offer):
        offer("1", 3)
        young = self.order(account, ("1", 2), minutes=1)
        old = self.order(account, ("1", 2), minutes=9)
        assert services.accept_new_orders(account) == (1, 1)
        assert requested() == [("orders.AcceptOrder", old.pk)]
        assert not is_being_accepted(young)

    def test_a_piece_is_promised_once(self, account, offer):
        offer("1", 3, read_at=timezone.now())
        self.order(account, ("1", 2))
        assert services.accept_new_orders(account) == (1, 0)
        self.order(account, ("1", 2))
        assert services.accept_new_orders(account) == (0, 1)
        services.record_acceptance(Order.objects.get(pk=Command.objects.get().subject_id))
        assert services.accept_new_orders(account) == (0, 1)

    def test_what_the_marketplace_has_taken_off_is_not_taken_off_again(self, account, offer):
        made = offer("1", 2, read_at=timezone.now())
        self.order(account, ("1", 2))
        services.accept_new_orders(account)
        services.record_acceptance(Order.objects.get())
        made.stock, made.read_at = 2, timezone.now()  # looked at again, and filled up meanwhile
        made.save()
        self.order(account, ("1", 2))
        assert services.accept_new_orders(account) == (1, 0)

    @pytest.fixture
    def sold(self, account, offer):
        """Two pieces, of which the marketplace has sold two in an order that is accepted."""
        made = offer("1", 2, read_at=timezone.now())
        self.order(account, ("1", 2))
        services.accept_new_orders(account)
        services.record_acceptance(Order.objects.get())
        self.order(account, ("1", 2))
        return made

    def test_what_we_set_since_is_all_there(self, account, sold):
        """The stock was counted when it was set, after the first order had been packed."""
        assert services.accept_new_orders(account) == (0, 1)
        record_push([sold.pk], {sold.pk: {"stock": 2}})
        assert services.accept_new_orders(account) == (1, 0)

    def test_what_was_looked_at_since_and_is_as_it_was_is_all_there(self, account, sold):
        """An unchanged offer is not written, so its own row does not know of the look."""
        record_reading(account, timezone.now())
        assert services.accept_new_orders(account) == (1, 0)

    def test_what_does_not_fit_holds_up_nobody(self, account, offer, monkeypatch):
        monkeypatch.setattr(accepting, "MOST_AT_ONCE", 2)
        offer("1", 1)
        for minutes in (9, 8, 7):
            self.order(account, ("9", 1), minutes=minutes)  # is no offer of ours
        young = self.order(account, ("1", 1), minutes=1)
        assert services.accept_new_orders(account) == (1, 3)
        assert requested() == [("orders.AcceptOrder", young.pk)]
