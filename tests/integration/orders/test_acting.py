"""The pages on which people act on an order: dialogs, refusals, stale pages, many at once."""

import re
from decimal import Decimal as D

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from accounts.choices import Role
from accounts.services import marketplaces
from catalog.choices import OfferStatus
from core.models import AuditEntry, BulkRun
from orders import rules, services, under_way
from orders.acts import ACTIONS
from orders.choices import OrderStatus, Problem
from orders.models import Order, OrderDocument
from orders.services import accepting
from outbox.models import Command
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.catalog import OfferFactory
from tests.factories.orders import OrderFactory, line_in

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def account():
    return MarketplaceAccountFactory(platform="emag")


@pytest.fixture
def make(account):
    def order(status="accepted", **facts):
        remote = {"picking": "accepted", "on_hold": "accepted"}.get(status, status)
        return OrderFactory(
            account=account, status=remote, remote_status="2", ours={"status": status}, **facts
        )

    return order


@pytest.fixture
def order(make):
    return make()


def url(order, action):
    return reverse(f"orders:order_{action}", args=[order.pk])


def post(client, order, action, **data):
    return client.post(url(order, action), {"stamp": order.stamp, **data}, **HTMX)


def now(order):
    return Order.objects.get(pk=order.pk)


def test_it_works(manager_client, order):
    response = post(manager_client, order, "pick")
    assert response.status_code == 204
    assert response["HX-Redirect"] == order.get_absolute_url()
    assert now(order).status == OrderStatus.PICKING


@pytest.mark.parametrize(
    ("action", "kind"), [("pack", "orders.MoveOrder"), ("ship", "orders.MoveOrder")]
)
def test_the_marketplace_is_asked_first(manager_client, order, action, kind):
    assert post(manager_client, order, action).status_code == 204
    command = Command.objects.get()
    assert (command.kind, command.is_awaited) == (kind, True)
    assert now(order).status == OrderStatus.ACCEPTED


def test_every_button_has_its_page(manager_client, order):
    for action in set(ACTIONS) - {"refresh"}:
        response = manager_client.get(url(order, action))
        assert response.status_code == (200 if ACTIONS[action].asks else 405), action


@pytest.mark.parametrize("action", [a for a in ACTIONS if ACTIONS[a].asks])
def test_dialogs_say_why_not(manager_client, make, action):
    order = make("returned")
    page = manager_client.get(url(order, action), **HTMX).content.decode()
    if action == "attach":
        assert 'type="file"' in page
    else:
        assert "bulk-note" in page
        assert "<form" not in page


def test_hold_and_release(manager_client, order):
    assert post(manager_client, order, "hold", reason=" ").status_code == 422
    post(manager_client, order, "hold", reason="Address?")
    held = now(order)
    assert (held.status, held.held_from, held.hold_reason) == ("on_hold", "accepted", "Address?")
    post(manager_client, held, "release")
    free = now(order)
    assert (free.status, free.held_from, free.hold_reason) == ("accepted", "", "")
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["order.held", "order.released"]


def test_released_where_the_marketplace_took_it(manager_client, make):
    order = make("on_hold")
    Order.objects.update(held_from="accepted", remote_state="packed")
    post(manager_client, now(order), "release")
    assert now(order).status == "packed"


def test_released_after_it_was_shipped_there_nothing_is_apart_any_more(manager_client, make):
    order = make("on_hold", remarks=("odd",))
    Order.objects.update(
        held_from="accepted", remote_state="shipped", problems=[Problem.STATUS, Problem.REMARK],
        has_problem=True,
    )  # fmt: skip
    post(manager_client, now(order), "release")
    free = now(order)
    assert (free.status, free.problems, free.has_problem) == ("shipped", [], False)
    assert rules.why_not(free, "storno") == []


def test_settling_what_is_apart(manager_client, make):
    order = make("packed")
    Order.objects.update(remote_state="accepted", problems=[Problem.STATUS], has_problem=True)
    post(manager_client, now(order), "follow")
    settled = now(order)
    assert (settled.status, settled.problems, settled.has_problem) == ("accepted", [], False)


def test_why_it_waited_is_forgotten_however_it_goes_on(manager_client, make):
    order = make("on_hold")
    Order.objects.update(
        held_from="accepted", hold_reason="Address?", remote_state="shipped",
        problems=[Problem.STATUS], has_problem=True,
    )  # fmt: skip
    post(manager_client, now(order), "follow")
    gone = now(order)
    assert (gone.status, gone.held_from, gone.hold_reason) == ("shipped", "", "")


LATER = {
    "hold": lambda order: services.hold_order(order, "Wait", by=None),
    "pick": lambda order: services.move_order(order, "picking", by=None),
    "cancel": lambda order: services.cancel_order(order, "1", by=None),
}


@pytest.mark.parametrize("later", LATER)
def test_what_failed_before_is_not_sent_after_a_later_decision(order, later):
    services.move_order(order, "shipped", by=None)
    failed = Command.objects.get()
    Command.objects.update(status="failed")
    LATER[later](order)
    failed.refresh_from_db()
    assert (failed.status, failed.result) == ("cancelled", "A later decision took its place.")


def test_a_quantity_that_failed_is_not_forgotten_by_moving_on(make):
    order = make()
    services.edit_lines(order, {order.lines.get().pk: 1}, by=None)
    Command.objects.update(status="failed")
    services.move_order(order, "packed", by=None)
    assert Command.objects.filter(kind="orders.EditLines", status="failed").exists()


class TestSomebodyWasFirst:
    def test_in_a_dialog_what_was_typed_stays(self, manager_client, order, owner):
        services.move_order(order, "picking", by=owner)
        response = post(manager_client, order, "hold", reason="Rings back")
        page = response.content.decode()
        assert response.status_code == 422
        assert "changed while you were looking" in page
        assert 'value="Rings back"' in page
        stamp = re.search(r'name="stamp" value="(\w+)"', page)[1]
        assert stamp == now(order).stamp, "sent again it is meant for the order as it is now"
        assert now(order).status == "picking"

    def test_on_a_button(self, manager_client, order, owner):
        stale = order.stamp
        services.hold_order(order, "Wait", by=owner)
        response = manager_client.post(url(order, "pack"), {"stamp": stale}, **HTMX)
        assert response.status_code == 409
        assert not Command.objects.exists()

    def test_also_where_its_trail_was_pruned(self, manager_client, order):
        stale = order.stamp
        Order.objects.filter(pk=order.pk).update(status="picking")
        with connection.cursor() as cursor:  # months of the trail are taken out by the database
            cursor.execute("TRUNCATE core_auditentry")
        response = manager_client.post(url(order, "pack"), {"stamp": stale})
        assert response.status_code == 409
        assert "changed while you were looking at it. It is" in response.content.decode()

    def test_without_a_script(self, manager_client, order, owner):
        services.move_order(order, "picking", by=owner)
        data = {"stamp": order.stamp, "reason": "1"}
        response = manager_client.post(url(order, "cancel"), data)
        assert response.status_code == 409
        assert "changed while you were looking" in response.content.decode()


def test_cancelling_tells_what_comes_of_it(manager_client, make):
    page = manager_client.get(url(make(), "cancel")).content.decode()
    assert "would have paid on delivery" in page
    assert "undone for 48 hours" in page
    paid = make(payment="card", is_paid=True, paid_by_card=D("199.98"))
    assert "199.98" in manager_client.get(url(paid, "cancel")).content.decode()


def test_a_reason_is_needed(manager_client, order):
    assert post(manager_client, order, "cancel", reason="").status_code == 422
    assert post(manager_client, order, "cancel", reason="99").status_code == 422
    assert post(manager_client, order, "cancel", reason="31").status_code == 204
    assert Command.objects.get().payload["reason"] == "31"
    assert AuditEntry.objects.latest("pk").note.startswith("31 ·")


def test_quantities(manager_client, make):
    order = make(lines=2)
    one, two = order.lines.all()
    numbers = {f"line_{one.pk}": "1", f"line_{two.pk}": "2"}
    assert post(manager_client, order, "edit", **numbers).status_code == 204
    assert Command.objects.get().payload["lines"] == f'{{"{one.external_id}": [2, 1]}}'


@pytest.mark.parametrize("wrong", ["", "-1", "many", "100000"])
def test_no_such_quantity(manager_client, order, wrong):
    line = order.lines.get()
    assert post(manager_client, order, "edit", **{f"line_{line.pk}": wrong}).status_code == 422
    assert not Command.objects.exists()


def test_only_the_number_that_was_typed_changes(manager_client, make):
    """Their staff raised the other line meanwhile: told so, and sent again, it stays raised."""
    order = make(lines=2)
    one, two = order.lines.all()
    page = manager_client.get(url(order, "edit"), **HTMX).content.decode()
    sent = fields_in(page) | {f"line_{one.pk}": "1"}
    two.quantity = 5
    two.save()
    Order.objects.update(digest=b"newer")
    response = manager_client.post(url(order, "edit"), sent, **HTMX)
    assert response.status_code == 422
    again = fields_in(response.content.decode())
    assert (again[f"line_{one.pk}"], again[f"line_{two.pk}"]) == ("1", "5")
    assert again["stamp"] == now(order).stamp
    assert manager_client.post(url(order, "edit"), again, **HTMX).status_code == 204
    assert Command.objects.get().payload["lines"] == f'{{"{one.external_id}": [2, 1]}}'


def test_a_number_that_changed_under_the_typed_one_is_told(manager_client, make):
    order = make(lines=2)
    one, _two = order.lines.all()
    page = manager_client.get(url(order, "edit"), **HTMX).content.decode()
    sent = fields_in(page) | {f"line_{one.pk}": "1"}
    one.quantity = 4
    one.save()
    Order.objects.update(digest=b"newer")
    page = manager_client.post(url(order, "edit"), sent, **HTMX).content.decode()
    assert "It was 2 before, and is 4 now." in page
    assert fields_in(page)[f"line_{one.pk}"] == "1"


def test_a_product_that_came_meanwhile_is_left_alone(manager_client, make):
    order = make(lines=2)
    one, two = order.lines.all()
    page = manager_client.get(url(order, "edit"), **HTMX).content.decode()
    sent = fields_in(page) | {f"line_{one.pk}": "1"}
    del sent[f"line_{two.pk}"], sent[f"was_{two.pk}"]
    response = manager_client.post(url(order, "edit"), {**sent, "stamp": "older"}, **HTMX)
    assert response.status_code == 422
    again = fields_in(response.content.decode())
    assert again[f"line_{two.pk}"] == "2"
    assert manager_client.post(url(order, "edit"), again, **HTMX).status_code == 204
    assert Command.objects.get().payload["lines"] == f'{{"{one.external_id}": [2, 1]}}'


def fields_in(page):
    """What a browser would send."""
    inputs = re.findall(r"<input[^>]*>", page)
    named = [
        (re.search(r' name="([^"]+)"', one), re.search(r' value="([^"]*)"', one)) for one in inputs
    ]
    return {name[1]: value[1] if value else "" for name, value in named if name}


def test_who_ships_may_say_not_yet(make):
    packer, order = signed_in(UserFactory(role=Role.PACKER)), make("shipped")
    assert "parcel is still here" in packer.get(url(order, "unship"), **HTMX).content.decode()
    assert post(packer, order, "unship").status_code == 204
    command = Command.objects.get()
    assert (command.kind, command.payload["target"]) == ("orders.RestoreOrder", "packed")
    assert packer.get(url(make("cancelled"), "restore")).status_code == 403


MAY = {
    Role.MANAGER: {"hold", "cancel", "edit", "attach", "storno"},
    Role.PACKER: {"hold", "attach"},
    Role.ACCOUNTANT: {"attach", "storno"},
    Role.PICKER: set(),
    Role.VIEWER: set(),
}


@pytest.mark.parametrize("role", MAY)
def test_who_may(order, role):
    client = signed_in(UserFactory(role=role))
    asked = MAY[Role.MANAGER]
    assert {one for one in asked if client.get(url(order, one)).status_code == 200} == MAY[role]


# --- Documents --------------------------------------------------------------------------------


@pytest.fixture
def upload(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return lambda content=b"%PDF-1.7": SimpleUploadedFile("Factură 7.pdf", content)


def test_a_file_is_kept_and_offered(manager_client, order, upload):
    assert post(manager_client, order, "attach", kind="invoice", file=upload()).status_code == 204
    document = OrderDocument.objects.get()
    assert document.name == "Invoice"
    assert document.file.name.startswith("orders/")
    assert "Fact" not in document.file.name, "no upload chooses where it lies"
    shown = manager_client.get(reverse("orders:order_document", args=[document.pk]))
    assert shown["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("content", [b"", b"<html>", b"MZ"])
def test_only_pdf(manager_client, order, upload, content):
    sent = post(manager_client, order, "attach", kind="invoice", name="7", file=upload(content))
    assert sent.status_code == 422
    assert 'value="7"' in sent.content.decode()


# --- Many at once -----------------------------------------------------------------------------

LIST = reverse("orders:order_list")


def bulk(client, action, orders, step="run", **form):
    data = {"action": action, "step": step, "ids": [order.pk for order in orders], **form}
    return client.post(LIST, data, **HTMX)


def test_the_preview_says_who_is_refused(manager_client, make):
    orders = [make("accepted"), make("shipped"), make("accepted", fulfilment="marketplace")]
    page = bulk(manager_client, "pack", orders, step="preview").content.decode()
    assert "2 will be refused" in page
    assert "Only what is accepted is packed" in page
    assert "ships this order" in page


def test_each_row_for_itself(manager_client, make):
    good, bad = make("accepted"), make("shipped")
    page = bulk(manager_client, "pack", [good, bad]).content.decode()
    assert "Only what is accepted is packed" in page
    assert [c.subject_id for c in Command.objects.all()] == [good.pk]
    run = BulkRun.objects.get()
    assert (run.done, run.refused) == (1, 1)


def test_the_dialog_of_many_is_left_as_that_of_one(manager_client, make):
    page = bulk(manager_client, "cancel", [make()], step="preview").content.decode()
    assert "Leave it" in page
    assert ">Cancel<" not in page, "of an order that is the deed itself"


def test_cancelling_many_asks_for_the_reason(manager_client, make):
    orders = [make(), make()]
    assert bulk(manager_client, "cancel", orders).status_code == 422
    assert not Command.objects.exists()
    bulk(manager_client, "cancel", orders, **{"with-reason": "1"})
    assert Command.objects.filter(kind="orders.CancelOrder").count() == 2


def test_holding_and_releasing_many(manager_client, make):
    orders = [make(), make("picking")]
    bulk(manager_client, "hold", orders, **{"with-reason": "Stocktaking"})
    assert set(Order.objects.values_list("status", "hold_reason")) == {("on_hold", "Stocktaking")}
    bulk(manager_client, "release", orders)
    assert set(Order.objects.values_list("status", flat=True)) == {"accepted", "picking"}


@pytest.mark.parametrize("action", ["pick", "ship", "refresh"])
def test_the_others(manager_client, make, action):
    assert bulk(manager_client, action, [make(), make()]).status_code == 204


# --- All that are in stock --------------------------------------------------------------------


def test_all_in_stock(manager_client, account):
    OfferFactory(account=account, external_id="1", stock=3, status=OfferStatus.ACTIVE)
    lines = lambda quantity: (line_in(offer_external_id="1", quantity=quantity),)  # noqa: E731
    fits, _too_many = (OrderFactory(account=account, lines=lines(2)) for _n in range(2))
    OrderFactory(account=account, lines=lines(1), remarks=("odd",))
    address = reverse("orders:order_accept_in_stock")
    assert "Accept 1 in stock" in manager_client.get(address).content.decode()
    assert manager_client.post(address, **HTMX).status_code == 204
    command = Command.objects.get()
    assert command.subject_id == fits.pk
    assert command.requested_by is not None
    assert accepting.in_stock() == 0
    assert "button" not in manager_client.get(address).content.decode()
    assert manager_client.post(address, **HTMX).status_code == 422


def test_in_stock_of_many_accounts_costs_no_more(account, django_assert_num_queries, monkeypatch):
    """Each has its own stock of what has the same number there; the oldest orders come first."""
    accounts = [account, *(MarketplaceAccountFactory() for _n in range(3))]
    for n, one in enumerate(accounts):
        OfferFactory(account=one, external_id="1", stock=n)
        for _n in range(2):
            OrderFactory(account=one, lines=(line_in(offer_external_id="1", quantity=1),))
    with django_assert_num_queries(6):
        assert accepting.in_stock() == 0 + 1 + 2 + 2
    monkeypatch.setattr(accepting, "LOOKED_AT", 4)
    assert accepting.in_stock() == 0 + 1
    assert accepting.accept_in_stock(by=None) == 1


def test_a_paused_account_accepts_nothing(manager_client, account):
    OfferFactory(account=account, external_id="1", stock=3)
    OrderFactory(account=account, lines=(line_in(offer_external_id="1", quantity=1),))
    marketplaces.pause_account(account, reason="Holidays", by=None)
    assert accepting.in_stock() == 0


# --- What is under way ------------------------------------------------------------------------


def test_what_is_under_way_is_told_in_one_word(order):
    rows = Order.objects.annotate(under_way=under_way.UNDER_WAY)
    assert rows.get().under_way is None
    assert under_way.words(None) == ""
    services.move_order(order, "packed", by=None)
    told = rows.get().under_way
    assert told == under_way.key(Command.objects.get())
    assert under_way.words(told) == "marking as packed…"
    Command.objects.update(status="failed")
    assert rows.get().under_way is None


def test_there_are_words_for_all_of_it():
    for kind in under_way.KINDS:
        assert any(key.startswith(f"{kind}:") for key in under_way.WORDS)


# --- Facts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "target", "becomes", "problems"),
    [("accepted", "packed", "packed", []), ("picking", "cancelled", "cancelled", []),
     ("on_hold", "packed", "on_hold", []), ("returned", "packed", "returned", ["status"]),
     ("cancelled", "accepted", "accepted", [])],
)  # fmt: skip
def test_a_fact_is_never_refused(make, status, target, becomes, problems):
    order = make(status)
    services.record_move(order, target)
    assert (now(order).status, now(order).problems) == (becomes, problems)


def test_nobody_moves_by_hand_to_where_only_facts_lead(order):
    for target in ("delivered", "returned", "new"):
        with pytest.raises(rules.RuleViolation, match="by hand"):
            services.move_order(order, target, by=None)
