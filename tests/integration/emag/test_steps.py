"""F1, reading orders and accepting them: whatever breaks at whichever step, nothing is lost.

The same steps with a worker that is killed outright are in tests/faults.
"""

import pytest
from django.db import OperationalError

from core import failpoints
from core.models.jobs import JobStatus
from emag.models import Cursor, Snapshot
from orders.models import Order
from orders.services import accept_order
from outbox.choices import CommandStatus
from outbox.models import Command
from tests.integration.emag.conftest import drain, run_job
from tests.integration.emag.test_handlers import acceptances, settle
from tests.integration.emag.test_pull_orders import PULL, check_same

# a before the request, c the reply is in, d orders without lines, e before the commit, f after it.
STEPS = ["pull.asking", "pull.replied", "import.orders_written", "pull.storing", "pull.committed"]


@pytest.mark.parametrize("visit", [1, 3])
@pytest.mark.parametrize("step", STEPS)
def test_a_reading_that_breaks_off_is_made_up_for(sim, main, step, visit):
    sim.inject_orders(320, account=main.there)
    gone = failpoints.raises(OperationalError("the connection is gone"))
    with failpoints.armed(step, gone, at=visit):
        run = run_job(PULL, main)
    assert run.status == JobStatus.FAILED
    assert not Cursor.objects.filter(account=main, name="order:3").exists()
    assert Order.objects.count() == Snapshot.objects.count(), "both or neither"
    assert run_job(PULL, main).status == JobStatus.DONE
    check_same(sim, main)


@pytest.fixture
def order(sim, main):
    sim.inject_orders(1, account=main.there)
    run_job(PULL, main)
    return Order.objects.get()


def test_the_worker_ends_before_it_accepts(sim, order, owner):
    accept_order(order, by=owner)
    with failpoints.armed("accept.asking", failpoints.raises(SystemExit())):
        with pytest.raises(SystemExit):
            drain()
    settle()
    assert Command.objects.get().status == CommandStatus.DONE
    assert len(acceptances(sim)) == 1


def test_the_worker_ends_after_it_accepted(sim, order, owner):
    """eMAG has taken it, and we died before we wrote that down: it is looked up, not repeated."""
    accept_order(order, by=owner)
    with failpoints.armed("accept.answered", failpoints.raises(SystemExit())):
        with pytest.raises(SystemExit):
            drain()
    settle()
    command = Command.objects.get()
    assert command.status == CommandStatus.DONE, command.error
    assert len(acceptances(sim)) == 1
    order.refresh_from_db()
    assert order.remote_status == "2"
