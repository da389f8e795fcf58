"""The table of what may be done to an order: every row of it, and who sees which button."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.choices import Role
from accounts.roles import has_permission
from core.errors import RuleViolation
from emag.platform import ORDER_LIMITS
from emag.simulator.orders.edits import MATRIX, WITHIN_48H, YES
from orders import rules, services
from orders.acts import ACTIONS
from orders.choices import OrderStatus, PaymentMethod, Problem, RemoteState
from orders.models import Order
from outbox.choices import CommandStatus
from outbox.models import Command
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
S = OrderStatus
NOW = timezone.now()

# Status → what the marketplace says meanwhile, and what may be done; besides attach and refresh.
ALWAYS = {"attach", "refresh"}
ALLOWED = {
    S.NEW: ("new", {"accept", "hold"}),
    S.ACCEPTED: ("accepted", {"pick", "pack", "ship", "edit", "hold", "cancel"}),
    S.PICKING: ("accepted", {"unpick", "pack", "edit", "hold", "cancel"}),
    S.PACKED: ("packed", {"ship", "edit", "hold", "cancel"}),
    S.SHIPPED: ("shipped", {"unship", "cancel", "storno", "return"}),
    S.DELIVERED: ("shipped", {"storno", "return"}),
    S.ON_HOLD: ("accepted", {"release", "edit", "cancel"}),
    S.CANCELLED: ("cancelled", {"restore"}),
    S.RETURNED: ("returned", set()),
}


@pytest.fixture
def make():
    account = MarketplaceAccountFactory(platform="emag")

    def order(status=S.ACCEPTED, remote="", account=account, facts=(), **ours):
        remote = remote or ALLOWED[status][0]
        ours = {"finalized_at": NOW, "changed_at": NOW, "remote_state": remote, **ours}
        return OrderFactory(account=account, ours={"status": status, **ours}, **dict(facts))

    return order


def may(order):
    return {name for name in ACTIONS if not rules.why_not(order, name)}


def why(order, action):
    return " ".join(rules.why_not(order, action))


def test_it_works(make):
    order = make(S.ACCEPTED)
    assert rules.why_not(order, "pack") == []
    rules.check(order, "pack")
    with pytest.raises(RuleViolation, match="not on hold"):
        rules.check(order, "release")


@pytest.mark.parametrize("status", list(S))
def test_what_each_status_allows(make, status):
    assert may(make(status)) == ALLOWED[status][1] | ALWAYS


@pytest.mark.parametrize("status", list(S))
def test_what_the_marketplace_ships_takes_documents_and_nothing_else(make, status):
    order = make(status, facts={"fulfilment": "marketplace"})
    assert may(order) == ALWAYS
    assert "You can attach documents" in why(order, "cancel")


# Every other row: what is so, what is then refused, and with which word.
ROWS = [
    ({"is_complete": False}, {"pick", "pack", "ship", "edit"}, "may change"),
    ({"payment": PaymentMethod.CARD}, {"edit"}, "Paid by card"),
    ({"problems": [Problem.STATUS], "has_problem": True}, {"pack", "ship", "edit", "cancel"},
     "are apart"),
    ({"problems": [Problem.UNKNOWN_STATUS], "has_problem": True}, {"pack", "ship", "cancel"},
     "are apart"),
    ({"remote_state": "new"}, {"pack", "ship", "edit", "cancel"}, "Accept the order first"),
    ({"remote_state": "cancelled"}, {"edit", "cancel"}, "From “Cancelled”"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "refused", "words"), ROWS)
def test_each_row(make, facts, refused, words):
    order = make(S.ACCEPTED, **facts)
    assert {name for name in ACTIONS if words in why(order, name)} >= refused
    assert not refused & may(order)


@pytest.mark.parametrize(("status", "action"), [(S.SHIPPED, "unship"), (S.CANCELLED, "restore")])
def test_undoing_has_its_time(make, status, action):
    now = timezone.now()
    late, early = now - timedelta(hours=48, minutes=1), now - timedelta(hours=47, minutes=55)
    assert "48 hours" in why(make(status, finalized_at=late, changed_at=late), action)
    assert not why(make(status, finalized_at=early, changed_at=early), action)
    assert not why(make(status, finalized_at=None, changed_at=None), action), "they decide"


def test_cancelling_what_was_shipped_has_the_same(make):
    late = NOW - timedelta(hours=49)
    assert "48 hours" in why(make(S.SHIPPED, finalized_at=late), "cancel")
    assert not why(make(S.SHIPPED, finalized_at=late), "storno")


def test_returning_has_weeks(make):
    assert not why(make(S.DELIVERED, finalized_at=NOW - timedelta(days=34)), "return")
    assert "35 days" in why(make(S.DELIVERED, finalized_at=NOW - timedelta(days=36)), "return")


def test_where_an_order_comes_back_to(make):
    assert rules.targets(make(S.CANCELLED), "restore") == [S.ACCEPTED, S.PACKED, S.SHIPPED]
    assert rules.targets(make(S.SHIPPED), "unship") == [S.PACKED]


def test_who_ships_takes_it_back(make):
    """A parcel that was scanned by mistake; cancelling, and undoing that, is a manager's."""
    packer = UserFactory(role=Role.PACKER)
    assert "unship" in {one.name for one in rules.actions_for(make(S.SHIPPED), packer)}
    assert "restore" not in {one.name for one in rules.actions_for(make(S.CANCELLED), packer)}


def test_following_is_for_orders_that_are_apart(make):
    order = make(S.PACKED, remote="accepted", problems=[Problem.STATUS], has_problem=True)
    assert not why(order, "follow")
    assert "not apart" in why(make(S.PACKED), "follow")


def test_an_empty_order_has_nothing_to_change(make):
    order = make(S.ACCEPTED)
    order.lines.update(quantity=0)
    assert "No product is left" in why(order, "edit")


def test_what_nobody_understands_is_not_released(make):
    order = make(S.ON_HOLD, remote=RemoteState.UNKNOWN)
    assert "does not know the status" in why(order, "release")


def test_one_thing_at_a_time(make):
    order = make(S.ACCEPTED)
    services.move_order(order, "packed", by=None)
    assert may(order) == ALWAYS
    assert "marking as packed" in why(order, "cancel")
    Command.objects.update(status=CommandStatus.UNCERTAIN)
    assert "Nobody knows yet" in why(order, "cancel")
    Command.objects.update(status=CommandStatus.FAILED)
    assert "cancel" in may(order)


def test_acceptance_may_be_pressed_again(make):
    order = make(S.NEW)
    services.accept_order(order, by=None)
    assert "accept" in may(order)
    assert "hold" not in may(order)
    offered = {one.name: one for one in rules.actions_for(order, UserFactory(role=Role.OWNER))}
    assert offered["accept"].label == "Ask again"
    assert offered["accept"].is_beside
    assert not any(one.is_primary for one in offered.values()), "nothing is to be done but wait"


def test_a_marketplace_without_an_adapter_moves_nothing(make):
    order = make(S.PACKED, account=MarketplaceAccountFactory(platform="gone"))
    assert may(order) == {"hold", "attach"}


# --- The marketplace's own table --------------------------------------------------------------

CODES = {0: "cancelled", 1: "new", 2: "accepted", 3: "packed", 4: "shipped", 5: "returned"}


def test_our_table_of_their_matrix_is_theirs():
    """Without staying as it is, and with acknowledging, which is no saving."""
    theirs = {
        (CODES[here], CODES[there]): rule
        for here, row in MATRIX.items()
        for there, rule in row.items()
        if here != there
    }
    ours = {
        (here, there): window
        for here, row in ORDER_LIMITS.moves.items()
        for there, window in row.items()
    }
    assert ours.pop(("new", "accepted")) is None
    assert ours.keys() == theirs.keys()
    for move, rule in theirs.items():
        assert (ours[move] is None) == (rule == YES), move
        assert (ours[move] == timedelta(hours=48)) == (rule == WITHIN_48H), move


# --- Buttons ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_nobody_is_offered_what_their_role_does_not_allow(make, role):
    offered = rules.actions_for(make(S.ACCEPTED), UserFactory(role=role))
    wanted = {n for n, one in ACTIONS.items() if has_permission(role, one.permission)} - {"follow"}
    assert {one.name for one in offered} == wanted


@pytest.mark.parametrize(
    ("status", "primary"),
    [(S.NEW, "accept"), (S.ACCEPTED, "pick"), (S.PICKING, "pack"), (S.PACKED, "ship"),
     (S.ON_HOLD, "release"), (S.SHIPPED, None), (S.CANCELLED, None)],
)  # fmt: skip
def test_one_next_step(make, status, primary):
    offered = rules.actions_for(make(status), UserFactory(role=Role.OWNER))
    assert [one.name for one in offered if one.is_primary] == ([primary] if primary else [])
    for one in offered:
        assert sum((bool(one.why_not), one.is_primary, one.is_beside, one.is_in_menu)) == 1


def test_an_order_that_is_apart_is_settled_first(make):
    order = make(S.PACKED, remote="accepted", problems=[Problem.STATUS], has_problem=True)
    offered = rules.actions_for(order, UserFactory(role=Role.OWNER))
    assert [one.name for one in offered if one.is_primary] == ["follow"]


def test_what_the_customer_asks_for_is_at_hand(make):
    order = make(S.ACCEPTED, problems=[Problem.CANCEL_REQUESTED], has_problem=True)
    offered = rules.actions_for(order, UserFactory(role=Role.OWNER))
    assert "cancel" in {one.name for one in offered if one.is_beside}


def test_all_buttons_cost_four_statements(make, django_assert_max_num_queries):
    order = Order.objects.select_related("account").get(pk=make(S.SHIPPED).pk)
    person = UserFactory(role=Role.OWNER)
    with django_assert_max_num_queries(4):
        rules.actions_for(order, person)
