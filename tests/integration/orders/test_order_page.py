"""The page of one order: what it shows, to whom, and at what cost."""

import datetime as dt
from decimal import Decimal as D
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.choices import Role
from core import audit, live
from orders import reasons, settlement, timeline
from orders.intake import AttachmentIn, DepositIn, VoucherIn
from orders.intents import AcceptOrder, CancelOrder, MoveOrder
from orders.models import Order, Tag
from orders.services import import_orders, noting
from outbox import services as outbox
from outbox.models import Command
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.catalog import OfferFactory
from tests.factories.orders import OrderFactory, address_in, later, line_in, order_in
from tests.orderpage import order_page

pytestmark = pytest.mark.django_db
URL = "/orders/"


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


class TestDetail:
    def test_it_works(self, viewer_client, account):
        share = VoucherIn("9", D("-8.2645"), D("-1.7355"), D("0.21"), "Spring", "marketplace")
        order = OrderFactory(
            account=account,
            lines=(line_in(vouchers=(share,)), line_in(1, is_cancelled=True)),
            vouchers=(share,),
            shipping_price=D("14.99"),
            locker_name="Locker 10",
            note="Sunați înainte",
            courier_accounts=(),
        )
        page = order_page(viewer_client, order)
        for text in (
            order.external_id, "Ioana Țepeș", "0700000001", "Str. Exemplu nr. 3", "Locker 10",
            "Husă silicon", "HUS-S24-BK", "Spring", "pays", "204.97", "Sunați înainte",
            "none of the marketplace", "Cancelled", "Order arrived",
        ):  # fmt: skip
            assert text in page, text

    def test_an_order_that_lost_its_addresses_still_opens(self, viewer_client, account):
        order = OrderFactory(account=account)
        order.addresses.all().delete()
        assert viewer_client.get(order.get_absolute_url()).status_code == 200

    def test_a_part_of_it(self, viewer_client, account):
        order = OrderFactory(account=account)
        url = order.get_absolute_url()
        part = viewer_client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert part.lstrip().startswith('<div id="order"')
        assert part.count("hx-swap-oob") == 2, "the timeline and the panels beside it come along"
        assert "note-text" not in part, "the note that is being written stays where it is"

    def test_it_costs_the_same_with_many_lines(self, owner_client, account):
        def statements(lines):
            url = OrderFactory(account=account, lines=lines).get_absolute_url()
            owner_client.get(url)
            with CaptureQueriesContext(connection) as queries:
                owner_client.get(url)
            return len(queries)

        assert statements(1) == statements(12) <= 8

    def test_problems_and_reasons_are_told(self, viewer_client, account, monkeypatch):
        monkeypatch.setitem(reasons._labels, account.platform, {"31": "Partner asked"})
        gone = OrderFactory(account=account, status="cancelled", cancel_code="31")
        assert "Partner asked" in viewer_client.get(gone.get_absolute_url()).content.decode()
        asked = OrderFactory(account=account, cancel_requested="M-am răzgândit")
        page = viewer_client.get(asked.get_absolute_url()).content.decode()
        assert "Customer asks to cancel" in page
        assert "M-am răzgândit" in page

    def test_a_reason_nobody_knows_keeps_its_words(self, account):
        assert reasons.label(account.platform, "99", "Their words") == "Their words"
        assert reasons.label(account.platform, "99") == "99"

    def test_only_web_addresses_become_links(self, viewer_client, account):
        bad = AttachmentIn("Evil", "javascript:alert(1)", "invoice")
        good = AttachmentIn("Invoice 7", "https://papers.example/7.pdf", "invoice")
        order = OrderFactory(account=account, attachments=(bad, good))
        page = order_page(viewer_client, order)
        assert '<a href="https://papers.example/7.pdf"' in page
        assert "Evil" in page
        assert "javascript:" not in page

    def test_in_romanian(self, viewer_client, account):
        order = OrderFactory(account=account)
        with translation.override("ro"):
            assert viewer_client.get(order.get_absolute_url()).status_code == 200

    def test_nobody_there(self, viewer_client):
        assert viewer_client.get(f"{URL}1/").status_code == 404


class TestWhatThePageSays:
    """Words that fit how the order stands."""

    def page(self, client, **facts):
        return client.get(OrderFactory(**facts).get_absolute_url()).content.decode()

    @pytest.mark.parametrize(
        ("facts", "is_said"),
        [
            ({"status": "new"}, True),
            ({"status": "shipped"}, True),
            ({"status": "cancelled"}, False),
            ({"status": "returned"}, False),
            ({"fulfilment": "marketplace"}, False),
        ],
    )
    def test_until_when_it_must_leave(self, viewer_client, facts, is_said):
        assert ("Hand over by" in self.page(viewer_client, **facts)) is is_said

    def test_nobody_pays_for_what_was_cancelled(self, viewer_client):
        page = self.page(viewer_client, status="cancelled")
        assert "Customer pays" not in page
        assert "Would have been paid" in page
        assert "Customer pays" in self.page(viewer_client, status="new")

    def test_a_card_payment_that_is_to_come(self, owner_client):
        words = "The card payment has not arrived yet."
        assert words in self.page(owner_client, payment="card")
        assert words not in self.page(owner_client, payment="card", is_paid=True)
        assert words not in self.page(owner_client, payment="cod")
        assert words not in self.page(owner_client, payment="card", status="accepted")


class TestCost:
    def test_it_is_pinned(self, owner_client, owner, account, django_assert_num_queries):
        """What decides in eight statements, with all that hangs on an order; then the rest."""
        sgr = DepositIn("SGR", 2, D("0.50"))
        share = VoucherIn("9", D("-8.2645"), D("-1.7355"), D("0.21"), "Spring", "marketplace")
        told = order_in(
            lines=tuple(line_in(n, vouchers=(share,), deposits=(sgr,)) for n in range(5)),
            attachments=(AttachmentIn("Invoice 7", "https://papers.example/7.pdf", "invoice"),),
        )
        import_orders(account, [told])
        import_orders(account, [later(told, note="Ring twice")])
        order = Order.objects.get()
        OfferFactory(account=account, external_id="1041", stock=4711)
        for words in ("one", "two"):
            noting.write_note(order, f"{words} @{UserFactory().email}", by=owner)
        tag = Tag.objects.create(name="gift", colour="green")
        Order.objects.update(tags=[tag.name])
        url = order.get_absolute_url()
        owner_client.get(url)
        with django_assert_num_queries(8):
            page = owner_client.get(url).content.decode()
        for text in ("tone-green", "Spring", "SGR", "Str. Exemplu nr. 3", "4,711"):
            assert text in page, text
        with django_assert_num_queries(13):
            owner_client.get(f"{url}rest/")
        with django_assert_num_queries(17):
            owner_client.get(url, headers={"HX-Request": "true"})


class TestProducts:
    def test_stock_and_picture(self, viewer_client, account):
        offer = OfferFactory(
            account=account, external_id="1041", stock=12, stock_free=9, barcodes="594001 594002",
            image_url="https://s13emagst.akamaized.net/a.jpg",
        )  # fmt: skip
        OfferFactory(external_id="1041", stock=77_777)  # of another account
        page = order_page(viewer_client, OrderFactory(account=account))
        for text in (
            offer.get_absolute_url(), "594001", "594002", "free of 12", "all in stock",
            'src="https://s13emagst.akamaized.net/a.jpg"', 'loading="lazy"',
        ):  # fmt: skip
            assert text in page, text
        assert "77,777" not in page

    @pytest.mark.parametrize(
        "url", ["https://evil.example/a.jpg", "javascript:alert(1)", "https://emag.ro.evil/a.jpg"]
    )
    def test_a_picture_from_elsewhere_is_not_asked_for(self, viewer_client, account, url):
        OfferFactory(account=account, external_id="1041", image_url=url)
        assert "<img" not in order_page(viewer_client, OrderFactory(account=account))

    def test_too_little_is_told_while_it_matters(self, viewer_client, account):
        OfferFactory(account=account, external_id="1041", stock=1)
        new = OrderFactory(account=account)
        assert "only 1" in order_page(viewer_client, new)
        assert "all in stock" not in order_page(viewer_client, new)
        shipped = OrderFactory(account=account, status="shipped")
        assert "only 1" not in order_page(viewer_client, shipped)

    def test_without_an_offer(self, viewer_client, account):
        page = order_page(viewer_client, OrderFactory(account=account))
        assert "no offer of this account" in page
        assert "all in stock" not in page


class TestAddresses:
    def test_each_has_a_map_and_can_be_copied(self, viewer_client, account):
        order = OrderFactory(account=account, shipping=address_in(street="Str. Lungă 1 & 2"))
        page = order_page(viewer_client, order)
        wanted = quote("Str. Lungă 1 & 2, 700001 Iași, RO").replace("%20", "+")
        assert f"query={wanted}" in page
        shipping = order.addresses.get(kind="shipping")
        assert shipping.as_text == "Ioana Țepeș\nStr. Lungă 1 & 2\n700001 Iași, RO\n0700000001"
        assert not shipping.is_like(order.addresses.get(kind="billing"))


class TestMoney:
    """Who pays what: with D("99.99") for a product of 82.6364 net and 21 %."""

    def settled(self, account, **facts):
        facts = {"lines": (line_in(quantity=2),), "shipping_price": D("14.99"), **facts}
        return settlement.settlement_of(OrderFactory(account=account, **facts))

    def test_it_works(self, account):
        money = self.settled(account)
        assert [part.amount for part in money.parts] == [D("199.98"), D("14.99")]
        assert money.total == money.receives == D("214.97")

    @pytest.mark.parametrize(
        ("payer", "marketplace", "us", "nobody", "receives"),
        [
            ("marketplace", "10.00", "0.00", "0.00", "214.97"),
            ("seller", "0.00", "10.00", "0.00", "204.97"),
            ("", "0.00", "0.00", "10.00", "204.97"),
        ],
    )
    def test_who_bears_a_discount(self, account, payer, marketplace, us, nobody, receives):
        voucher = VoucherIn("9", D("-8.2645"), D("-1.7355"), D("0.21"), "Spring", payer)
        money = self.settled(account, vouchers=(voucher,))
        assert money.total == D("204.97")
        assert (money.from_marketplace, money.from_us, money.from_nobody_knows) == (
            D(marketplace), D(us), D(nobody),
        )  # fmt: skip
        assert money.receives == D(receives)

    def test_two_payers_of_one_name(self, account):
        ours = VoucherIn("1", D("-8.2645"), D("-1.7355"), D("0.21"), "Spring", "seller")
        theirs = VoucherIn("2", D("-4.1322"), D("-0.8678"), D("0.21"), "Spring", "marketplace")
        money = self.settled(account, vouchers=(ours, theirs))
        assert (money.from_us, money.from_marketplace) == (D("10.00"), D("5.00"))
        assert money.total + money.from_us + money.from_marketplace == D("214.97")

    def test_the_share_of_a_cancelled_product_is_nobodys(self, account):
        share = VoucherIn("9", D("-4.1322"), D("-0.8678"), D("0.21"), "Spring", "marketplace")
        whole = VoucherIn("9", D("-8.2644"), D("-1.7356"), D("0.21"), "Spring")
        lines = (line_in(vouchers=(share,)), line_in(1, vouchers=(share,), is_cancelled=True))
        money = self.settled(account, lines=lines, vouchers=(whole,))
        assert money.from_marketplace == D("5.00")
        assert money.total == D("199.98") + D("14.99") - D("5.00")

    def test_deposits_refunds_and_cards(self, account):
        line = line_in(deposits=(DepositIn("SGR", 2, D("0.50")),))
        money = self.settled(
            account, lines=(line,), payment="card", is_paid=True, paid_by_card=D("215.97"),
            refunded=D("15.97"),
        )  # fmt: skip
        assert [part.amount for part in money.parts] == [D("199.98"), D("1.00"), D("14.99")]
        assert [one.amount for one in money.paid] == [D("215.97")]
        assert money.receives == D("200.00")

    def test_commission_comes_from_whoever_knows_it(self, viewer_client, account, monkeypatch):
        monkeypatch.setattr(settlement, "_costs", [])
        order = OrderFactory(account=account)
        assert "before commission" in order_page(viewer_client, order)
        settlement.register(lambda one: [settlement.Sum("Commission 18 %", D("-36.00"))])
        page = order_page(viewer_client, order)
        assert "before commission" not in page
        assert "Commission 18 %" in page
        assert "163.98" in page

    def test_what_nobody_pays_is_received_by_nobody(self, viewer_client, account):
        page = order_page(viewer_client, OrderFactory(account=account, status="cancelled"))
        assert "You receive" not in page


class TestTimeline:
    def test_by_day_newest_first_and_bounded(self, viewer_client, viewer, account):
        order = OrderFactory(account=account)
        for n in range(30):
            audit.record("order.refresh_requested", order, by=viewer, note=f"time {n}")
        page = order_page(viewer_client, order)
        assert "Today" in page
        assert page.index("time 29") < page.index("time 28")
        assert "time 3<" not in page
        assert "11 older" in page
        more = viewer_client.get(f"{order.get_absolute_url()}timeline/?count=60").content.decode()
        assert "time 3<" in more
        assert "Order arrived" in more
        again = order_page(viewer_client, order, "?count=60")
        assert "time 3<" in again, "who looks at older ones keeps them"

    def test_what_changed_is_said_in_words(self, viewer_client, account, monkeypatch):
        monkeypatch.setitem(reasons._labels, account.platform, {"2": "Customer changed mind"})
        told = order_in()
        import_orders(account, [told])
        gone = {"status": "cancelled", "remote_status": "0", "cancel_code": "2"}
        import_orders(account, [later(told, **gone, cancel_text="Răzgândit")])
        page = order_page(viewer_client, Order.objects.get())
        assert "Order changed at the marketplace" in page
        assert "cancellation reason: – → Customer changed mind" in page
        assert page.count("New → Cancelled") == 1, (
            "once, not again as what the marketplace calls it"
        )

    def test_what_the_marketplace_refused(self, manager_client, viewer_client, account):
        order = OrderFactory(account=account)
        manager_client.post(f"{order.get_absolute_url()}accept/")
        Command.objects.update(status="failed", error="Order is locked there")
        page = order_page(manager_client, order).partition('id="order-timeline"')[2]
        assert "Accept order: Failed" in page
        assert "Order is locked there" in page
        assert Command.objects.get().get_absolute_url() in page
        assert "Accept order: Failed" in order_page(viewer_client, order)

    def test_others_add_to_it(self, viewer_client, viewer, account, monkeypatch):
        monkeypatch.setattr(timeline, "_sources", dict(timeline._sources))
        at = timezone.now() - dt.timedelta(days=1)

        def parcels(order, user):
            return [timeline.Event(at, "package", "blue", f"Parcel for {order} seen by {user}")]

        timeline.register(parcels)
        order = OrderFactory(account=account)
        page = order_page(viewer_client, order)
        assert f"Parcel for {order} seen by {viewer}" in page
        assert "Yesterday" in page
        with pytest.raises(timeline.DuplicateRegistration):
            timeline.register(parcels)


class TestWhileItIsOpen:
    """What a page says that re-reads itself: what others did since it was opened."""

    def again(self, client, order, since):
        headers = {"HX-Request": "true"}
        query = {"since": since.isoformat(), "count": "20"}
        return client.get(order.get_absolute_url(), query, headers=headers).content.decode()

    def test_somebody_else_did_something(self, viewer_client, manager, account):
        order = OrderFactory(account=account)
        opened = timezone.now()
        assert "while you had it open" not in self.again(viewer_client, order, opened)
        noting.write_note(order, "On it", by=manager)
        part = self.again(viewer_client, order, opened)
        assert "Changed while you had it open" in part
        assert str(manager) in part
        assert "while you had it open" not in self.again(viewer_client, order, timezone.now())

    def test_what_one_does_oneself_is_no_news(self, manager_client, manager, account):
        order = OrderFactory(account=account)
        opened = timezone.now()
        noting.write_note(order, "On it", by=manager)
        assert "while you had it open" not in self.again(manager_client, order, opened)

    def test_cancelled_by_the_customer(self, manager_client, account, monkeypatch):
        monkeypatch.setitem(reasons._labels, account.platform, {"2": "Customer changed mind"})
        told = order_in()
        import_orders(account, [told])
        order = Order.objects.get()
        opened = timezone.now()
        import_orders(
            account, [later(told, status="cancelled", remote_status="0", cancel_code="2")]
        )
        part = self.again(manager_client, order, opened)
        assert 'role="alert"' in part
        assert "Cancelled while you had it open." in part
        assert "Customer changed mind" in part
        assert "Do not pack or ship it." in part
        assert f"{order.get_absolute_url()}accept/" not in part
        assert 'role="alert"' not in order_page(manager_client, order), "who opens it now sees it"

    def test_who_asked_for_it_is_not_warned(self, manager_client, manager, owner, account):
        """The marketplace does it, and says so: news for all others."""
        told = order_in()
        import_orders(account, [told])
        order = Order.objects.get()
        opened = timezone.now()
        outbox.request(
            CancelOrder(order.pk, "accepted", "2"), executor=account.platform, account=account,
            subject=order, by=manager,
        )  # fmt: skip
        gone = {"status": "cancelled", "remote_status": "0", "cancel_code": "2"}
        import_orders(account, [later(told, **gone)])
        Command.objects.update(status="done", ended_at=timezone.now())
        words = "while you had it open"
        assert words not in self.again(manager_client, order, opened)
        assert f"Cancelled {words}." in self.again(signed_in(owner), order, opened)

    @pytest.mark.parametrize("decide", [outbox.cancel, outbox.retry])
    def test_what_becomes_of_a_message_is_heard_by_who_sees_orders(self, account, decide):
        """Also without the right to see messages: lists and pages say "accepting…"."""
        order = OrderFactory(account=account)
        command = outbox.request(
            AcceptOrder(order.pk), executor=account.platform, account=account, subject=order
        )
        Command.objects.update(status="failed")
        connection.hints.take()
        decide(command, by=None)
        heard = {hint.topic: hint.ids for hint in live.waiting()}
        assert heard["orders"] == {order.pk}

    def test_who_asked_for_something_else_is_warned(self, manager_client, manager, account):
        told = order_in(status="accepted", remote_status="2")
        import_orders(account, [told])
        order = Order.objects.get()
        opened = timezone.now()
        outbox.request(
            MoveOrder(order.pk, "accepted", "packed"), executor=account.platform, account=account,
            subject=order, by=manager,
        )  # fmt: skip
        gone = {"status": "cancelled", "remote_status": "0", "cancel_code": "2"}
        import_orders(account, [later(told, **gone)])
        assert "Cancelled while you had it open." in self.again(manager_client, order, opened)

    @pytest.mark.parametrize("said", ["", "nonsense", "2026-13-40", "2026-11-25T10:00:00"])
    def test_a_time_that_is_none(self, viewer_client, account, said):
        order = OrderFactory(account=account)
        url = f"{order.get_absolute_url()}?since={said}&count={said}"
        assert viewer_client.get(url, headers={"HX-Request": "true"}).status_code == 200


class TestBeside:
    @pytest.fixture
    def orders(self, account):
        now = timezone.now()
        return [
            OrderFactory(account=account, ordered_at=now - dt.timedelta(hours=n),
                         ship_by=now + dt.timedelta(hours=n))
            for n in range(4)
        ]  # fmt: skip

    def links(self, client, order, query=""):
        url = f"{order.get_absolute_url()}beside/?from={quote(query)}"
        context = client.get(url).context
        return [context[name].partition("?")[0] for name in ("before", "after")]

    def test_it_works(self, viewer_client, orders):
        urls = ["", *(order.get_absolute_url() for order in orders), ""]
        for n, order in enumerate(orders, 1):
            assert self.links(viewer_client, order) == [urls[n - 1], urls[n + 1]]

    def test_in_the_order_of_the_list(self, viewer_client, orders):
        first, second, third, _last = (order.get_absolute_url() for order in orders)
        assert self.links(viewer_client, orders[1], "sort=-ship_by") == [third, first]
        assert self.links(viewer_client, orders[1], "sort=ordered_at") == [third, first]
        assert self.links(viewer_client, orders[1], "status=new&fulfilment=own") == [first, third]
        assert second not in self.links(viewer_client, orders[1])

    def test_within_a_search(self, viewer_client, orders):
        other = OrderFactory(lines=(line_in(sku="ODD-1", name="Odd"),))
        first, second = orders[0].get_absolute_url(), orders[1].get_absolute_url()
        assert self.links(viewer_client, orders[0], "q=HUS-S24") == ["", second]
        assert self.links(viewer_client, orders[1], "q=HUS-S24")[0] == first
        assert self.links(viewer_client, other, "q=ODD-1") == ["", ""]

    def test_within_the_filter_also_when_it_has_left_it(self, viewer_client, orders):
        for order in (orders[1], orders[2]):
            Order.objects.filter(pk=order.pk).update(status="accepted")
        first, last = orders[0].get_absolute_url(), orders[3].get_absolute_url()
        assert self.links(viewer_client, orders[1], "status=new") == [first, last]
        assert self.links(viewer_client, orders[0], "status=new") == ["", last]

    def test_the_way_back_is_handed_on(self, viewer_client, orders):
        query = "status=new&q=iași"
        url = orders[1].get_absolute_url()
        page = viewer_client.get(url, headers={"Referer": f"http://testserver/orders/?{query}"})
        assert page.context["came_from"] == query
        assert page.context["list_url"] == f"/orders/?{query}"
        handed = viewer_client.get(f"{url}beside/?from={quote('status=new')}").context["after"]
        assert handed.endswith("?from=status%3Dnew")
        after = viewer_client.get(url, headers={"Referer": f"http://testserver{handed}"})
        assert after.context["came_from"] == "status=new", "also after something was done there"
        strange = viewer_client.get(url, headers={"Referer": "https://evil.example/orders/?q=1"})
        assert strange.context["came_from"] == ""

    def test_it_costs_the_same_wherever_it_is(
        self, viewer_client, orders, django_assert_num_queries
    ):
        url = f"{orders[1].get_absolute_url()}beside/?from=status%3Dnew"
        viewer_client.get(url)
        with django_assert_num_queries(6):
            viewer_client.get(url)


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_the_page(role, account):
    order = OrderFactory(account=account)
    client = signed_in(UserFactory(role=role))
    for url in ("", "rest/", "timeline/", "beside/"):
        assert client.get(f"{order.get_absolute_url()}{url}").status_code == 200
