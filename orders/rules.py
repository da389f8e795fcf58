"""What may be done to an order, and why not: the one table.

    rules.why_not(order, "cancel")      # [] when it may, otherwise every reason in plain words
    rules.check(order, "cancel")        # the same for services: raises RuleViolation
    rules.targets(order, "restore")     # which states it may get to
    rules.actions_for(order, user)      # what the page draws

Services, pages and bulk actions ask here and nowhere else. What a marketplace allows, and for how
long, comes from its adapter (accounts.platforms.OrderLimits); the rest stands in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import platforms
from accounts.platforms import OrderLimits
from core.errors import RuleViolation
from core.html import StrOrPromise
from core.registry import Person
from orders import intents, refresh, under_way
from orders.acts import ACTIONS, BESIDE, NEXT, USUALLY_BESIDE, Action
from orders.choices import (
    AGREES,
    ALLOWED,
    LineStatus,
    OrderStatus,
    PaymentMethod,
    Problem,
    RemoteState,
)
from orders.models import Order
from outbox.choices import UNDER_WAY, CommandStatus
from outbox.models import Command

_ALL = frozenset(ACTIONS)
_AT_THE_MARKETPLACE = frozenset(name for name, one in ACTIONS.items() if one.intent)
_OF_OURS = _ALL - {"attach", "refresh"}  # what is done to an order that we ship
_MOVES = frozenset(name for name in _AT_THE_MARKETPLACE if ACTIONS[name].targets)
_NEEDS_COMPLETE = frozenset({"accept", "pick", "pack", "ship", "edit"})


@dataclass
class Case:
    """An order that something is to be done to, with what the rules look at."""

    order: Order
    action: Action
    latest: Command | None = None  # what was asked of the marketplace last
    now: datetime = field(default_factory=timezone.now)

    @property
    def status(self) -> OrderStatus:
        return OrderStatus(self.order.status)

    @cached_property
    def limits(self) -> OrderLimits:
        return platforms.order_limits(self.order.account.platform)

    @property
    def on_its_way(self) -> Command | None:
        return self.latest if self.latest and self.latest.status in UNDER_WAY else None

    @property
    def is_supported(self) -> bool:
        platform = platforms.get(self.order.account.platform)
        wanted = self.action.intent
        return platform is None or wanted is None or platform.supports(wanted)

    @property
    def since(self) -> datetime | None:
        """When the order came to its state there, as far as it was told; it cannot be later."""
        if self.status == OrderStatus.CANCELLED:
            return self.order.changed_at
        return self.order.finalized_at

    def window(self, target: OrderStatus) -> timedelta | None:
        return self.limits.moves.get(self.order.remote_state, {}).get(target.value)

    def leads_there(self, target: OrderStatus) -> bool:
        """Whether we and the marketplace let an order go that way, at some time."""
        ways = self.limits.moves.get(self.order.remote_state, {})
        return target in ALLOWED[self.status] and target.value in ways

    def is_late(self, target: OrderStatus) -> bool:
        window = self.window(target)
        return window is not None and self.since is not None and self.now - self.since > window

    def targets(self) -> list[OrderStatus]:
        """The states it may get to now."""
        wanted = self.action.targets
        return [one for one in wanted if self.leads_there(one) and not self.is_late(one)]


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason against some actions: `words` are said where `forbids` holds.

    After an `is_final` one nothing else is looked at: what follows from it would only be noise.
    """

    actions: frozenset[str]
    forbids: Callable[[Case], bool]
    words: Callable[[Case], StrOrPromise]
    is_final: bool = False


def _says(words: StrOrPromise) -> Callable[[Case], StrOrPromise]:
    return lambda case: words


def _of_status(case: Case) -> str:
    return str(case.action.otherwise).format(status=case.order.get_status_display())


def _is_elsewhere(case: Case) -> bool:
    return case.status not in case.action.starts


def _is_apart(case: Case) -> bool:
    problems = case.order.problems
    return Problem.STATUS in problems or Problem.UNKNOWN_STATUS in problems


def _is_asked_otherwise(case: Case) -> bool:
    """Accepting may be pressed again while it waits: whoever stands before it goes first."""
    asked = case.on_its_way
    return asked is not None and (case.action.name, asked.kind) != (
        "accept", intents.AcceptOrder.spec.kind,
    )  # fmt: skip


def _words_under_way(case: Case) -> str:
    asked = case.on_its_way
    told = under_way.words(under_way.key(asked)) if asked else ""
    if asked and asked.status == CommandStatus.UNCERTAIN:
        return _("Nobody knows yet whether the marketplace took this: %(what)s") % {"what": told}
    return _("The marketplace is being told already: %(what)s") % {"what": told}


def _leads_nowhere(case: Case) -> bool:
    return not any(case.leads_there(one) for one in case.action.targets)


def _is_too_late(case: Case) -> bool:
    return not _leads_nowhere(case) and not case.targets()


def _words_nowhere(case: Case) -> str:
    if case.order.remote_state == RemoteState.NEW:
        return _("Accept the order first: before that the marketplace changes nothing for us.")
    return _("From “%(theirs)s” the marketplace does not let it get there.") % {
        "theirs": case.order.get_remote_state_display()
    }


def _words_too_late(case: Case) -> str:
    windows = [case.window(one) for one in case.action.targets if case.leads_there(one)]
    longest = max(one for one in windows if one is not None)
    hours = round(longest.total_seconds()) // 3600
    if hours > 72:
        words = ngettext(
            "The marketplace allows this for %(n)s day, and that is over.",
            "The marketplace allows this for %(n)s days, and they are over.",
            hours // 24,
        )
        return words % {"n": hours // 24}
    words = ngettext(
        "The marketplace allows this for %(n)s hour, and it is over.",
        "The marketplace allows this for %(n)s hours, and they are over.",
        hours,
    )
    return words % {"n": hours}


def _has_no_lines(case: Case) -> bool:
    return not any(
        line.status == LineStatus.ACTIVE and line.quantity for line in case.order.lines.all()
    )


def _lines_are_fixed(case: Case) -> bool:
    return case.order.remote_state not in case.limits.lines_change_in


def _cannot_be_released(case: Case) -> bool:
    return case.order.remote_state == RemoteState.UNKNOWN


RULES: tuple[Rule, ...] = (
    Rule(
        _OF_OURS, lambda case: not case.order.is_ours_to_ship,
        _says(gettext_lazy(
            "The marketplace ships this order, so its status is the marketplace's. You can attach"
            " documents."
        )), is_final=True,
    ),
    Rule(frozenset({"follow"}), lambda case: Problem.STATUS not in case.order.problems,
         _says(gettext_lazy("Our status and the marketplace's are not apart.")), is_final=True),
    Rule(_ALL, _is_elsewhere, _of_status, is_final=True),
    Rule(frozenset({"refresh"}),
         lambda case: not refresh.is_possible(case.order.account.platform),
         _says(gettext_lazy("The adapter for this marketplace is not installed.")), is_final=True),
    Rule(_AT_THE_MARKETPLACE, lambda case: not case.is_supported,
         _says(gettext_lazy("This marketplace has no way to do it.")), is_final=True),
    Rule(_OF_OURS, _is_asked_otherwise, _words_under_way),
    Rule(_AT_THE_MARKETPLACE - {"attach", "accept"}, _is_apart,
         _says(gettext_lazy("Our status and the marketplace's are apart. Settle that first."))),
    Rule(_NEEDS_COMPLETE, lambda case: not case.order.is_complete,
         _says(gettext_lazy(
             "The marketplace has not told everything of this order yet: its products may change."
         ))),
    Rule(_MOVES - {"accept"}, _leads_nowhere, _words_nowhere),
    Rule(_MOVES - {"accept"}, _is_too_late, _words_too_late),
    Rule(frozenset({"edit"}), _lines_are_fixed, _words_nowhere),
    Rule(frozenset({"edit"}), lambda case: case.order.payment == PaymentMethod.CARD,
         _says(gettext_lazy(
             "Paid by card online: the marketplace takes no piece off such an order. Ship it and"
             " take pieces back, or cancel it."
         ))),
    Rule(frozenset({"edit", "storno", "return"}), _has_no_lines,
         _says(gettext_lazy("No product is left on the order."))),
    Rule(frozenset({"release"}), _cannot_be_released,
         _says(gettext_lazy(
             "MagFlow does not know the status it has at the marketplace. Look it up there."
         ))),
)  # fmt: skip


# --- Asking -----------------------------------------------------------------------------------


def why_not(order: Order, action: str) -> list[str]:
    """Every reason why this may not be done to the order; empty when it may."""
    return list(_reasons(Case(order, ACTIONS[action], under_way.latest(order))))


def check(order: Order, action: str) -> None:
    """Raise RuleViolation where it may not be done."""
    if reasons := why_not(order, action):
        raise RuleViolation(" ".join(reasons))


def targets(order: Order, action: str) -> list[OrderStatus]:
    """The states that the action may lead to now."""
    return Case(order, ACTIONS[action]).targets()


def _reasons(case: Case) -> Iterator[str]:
    for rule in RULES:
        if case.action.name in rule.actions and rule.forbids(case):
            yield str(rule.words(case))
            if rule.is_final:
                return


def agreed_status(order: Order) -> OrderStatus | None:
    """Where an order on hold goes back to: as it was, unless the marketplace moved it since."""
    if order.held_from and order.remote_state in AGREES[OrderStatus(order.held_from)]:
        return OrderStatus(order.held_from)
    return None


# --- What a page draws ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """An action as the page of an order shows it: a button, or a line of "Why can't I…?"."""

    name: str
    label: str
    icon: str
    url: str
    danger: bool = False
    is_primary: bool = False
    is_beside: bool = False
    asks: bool = False
    why_not: tuple[str, ...] = ()

    @property
    def is_in_menu(self) -> bool:
        return not (self.why_not or self.is_primary or self.is_beside)


def actions_for(order: Order, user: Person) -> list[Offered]:
    """What this person may do to the order, and with `why_not` what nobody can do now."""
    return offered(order, user, under_way.latest(order))


def offered(order: Order, user: Person, latest: Command | None) -> list[Offered]:
    """The same, for who knows already what was asked of the marketplace last."""
    told = {
        action.name: list(_reasons(Case(order, action, latest)))
        for action in ACTIONS.values()
        if user.has_perm(action.permission)
    }
    primary = "follow" if told.get("follow") == [] else NEXT.get(OrderStatus(order.status), "")
    beside = BESIDE.get(OrderStatus(order.status), USUALLY_BESIDE)
    if latest is not None and latest.status in UNDER_WAY:  # asking again is not the next step
        primary, beside = "", beside | {primary}
    if Problem.CANCEL_REQUESTED in order.problems:
        beside |= {"cancel"}
    return [
        Offered(
            name, _label(order, name, latest), ACTIONS[name].icon, _url(order, name),
            danger=ACTIONS[name].danger, is_primary=name == primary and not reasons,
            is_beside=name in beside and not reasons, asks=ACTIONS[name].asks,
            why_not=tuple(reasons),
        )
        for name, reasons in told.items()
        if not (name == "follow" and reasons)  # nobody misses it
    ]  # fmt: skip


def _label(order: Order, name: str, latest: Command | None) -> str:
    if name == "accept" and latest is not None and order.status == OrderStatus.NEW:
        return _("Ask again")
    return str(ACTIONS[name].label)


def _url(order: Order, name: str) -> str:
    return reverse(f"orders:order_{name}", args=[order.pk])
