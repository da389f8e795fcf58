"""Documents of orders: hung once, taken back, and removed when nobody can fetch them any more."""

import os
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from core import jobs
from core.errors import RuleViolation, StaleData
from core.models import AuditEntry
from orders import services
from orders.models import Order, OrderAttachment, OrderDocument
from orders.services.documents import check_fetchable, public_url
from outbox.choices import CommandStatus
from outbox.models import Command
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def order():
    return OrderFactory(
        status="accepted", remote_status="2", account=MarketplaceAccountFactory(platform="emag")
    )


def pdf(content=b"%PDF-1.7"):
    return SimpleUploadedFile("Factură 7.pdf", content)


def attach(order, **given):
    given = {"kind": "invoice", "name": "7", "by": None, **(given or {"file": pdf()})}
    return services.attach_document(order, **given)


def files(media):
    return {str(path.relative_to(media)) for path in media.rglob("*.pdf")}


def fetched(client, document):
    return client.get("/" + public_url(document).split("/", 3)[3])


def shown(client, order):
    """The part of the page with the documents."""
    return client.get(reverse("orders:order_rest", args=[order.pk]), **HTMX).content.decode()


def test_it_works(order, client, media):
    document = attach(order)
    assert files(media) == {document.file.name}
    assert fetched(client, document).status_code == 200


# --- Once -------------------------------------------------------------------------------------


def test_a_double_click_hangs_one_document(manager_client, order, media):
    address, stamp = reverse("orders:order_attach", args=[order.pk]), order.stamp
    for _click in range(2):
        data = {"stamp": stamp, "kind": "invoice", "file": pdf()}
        assert manager_client.post(address, data, **HTMX).status_code == 204
    assert OrderDocument.objects.count() == Command.objects.count() == 1
    assert len(files(media)) == 1


@pytest.mark.parametrize("kind", ["invoice", "warranty"])
def test_the_same_address_is_the_same_document(order, kind):
    line = order.lines.get() if kind == "warranty" else None
    one, two = (
        attach(order, kind=kind, url="https://docs.example.ro/1.pdf", line=line) for _n in range(2)
    )
    assert one == two
    assert Command.objects.count() == 1


@pytest.mark.parametrize("other", [{"file": pdf(b"%PDF-1.4")}, {"file": pdf(), "kind": "awb"}])
def test_another_one_is_another_one(order, other):
    attach(order)
    attach(order, **other)
    assert OrderDocument.objects.count() == 2


def test_what_was_given_up_may_be_asked_for_again(order):
    attach(order)
    Command.objects.update(status=CommandStatus.FAILED)
    attach(order)
    assert OrderDocument.objects.count() == 2


def test_what_was_refused_leaves_no_file(order, media):
    with pytest.raises(StaleData):
        attach(order, file=pdf(), stamp="older")
    assert not files(media)
    assert not OrderDocument.objects.exists()


def test_no_dialog_is_sent_twice_by_a_second_click(manager_client, order):
    ask = manager_client.get(reverse("orders:order_attach", args=[order.pk]), **HTMX)
    bulk = manager_client.post(
        reverse("orders:order_list"), {"action": "hold", "step": "preview", "ids": [order.pk]},
        **HTMX,
    )  # fmt: skip
    for page in (ask, bulk):
        form = next(f for f in page.content.decode().split("<form")[1:] if "hx-post" in f)
        assert "hx-disabled-elt" in form.partition(">")[0]


# --- Taken back -------------------------------------------------------------------------------


def test_a_link_is_ended(manager_client, client, order):
    document = attach(order)
    page = shown(manager_client, order)
    address = reverse("orders:document_revoke", args=[document.pk])
    assert address in page
    fetched(client, document)
    assert "fetched 1 time" in manager_client.get(address, **HTMX).content.decode()
    assert manager_client.post(address, **HTMX).status_code == 204
    assert fetched(client, document).status_code == 404
    assert Command.objects.get().status == CommandStatus.CANCELLED, "it is not sent any more"
    assert AuditEntry.objects.filter(verb="order.document_revoked", note="7").exists()
    again = manager_client.post(address, **HTMX)
    assert again.status_code == 422
    assert "over already" in again.content.decode()
    assert address not in shown(manager_client, order)


def test_what_hangs_there_can_be_ended_too(manager_client, order):
    document = attach(order)
    OrderDocument.objects.update(attached_at=timezone.now())
    Command.objects.update(status=CommandStatus.DONE, ended_at=timezone.now())
    OrderAttachment.objects.create(
        order=order, position=0, kind="invoice", name="7", url=public_url(document)
    )
    address = reverse("orders:document_revoke", args=[document.pk])
    page = shown(manager_client, order)
    assert page.count(f'href="{reverse("orders:order_document", args=[document.pk])}"') == 1
    assert address in page
    services.revoke_document(document, by=None)
    page = shown(manager_client, order)
    assert "link ended" in page
    assert address not in page
    assert public_url(document) not in page, "it leads nowhere"


def test_who_may_end_a_link(order):
    document = attach(order)
    address = reverse("orders:document_revoke", args=[document.pk])
    may = {r for r in Role if signed_in(UserFactory(role=r)).get(address).status_code == 200}
    assert may == {Role.OWNER, Role.MANAGER, Role.PACKER, Role.ACCOUNTANT}
    viewer = signed_in(UserFactory(role=Role.VIEWER))
    assert address not in shown(viewer, order)


def test_a_wrong_one_taken_back_may_be_hung_anew(order):
    services.revoke_document(attach(order), by=None)
    assert attach(order).is_public


def test_nobody_is_sent_to_a_link_that_is_over(order):
    document = attach(order)
    check_fetchable(document)
    document.public_until = timezone.now()
    with pytest.raises(RuleViolation, match="Attach it again"):
        check_fetchable(document)


# --- Removed ----------------------------------------------------------------------------------


def purge():
    return jobs.run_here("orders.purge_documents").counters


def test_files_go_when_their_links_are_over(order, client, media):
    over, ended, kept = (
        attach(order, kind="awb", file=pdf(b"%PDF-" + one)) for one in (b"1", b"2", b"3")
    )
    invoice = attach(order)
    longest = OrderDocument.objects.filter(pk__in=[over.pk, invoice.pk])
    longest.update(public_until=timezone.now())
    services.revoke_document(ended, by=None)
    assert purge()["removed"] == 2
    assert files(media) == {kept.file.name, invoice.file.name}, "invoices are kept for years"
    assert OrderDocument.objects.count() == 4, "that they were there stays known"
    assert fetched(client, kept).status_code == 200
    assert fetched(client, invoice).status_code == 404
    assert not purge().get("removed")


def test_lost_uploads_go(order, media):
    kept, lost, young = attach(order), *(
        default_storage.save(f"orders/2026/01/{name}.pdf", pdf()) for name in ("lost", "young")
    )  # fmt: skip
    removed = attach(OrderFactory(status="accepted", account=order.account))
    Order.objects.filter(pk=removed.order_id).delete()
    old = (timezone.now() - timedelta(days=2)).timestamp()
    for name in (kept.file.name, lost, removed.file.name):
        os.utime(media / name, (old, old))
    assert purge()["lost"] == 2
    assert files(media) == {kept.file.name, young}


def test_nothing_was_ever_uploaded(media):
    assert not files(media)
    assert not purge().get("lost")
