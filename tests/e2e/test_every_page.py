"""Every page of orders, offers, sync and the outbox: for everybody, on all screens, full or not."""

from dataclasses import dataclass

import pytest
from django.utils import timezone

from emag.models import ApiCall, Snapshot
from orders.models import Order
from outbox.choices import CommandStatus, ErrorKind
from outbox.models import Command
from tests.e2e.shop import OFFERS, go, read
from tests.factories.accounts import CompanyFactory
from tests.factories.catalog import OfferFactory
from tests.factories.emag import RejectedPayloadFactory
from tests.factories.orders import OrderFactory, line_in
from tests.factories.outbox import AttemptFactory, CommandFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

LONG = "Husă de protecție din silicon moale, margini înălțate, compatibilă cu încărcare, " * 2
LISTS = ("/orders/", "/offers/", "/outbox/list/", "/sync/", "/calls/", "/payloads/rejected/")
SCREENS = [
    pytest.param(width, scheme, id=f"{width}-{scheme}")
    for width in (1440, 390)
    for scheme in ("light", "dark")
]


@dataclass
class Looker:
    """Opens page after page in one window, and looks at each."""

    page: object
    checks: tuple

    def look(self, *paths):
        for path in paths:
            go(self.page, path)
            for check in self.checks:
                check(self.page)


@pytest.fixture
def window(visit, manager, check_axe, check_width):
    def opened(width, scheme):
        page = visit(manager, "/", width=width, height=844, color_scheme=scheme)
        return Looker(page, (check_axe, check_width))

    return opened


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_with_nothing_to_show(window, width, scheme):
    window(width, scheme).look(*LISTS, "/connect/emag/")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_with_one_and_with_many(window, width, scheme, sim, main):
    """Offers one, payloads and messages few, orders and calls many; long names and all banners."""
    CompanyFactory()
    sim.inject_orders(30, account=main.there)
    sim.inject_orders(1, account=main.there, deposit=True, lines=3, voucher="mixed", locker=True)
    read(main)
    read(main, OFFERS)
    looker = window(width, scheme)
    looker.look(
        *LISTS, *(f"/orders/{order.pk}/" for order in orders_of_many_kinds(main)),
        f"/offers/{OfferFactory(account=main, name=LONG[:200], problems='Invalid price').pk}/",
        *(f"/outbox/{command.pk}/" for command in commands_in_trouble(main)),
        f"/calls/{ApiCall.objects.first().pk}/",
        f"/payloads/{Snapshot.objects.first().pk}/",
        f"/payloads/rejected/{RejectedPayloadFactory(account=main).pk}/",
    )  # fmt: skip
    account_in_trouble(main)
    looker.look(
        *LISTS, f"/marketplaces/{main.pk}/", f"/connect/emag/{main.pk}/",
        f"/connect/emag/{main.pk}/credentials/",
    )  # fmt: skip


def orders_of_many_kinds(account):
    cancelled = {"status": "cancelled", "remote_status": "0", "cancel_code": "23"}
    lines = (line_in(0, name=LONG[:200], sku="A-LONG-SKU-0123456789-0123456789-ABCDEF"),)
    return [
        Order.objects.exclude(fees_total=0).first(),
        OrderFactory(account=account, lines=lines, note=LONG, locker_name=LONG[:60]),
        OrderFactory(account=account, **cancelled),
        OrderFactory(account=account, is_complete=False, lines=()),
        OrderFactory(account=account, fulfilment="marketplace", is_storno=True),
    ]


def commands_in_trouble(account):
    """One of each kind of trouble, about orders that exist."""
    kinds = (
        (CommandStatus.FAILED, ErrorKind.VALIDATION, None),
        (CommandStatus.UNCERTAIN, ErrorKind.UNKNOWN, None),
        (CommandStatus.WAITING, ErrorKind.UNAVAILABLE, timezone.now()),
    )
    return [
        AttemptFactory(
            command=CommandFactory(
                account=account, kind="orders.AcceptOrder", executor="emag", status=status,
                error_kind=kind, error=LONG, attempts=3, next_attempt_at=due,
                subject_label="512340001", payload={"order_id": 1},
            ),
            outcome="unknown", message=LONG, took_ms=900, http_status=503,
        ).command
        for status, kind, due in kinds
    ]  # fmt: skip


def account_in_trouble(account):
    from emag.services.trouble import put_to_rest

    put_to_rest(account, "password", LONG)
    assert Command.objects.needing_a_person().exists()
