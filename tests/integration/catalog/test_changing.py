"""Wanting another price, stock or status; what is sent; what the marketplace took."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.choices import Fulfilment
from catalog.intents import PushOffer
from catalog.models import Offer, PriceChange, StockChange
from catalog.services import change_offer, import_offers, record_push, withdraw_change
from core.errors import RuleViolation, StaleData
from core.models import AuditEntry
from outbox.choices import CommandStatus, Priority
from outbox.models import Command
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.catalog import OfferFactory, offer_in

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def offer():
    return OfferFactory()


def test_it_works(offer, manager):
    changed = change_offer(offer, price=D("149.99"), stock=5, version=1, by=manager)
    assert (changed.price, changed.wanted_price) == (D("165.2810"), D("149.99"))
    assert (changed.stock_to_be, changed.version, changed.wanted_by) == (5, 2, manager)
    command = Command.objects.get()
    assert (command.kind, command.payload) == ("catalog.PushOffer", {"offer_id": offer.pk})
    assert (command.executor, command.account) == ("bazaar", offer.account)
    assert (command.status, command.priority) == (CommandStatus.QUEUED, Priority.LOW)
    entry = AuditEntry.objects.get(verb="offer.changed")
    assert entry.changes == {"price": ["165.281", "149.99"], "stock": [20, 5]}


def test_the_intent_is_a_state_sent_fifty_at_a_time():
    assert PushOffer.spec.batch == 50
    assert PushOffer.spec.repeat_safe
    assert PushOffer.spec.family == "state"


def test_many_changes_are_one_push(offer):
    for stock in (5, 6, 7):
        change_offer(offer, stock=stock, by=None)
    assert Command.objects.count() == 1
    offer.refresh_from_db()
    assert offer.wanted_stock == 7


def test_what_is_so_already_is_no_change(offer):
    assert change_offer(offer, price=D("165.281"), stock=20, status="active", by=None).version == 1
    assert not Command.objects.exists()
    assert not AuditEntry.objects.filter(verb="offer.changed").exists()


def test_back_to_what_it_was_is_a_wish_too(offer):
    """The first push may be on its way: only another one takes it back."""
    change_offer(offer, stock=5, by=None)
    Command.objects.update(status=CommandStatus.RUNNING)
    assert change_offer(offer, stock=20, by=None).wanted_stock == 20
    assert Command.objects.filter(status=CommandStatus.QUEUED).count() == 1


@pytest.mark.parametrize(
    ("wishes", "words"),
    [({"price": D(0)}, "more than 0"), ({"price": D(-1)}, "more than 0"),
     ({"price": D("150.00001")}, "four decimals"), ({"price": D("119.99")}, "at least 120"),
     ({"price": D("250.01")}, "at most 250"), ({"stock": -1}, "between 0"),
     ({"stock": 65_536}, "between 0"), ({"status": "ended"}, "active or inactive"),
     ({"status": "gone"}, "active or inactive")],
)  # fmt: skip
def test_what_would_be_refused_there_is_refused_here(offer, wishes, words):
    with pytest.raises(RuleViolation, match=words):
        change_offer(offer, by=None, **wishes)
    offer.refresh_from_db()
    assert offer.wanted_at is None
    assert not Command.objects.exists()


def test_a_price_above_the_crossed_out_one_is_refused():
    offer = OfferFactory(price_before=D(200))
    with pytest.raises(RuleViolation, match="less than 200"):
        change_offer(offer, price=D(200), by=None)


def test_limits_that_nobody_told_do_not_limit():
    offer = OfferFactory(price_min=None, price_max=None)
    assert change_offer(offer, price=D(9), by=None).wanted_price == 9


def test_where_the_marketplace_keeps_the_goods_only_the_price_is_ours():
    offer = OfferFactory(account__fulfilment=Fulfilment.MARKETPLACE)
    for wish in ({"stock": 5}, {"status": "inactive"}):
        with pytest.raises(RuleViolation, match="keeps this stock itself"):
            change_offer(offer, by=None, **wish)
    assert change_offer(offer, price=D(150), by=None).wanted_price == 150


def test_an_ended_offer_stays_as_it_is():
    offer = OfferFactory(status="ended")
    with pytest.raises(RuleViolation, match="ended"):
        change_offer(offer, price=D(150), by=None)


def test_a_form_that_showed_older_values_is_refused(offer):
    change_offer(offer, stock=5, version=1, by=None)
    with pytest.raises(StaleData):
        change_offer(offer, stock=6, version=1, by=None)


def test_withdrawing(offer, manager):
    with pytest.raises(RuleViolation, match="Nothing is waiting"):
        withdraw_change(offer, by=manager)
    change_offer(offer, price=D(150), status="inactive", by=manager)
    offer = withdraw_change(offer, by=manager)
    assert (offer.wanted_price, offer.wanted_status, offer.wanted_at) == (None, "", None)
    assert AuditEntry.objects.get(verb="offer.change_withdrawn").changes == {
        "price": ["150", "165.281"],
        "status": ["inactive", "active"],
    }


# --- What the marketplace took ----------------------------------------------------------------


def test_a_push_makes_the_wish_true(offer, manager):
    change_offer(offer, price=D(150), stock=5, status="inactive", by=manager)
    record_push([offer.pk], {offer.pk: {"price": D(150), "stock": 5, "status": "inactive"}})
    offer.refresh_from_db()
    assert (offer.price, offer.stock, offer.status) == (150, 5, "inactive")
    assert (offer.wanted_price, offer.wanted_stock, offer.wanted_status) == (None, None, "")
    assert offer.wanted_at is None
    assert offer.pushed_at is not None
    price, stock = PriceChange.objects.get(), StockChange.objects.get()
    assert (price.before, price.after, price.by) == (D("165.2810"), 150, manager)
    assert (stock.before, stock.after, stock.by) == (20, 5, manager)


def test_a_wish_that_changed_while_the_push_was_under_way_stays(offer):
    change_offer(offer, price=D(150), stock=5, by=None)
    change_offer(offer, price=D(160), by=None)
    record_push([offer.pk], {offer.pk: {"price": D(150), "stock": 5}})
    offer.refresh_from_db()
    assert (offer.price, offer.wanted_price) == (150, 160)
    assert (offer.stock, offer.wanted_stock) == (5, None)
    assert offer.wanted_at is not None


def test_recording_the_same_push_twice_changes_nothing(offer):
    change_offer(offer, price=D(150), by=None)
    for _time in range(2):
        record_push([offer.pk], {offer.pk: {"price": D(150)}})
    assert PriceChange.objects.count() == 1


def test_many_pushes_are_a_handful_of_statements(django_assert_max_num_queries):
    account = MarketplaceAccountFactory()
    offers = OfferFactory.create_batch(
        20, account=account, wanted_stock=1, wanted_at=timezone.now()
    )
    with django_assert_max_num_queries(8):
        record_push([o.pk for o in offers], {o.pk: {"stock": 1} for o in offers})
    assert StockChange.objects.count() == 20


def test_pushed_and_then_read(offer):
    """The reading that began before the push is not believed about it; the next one is."""
    before = timezone.now()
    change_offer(offer, stock=5, by=None)
    record_push([offer.pk], {offer.pk: {"stock": 5}})
    reading = offer_in(external_id=offer.external_id, sku=offer.sku, stock=20, read_at=before)
    import_offers(offer.account, [reading])
    offer.refresh_from_db()
    assert offer.stock == 5


def test_a_late_push_of_an_older_value_is_not_believed(offer):
    """What the marketplace has now nobody knows: the newer value is wanted once more."""
    change_offer(offer, price=D(150), by=None)
    began = timezone.now()
    change_offer(offer, price=D(160), by=None)
    record_push([offer.pk], {offer.pk: {"price": D(160)}}, at=timezone.now())
    record_push([offer.pk], {offer.pk: {"price": D(150)}}, at=began)
    offer.refresh_from_db()
    assert (offer.price, offer.wanted_price) == (160, 160)
    assert offer.wanted_at is not None


@pytest.mark.parametrize("status", [CommandStatus.CANCELLED, CommandStatus.FAILED])
def test_saving_the_same_again_sends_what_was_stopped_or_refused(offer, status):
    change_offer(offer, stock=5, by=None)
    ended_at = timezone.now() if status == CommandStatus.CANCELLED else None
    Command.objects.update(status=status, ended_at=ended_at)
    change_offer(offer, by=None)
    assert Command.objects.filter(status=CommandStatus.QUEUED).count() == 1
    change_offer(offer, by=None)
    assert Command.objects.filter(status=CommandStatus.QUEUED).count() == 1


def test_a_reading_from_before_the_push_is_not_the_last_word(offer):
    """Whoever keeps what was read must not take it for known: it is looked at once more."""
    before = timezone.now()
    change_offer(offer, stock=5, by=None)
    record_push([offer.pk], {offer.pk: {"stock": 5}})
    reading = offer_in(external_id=offer.external_id, sku=offer.sku, stock=20, read_at=before)
    for name in ("the first name", "the first name", "the second name"):
        Offer.objects.update(read_at=before)
        report = import_offers(offer.account, [replace(reading, name=name)])
        assert (report.stale, report.changed, report.unchanged) == ([offer.external_id], [], [])
    offer.refresh_from_db()
    assert (offer.stock, offer.name) == (5, "the second name")
