import pytest

from outbox import dispatch
from outbox.models import Command
from outbox.services import lane_for
from tests.bazaar import EXECUTOR, Bazaar
from tests.factories.accounts import MarketplaceAccountFactory


@pytest.fixture
def bazaar():
    with Bazaar().open() as bazaar:
        yield bazaar


@pytest.fixture
def account(db):
    return MarketplaceAccountFactory(name="Bazaar RO")


@pytest.fixture
def lane(account):
    return lane_for(EXECUTOR, account)


@pytest.fixture
def drain(lane, bazaar):
    """Empty the lane in this thread, as a worker would; gives back the report."""
    return lambda: dispatch.drain(lane.pk, in_threads=False)


@pytest.fixture
def pass_time():
    """Make everything that waits due now."""

    def pass_by():
        from django.utils import timezone

        return Command.objects.filter(next_attempt_at__isnull=False).update(
            next_attempt_at=timezone.now()
        )

    return pass_by
