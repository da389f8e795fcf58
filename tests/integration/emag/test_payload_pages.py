"""Rejected payloads: the list, the detail, what can be done; and raw payloads of what was read."""

import pytest
from django.urls import reverse

from core.models import AuditEntry, JobRun
from emag.models import PayloadStatus, RejectedPayload
from tests.factories.emag import RejectedPayloadFactory, SnapshotFactory

pytestmark = pytest.mark.django_db

URL = "/payloads/rejected/"


def text(response):
    return response.content.decode()


def address(view, row):
    return reverse(f"emag:{view}", args=[row.pk])


def test_it_works(owner_client):
    row = RejectedPayloadFactory(messages=["products: should be a list"])
    page = text(owner_client.get(URL))
    assert row.external_id in page
    assert "should be a list" in page
    assert address("rejected_payload_page", row) in page


def test_its_queries_are_pinned(owner_client, django_assert_num_queries):
    RejectedPayloadFactory.create_batch(3)
    owner_client.get("/payloads/rejected/")
    with django_assert_num_queries(5):
        owner_client.get("/payloads/rejected/", headers={"HX-Request": "true"})
    RejectedPayloadFactory.create_batch(20)
    with django_assert_num_queries(5):
        owner_client.get("/payloads/rejected/", headers={"HX-Request": "true"})


def test_filters(owner_client):
    open_one = RejectedPayloadFactory()
    ignored = RejectedPayloadFactory(status=PayloadStatus.IGNORED, kind="offer")
    page = text(owner_client.get(URL, {"status": "open"}))
    assert open_one.external_id in page
    assert ignored.external_id not in page
    page = text(owner_client.get(URL, {"kind": "offer"}))
    assert ignored.external_id in page
    assert open_one.external_id not in page
    page = text(owner_client.get(URL, {"q": open_one.external_id}))
    assert open_one.external_id in page
    assert ignored.external_id not in page


def test_the_detail_shows_it_as_it_came(owner_client):
    row = RejectedPayloadFactory(messages=["the <b>name</b> is odd"])
    page = text(owner_client.get(address("rejected_payload_page", row)))
    assert "the &lt;b&gt;name&lt;/b&gt; is odd" in page
    assert "Țepeș" in page
    assert 'data-copy="#payload-text"' in page


@pytest.mark.parametrize("payload", ["not json", '{"a": "\\ud800"}', "[" * 100_000, "{}"])
def test_whatever_came_can_be_shown(owner_client, payload):
    row = RejectedPayloadFactory(payload=payload)
    assert owner_client.get(address("rejected_payload_page", row)).status_code == 200


def test_reading_it_again(owner_client, owner):
    row = RejectedPayloadFactory()
    response = owner_client.post(address("rejected_payload_read", row))
    assert response.status_code == 302
    run = JobRun.objects.get()
    assert (run.name, run.args) == ("emag.pull_order", ["order:3", row.external_id])
    assert run.requested_by == owner
    assert AuditEntry.objects.filter(verb="payload.read_again").exists()


def test_an_offer_is_read_with_all_others(owner_client):
    row = RejectedPayloadFactory(kind="offer")
    owner_client.post(address("rejected_payload_read", row))
    assert JobRun.objects.get().name == "emag.pull_offers"


def test_one_without_a_number_cannot_be_asked_for(owner_client):
    row = RejectedPayloadFactory(external_id="?abc")
    assert "Read again" not in text(owner_client.get(address("rejected_payload_page", row)))
    owner_client.post(address("rejected_payload_read", row))
    assert not JobRun.objects.exists()


def test_ignoring_and_opening_again(owner_client):
    row = RejectedPayloadFactory()
    owner_client.post(address("rejected_payload_ignore", row))
    row.refresh_from_db()
    assert row.status == PayloadStatus.IGNORED
    assert row.settled_at
    owner_client.post(address("rejected_payload_reopen", row))
    row.refresh_from_db()
    assert row.status == PayloadStatus.OPEN
    assert row.settled_at is None


def test_one_that_was_read_since_stays_settled(owner_client):
    row = RejectedPayloadFactory(status=PayloadStatus.RESOLVED)
    owner_client.post(address("rejected_payload_ignore", row))
    row.refresh_from_db()
    assert row.status == PayloadStatus.RESOLVED


def test_many_at_once(owner_client):
    rows = RejectedPayloadFactory.create_batch(3)
    ids = [row.pk for row in rows]
    response = owner_client.post(URL, {"action": "ignore", "ids": ids, "step": "preview"})
    assert response.status_code == 200
    assert "Ignore 3 payloads" in text(response)


def test_a_raw_payload(owner_client):
    kept = SnapshotFactory(raw={"id": 5, "name": "Țepeș <script>"})
    page = text(owner_client.get(reverse("emag:payload_page", args=[kept.pk])))
    assert "Țepeș &lt;script&gt;" in page


def test_only_who_may_see_payloads(manager_client, viewer_client):
    row, kept = RejectedPayloadFactory(), SnapshotFactory()
    pages = [URL, address("rejected_payload_page", row), f"/payloads/{kept.pk}/"]
    for url in pages:
        assert manager_client.get(url).status_code == 200
        assert viewer_client.get(url).status_code == 403
    for view in ("read", "ignore", "reopen"):
        url = address(f"rejected_payload_{view}", row)
        assert viewer_client.post(url).status_code == 403
        assert manager_client.get(url).status_code == 405
    assert RejectedPayload.objects.get().status == PayloadStatus.OPEN


def test_the_navigation_counts_what_is_open(owner_client):
    from emag.panels import rejected_waiting

    RejectedPayloadFactory.create_batch(2)
    RejectedPayloadFactory(status=PayloadStatus.IGNORED)
    assert rejected_waiting(None) == 2
