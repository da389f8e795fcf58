"""The product broken on purpose, one promise at a time: each must turn its invariant red.

A mutant is put on inside a worker, which dies with it.
"""

import os
from datetime import timedelta

from django.utils import timezone

from catalog.services import changing
from core import failpoints
from emag.client import gates
from orders import services
from orders.intents import AcceptOrder
from orders.models import Order
from orders.services import stored, writing
from orders.services.accepting import ASKED
from outbox import registry
from outbox.dispatch import draining, recording
from outbox.models import Command


def blind_retry():
    """What may have happened is sent again, as if nothing had."""
    recording.lose = recording.wait_or_fail


def no_version_guard():
    """Whatever comes last is believed."""
    stored.IS_NEWER = writing.IS_NEWER = "true"


def wish_of_another_push():
    """A push that came through settles the wish, whatever it is by now."""
    changing._take_over = lambda offer, _sent: changing._forget_wishes(offer)


def per_process_limiter():
    """Each process keeps the limits, and knows nothing of the others."""
    shared = gates.Budgets.gate

    def own(self, bucket):
        gate = shared(self, bucket)
        return type(gate)(f"{gate.name}:{os.getpid()}", gate.limits)

    gates.Budgets.gate = own


def _unasked(account):
    orders = Order.objects.new().filter(~ASKED, is_complete=True, account=account)
    return list(orders.values_list("pk", flat=True))


def effect_before_intent():
    """First it is done, then it is written down that it shall be."""
    real = services.accept_new_orders

    def accept_new_orders(account):
        for pk in _unasked(account):
            handler = registry.handler(account.platform, AcceptOrder.spec.kind)
            handler.carry(AcceptOrder(pk), account)
            failpoints.hit("mutant.done")
        return real(account)

    services.accept_new_orders = accept_new_orders


def time_based_requeue():
    """Whoever has not ended after an hour is taken for dead, and nobody before."""
    real = draining.settle_dead

    def settle_dead(lane):
        long_ago = timezone.now() - timedelta(hours=1)
        running = Command.objects.of_lane(lane).filter(status="running")
        if running.exclude(tries__started_at__gt=long_ago).exists():
            return real(lane)
        return 0

    draining.settle_dead = settle_dead


MUTANTS = {
    mutant.__name__: mutant
    for mutant in (
        blind_retry, no_version_guard, wish_of_another_push, per_process_limiter,
        effect_before_intent, time_based_requeue,
    )
}  # fmt: skip
