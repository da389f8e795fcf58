"""The pages of customers: for whom, what they show, and what is done about a customer."""

import csv
import io

import pytest
from django.urls import reverse

from accounts.choices import Role
from core.errors import RuleViolation
from core.models import AuditEntry
from emag.models import SnapshotVersion
from orders import detail
from orders.choices import Problem
from orders.customers import box as customer_box
from orders.customers import marks as customer_marks
from orders.customers import page as customer_page
from orders.customers.matches import suggestions
from orders.customers.search import find_customers
from orders.models import (
    Customer,
    NotSamePerson,
    Order,
    OrderAddress,
    OrderNote,
    Person,
    ScoringRules,
)
from orders.services import accept_new_orders, customer_figures, import_orders
from orders.services.customer_blocking import block_customer, unblock_customer
from orders.services.customer_forgetting import forget_customer
from orders.services.customer_linking import link_customers, reject_match, unlink_customer
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.emag import EmagAccountFactory, SnapshotFactory
from tests.factories.orders import OrderFactory, address_in, customer_in, later, line_in, order_in
from tests.orderpage import order_page

pytestmark = pytest.mark.django_db
URL = "/customers/"


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


@pytest.fixture
def bulgarian():
    return MarketplaceAccountFactory(name="BG main", country="BG", currency="EUR")


def settle(account):
    while customer_figures.take_nudges(account) is not None:
        pass


def customer_of(account, *orders, **facts) -> Customer:
    """A customer with these orders, or with one new one, counted."""
    told = customer_in(**facts)
    ways = orders or ({},)
    report = import_orders(account, [order_in(customer=told, **way) for way in ways])
    settle(account)
    return Order.objects.get(pk=next(iter(report.pks.values()))).customer


def euros():
    return {**SHIPPED, "currency": "EUR", "lines": (line_in(currency="EUR"),)}


SHIPPED = {"status": "shipped", "remote_status": "4"}


def audited(customer):
    entries = AuditEntry.objects.filter(subject_type="orders.customer", subject_id=customer.pk)
    return list(entries.order_by("pk").values_list("verb", flat=True))


class TestList:
    def test_it_works(self, viewer_client, account):
        customer = customer_of(account, SHIPPED, {})
        page = viewer_client.get(URL).content.decode()
        for text in ("Ioana Țepeș", "RO main", "0700000001", customer.get_absolute_url()):
            assert text in page

    @pytest.mark.parametrize("role", Role)
    def test_only_who_may(self, role):
        expected = 403 if role == Role.PICKER else 200
        assert signed_in(UserFactory(role=role)).get(URL).status_code == expected

    def test_statements(self, viewer_client, account, django_assert_num_queries):
        for n in range(60):
            customer_of(account, external_id=str(n))
        assert viewer_client.get("/customers/").status_code == 200
        with django_assert_num_queries(6):
            viewer_client.get("/customers/")
        with django_assert_num_queries(6):
            viewer_client.get("/customers/?sort=-revenue&page=last")

    @pytest.mark.parametrize(
        "column", ["orders_count", "revenue", "loyalty", "risk", "last_order_at"]
    )
    def test_sorted(self, viewer_client, account, column):
        customer_of(account, *[SHIPPED] * 3, external_id="1")
        customer_of(account, SHIPPED, external_id="2")
        up = viewer_client.get(URL, {"sort": column}).context["listing"].page.records
        down = viewer_client.get(URL, {"sort": f"-{column}"}).context["listing"].page.records
        assert [one.pk for one in up] == [one.pk for one in reversed(down)]
        values = [getattr(one, column) for one in up]
        assert values == sorted(values)

    def test_tabs_count(self, viewer_client, account, owner):
        customer_of(account, external_id="1")
        block_customer(customer_of(account, external_id="2"), reason="x", by=owner)
        page = viewer_client.get(URL, {"is_blocked": "true"})
        tabs = {str(tab.label): tab.count for tab in page.context["listing"].tabs}
        assert tabs["All"] == 2
        assert tabs["Blocked"] == 1
        assert [one.external_id for one in page.context["listing"].page.records] == ["2"]
        assert "Blocked" in page.content.decode()

    def test_a_file(self, viewer_client, account):
        customer_of(account, SHIPPED)
        body = b"".join(viewer_client.get(URL, {"export": "csv"}).streaming_content).decode()
        [row] = csv.DictReader(io.StringIO(body.removeprefix("\ufeff")))
        assert row["Customer"] == "Ioana Țepeș"
        assert row["Phone"] == "0700000001"
        assert row["Orders"] == "1"

    def test_the_palette_finds_them(self, viewer, account):
        customer_of(account)
        [hit] = find_customers(viewer, "țepeș")
        assert "RO main" in hit.detail
        assert find_customers(viewer, "țe") == ()
        assert find_customers(UserFactory(role=Role.PICKER), "țepeș") == ()


class TestPage:
    def test_it_works(self, viewer_client, account):
        customer = customer_of(account, SHIPPED, {"lines": 2}, {"status": "returned"})
        order = customer.orders.first()
        OrderNote.objects.create(order=order, author_name="Radu", text="Sună înainte")
        page = viewer_client.get(customer.get_absolute_url()).content.decode()
        for text in (
            "Ioana Țepeș", "20411873", "0700000001", "c0ffee5eed@example.com", "Str. Exemplu nr. 3",
            order.external_id, "Husă silicon", "Sună înainte", "How often they buy",
            "1 shipped of 10 for full points", "1 ÷ (2 + 2)",
        ):  # fmt: skip
            assert text in page

    def test_statements(self, viewer_client, account, django_assert_max_num_queries):
        customer = customer_of(account, *[SHIPPED] * 40)
        viewer_client.get(customer.get_absolute_url())
        with django_assert_max_num_queries(17):
            viewer_client.get(customer.get_absolute_url())

    def test_orders_are_paged(self, viewer_client, account):
        customer = customer_of(account, *[SHIPPED] * (customer_page.PER_PAGE + 3))
        first = viewer_client.get(customer.get_absolute_url()).context["orders"]
        second = viewer_client.get(f"{customer.get_absolute_url()}?page={first.older}")
        seen = [*first.records, *second.context["orders"].records]
        assert seen == list(customer.orders.order_by("-ordered_at", "-pk"))

    def test_it_re_reads_itself_in_part(self, viewer_client, account):
        customer = customer_of(account)
        part = viewer_client.get(customer.get_absolute_url(), headers={"HX-Request": "true"})
        assert b"<html" not in part.content
        assert b"live:customers" in part.content

    def test_money_stays_in_its_currency(self, account, bulgarian, owner, viewer_client):
        one = customer_of(account, SHIPPED)
        other = customer_of(bulgarian, euros())
        link_customers(one, other, by=owner)
        here = viewer_client.get(one.get_absolute_url()).context["money"]
        assert [money.currency for money in here] == ["RON"]
        page = viewer_client.get(f"{one.get_absolute_url()}?everywhere=1")
        everywhere = {money.currency: money.revenue for money in page.context["money"]}
        assert everywhere == {"RON": one.orders.get().total, "EUR": other.orders.get().total}
        assert len(page.context["orders"].records) == 2

    @pytest.mark.parametrize("role", Role)
    def test_buttons_by_role(self, role, account):
        customer = customer_of(account)
        response = signed_in(UserFactory(role=role)).get(customer.get_absolute_url())
        if role == Role.PICKER:
            assert response.status_code == 403
            return
        page = response.content.decode()
        may_block = role in {Role.OWNER, Role.MANAGER}
        assert (reverse("orders:customer_block", args=[customer.pk]) in page) == may_block
        assert (reverse("orders:customer_link", args=[customer.pk]) in page) == may_block
        forget = reverse("orders:customer_forget", args=[customer.pk])
        assert (forget in page) == (role == Role.OWNER)


class TestBlock:
    def test_it_works(self, account, owner):
        waiting = customer_of(account).orders.get()
        block_customer(waiting.customer, reason="Refused three parcels", by=owner)
        waiting.refresh_from_db()
        assert waiting.problems == [Problem.BLOCKED]
        assert waiting.has_problem
        customer = Customer.objects.get(pk=waiting.customer_id)
        assert (customer.blocked_by, customer.block_reason) == (owner, "Refused three parcels")
        assert audited(customer) == ["customer.blocked"]

    def test_new_orders_are_flagged_as_they_arrive(self, account, owner):
        customer = customer_of(account)
        block_customer(customer, reason="x", by=owner)
        order = OrderFactory(account=account)
        assert order.customer_id == customer.pk
        assert order.problems == [Problem.BLOCKED]

    def test_others_are_not(self, account, owner):
        block_customer(customer_of(account), reason="x", by=owner)
        assert OrderFactory(account=account, customer=customer_in(external_id="2")).problems == []

    def test_nor_is_what_the_marketplace_ships(self, account, owner):
        block_customer(customer_of(account), reason="x", by=owner)
        assert OrderFactory(account=account, fulfilment="marketplace").problems == []

    def test_they_are_not_accepted_by_themselves(self, owner):
        account = MarketplaceAccountFactory(
            accepts_automatically=True, accept_after=0, accepts_only_in_stock=False
        )
        block_customer(customer_of(account), reason="x", by=owner)
        OrderFactory(account=account)
        free = OrderFactory(account=account, customer=customer_in(external_id="2"))
        assert accept_new_orders(account) == (1, 2)
        assert free.pk in AuditEntry.objects.filter(verb="order.accept_requested").values_list(
            "subject_id", flat=True
        )

    def test_the_flag_stays_while_the_order_waits_and_goes_once_it_is_accepted(
        self, account, owner
    ):
        block_customer(customer_of(account), reason="x", by=owner)
        told = order_in()
        import_orders(account, [told])
        import_orders(account, [looked := later(told, note="Please ring")])
        order = Order.objects.get(external_id=told.external_id)
        assert order.problems == [Problem.BLOCKED]
        import_orders(account, [later(looked, status="accepted", remote_status="2")])
        order.refresh_from_db()
        assert (order.status, order.problems) == ("accepted", [])

    def test_lifting_it_clears_the_flags(self, account, owner):
        customer = customer_of(account)
        block_customer(customer, reason="x", by=owner)
        unblock_customer(customer, by=owner)
        assert customer.orders.get().problems == []
        assert audited(customer) == ["customer.blocked", "customer.unblocked"]

    def test_a_reason_is_needed(self, account, owner):
        with pytest.raises(RuleViolation):
            block_customer(customer_of(account), reason="  ", by=owner)

    def test_twice_changes_nothing(self, account, owner):
        customer = customer_of(account)
        assert block_customer(customer, reason="first", by=owner) == 1
        assert block_customer(customer, reason="second", by=owner) == 0
        customer.refresh_from_db()
        assert customer.block_reason == "first"
        assert audited(customer) == ["customer.blocked"]
        assert unblock_customer(customer, by=owner) == 1
        assert unblock_customer(customer, by=owner) == 0

    def test_who_is_linked_is_blocked_too(self, account, bulgarian, owner):
        one, other = customer_of(account), customer_of(bulgarian)
        link_customers(one, other, by=owner)
        assert block_customer(one, reason="x", by=owner) == 2
        assert OrderFactory(account=bulgarian).problems == [Problem.BLOCKED]

    def test_from_the_page(self, account, manager_client):
        customer = customer_of(account)
        url = reverse("orders:customer_block", args=[customer.pk])
        assert "1 order waits now" in manager_client.get(url).content.decode()
        assert manager_client.post(url, {"reason": ""}).status_code == 422
        assert manager_client.post(url, {"reason": "Refuses"}).status_code == 302
        page = manager_client.get(customer.get_absolute_url()).content.decode()
        assert "Refuses" in page
        manager_client.post(reverse("orders:customer_unblock", args=[customer.pk]))
        assert not Customer.objects.get(pk=customer.pk).is_blocked

    def test_the_order_says_why(self, account, owner, viewer_client):
        customer = customer_of(account)
        block_customer(customer, reason="Refused three parcels", by=owner)
        page = viewer_client.get(customer.orders.get().get_absolute_url()).content.decode()
        assert page.count("Refused three parcels") == 2

    def test_why_is_for_who_may_see_customers(self, account, owner):
        customer = customer_of(account)
        block_customer(customer, reason="Refused three parcels", by=owner)
        order, picker = customer.orders.get(), signed_in(UserFactory(role=Role.PICKER))
        for page in (
            order_page(picker, order),
            picker.get(f"{order.get_absolute_url()}peek/").content.decode(),
        ):
            assert "This customer is blocked. Nothing accepts the order by itself." in page
            assert "Refused three parcels" not in page


class TestLink:
    def test_it_works(self, account, bulgarian, owner):
        one, other = customer_of(account), customer_of(bulgarian)
        assert [(match.customer, set(match.shares)) for match in suggestions(one)] == [
            (other, {"phone", "email"})
        ]
        link_customers(one, other, by=owner)
        one.refresh_from_db()
        assert suggestions(one) == []
        assert set(Customer.objects.same_person(one)) == {one, other}
        assert audited(one) == audited(other) == ["customer.linked"]

    def test_another_phone_and_email_is_nobody(self, account, bulgarian):
        one = customer_of(account)
        customer_of(bulgarian, phones=("0888123456",), email="x@example.com")
        assert suggestions(one) == []

    def test_names_are_no_reason(self, account, bulgarian):
        one = customer_of(account, phones=(), email="")
        customer_of(bulgarian, phones=(), email="")
        assert suggestions(one) == []

    def test_two_persons_become_one(self, account, bulgarian, owner):
        a, b = customer_of(account, external_id="1"), customer_of(bulgarian, external_id="2")
        c, d = customer_of(account, external_id="3"), customer_of(bulgarian, external_id="4")
        link_customers(a, b, by=owner)
        link_customers(c, d, by=owner)
        link_customers(b, c, by=owner)
        assert Person.objects.count() == 1
        assert Customer.objects.filter(person=Person.objects.get()).count() == 4

    def test_twice_changes_nothing(self, account, bulgarian, owner):
        one, other = customer_of(account), customer_of(bulgarian)
        assert link_customers(one, other, by=owner) == link_customers(other, one, by=owner)
        assert audited(one) == ["customer.linked"]

    def test_nobody_is_linked_with_themselves(self, account, owner):
        one = customer_of(account)
        with pytest.raises(RuleViolation):
            link_customers(one, one, by=owner)

    def test_taking_one_out_of_two_leaves_nobody_linked(self, account, bulgarian, owner):
        one, other = customer_of(account), customer_of(bulgarian)
        link_customers(one, other, by=owner)
        unlink_customer(one, by=owner)
        assert not Person.objects.exists()
        assert not Customer.objects.filter(person__isnull=False).exists()
        unlink_customer(one, by=owner)  # again: nothing is left to do
        assert audited(one) == ["customer.linked", "customer.unlinked"]

    def test_who_was_told_apart_is_not_suggested_again(self, account, bulgarian, owner):
        one, other = customer_of(account), customer_of(bulgarian)
        reject_match(other, one, by=owner)
        reject_match(one, other, by=owner)
        assert suggestions(one) == suggestions(other) == []
        assert NotSamePerson.objects.count() == 1
        link_customers(one, other, by=owner)  # who knows better now may say so
        assert not NotSamePerson.objects.exists()
        one.refresh_from_db()
        with pytest.raises(RuleViolation):
            reject_match(one, other, by=owner)

    def test_from_the_page(self, account, bulgarian, manager_client):
        one, other = customer_of(account), customer_of(bulgarian)
        manager_client.post(reverse("orders:customer_confirm", args=[one.pk, other.pk]))
        page = manager_client.get(one.get_absolute_url()).content.decode()
        assert other.get_absolute_url() in page
        manager_client.post(reverse("orders:customer_unlink", args=[one.pk]))
        manager_client.post(reverse("orders:customer_reject", args=[one.pk, other.pk]))
        assert (
            other.get_absolute_url()
            not in manager_client.get(one.get_absolute_url()).content.decode()
        )

    def test_by_number(self, account, bulgarian, manager_client):
        one = customer_of(account, phones=(), email="")
        other = customer_of(bulgarian, external_id="77", phones=(), email="")
        url = reverse("orders:customer_link", args=[one.pk])
        wrong = manager_client.post(url, {"account": bulgarian.pk, "number": "78"})
        assert wrong.status_code == 422
        right = manager_client.post(url, {"account": bulgarian.pk, "number": " 77 "})
        assert right.status_code == 302
        one.refresh_from_db()
        assert set(Customer.objects.same_person(one)) == {one, other}

    def test_who_is_linked_later_is_blocked_from_then_on(self, account, bulgarian, owner):
        blocked, free = customer_of(account, SHIPPED), customer_of(bulgarian)
        block_customer(blocked, reason="Refused three parcels", by=owner)
        link_customers(blocked, free, by=owner)
        free.refresh_from_db()
        assert (free.is_blocked, free.block_reason) == (True, "Refused three parcels")
        assert free.orders.get().problems == [Problem.BLOCKED]
        assert audited(free) == ["customer.blocked", "customer.linked"]
        assert OrderFactory(account=bulgarian).problems == [Problem.BLOCKED]
        assert unblock_customer(free, by=owner) == 2  # one block, wherever it holds
        assert not Customer.objects.exclude(blocked_at=None).exists()
        assert free.orders.order_by("pk").first().problems == []

    def test_so_is_everybody_they_are_linked_with(self, account, bulgarian, owner):
        one, two = customer_of(account, external_id="1"), customer_of(bulgarian, external_id="2")
        link_customers(one, two, by=owner)
        blocked = customer_of(account, external_id="3")
        block_customer(blocked, reason="x", by=owner)
        link_customers(one, blocked, by=owner)
        assert Customer.objects.exclude(blocked_at=None).count() == 3

    def test_two_blocks_stay_two(self, account, bulgarian, owner):
        one, two = customer_of(account), customer_of(bulgarian)
        block_customer(one, reason="Refuses", by=owner)
        block_customer(two, reason="Insults", by=owner)
        link_customers(one, two, by=owner)
        assert unblock_customer(one, by=owner) == 1
        two.refresh_from_db()
        assert (two.is_blocked, two.block_reason) == (True, "Insults")
        assert two.orders.get().problems == [Problem.BLOCKED]
        assert one.orders.get().problems == []


class TestForget:
    def test_it_works(self, account, owner, viewer_client):
        note = "Ring Ioana on 0700000001"
        customer = customer_of(account, {**SHIPPED, "note": note}, {**SHIPPED, "lines": 2})
        order = customer.orders.first()
        OrderNote.objects.create(order=order, author_name="Radu", text="Ioana Țepeș called")
        before = list(customer.orders.values_list("total", "status", "ordered_at"))
        forget_customer(customer, reason="Asked in writing", by=owner)
        customer.refresh_from_db()
        assert (customer.name, customer.email, customer.phones) == ("", "", [])
        assert list(customer.orders.values_list("total", "status", "ordered_at")) == before
        assert customer.revenue > 0
        left = everything_about(customer)
        words = ("Ioana", "Țepeș", "tepes", "0700000001", "c0ffee5eed", "Exemplu", "Iași", "iasi")
        assert not [word for word in words if word in left]
        assert "hus-s24-bk" in left  # products are no personal data
        assert viewer_client.get(customer.get_absolute_url()).status_code == 200
        assert viewer_client.get(order.get_absolute_url()).status_code == 200

    def test_the_trail_keeps_the_reason_and_no_name(self, account, owner):
        customer = customer_of(account, SHIPPED)
        forget_customer(customer, reason="Asked in writing", by=owner)
        entry = AuditEntry.objects.get(verb="customer.forgotten")
        assert (entry.note, entry.subject_label) == ("Asked in writing", "20411873")

    def test_what_the_marketplace_sent_goes_too(self, owner):
        account = EmagAccountFactory()
        customer = customer_of(account, SHIPPED)
        words = {"id": 1, "customer": {"name": "Ioana"}}
        number = customer.orders.get().external_id
        kept = SnapshotFactory(account=account, external_id=number, raw=words)
        other = SnapshotFactory(account=account, raw=words)
        SnapshotVersion.objects.create(
            snapshot=kept, text=kept.text, read_at=kept.read_at, replaced_at=kept.read_at
        )
        digest = kept.digest
        forget_customer(customer, reason="x", by=owner)
        kept.refresh_from_db()
        assert (kept.text, bytes(kept.digest)) == ("", digest)  # it is known when it comes again
        assert not SnapshotVersion.objects.exists()
        other.refresh_from_db()
        assert "Ioana" in other.text

    def test_an_order_under_way_needs_its_address(self, account, owner):
        customer = customer_of(account)
        with pytest.raises(RuleViolation, match="1 order is still under way"):
            forget_customer(customer, reason="x", by=owner)
        assert OrderAddress.objects.filter(name="Ioana Țepeș").exists()

    def test_the_sweep_finds_nothing_to_say(self, account, owner):
        customer = customer_of(account, SHIPPED)
        forget_customer(customer, reason="x", by=owner)
        customer_figures.recount(account, [customer.pk])  # the number is what they are found by
        customer.refresh_from_db()
        assert customer.search_text == customer.external_id
        found = customer_figures.recount(account, [customer.pk])
        assert (found.changed, found.repaired) == ([], [])

    def test_links_go(self, account, bulgarian, owner):
        one, other = customer_of(account, SHIPPED), customer_of(bulgarian)
        link_customers(one, other, by=owner)
        forget_customer(one, reason="x", by=owner)
        assert not Person.objects.exists()
        with pytest.raises(RuleViolation):
            link_customers(one, other, by=owner)

    @pytest.mark.parametrize("role", Role)
    def test_only_owners(self, role, account):
        customer = customer_of(account, SHIPPED)
        client = signed_in(UserFactory(role=role))
        url = reverse("orders:customer_forget", args=[customer.pk])
        expected = 302 if role == Role.OWNER else 403
        assert client.post(url, {"reason": "Asked"}).status_code == expected


def everything_about(customer):
    """All text there is of them in the tables of orders."""
    rows = [customer, *customer.orders.all(), *OrderAddress.objects.all(), *OrderNote.objects.all()]
    return " ".join(str(vars(row)) for row in rows)


class TestOnTheOrder:
    @staticmethod
    def read(order):
        return detail.with_facts().get(pk=order.pk)

    def test_the_box(self, account, bulgarian, owner):
        one = customer_of(account, *[SHIPPED] * 7)
        other = customer_of(bulgarian, SHIPPED)
        order = self.read(one.orders.latest("pk"))
        assert customer_box.box(order, owner).chip.text == "7 orders, 0 returns"
        link_customers(one, other, by=owner)
        history = customer_box.history(order := self.read(order), owner)
        assert list(history.linked) == [other]
        assert order not in history.latest
        assert len(history.latest) == customer_box.LATEST
        assert history.blocked is None
        block_customer(other, reason="x", by=owner)
        assert customer_box.history(order, owner).blocked == other

    @pytest.mark.parametrize(("bound", "is_risky"), [(None, True), (40, True), (90, False)])
    def test_risky_by_the_rules_that_hold(self, account, owner, bound, is_risky):
        if bound:
            ScoringRules.objects.update_or_create(pk=1, defaults={"risky_from": bound})
        customer = customer_of(account)
        Customer.objects.filter(pk=customer.pk).update(risk=80)
        assert customer_box.box(self.read(customer.orders.get()), owner).is_risky is is_risky

    def test_it_costs_little(self, account, owner, django_assert_num_queries):
        order = self.read(customer_of(account, *[SHIPPED] * 7).orders.latest("pk"))
        owner.has_perm("orders.view_customer")
        with django_assert_num_queries(0):
            customer_box.box(order, owner)
        with django_assert_num_queries(1):
            customer_box.history(order, owner)

    def test_the_page_shows_it(self, account, viewer_client):
        customer = customer_of(account, SHIPPED, SHIPPED)
        order, other = customer.orders.order_by("-pk")
        page = order_page(viewer_client, order)
        assert "2 orders, 0 returns" in page
        assert customer.get_absolute_url() in page
        assert other.external_id in page

    def test_who_may_not_see_customers_reads_whom_it_is_for_and_no_more(
        self, account, bulgarian, owner
    ):
        customer = customer_of(account, SHIPPED, SHIPPED)
        link_customers(customer, customer_of(bulgarian, SHIPPED), by=owner)
        Customer.objects.update(tier="gold", risk=100)
        order, other = customer.orders.order_by("-pk")
        told = ("2 orders", "Gold", "risky", other.external_id, "BG main")
        known = order_page(signed_in(owner), order)
        assert not [word for word in told if word not in known]
        page = order_page(signed_in(UserFactory(role=Role.PICKER)), order)
        assert "Ioana Țepeș" in page
        assert "0700000001" in page
        assert not [word for word in (*told, customer.get_absolute_url()) if word in page]

    def test_marks(self, account, owner):
        first = customer_of(account, external_id="1").orders.get()
        again = customer_of(account, {}, {}, external_id="2").orders.first()
        block_customer(again.customer, reason="x", by=owner)
        marked = Order.objects.annotate(**customer_marks.COLUMNS).in_bulk()
        write = customer_marks.marks()
        assert ">new<" in write(marked[first.pk])
        html = write(marked[again.pk])
        assert ">repeat<" in html
        assert "Orders so far: 2" in html
        assert "blocked" in html


def test_addresses_are_told_once(account):
    flat = address_in(street="Bd. Nou nr. 1")
    customer = customer_of(account, {}, {}, {"shipping": flat})
    shown = customer_page.context_of(customer, everywhere=False)["addresses"]
    assert {row["street"]: row["n"] for row in shown} == {
        "Str. Exemplu nr. 3": 3,
        "Bd. Nou nr. 1": 1,
    }
