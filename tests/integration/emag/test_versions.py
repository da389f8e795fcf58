"""What eMAG said before is kept: when, for how long, at what cost, and how it is compared."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from emag.models import Snapshot, SnapshotVersion
from emag.pulls import storing
from emag.services import payloads
from orders.models import Order
from orders.services.customer_forgetting import forget_customer
from tests.conftest import signed_in
from tests.contract.payloads import order
from tests.factories.accounts import UserFactory
from tests.factories.emag import ApiCallFactory, EmagAccountFactory, SnapshotFactory
from tests.integration.emag.test_storing import page, take
from tests.orderpage import order_page

pytestmark = pytest.mark.django_db
TABLE = SnapshotVersion._meta.db_table


@pytest.fixture
def account():
    return EmagAccountFactory()


def changed(minutes, **facts):
    return order(id=500_000_000, modified=f"2026-03-03 15:{minutes:02}:00", **facts)


class TestKeeping:
    def test_it_works(self, account):
        take(account, page(2))
        take(account, [changed(0, observation="first")], minutes=60)
        take(account, [changed(5, observation="second")], minutes=65)
        kept = Snapshot.objects.get(external_id="500000000")
        said = [one.payload["observation"] for one in kept.versions.order_by("pk")]
        assert said == [None, "first"]
        assert kept.payload["observation"] == "second"
        first, second = kept.versions.order_by("pk")
        assert first.changed_at < second.changed_at < kept.changed_at
        assert first.replaced_at == second.replaced_at, "one transaction, in this test"
        assert SnapshotVersion.objects.count() == 2, "of the other there is one payload"

    def test_new_and_unchanged_orders_pay_nothing(self, account):
        for minutes in (0, 5):
            with CaptureQueriesContext(connection) as seen:
                take(account, page(20), minutes=minutes)
            assert not any(TABLE in one["sql"] for one in seen)
        assert not SnapshotVersion.objects.exists()

    def test_changed_ones_pay_one_statement(self, account):
        take(account, page(20))
        with CaptureQueriesContext(connection) as seen:
            take(account, page(20, observation="x", modified="2026-03-03 15:00:00"), minutes=90)
        assert sum(TABLE in one["sql"] for one in seen) == 1
        assert SnapshotVersion.objects.count() == 20

    def test_what_is_taken_in_once_more_is_no_version(self, account):
        take(account, page(1))
        storing.forget(account, "order:3", ["500000000"])
        take(account, page(1), minutes=5)
        assert not SnapshotVersion.objects.exists()

    def test_a_change_after_that_is_one(self, account):
        take(account, page(1))
        storing.forget(account, "order:3", ["500000000"])
        take(account, [changed(0, observation="other")], minutes=90)
        assert SnapshotVersion.objects.count() == 1

    def test_what_is_stale_replaces_nothing(self, account):
        take(account, [changed(30, observation="new")], minutes=60)
        take(account, [changed(0, observation="old")], minutes=30)
        assert not SnapshotVersion.objects.exists()

    def test_both_kinds_of_one_number(self, account):
        both = [order(id=500_000_000, type=3), order(id=500_000_000, type=2)]
        take(account, both)
        later = {"observation": "x", "modified": "2026-03-03 15:00:00"}
        take(account, [one | later for one in both], minutes=90)
        assert set(SnapshotVersion.objects.values_list("snapshot__kind", flat=True)) == {
            "order:3", "order:2",
        }  # fmt: skip

    def test_what_was_removed_is_no_version(self, account):
        take(account, page(1))
        Snapshot.objects.update(text="")
        take(account, [changed(0, observation="x")], minutes=90)
        assert not SnapshotVersion.objects.exists()

    def test_they_go_with_the_payload(self, account):
        take(account, page(2))
        take(account, [changed(0, observation="x")], minutes=90)
        Order.objects.filter(external_id="500000000").update(status="shipped")
        long_after = timezone.now() + payloads.KEEP_CLOSED * 3
        assert sum(payloads.empty_old(account, long_after)) == 1
        assert not SnapshotVersion.objects.exists()
        assert Snapshot.objects.get(external_id="500000001").text, "that order is still open"


class TestComparing:
    @pytest.fixture
    def kept(self, account):
        take(account, page(1))
        take(account, [changed(0, observation="Ring <b>twice</b>")], minutes=60)
        take(account, [changed(5, observation="Ring <b>twice</b>", status=2)], minutes=65)
        return Snapshot.objects.get()

    def rows(self, client, kept, **query):
        response = client.get(reverse("emag:payload_versions", args=[kept.pk]), query)
        assert response.status_code == 200
        return {one.field: (one.before, one.after) for one in response.context["changes"]}

    def test_the_latest_change(self, owner_client, kept):
        rows = self.rows(owner_client, kept)
        assert rows["status"] == ("New (1)", "Accepted (2)")
        assert "observation" not in rows

    def test_any_two(self, owner_client, kept):
        first, second = kept.versions.order_by("pk")
        rows = self.rows(owner_client, kept, before=first.pk, after=0)
        assert rows["observation"] == ("", "Ring <b>twice</b>")
        assert "status" in rows
        assert "status" not in self.rows(owner_client, kept, before=first.pk)
        assert self.rows(owner_client, kept, before=second.pk, after=second.pk) == {}
        back = self.rows(owner_client, kept, before=0, after=first.pk)
        assert back["status"] == ("Accepted (2)", "New (1)")

    @pytest.mark.parametrize("said", ["", "999999", "nonsense", "-1"])
    def test_one_that_is_not_there(self, owner_client, kept, said):
        assert "status" in self.rows(owner_client, kept, before=said, after=said)

    def test_what_was_typed_by_strangers_stays_text(self, owner_client, kept):
        url = reverse("emag:payload_versions", args=[kept.pk])
        first = kept.versions.order_by("pk").first()
        text = owner_client.get(url, {"before": first.pk}).content.decode()
        assert "Ring &lt;b&gt;twice&lt;/b&gt;" in text
        assert "Note of the customer" in text

    def test_with_one_payload_there_is_nothing_to_compare(self, owner_client):
        url = reverse("emag:payload_versions", args=[SnapshotFactory().pk])
        assert "eMAG has said one thing so far" in owner_client.get(url).content.decode()

    def test_a_removed_one(self, owner_client, kept):
        Snapshot.objects.update(text="")
        url = reverse("emag:payload_versions", args=[kept.pk])
        assert "the order was closed long ago" in owner_client.get(url).content.decode()

    def test_only_who_may_see_payloads(self, viewer_client, kept):
        assert viewer_client.get(f"/payloads/{kept.pk}/versions/").status_code == 403


class TestOnTheOrdersPage:
    @pytest.fixture
    def shown(self, account):
        take(account, page(1))
        take(account, [changed(0, observation="x")], minutes=60)
        return Order.objects.get()

    def text(self, role, order):
        return order_page(signed_in(UserFactory(role=role)), order)

    def test_a_change_leads_to_its_difference(self, shown):
        version = SnapshotVersion.objects.get()
        link = f"/payloads/{version.snapshot_id}/versions/?before={version.pk}"
        assert link in self.text(Role.OWNER, shown)
        assert link not in self.text(Role.VIEWER, shown)

    def test_calls_about_it(self, shown):
        number = shown.external_id
        about = {"account": shown.account, "mentions": [number], "took_ms": 400}
        ApiCallFactory(action="acknowledge", is_read=False, **about)
        ApiCallFactory(
            action="save", is_read=False, status=500, outcome="unknown", message="Gateway", **about
        )
        ApiCallFactory(action="read", items=100, **about)  # a page it stood on
        ApiCallFactory(action="read", items=1, **about)
        ApiCallFactory(action="attachments", is_read=False, **{**about, "mentions": ["1"]})
        ApiCallFactory(
            action="elsewhere", is_read=False, **{**about, "account": EmagAccountFactory()}
        )
        text = self.text(Role.OWNER, shown)
        assert "order/acknowledge · 200 in 0.4 s" in text
        assert "order/save · 500 in 0.4 s" in text
        assert "Gateway" in text
        assert text.count("order/read · 200") == 1
        assert "attachments" not in text
        assert "elsewhere" not in text
        assert "order/acknowledge" not in self.text(Role.VIEWER, shown)

    def test_one_look_into_the_days_since_it_came(self, shown):
        Order.objects.update(imported_at=timezone.now() - dt.timedelta(days=2))
        ApiCallFactory(
            account=shown.account, mentions=[shown.external_id], action="older", is_read=False,
            at=timezone.now() - dt.timedelta(days=4),
        )  # fmt: skip
        assert "order/older" not in self.text(Role.OWNER, shown)


def test_they_go_with_the_data_of_a_customer(account, owner):
    take(account, page(1))
    take(account, [changed(0, observation="x")], minutes=60)
    order_here = Order.objects.get()
    Order.objects.update(status="delivered")
    forget_customer(order_here.customer, reason="They asked for it", by=owner)
    assert not SnapshotVersion.objects.exists()
    assert Snapshot.objects.get().text == ""
