"""Orders arrive: new, changed, unchanged, older, twice; each fact in its place."""

import datetime as dt
from dataclasses import fields, replace
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import live
from core.models import AuditEntry
from orders import events
from orders.choices import OrderStatus, Problem, VoucherScope
from orders.intake import (
    AddressIn,
    AttachmentIn,
    CustomerIn,
    DepositIn,
    LineIn,
    OrderIn,
    ProformaIn,
    VoucherIn,
)
from orders.models import Customer, LineDeposit, Order, OrderLine, OrderVoucher
from orders.services import OrdersRefused, import_orders, rows
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import NOW, customer_in, later, line_in, order_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return MarketplaceAccountFactory()


@pytest.fixture
def heard():
    """What the events told: [(name, pks)]."""
    told = []

    def imported(pks, **kwargs):
        told.append(("imported", list(pks)))

    def changed(pks, **kwargs):
        told.append(("changed", list(pks)))

    events.orders_imported.connect(imported)
    events.orders_changed.connect(changed)
    yield told
    events.orders_imported.disconnect(imported)
    events.orders_changed.disconnect(changed)


def only(report, name):
    """The one number in this part of the report, and nothing in the others."""
    for part in {"new", "changed", "unchanged", "stale"} - {name}:
        assert getattr(report, part) == ()
    [number] = getattr(report, name)
    return number


def stored(account, told, **facts):
    import_orders(account, [told])
    return Order.objects.get(external_id=told.external_id)


def writes(queries):
    reads = ("SELECT", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return [q["sql"] for q in queries if not q["sql"].lstrip().startswith(reads)]


def test_it_works(account, heard):
    told = order_in(lines=3, shipping_price=D("14.99"))
    report = import_orders(account, [told])
    assert only(report, "new") == told.external_id
    order = Order.objects.get(pk=report.pks["own", told.external_id])
    assert order.status == OrderStatus.NEW
    assert order.customer.name == "Ioana Țepeș"
    assert order.lines.count() == order.lines_count == 3
    assert order.total == 3 * D("199.98") + D("14.99")
    [entry] = AuditEntry.objects.all()
    assert (entry.verb, entry.subject_id) == ("order.imported", order.pk)
    assert entry.changes == {"status": ["", "new"]}
    assert heard == [("imported", [order.pk])]
    # The job is the one that counts what the customers bought.
    assert {hint.topic for hint in live.waiting()} == {"orders", "audit", "jobs"}


def test_who_imported_is_written_down(account):
    by = UserFactory(name="Ana")
    import_orders(account, [order_in()], by=by)
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor_name) == (by.pk, "Ana")
    assert "ana" in entry.search_text


class TestUnchanged:
    def test_our_own_words_about_it_are_no_change(self, account, heard):
        """In another language, or worded better since: it is the same order."""
        order = order_in(remarks=("Line 3: no pieces.",))
        import_orders(account, [order])
        again = later(order, changed_at=order.changed_at, remarks=("Linia 3: nicio bucată.",))
        assert only(import_orders(account, [again]), "unchanged") == order.external_id
        assert Order.objects.get().remarks == ["Line 3: no pieces."]

    def test_a_remark_that_is_new_or_gone_is_a_change(self, account, heard):
        order = order_in()
        import_orders(account, [order])
        odd = later(order, changed_at=order.changed_at, remarks=("odd",))
        import_orders(account, [odd])
        assert Order.objects.get().problems == [Problem.REMARK]
        entry = AuditEntry.objects.get(verb="order.changed")
        assert entry.changes == {"problems": [[], ["remark"]]}
        import_orders(account, [later(odd, changed_at=order.changed_at, remarks=())])
        assert (Order.objects.get().problems, Order.objects.get().remarks) == ([], [])

    def test_it_writes_nothing(self, account, heard):
        page = [order_in(lines=2, customer=customer_in(external_id=str(n))) for n in range(3)]
        import_orders(account, page)
        before = list(Order.objects.values())
        heard.clear()
        again = [later(one, changed_at=one.changed_at) for one in page]
        with CaptureQueriesContext(connection) as queries:
            report = import_orders(account, again)
        assert len(report.unchanged) == len(report.pks) == 3
        assert writes(queries) == []
        assert list(Order.objects.values()) == before
        assert heard == []

    def test_the_order_of_lines_and_the_form_of_numbers_say_nothing(self, account):
        told = order_in(lines=2, shipping_price=D("10"))
        import_orders(account, [told])
        lines = tuple(replace(line, price=D("82.63640")) for line in reversed(told.lines))
        other_form = replace(told, lines=lines, shipping_price=D("10.000"))
        assert only(import_orders(account, [other_form]), "unchanged")

    def test_a_new_time_of_change_alone_is_kept_in_silence(self, account, heard):
        told = order_in()
        import_orders(account, [told])
        heard.clear()
        assert only(import_orders(account, [later(told)]), "unchanged")
        assert Order.objects.get().changed_at == told.changed_at + dt.timedelta(minutes=5)
        assert heard == []
        assert AuditEntry.objects.count() == 1


class TestChanged:
    def test_it_works(self, account, heard):
        told = order_in(lines=2)
        order = stored(account, told)
        heard.clear()
        report = import_orders(
            account, [later(told, status="accepted", remote_status="2", note="Sunați înainte")]
        )
        assert only(report, "changed") == told.external_id
        order.refresh_from_db()
        assert (order.status, order.remote_status) == ("accepted", "2")
        assert order.customer_note == "Sunați înainte"
        assert order.accepted_at is not None
        entry = AuditEntry.objects.latest("pk")
        assert entry.verb == "order.changed"
        assert entry.changes["status"] == ["new", "accepted"]
        assert entry.changes["remote_status"] == ["1", "2"]
        assert heard == [("changed", [order.pk])]

    def test_only_what_the_marketplace_says_is_overwritten(self, account):
        told = order_in()
        order = stored(account, told)
        ours = {"status": "picking", "accepted_at": NOW}
        Order.objects.filter(pk=order.pk).update(**ours, remote_state="accepted")
        import_orders(account, [later(told, status="accepted", note="new")])
        order.refresh_from_db()
        assert {name: getattr(order, name) for name in ours} == ours
        assert order.customer_note == "new"

    def test_lines_are_matched_by_their_number(self, account):
        a, b, c = line_in(0), line_in(1), line_in(2)
        told = order_in(lines=(a, b))
        order = stored(account, told)
        pks = dict(order.lines.values_list("external_id", "pk"))
        import_orders(account, [later(told, lines=(replace(a, quantity=5), c))])
        lines = {line.external_id: line for line in order.lines.all()}
        assert lines[a.external_id].pk == pks[a.external_id]
        assert lines[a.external_id].quantity == 5
        assert lines[b.external_id].status == "cancelled"
        assert lines[b.external_id].vanished_at is not None
        assert lines[c.external_id].status == "active"
        order.refresh_from_db()
        assert (order.lines_count, order.pieces) == (2, 7)

    def test_a_line_that_comes_back_lives_again(self, account):
        told = order_in(lines=2)
        order = stored(account, told)
        import_orders(account, [later(told, lines=told.lines[:1])])
        assert only(import_orders(account, [later(told, 10)]), "changed")
        assert set(order.lines.values_list("status", "vanished_at")) == {("active", None)}

    def test_parts_are_replaced(self, account):
        voucher = VoucherIn("1", D("-8.2645"), D("-1.7355"), D("0.21"))
        deposit = DepositIn("SGR", 2, D("0.5"))
        told = order_in(
            lines=(line_in(vouchers=(voucher,), deposits=(deposit,)),), vouchers=(voucher,)
        )
        order = stored(account, told)
        assert order.total == D("199.98") + 1 - 10
        bare = replace(told.lines[0], vouchers=(), deposits=())
        import_orders(account, [later(told, lines=(bare,), vouchers=())])
        order.refresh_from_db()
        assert order.total == D("199.98")
        assert not OrderVoucher.objects.exists()
        assert not LineDeposit.objects.exists()

    def test_the_trail_names_an_address_and_keeps_none(self, account):
        told = order_in()
        import_orders(account, [told])
        moved = replace(told.shipping, street="Strada Secretă 5")
        import_orders(account, [later(told, shipping=moved)])
        entry = AuditEntry.objects.latest("pk")
        assert list(entry.changes) == ["addresses"]
        assert "Secret" not in str(entry.changes)


class TestOlder:
    def test_it_never_replaces_newer(self, account):
        told = order_in()
        import_orders(account, [later(told, status="accepted")])
        assert only(import_orders(account, [told]), "stale")
        assert Order.objects.get().status == "accepted"

    def test_of_the_same_change_the_later_look_wins(self, account):
        told = order_in()
        import_orders(account, [told])
        seen_later = replace(told, note="b", read_at=told.read_at + dt.timedelta(seconds=1))
        seen_before = replace(told, note="c", read_at=told.read_at - dt.timedelta(seconds=1))
        assert only(import_orders(account, [seen_later]), "changed")
        assert only(import_orders(account, [seen_before]), "stale")
        assert Order.objects.get().customer_note == "b"

    def test_a_time_of_change_that_was_set_back_is_believed_after_an_hour(self, account):
        told = order_in()
        import_orders(account, [told])
        back = {"changed_at": told.changed_at - dt.timedelta(days=1), "note": "new"}
        soon = replace(told, read_at=told.read_at + dt.timedelta(minutes=59), **back)
        late = replace(told, read_at=told.read_at + dt.timedelta(minutes=60), **back)
        assert only(import_orders(account, [soon]), "stale")
        assert only(import_orders(account, [late]), "changed")

    def test_without_a_time_of_change_every_other_is_later(self, account):
        told = order_in(changed_at=None)
        import_orders(account, [told])
        dated = replace(told, changed_at=NOW - dt.timedelta(days=9), note="dated")
        assert only(import_orders(account, [dated]), "changed")
        assert only(import_orders(account, [replace(told, note="bare")]), "stale")

    def test_an_older_look_leaves_the_customer_alone(self, account):
        one, two = order_in(), order_in()
        import_orders(account, [replace(one, customer=customer_in(name="Married"))])
        before = replace(two, read_at=NOW - dt.timedelta(days=1))
        import_orders(account, [replace(before, customer=customer_in(name="Maiden"))])
        assert Customer.objects.get().name == "Married"

    def test_versions_in_any_order_end_in_the_newest(self, account):
        versions = [later(order_in(external_id="7"), n, note=str(n)) for n in range(6)]
        for version in (versions[n] for n in (3, 0, 5, 1, 4, 2)):
            import_orders(account, [version])
        assert Order.objects.get().customer_note == "5"


class TestPages:
    def test_an_order_twice_in_a_page_is_one(self, account):
        told = order_in()
        report = import_orders(account, [later(told, note="newer"), told])
        assert only(report, "new") == told.external_id
        assert Order.objects.get().customer_note == "newer"

    def test_a_number_may_occur_in_two_accounts_and_both_ways_of_shipping(self, account):
        told = order_in()
        other = MarketplaceAccountFactory()
        import_orders(account, [told, replace(told, fulfilment="marketplace")])
        import_orders(other, [told])
        assert Order.objects.count() == 3
        assert Customer.objects.count() == 2

    def test_one_bad_order_is_named_and_the_rest_can_go(self, account):
        page = [order_in(), order_in(lines=(line_in(quantity=-1),)), order_in()]
        with pytest.raises(OrdersRefused) as refusal:
            import_orders(account, page)
        assert not Order.objects.exists()
        assert list(refusal.value.bad) == [("own", page[1].external_id)]
        good = [o for o in page if (o.fulfilment, o.external_id) not in refusal.value.bad]
        assert len(import_orders(account, good).new) == 2

    @pytest.mark.parametrize("text", ["nul \x00 byte", "half a pair \ud800"])
    def test_what_only_the_database_refuses_leaves_nothing_behind(self, account, text):
        bad = order_in(note=text)
        with pytest.raises(OrdersRefused) as refusal:
            import_orders(account, [order_in(), bad])
        assert refusal.value.bad == {}
        assert not Order.objects.exists()
        assert not Customer.objects.exists()
        assert import_orders(account, [order_in()]).new

    def test_an_empty_page(self, account):
        assert import_orders(account, []).pks == {}

    def test_a_page_takes_as_many_statements_as_an_order(self, account):
        def statements(page):
            with CaptureQueriesContext(connection) as queries:
                import_orders(account, page)
            return len(queries)

        import_orders(account, [order_in()])  # so that their customer is here
        one, many = [order_in(lines=3)], [order_in(lines=3) for _ in range(50)]
        assert statements(one) == statements(many)
        again = [[later(o, status="accepted") for o in page] for page in (one, many)]
        assert statements(again[0]) == statements(again[1]) < 25

    def test_customers_without_a_number_are_not_mixed_up(self, account):
        nobody = customer_in(external_id="")
        import_orders(account, [order_in(customer=replace(nobody, name=n)) for n in ("A", "B")])
        assert set(Customer.objects.values_list("name", flat=True)) == {"A", "B"}


class TestProblems:
    def test_a_move_that_ours_cannot_follow(self, account):
        told = order_in(status="shipped")
        import_orders(account, [told])
        import_orders(account, [later(told, status="new")])
        order = Order.objects.get()
        assert order.status == "shipped"
        assert (order.problems, order.has_problem) == ([Problem.STATUS], True)
        assert list(Order.objects.problems()) == [order]
        import_orders(account, [later(told, 10)])
        order.refresh_from_db()
        assert (order.problems, order.has_problem) == ([], False)

    def test_an_unknown_status(self, account):
        order = stored(account, order_in(status="unknown", remote_status="77"))
        assert order.status == "on_hold"
        assert order.problems == [Problem.UNKNOWN_STATUS]


VOUCHER = VoucherIn(
    "900101", D("-8.2645"), D("-1.7355"), D("0.2100"), "Spring", "marketplace", dt.date(2026, 3, 1)
)
FULL = OrderIn(
    external_id="512340077",
    fulfilment="own",
    remote_status="2",
    status="accepted",
    read_at=NOW,
    ordered_at=NOW - dt.timedelta(hours=1),
    changed_at=NOW - dt.timedelta(minutes=1),
    currency="RON",
    customer=CustomerIn(
        "20411873", "Ioana Țepeș", "Exemplu SRL", "c0ffee@example.com", ("0700000001", "021"), "F",
        True, True, "RO123", "J40/1/2020", "BT", "RO49AAAA1B31007593840000", "021-2",
        "Ion", "9120044",
    ),
    billing=AddressIn("Ioana", "0700", "RO", "Iași", "Iași", "Str. 1", "700001", "8801"),
    shipping=AddressIn("Ion", "0711", "RO", "Cluj", "Cluj-Napoca", "Str. 2", "400001", "8802"),
    lines=(
        LineIn(
            "315800001", "1041", "Pantofi", "ARX-36N", 2, D("82.6364"), D("0.2100"), "RON", False,
            3, 1, D("90.0000"), True, "ARX36N", "DXK7T2BBM", "IMEI1", "Black Friday", (VOUCHER,),
            (DepositIn("SGR metal", 2, D("0.5000"), D("0.0000"), (VOUCHER,)),),
            (AttachmentIn("Warranty", "https://x/w.pdf", "warranty", "3"),),
        ),
    ),
    is_complete=False,
    parent_external_id="512340000",
    seller_name="Arvex",
    finalized_at=NOW,
    ship_by=NOW + dt.timedelta(days=2),
    is_late=True,
    payment="card",
    payment_detail="eCREDIT",
    is_paid=True,
    paid_by_card=D("100.10"),
    paid_on_delivery=D("4.87"),
    refunded=D("1.20"),
    refund_status="part",
    shipping_price=D("14.99"),
    shipping_vouchers=(VOUCHER,),
    vouchers=(VOUCHER,),
    proformas=(ProformaIn("7", "PF-12", D("500.0000"), D("605.00"), True, NOW, NOW),),
    delivery="pickup",
    delivery_detail="pickup",
    delivery_payment="prepaid",
    locker_id="0f0e",
    locker_name="Locker 10",
    locker_eligible=True,
    courier_office_id="D2D",
    courier_accounts=("3", "7"),
    is_weekend_delivery=True,
    cancel_code="31",
    cancel_text="Partner",
    cancel_requested="yes",
    is_storno=True,
    has_editable_lines=True,
    is_loyal=True,
    note="Sunați",
    attachments=(AttachmentIn("Invoice", "https://x/i.pdf", "invoice", "1"),),
    flags=("gift=1", "x"),
    remarks=("odd",),
)  # fmt: skip
NAMED = {"status": "remote_state", "note": "customer_note"}
LISTS = {"courier_accounts", "flags", "remarks"}
PARTS = {
    "customer", "billing", "shipping", "lines", "vouchers", "shipping_vouchers", "proformas",
    "attachments",
}  # fmt: skip


def same(row, told, *, skip=(), named=None):
    """Every field of the dataclass is in the row, under its name."""
    for field in fields(told):
        if field.name not in skip:
            value = getattr(told, field.name)
            value = list(value) if isinstance(value, tuple) else value
            assert getattr(row, (named or {}).get(field.name, field.name)) == value, field.name


class TestEveryFact:
    """The full order leaves no default: a fact that is lost on the way cannot hide behind one."""

    @pytest.fixture
    def order(self, account):
        assert all(getattr(FULL, field.name) != field.default for field in fields(OrderIn)), (
            "a fact has its default value"
        )
        return stored(account, FULL)

    def test_of_the_order(self, order):
        same(order, FULL, skip=PARTS, named=NAMED)

    def test_of_the_customer(self, order):
        same(order.customer, FULL.customer)

    def test_of_the_addresses(self, order):
        same(order.addresses.get(kind="billing"), FULL.billing)
        same(order.addresses.get(kind="shipping"), FULL.shipping)

    def test_of_a_line_and_what_hangs_on_it(self, order):
        [told], [line] = FULL.lines, order.lines.all()
        same(line, told, skip={"vouchers", "deposits", "attachments", "is_cancelled"})
        assert line.gross == D("199.98")
        [deposit] = line.deposits.all()
        same(deposit, told.deposits[0], skip={"vouchers"})
        [attachment] = line.attachments.all()
        same(attachment, told.attachments[0])

    def test_of_discounts_on_every_level(self, order):
        found = {voucher.scope: voucher for voucher in order.vouchers.all()}
        assert set(found) == set(VoucherScope.values)
        for voucher in found.values():
            same(voucher, VOUCHER)
        assert found["line"].line == found["deposit"].line == order.lines.get()
        assert found["deposit"].deposit == LineDeposit.objects.get()

    def test_of_documents(self, order):
        same(order.attachments.get(line=None), FULL.attachments[0])
        same(order.proformas.get(), FULL.proformas[0])

    def test_the_total_is_of_one_level(self, order):
        assert order.vouchers_total == -10
        assert order.total == D("199.98") + D("1.00") + D("14.99") - 10

    def test_it_is_found_by_what_people_know(self, order):
        for words in ("512340077", "0700000001", "tepes", "exemplu", "arx-36n", "pantofi", "0711"):
            assert Order.objects.filter(search_text__contains=words).exists(), words

    def test_none_and_nothing_are_told_apart(self, account):
        for number, accounts in (("1", None), ("2", ()), ("3", ("5",))):
            order = stored(account, replace(FULL, external_id=number, courier_accounts=accounts))
            assert order.courier_accounts == (None if accounts is None else list(accounts))

    def test_a_change_of_any_fact_is_seen(self, account, order):
        told = replace(FULL, read_at=NOW + dt.timedelta(minutes=1))
        plain = order_in(external_id=FULL.external_id)
        for field in fields(OrderIn):
            if field.name in {"external_id", "fulfilment", "read_at", "changed_at", "currency"}:
                continue
            default = getattr(plain, field.name)
            other = (
                replace(told, **{field.name: default})
                if default != getattr(told, field.name)
                else told
            )
            if other is told:
                continue
            report = import_orders(account, [other])
            assert report.changed == (FULL.external_id,), field.name
            import_orders(account, [told])

    def test_lines_of_another_order_are_left_alone(self, account, order):
        other = stored(account, replace(FULL, external_id="2"))
        import_orders(account, [later(FULL, lines=(line_in(),), vouchers=(), shipping_vouchers=())])
        assert OrderLine.objects.filter(order=other, status="active").count() == 1
        assert other.vouchers.count() == 4


def test_the_trail_keeps_nothing_that_customers_write(account):
    told = order_in()
    import_orders(account, [told])
    private = {
        "note": "Sunați la 0700000009",
        "cancel_requested": "M-am răzgândit",
        "cancel_text": "Nu mai vreau",
        "locker_id": "L-77",
        "locker_name": "Locker Copou",
        "courier_office_id": "O-9",
    }
    import_orders(account, [later(told, **private)])
    changes = AuditEntry.objects.get(verb="order.changed").changes
    names = {"note": "customer_note"}
    for name in private:
        assert changes[names.get(name, name)] == ["•••", "•••"]
    assert not [words for words in private.values() if words in str(changes)]


def test_new_rules_reach_orders_that_are_here_already(account, monkeypatch):
    """What follows from the facts is no fact: a number in the digest stands for how."""
    told = order_in()
    import_orders(account, [told])
    Order.objects.update(total=0, search_text="")
    seen = replace(told, read_at=told.read_at + dt.timedelta(minutes=5))
    only(import_orders(account, [seen]), "unchanged")
    assert Order.objects.get().total == 0
    monkeypatch.setattr(rows, "RULES", b"next")
    import_orders(account, [seen])
    order = Order.objects.get()
    assert order.total > 0
    assert order.search_text
    assert not AuditEntry.objects.filter(verb="order.changed").exists()


@pytest.mark.parametrize("sort", ["due_at", "-due_at"])
def test_any_list_can_be_sorted_by_when_to_hand_over(account, sort):
    """Also the list of all orders, which grows for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    found = Order.objects.filter(due_at__isnull=False).order_by(sort, sort.replace("due_at", "pk"))
    assert "order_due_at" in found[:50].explain()
