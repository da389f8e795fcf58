"""How long the words of eMAG about people are kept."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.models.jobs import JobStatus
from emag.models import PayloadStatus, RejectedPayload, Snapshot
from emag.services import payloads
from orders.choices import CLOSED, OPEN
from orders.models import Order
from tests.factories.emag import CredentialFactory, RejectedPayloadFactory, SnapshotFactory
from tests.factories.orders import OrderFactory
from tests.integration.emag.conftest import run_job

pytestmark = pytest.mark.django_db(transaction=True)
PURGE = "emag.purge"


@pytest.fixture
def account(db):
    return CredentialFactory().account


def kept(account, status, *, days, kind="order:3"):
    """An order in this state, about which eMAG said something new so many days ago."""
    order = OrderFactory(account=account)
    Order.objects.filter(pk=order.pk).update(status=status)
    at = timezone.now() - timedelta(days=days)
    return SnapshotFactory(
        account=account, kind=kind, external_id=order.external_id, changed_at=at, imported_at=at
    )


def test_it_works(account):
    old, fresh = (
        kept(account, "shipped", days=payloads.KEEP_CLOSED.days + more) for more in (1, -1)
    )
    digest = bytes(old.digest)
    run = run_job(PURGE, account)
    assert run.status == JobStatus.DONE, run.error
    old.refresh_from_db()
    assert (old.text, old.payload) == ("", None)
    assert bytes(old.digest) == digest, "by it the order is known again"
    fresh.refresh_from_db()
    assert fresh.payload["type"] == 3


@pytest.mark.parametrize(
    ("status", "goes"),
    [(one, True) for one in sorted(CLOSED)] + [(one, False) for one in sorted(OPEN)],
)
def test_only_orders_that_are_closed(account, status, goes):
    row = kept(account, status, days=400)
    run_job(PURGE, account)
    row.refresh_from_db()
    assert (row.text == "") == goes


def test_offers_and_other_accounts_are_left_alone(account):
    offer = kept(account, "shipped", days=400, kind="offer")
    other = kept(CredentialFactory().account, "shipped", days=400)
    run_job(PURGE, account)
    for row in (offer, other):
        row.refresh_from_db()
        assert row.text


def test_many_go_in_parts(account, monkeypatch):
    monkeypatch.setattr(payloads, "MOST_AT_ONCE", 2)
    for _n in range(5):
        kept(account, "cancelled", days=400)
    run = run_job(PURGE, account)
    assert run.counters["payloads"] == 5
    assert not Snapshot.objects.exclude(text="").exists()


def test_the_page_says_that_it_was_removed(account, owner_client):
    row = kept(account, "shipped", days=400)
    run_job(PURGE, account)
    page = owner_client.get(reverse("emag:payload_page", args=[row.pk])).content.decode()
    assert "the order was closed long ago" in page


@pytest.mark.parametrize(
    ("status", "since", "days"),
    [
        (PayloadStatus.RESOLVED, "settled_at", 30),
        (PayloadStatus.IGNORED, "settled_at", 180),
        (PayloadStatus.OPEN, "last_at", 180),
    ],
)
def test_rejected_payloads_have_an_end(account, status, since, days):
    for name, age in (("stays", days - 1), ("goes", days + 1)):
        row = RejectedPayloadFactory(account=account, external_id=name, status=status)
        at = timezone.now() - timedelta(days=age)
        RejectedPayload.objects.filter(pk=row.pk).update(**{since: at})
    run_job(PURGE, account)
    assert [row.external_id for row in RejectedPayload.objects.all()] == ["stays"]
