"""What people do to orders, done at eMAG: each once, read back, or told why not."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from core import failpoints, jobs
from core.errors import RuleViolation, StaleData
from emag.client import client_for
from emag.handlers import there
from emag.mapping.order_bodies import order_body
from emag.models import Snapshot
from orders import services
from orders.choices import OrderStatus, PaymentMethod
from orders.models import Order, OrderDocument
from outbox.choices import CommandStatus, ErrorKind
from outbox.models import Command
from tests.integration.emag.conftest import drain, run_job

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"
SAVE, ATTACH = "order/save", "order/attachments/save"
SET_UP = 1  # order/save is also how the order of these tests gets its quantities


@pytest.fixture(autouse=True)
def _look_soon(monkeypatch):
    monkeypatch.setattr(there, "LOOK_AGAIN", (0.01, 0.01))


@pytest.fixture
def order(sim, main):
    """Accepted, paid on delivery, of at least one product with two pieces."""
    return take(sim, main)


def take(sim, account, *, card=False):
    payment = 3 if card else 1
    ordered = timezone.localtime() - timedelta(minutes=5)
    sim.inject_orders(
        1, account=account.there, at=ordered.replace(tzinfo=None),
        lines=2, payment=payment, voucher="none", complete=True,
    )  # fmt: skip
    run_job("emag.pull_orders", account)
    order = Order.objects.latest("pk")
    client_for(account).acknowledge_order(int(order.external_id))
    at_emag(order, quantity=2) if not card else None
    take_in(order)
    order.refresh_from_db()
    assert order.status == OrderStatus.ACCEPTED
    return order


def at_emag(order, quantity=None, **changes):
    """Somebody changes it on eMAG's own pages."""
    client = client_for(order.account)
    body = order_body(there.raw_of(there.find(client, order)), **changes)
    for line in body["products"]:
        line["quantity"] = quantity or line["quantity"]
    client.save_orders([body])


def take_in(order):
    there.take_in(order, there.find(client_for(order.account), order))


def truth(sim, order):
    return sim.truth("order", f"ro:{order.account.name}")[int(order.external_id)]


def saves(sim, path=SAVE):
    return [call for call in sim.journal() if call["path"].endswith(path)]


def settle():
    """Let time pass until the outbox has looked again."""
    for _round in range(4):
        due = Command.objects.filter(next_attempt_at__isnull=False)
        due.update(next_attempt_at=timezone.now())
        jobs.run_here("outbox.sweep")
        drain()


def now(order):
    return Order.objects.get(pk=order.pk)


def last():
    return Command.objects.latest("pk")


def done(order):
    """Carried out, and both sides say the same."""
    drain()
    command = last()
    assert command.status == CommandStatus.DONE, (command.error, command.messages)
    return now(order)


STEPS = [("packed", 3), ("shipped", 4)]


@pytest.mark.parametrize(("target", "code"), STEPS)
def test_it_works(sim, order, owner, target, code):
    services.move_order(order, target, by=owner)
    assert now(order).status == OrderStatus.ACCEPTED, "until eMAG has said yes"
    moved = done(order)
    assert (moved.status, moved.remote_state) == (target, target)
    assert truth(sim, order)["status"] == code
    assert len(saves(sim)) == 1 + SET_UP
    assert not moved.has_problem


def test_everything_else_goes_back_as_it_was(sim, order, owner):
    before = truth(sim, order)
    services.move_order(order, "packed", by=owner)
    done(order)
    after = truth(sim, order)
    assert {key for key in before if before[key] != after[key]} <= {"status", "modified"}


def test_what_changed_there_since_is_not_written_over(sim, order, owner):
    """The order is read right before it is saved: an old copy would bring back what was."""
    at_emag(order, observation="Ring twice")
    services.move_order(order, "packed", by=owner)
    done(order)
    assert truth(sim, order)["observation"] == "Ring twice"


def test_without_its_snapshot_it_goes_all_the_same(sim, order, owner):
    Snapshot.objects.update(text="")
    services.move_order(order, "packed", by=owner)
    assert done(order).status == "packed"
    assert len(truth(sim, order)["products"]) == order.lines.count()


def test_a_double_click_is_one_call(sim, order, owner):
    stamp = order.stamp
    services.move_order(order, "packed", by=owner, stamp=stamp)
    services.move_order(order, "packed", by=owner, stamp=stamp)
    done(order)
    assert len(saves(sim)) == 1 + SET_UP
    assert Command.objects.count() == 1


def test_nothing_else_is_asked_meanwhile(sim, order, owner):
    services.move_order(order, "packed", by=owner)
    with pytest.raises(RuleViolation, match="marking as packed"):
        services.cancel_order(order, "1", by=owner)
    with pytest.raises(RuleViolation, match="being told already"):
        services.hold_order(order, "Wait", by=owner)


def test_who_saw_another_order_is_told_and_nothing_happens(sim, order, owner):
    stamp = order.stamp
    services.hold_order(order, "Address?", by=owner)
    services.release_order(order, by=owner)
    services.move_order(order, "picking", by=owner)
    with pytest.raises(StaleData, match="changed while you were looking") as told:
        services.move_order(order, "packed", by=owner, stamp=stamp)
    assert "Order moved" in str(told.value)
    assert owner.name in str(told.value)
    assert not Command.objects.exists()


# --- Cancelling, and back ---------------------------------------------------------------------


def test_cancel_with_a_reason(sim, order, owner):
    services.cancel_order(order, "1", by=owner)
    gone = done(order)
    assert (gone.status, gone.cancel_code) == ("cancelled", "1")
    assert truth(sim, order)["reason_cancellation"] == {"id": 1, "name": "Out of stock"}


def test_the_stock_comes_back_there(sim, connect, owner):
    order = take(sim, connect("stock", offers=20))
    line = truth(sim, order)["products"][0]

    def stock():
        return sim.truth("offer", "ro:stock")[int(line["product_id"])]["general_stock"]

    before = stock()
    services.cancel_order(order, "1", by=owner)
    done(order)
    assert stock() == before + line["quantity"]


def test_only_for_a_reason_that_emag_knows(order, owner):
    for reason in ("", "99"):
        with pytest.raises(RuleViolation, match="Choose why"):
            services.cancel_order(order, reason, by=owner)


@pytest.mark.parametrize("target", ["accepted", "packed", "shipped"])
def test_a_cancellation_is_undone(sim, order, owner, target):
    services.cancel_order(order, "1", by=owner)
    done(order)
    services.restore_order(order, target, by=owner)
    back = done(order)
    assert (back.status, back.remote_state, back.cancel_code) == (target, target, "")
    assert not back.has_problem


def test_a_finalised_order_goes_back_to_packed(sim, order, owner):
    services.move_order(order, "shipped", by=owner)
    done(order)
    services.restore_order(order, "packed", by=owner)
    assert done(order).status == "packed"
    assert truth(sim, order)["status"] == 3


def test_too_late_is_said_before_asking(sim, order, owner):
    services.move_order(order, "shipped", by=owner)
    done(order)
    Order.objects.update(finalized_at=timezone.now() - timedelta(hours=49))
    with pytest.raises(RuleViolation, match="48 hours"):
        services.restore_order(order, "packed", by=owner)
    with pytest.raises(RuleViolation, match="48 hours"):
        services.cancel_order(order, "1", by=owner)
    assert len(saves(sim)) == 1 + SET_UP


def test_too_late_for_emag_stands_in_its_words(sim, order, owner):
    """Where eMAG does not tell when it was finalised, it decides itself."""
    services.move_order(order, "shipped", by=owner)
    done(order)
    sim.clock(advance="PT50H")
    Order.objects.update(finalized_at=None)
    services.restore_order(order, "packed", by=owner)
    drain()
    command = last()
    assert (command.status, command.error_kind) == (CommandStatus.FAILED, ErrorKind.VALIDATION)
    assert "period expired" in command.messages[0]
    assert now(order).status == "shipped"


# --- Lines ------------------------------------------------------------------------------------


def pieces(order):
    return {line.pk: line.quantity for line in order.lines.filter(status="active")}


def test_another_quantity(sim, order, owner):
    line, *_others = order.lines.all()
    services.edit_lines(order, {line.pk: 1}, by=owner)
    done(order)
    assert pieces(order)[line.pk] == 1
    there_now = {str(one["id"]): int(one["quantity"]) for one in truth(sim, order)["products"]}
    assert there_now[line.external_id] == 1
    assert sum(there_now.values()) == sum(pieces(order).values())


def test_a_product_is_taken_off(sim, order, owner):
    line, kept = order.lines.all()
    services.edit_lines(order, {line.pk: 0}, by=owner)
    done(order)
    assert set(pieces(order)) == {kept.pk}


def test_never_all_of_them(order, owner):
    with pytest.raises(RuleViolation, match="Cancel it instead"):
        services.edit_lines(order, dict.fromkeys(pieces(order), 0), by=owner)


def test_what_was_paid_by_card_stays_as_it_is(sim, main, owner):
    order = take(sim, main, card=True)
    assert order.payment == PaymentMethod.CARD
    with pytest.raises(RuleViolation, match="Paid by card"):
        services.edit_lines(order, {order.lines.first().pk: 1}, by=owner)


def test_quantities_that_changed_there_are_left_alone(sim, order, owner):
    line = order.lines.first()
    at_emag(order, quantity=5)
    services.edit_lines(order, {line.pk: 1}, by=owner)
    drain()
    command = last()
    assert (command.status, command.error_kind) == (CommandStatus.FAILED, ErrorKind.RULE)
    assert "changed at eMAG" in command.error
    assert truth(sim, order)["products"][0]["quantity"] == 5


def test_pieces_come_back(sim, order, owner):
    services.move_order(order, "shipped", by=owner)
    done(order)
    line = order.lines.first()
    services.storno_lines(order, {line.pk: 1}, by=owner)
    back = done(order)
    line.refresh_from_db()
    assert (line.quantity, line.returned_quantity, back.status) == (1, 1, "shipped")
    services.storno_lines(order, {line.pk: 1}, by=owner)
    done(order)
    line.refresh_from_db()
    assert (line.quantity, line.returned_quantity) == (0, 2)
    assert truth(sim, order)["is_storno"]


def test_not_more_than_were_sold_and_not_everything(order, owner):
    services.move_order(order, "shipped", by=owner)
    done(order)
    with pytest.raises(RuleViolation, match="No more pieces"):
        services.storno_lines(order, {order.lines.first().pk: 99}, by=owner)
    with pytest.raises(RuleViolation, match="Return the whole order"):
        services.storno_lines(order, pieces(order), by=owner)


def test_after_a_storno_it_can_still_be_moved(sim, order, owner):
    """That pieces came back is read as a mark, which must not be sent again."""
    services.move_order(order, "shipped", by=owner)
    done(order)
    services.storno_lines(order, {order.lines.first().pk: 1}, by=owner)
    done(order)
    services.restore_order(order, "packed", by=owner)
    assert done(order).status == "packed"


def test_what_came_back_whole_does_not_keep_the_rest_from_going(sim, order, owner):
    """Active with no pieces is how eMAG tells of such a line, and what it refuses to be told."""
    line, kept = order.lines.all()
    services.move_order(order, "shipped", by=owner)
    done(order)
    services.storno_lines(order, {line.pk: line.quantity}, by=owner)
    done(order)
    services.restore_order(order, "packed", by=owner)
    assert done(order).status == "packed"
    services.move_order(order, "shipped", by=owner)
    assert done(order).status == "shipped"
    assert {pk: n for pk, n in pieces(order).items() if n} == {kept.pk: kept.quantity}


def test_the_whole_order_comes_back(sim, order, owner):
    services.move_order(order, "shipped", by=owner)
    done(order)
    services.return_order(order, by=owner)
    back = done(order)
    assert (back.status, back.remote_state) == ("returned", "returned")
    assert truth(sim, order)["status"] == 5


# --- Documents --------------------------------------------------------------------------------


def attach(order, owner, **given):
    given = given or {"file": SimpleUploadedFile("f.pdf", PDF)}
    return services.attach_document(
        order, given.pop("kind", "invoice"), "Factura 7", by=owner, **given
    )


def test_a_file_is_attached_and_can_be_fetched(sim, order, owner, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    document = attach(order, owner)
    done(order)
    [hung] = truth(sim, order)["attachments"]
    assert (hung["name"], hung["type"]) == ("Factura 7", 1)
    assert [one.url for one in order.attachments.all()] == [hung["url"]]
    document.refresh_from_db()
    assert document.attached_at
    path = re.sub(r"^https?://[^/]+", "", hung["url"])
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert b"".join(answer.streaming_content) == PDF
    assert document.visits.count() == 1
    assert client.get(path.replace(".pdf", "x.pdf")).status_code == 404
    OrderDocument.objects.update(public_until=timezone.now())


def test_a_link_ends(order, owner, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    document = attach(order, owner)
    from orders.services import documents

    document.public_until = timezone.now() - timedelta(seconds=1)
    assert client.get(re.sub(r"^.*//[^/]+", "", documents.public_url(document))).status_code == 404


def test_documents_are_the_one_thing_for_what_emag_ships(sim, connect, owner):
    fbe = connect("fbe", kind="fbe")
    sim.inject_orders(1, account=fbe.there)
    run_job("emag.pull_orders", fbe)
    order = Order.objects.get()
    attach(order, owner, url="https://docs.example.ro/f/1001.pdf")
    done(order)
    assert truth(sim, order)["attachments"][0]["url"] == "https://docs.example.ro/f/1001.pdf"
    with pytest.raises(RuleViolation, match="ships this order"):
        services.cancel_order(order, "1", by=owner)


def test_a_warranty_hangs_on_its_product_and_once(sim, order, owner):
    line = order.lines.first()
    url = "https://docs.example.ro/w/1.pdf"
    attach(order, owner, kind="warranty", url=url, line=line)
    done(order)
    assert truth(sim, order)["products"][0]["attachments"][0]["url"] == url
    with pytest.raises(RuleViolation, match="has a warranty already"):
        attach(order, owner, kind="warranty", url=url + "?2", line=line)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"file": SimpleUploadedFile("f.pdf", b"MZ")}, "no PDF"),
        ({"url": "http://docs.example.ro/1.pdf"}, "https"),
        ({"url": "https://not an address"}, "no address"),
        ({"url": "https://docs.example.ro/1.pdf", "kind": "warranty"}, "belongs to a product"),
        ({"url": ""}, "Give a file"),
    ],
)
def test_what_cannot_be_attached(order, owner, given, words):
    with pytest.raises(RuleViolation, match=words):
        attach(order, owner, **given)


# --- Answers that get lost --------------------------------------------------------------------


def acts(order, owner, sim):
    """Everything that must not be asked twice, each from where it begins."""
    line = order.lines.first()
    shipped = lambda: (services.move_order(order, "shipped", by=owner), done(order))  # noqa: E731
    cancelled = lambda: (services.cancel_order(order, "1", by=owner), done(order))  # noqa: E731
    return {
        "pack": (None, lambda: services.move_order(order, "packed", by=owner)),
        "cancel": (None, lambda: services.cancel_order(order, "1", by=owner)),
        "edit": (None, lambda: services.edit_lines(order, {line.pk: 1}, by=owner)),
        "restore": (cancelled, lambda: services.restore_order(order, "accepted", by=owner)),
        "storno": (shipped, lambda: services.storno_lines(order, {line.pk: 1}, by=owner)),
        "return": (shipped, lambda: services.return_order(order, by=owner)),
        "attach": (None, lambda: attach(order, owner, url="https://docs.example.ro/1.pdf")),
    }


LOST = {"drop": {"applied": True}, "http_504": {"delay": 0, "applied": True}, "truncate": {}}
ACTS = ("pack", "cancel", "edit", "restore", "storno", "return", "attach")


@pytest.mark.parametrize(
    ("what", "lost"),
    [*((what, "drop") for what in ACTS), ("pack", "http_504"), ("pack", "truncate")],
)
def test_a_lost_answer_is_looked_up_and_not_repeated(sim, order, owner, what, lost):
    before, do = acts(order, owner, sim)[what]
    if before:
        before()
    path = ATTACH if what == "attach" else SAVE
    asked = len(saves(sim, path))
    sim.fault(lost, match={"route": path}, count=1, **LOST[lost])
    do()
    drain()
    settle()
    command = last()
    assert command.status == CommandStatus.DONE, command.error
    assert len(saves(sim, path)) == asked + 1, "never blindly twice"
    assert now(order).remote_status == str(truth(sim, order)["status"])
    assert not now(order).has_problem


@pytest.mark.parametrize("what", ACTS)
def test_what_never_arrived_is_sent_again(sim, order, owner, what):
    before, do = acts(order, owner, sim)[what]
    if before:
        before()
    path = ATTACH if what == "attach" else SAVE
    sim.fault("drop", match={"route": path}, count=1, applied=False)
    do()
    drain()
    settle()
    command = last()
    assert command.status == CommandStatus.DONE, command.error
    assert now(order).remote_status == str(truth(sim, order)["status"])


@pytest.mark.parametrize("moment", ["outbox.sent", "order.answered"])
def test_a_copy_that_is_behind_is_not_believed(sim, order, owner, moment):
    """Neither what it shows before the change nor after it: it is looked up later."""
    services.move_order(order, "packed", by=owner)
    with failpoints.armed(moment, lambda: sim.fault("stale_read", lag=3600)):
        drain()
    command = last()
    assert command.status in {CommandStatus.WAITING, CommandStatus.UNCERTAIN}, command.error
    assert now(order).status == "accepted"
    sim.clear_faults()
    settle()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE, command.error
    assert now(order).status == "packed"


def test_done_there_meanwhile_leaves_nothing_to_do(sim, order, owner):
    services.move_order(order, "shipped", by=owner)
    at_emag(order, status=4)
    moved = done(order)
    assert moved.status == "shipped"
    assert "so there already" in last().result
    assert len(saves(sim)) == 1 + SET_UP, "the one that somebody made there"


def test_asked_again_the_failure_is_settled(sim, order, owner):
    sim.fault("iserror_200", match={"route": SAVE}, count=1, message="Order is being edited.")
    services.move_order(order, "packed", by=owner)
    drain()
    assert last().status == CommandStatus.FAILED
    assert "being edited" in last().messages[0]
    assert now(order).status == "accepted"
    services.move_order(order, "packed", by=owner)
    assert done(order).status == "packed"
    assert set(Command.objects.values_list("status", flat=True)) == {"done", "cancelled"}


def test_cancelled_there_meanwhile_is_told(sim, order, owner):
    services.move_order(order, "packed", by=owner)
    at_emag(order, status=0, reason_cancellation=2)
    drain()
    command = last()
    assert (command.status, command.error_kind) == (CommandStatus.FAILED, ErrorKind.RULE)
    assert "Cancelled" in command.error
    assert len(saves(sim)) == 1 + SET_UP, "the one that somebody made there"


def test_an_order_on_hold_is_not_moved_by_trying_again(sim, order, owner):
    """It was held between two attempts: by the marketplace's unknown status, say."""
    services.move_order(order, "shipped", by=owner)
    Order.objects.update(status="on_hold", held_from="accepted")
    drain()
    command = last()
    assert (command.status, command.error_kind) == (CommandStatus.FAILED, ErrorKind.RULE)
    assert "on hold here" in command.error
    assert truth(sim, order)["status"] == 2


def test_moved_there_while_it_waited_here(sim, order, owner):
    services.hold_order(order, "Address?", by=owner)
    at_emag(order, status=3)
    take_in(order)
    waiting = now(order)
    assert (waiting.status, waiting.hold_reason) == ("on_hold", "Address?")
    at_emag(order, status=0, reason_cancellation=2)
    take_in(order)
    gone = now(order)
    assert (gone.status, gone.held_from, gone.hold_reason) == ("cancelled", "", "")


def test_a_document_whose_link_is_over_is_not_hung(sim, order, owner, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    attach(order, owner)
    OrderDocument.objects.update(public_until=timezone.now())
    drain()
    command = last()
    assert (command.status, command.error_kind) == (CommandStatus.FAILED, ErrorKind.RULE)
    assert not saves(sim, ATTACH)
