"""What eMAG is asked to do: accept orders, take prices and stock. Each once, or flagged."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import Offer
from catalog.services import change_offer, withdraw_change
from core.errors import RemoteRejected
from emag.client import EmagClient, client_for
from emag.client.answers import ItemOutcome, SavedOffers
from emag.handlers import there
from emag.models import Nudge, Snapshot
from orders.models import Order
from orders.services import accept_order
from outbox.choices import CommandStatus, ErrorKind
from outbox.dispatch import carrying, claiming, recording
from outbox.models import Command, Lane
from outbox.services import lane_for
from tests.integration.emag.conftest import drain, run_job

ACKNOWLEDGE = "order/acknowledge/{id:int}"


@pytest.fixture(autouse=True)
def _look_soon(monkeypatch):
    monkeypatch.setattr(there, "LOOK_AGAIN", (0.01, 0.01))


@pytest.fixture
def order(sim, main):
    sim.inject_orders(1, account=main.there)
    run_job("emag.pull_orders", main)
    return Order.objects.get()


def acceptances(sim):
    return [call for call in sim.journal() if "acknowledge" in call["path"]]


def accept(order, by):
    accept_order(order, by=by)
    drain()
    return Command.objects.get()


def test_it_works(sim, order, owner):
    command = accept(order, owner)
    assert command.status == CommandStatus.DONE, command.error
    order.refresh_from_db()
    assert order.accepted_at
    assert order.remote_status == "2", "it was read again"
    assert len(acceptances(sim)) == 1
    assert truth(sim, order)["status"] == 2


def truth(sim, order):
    return sim.truth("order", f"ro:{order.account.name}")[int(order.external_id)]


def test_what_staff_changed_until_then_is_taken_over(sim, order, owner):
    """Until it is accepted, eMAG may change an order; so it is read once more."""
    sim.order_event(int(order.external_id), "staff_edit", account=f"ro:{order.account.name}")
    accept(order, owner)
    order.refresh_from_db()
    there = truth(sim, order)
    assert {line.quantity for line in order.lines.all()} == {
        int(line["quantity"]) for line in there["products"]
    }


def test_already_in_progress_is_done(sim, order, owner):
    sim.fault("ack_400", count=1)
    command = accept(order, owner)
    assert command.status == CommandStatus.DONE, command.error


def test_accepted_by_somebody_else_is_done(sim, order, owner):
    client_for(order.account).acknowledge_order(int(order.external_id))
    command = accept(order, owner)
    assert command.status == CommandStatus.DONE, command.error
    order.refresh_from_db()
    assert order.remote_status == "2"


@pytest.mark.parametrize(
    ("lost", "params"),
    [("drop", {"applied": True}), ("http_504", {"delay": 0, "applied": True}), ("truncate", {})],
)
def test_a_lost_answer_is_looked_up_and_not_repeated(sim, order, owner, lost, params):
    sim.fault(lost, match={"route": ACKNOWLEDGE}, count=1, **params)
    command = accept(order, owner)
    settle()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE, command.error
    assert len(acceptances(sim)) == 1
    order.refresh_from_db()
    assert order.remote_status == "2"


def settle():
    """Let time pass until the outbox looks again."""
    for _round in range(4):
        due = Command.objects.filter(next_attempt_at__isnull=False)
        due.update(next_attempt_at=timezone.now())
        run_sweep()
        drain()


def run_sweep():
    from core import jobs

    jobs.run_here("outbox.sweep")


def test_cancelled_meanwhile_leaves_nothing_to_do(sim, order, owner):
    sim.order_event(int(order.external_id), "customer_cancel", account=f"ro:{order.account.name}")
    command = accept(order, owner)
    assert command.status == CommandStatus.DONE, command.error
    assert "cancelled there meanwhile" in str(command.result)
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert order.accepted_at is None
    assert not order.has_problem, "there is nothing that a person would have to settle"


def refuse(monkeypatch):
    """eMAG says no to an acceptance in a way that nobody knows."""

    def no(self, order_id):
        raise RemoteRejected(["Not this one."], remote="emag")

    monkeypatch.setattr(EmagClient, "acknowledge_order", no)


def test_a_refusal_of_a_new_order_stands_in_their_words(sim, order, owner, monkeypatch):
    refuse(monkeypatch)
    command = accept(order, owner)
    assert command.status == CommandStatus.FAILED
    assert command.error_kind == ErrorKind.VALIDATION
    assert "Not this one." in command.error
    assert Nudge.objects.filter(external_id=order.external_id).exists()


def test_refused_and_accepted_meanwhile_is_done(sim, order, owner, monkeypatch):
    client_for(order.account).acknowledge_order(int(order.external_id))
    refuse(monkeypatch)
    command = accept(order, owner)
    assert command.status == CommandStatus.DONE, command.error
    assert "accepted there meanwhile" in str(command.result)
    order.refresh_from_db()
    assert order.status == "accepted"


def test_a_wrong_password_stops_the_lane(sim, order, owner):
    order.account.emag_credential.password = "wrong"
    order.account.emag_credential.save()
    command = accept(order, owner)
    assert command.status == CommandStatus.QUEUED, "it keeps its place"
    lane = Lane.objects.get(account=order.account)
    assert lane.is_paused
    order.account.emag_credential.refresh_from_db()
    assert order.account.emag_credential.trouble_kind == "password"


def test_orders_that_emag_ships_are_never_accepted(sim, connect, owner):
    fbe = connect("fbe", kind="fbe")
    sim.inject_orders(3, account=fbe.there)
    run_job("emag.pull_orders", fbe)
    run_job("orders.accept_new_orders", fbe)
    assert acceptances(sim) == []
    assert not Command.objects.exists()


# --- Prices and stock -------------------------------------------------------------------------


@pytest.fixture
def offers(sim, connect):
    account = connect("offers", offers=120)
    run_job("emag.pull_offers", account)
    return list(Offer.objects.filter(account=account, is_sellable=True).order_by("pk"))


def pushes(sim):
    return [call for call in sim.journal() if call["path"].endswith("offer/save")]


def test_fifty_are_sent_at_once(sim, offers, owner):
    for offer in offers[:55]:
        change_offer(offer, by=owner, stock=77)
    drain()
    assert len(pushes(sim)) == 2, "one call for fifty"
    refused = Command.objects.exclude(status=CommandStatus.DONE)
    assert not [(one.subject_label, one.status, one.error) for one in refused]
    for offer in offers[:55]:
        offer.refresh_from_db()
        assert offer.stock == 77
        assert offer.wanted_stock is None


def test_one_refusal_does_not_hold_up_the_others(sim, offers, owner):
    bad, good = offers[0], offers[1]
    Offer.objects.filter(pk=bad.pk).update(price_min=None, price_max=None)  # only eMAG knows
    change_offer(bad, by=owner, price=Decimal("0.0100"))
    change_offer(good, by=owner, stock=78)
    drain()
    told = {c.subject_id: c for c in Command.objects.all()}
    assert told[good.pk].status == CommandStatus.DONE
    assert told[bad.pk].status == CommandStatus.FAILED
    assert told[bad.pk].error


def test_accepted_and_still_new_is_not_called_done(sim, order, owner):
    """eMAG says yes and shows the order as new: nobody knows yet whether it was taken."""
    sim.fault("status1_again", duration=60)
    accept_order(order, by=owner)
    drain()
    command = Command.objects.get()
    assert command.status in {CommandStatus.UNCERTAIN, CommandStatus.WAITING, CommandStatus.DONE}
    sim.clear_faults()
    settle()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE, command.error
    assert truth(sim, order)["status"] == 2


@pytest.fixture
def offer(offers):
    return next(one for one in offers if one.stock > 0)


def said_of(sim, offer):
    return sim.truth("offer", f"ro:{offer.account.name}")[int(offer.external_id)]


def test_what_is_set_back_there_is_noticed(sim, offer, owner):
    """Then eMAG shows what it showed before the push, and that is news."""
    before = offer.stock
    change_offer(offer, by=owner, stock=before + 5)
    drain()
    offer.refresh_from_db()
    assert offer.stock == before + 5
    client_for(offer.account).set_stock(int(offer.external_id), before)
    run_job("emag.pull_offers", offer.account)
    offer.refresh_from_db()
    assert offer.stock == before


def test_a_late_answer_to_an_older_push_is_made_good(sim, offer, owner):
    """The worker was taken for dead while its call was under way, and was not."""
    older, newer = offer.stock + 5, offer.stock + 9
    lane = lane_for(offer.account.platform, offer.account)
    change_offer(offer, by=owner, stock=older)
    work = claiming.next_work(lane)
    outcomes = carrying.carry_out(work)
    recording.settle_dead(lane)
    change_offer(offer, by=owner, stock=newer)
    drain()
    offer.refresh_from_db()
    assert offer.stock == newer
    client_for(offer.account).set_stock(int(offer.external_id), older)  # and it landed last
    recording.record(work, outcomes, seconds=1.0)
    offer.refresh_from_db()
    assert (offer.stock, offer.wanted_stock) == (newer, newer)
    drain()
    offer.refresh_from_db()
    assert (offer.stock, offer.wanted_stock) == (newer, None)
    assert said_of(sim, offer)["stock"][0]["value"] == newer


def test_silence_about_an_offer_is_no_refusal(sim, offer, owner, monkeypatch):
    def say_nothing(client, bodies):
        silence = ItemOutcome(False, ["eMAG said nothing."], is_answered=False)
        return SavedOffers([], "c1", {body["id"]: silence for body in bodies})

    change_offer(offer, by=owner, stock=offer.stock + 1)
    with monkeypatch.context() as patched:
        patched.setattr(EmagClient, "save_offers", say_nothing)
        drain()
    command = Command.objects.get()
    assert (command.status, command.error_kind) == (CommandStatus.WAITING, ErrorKind.UNKNOWN)
    settle()
    command.refresh_from_db()
    assert command.status == CommandStatus.DONE, command.error


def test_the_stock_of_several_warehouses_is_not_guessed(sim, offers, owner):
    spread, single = offers[0], offers[1]
    keep_stock_in(spread, 1, 2)
    keep_stock_in(single, 1)
    change_offer(spread, by=owner, stock=spread.stock + 1)
    change_offer(single, by=owner, stock=single.stock + 1)
    drain()
    told = {command.subject_id: command for command in Command.objects.all()}
    assert told[single.pk].status == CommandStatus.DONE, told[single.pk].error
    assert (told[spread.pk].status, told[spread.pk].error_kind) == ("failed", ErrorKind.RULE)
    assert "2 warehouses" in told[spread.pk].error
    change_offer(spread, by=owner, price=spread.price)
    withdraw_change(spread, by=owner)
    change_offer(spread, by=owner, price=spread.price + 1)
    drain()
    assert Command.objects.latest("pk").status == CommandStatus.DONE, "its price can be changed"


def keep_stock_in(offer, *warehouses):
    kept = Snapshot.objects.get(account=offer.account, kind="offer", external_id=offer.external_id)
    stock = [{"warehouse_id": number, "value": 1} for number in warehouses]
    kept.text = json.dumps(json.loads(kept.text) | {"stock": stock})
    kept.save()
