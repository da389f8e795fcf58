"""However it goes: no act happens twice, none vanishes, and the last value wins."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.outbox_walk import STEPS, Walk

pytestmark = pytest.mark.django_db

# Draining and dying often: that is where things go wrong.
WEIGHTED = [*STEPS, "drain", "drain", "die", "buy", "trouble"]
STEP = st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 29))


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=4, max_size=30))
def test_it_works(account, lane, steps):
    from tests.bazaar import Bazaar

    with transaction.atomic(), Bazaar().open() as bazaar:
        Walk(bazaar, lane, account).go(steps)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "steps",
    [
        # The worker dies after the effect; nobody can look; a person says what is true.
        [("blind", 0), ("buy", 1), ("die", 2), ("drain", 0), ("settle", 0), ("drain", 0)],
        # The reply is lost, and the worker that looks it up dies as well.
        [("buy", 0), ("trouble", 6), ("trouble", 3), ("drain", 0), ("wait", 0), ("die", 3)],
        # It dies before the call, is looked up, not found, and sent.
        [("buy", 2), ("die", 1), ("drain", 0), ("wait", 0), ("drain", 0), ("wait", 0)],
        # A price changes while its first value is on its way and the worker dies.
        [("change", 1), ("die", 3), ("change", 1), ("die", 1), ("change", 1), ("drain", 0)],
        # A whole batch is refused, then a sign-in fails, then the same act is asked for again.
        [("change_many", 0), ("change_many", 1), ("trouble", 11), ("drain", 0), ("buy", 0),
         ("trouble", 12), ("drain", 0), ("buy", 0), ("cancel", 0), ("buy", 0)],
    ],
)  # fmt: skip
def test_walks_that_once_looked_dangerous(bazaar, account, lane, steps):
    Walk(bazaar, lane, account).go(steps)
