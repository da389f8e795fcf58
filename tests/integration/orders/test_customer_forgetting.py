"""A customer whose personal data was erased stays erased, whatever the marketplace says after."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from core.models import AuditEntry
from emag.models import Snapshot, SnapshotVersion
from emag.pulls import storing
from emag.pulls.orders import intake_for
from orders.choices import AttachmentKind
from orders.intake import AttachmentIn
from orders.models import (
    Customer,
    DocumentVisit,
    Order,
    OrderAddress,
    OrderAttachment,
    OrderDocument,
)
from orders.services import (
    customer_figures,
    document_files,
    documents,
    import_orders,
    importing,
)
from orders.services.customer_forgetting import forget_customer
from orders.services.customer_linking import link_customers
from tests.contract.payloads import READ_AT
from tests.contract.payloads import order as payload
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.emag import EmagAccountFactory
from tests.factories.orders import address_in, customer_in, later, order_in

pytestmark = pytest.mark.django_db
SHIPPED = {"status": "shipped", "remote_status": "4"}
PDF = b"%PDF-1.7\n1 0 obj << >> endobj\n%%EOF\n"
PERSON = ("Ioana", "Țepeș", "tepes", "0700000001", "c0ffee5eed", "Exemplu", "Iași", "iasi")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main", platform="emag")


def settle(account):
    while customer_figures.take_nudges(account) is not None:
        pass


def forgotten(account, owner, *told) -> Customer:
    """The one customer there is, after these orders arrived and the customer was erased."""
    import_orders(account, told)
    settle(account)
    customer = Customer.objects.get()
    forget_customer(customer, reason="Asked in writing", by=owner)
    customer.refresh_from_db()
    return customer


def left_of_them(account) -> list[str]:
    """Which words of the person stand anywhere in the rows of orders."""
    settle(account)
    rows = [*Customer.objects.all(), *Order.objects.all(), *OrderAddress.objects.all(),
            *OrderAttachment.objects.all(), *OrderDocument.objects.all()]  # fmt: skip
    text = " ".join(str(vars(row)) for row in rows)
    return [word for word in PERSON if word in text]


class TestComesBackChanged:
    def test_it_works(self, account, owner):
        told = order_in(**SHIPPED, note="Ring Ioana")
        customer = forgotten(account, owner, told)
        report = import_orders(account, [later(told, is_paid=True, note="Ring Ioana, please")])
        assert report.changed == (told.external_id,)
        assert Order.objects.get().is_paid
        assert left_of_them(account) == []
        customer.refresh_from_db()
        assert customer.is_forgotten
        assert "hus-s24-bk" in Order.objects.get().search_text

    def test_the_same_again_is_known(self, account, owner):
        told = order_in(**SHIPPED)
        forgotten(account, owner, told)
        changed = later(told, is_paid=True)
        import_orders(account, [changed])
        assert import_orders(account, [later(changed, changed_at=changed.changed_at)]).unchanged
        assert left_of_them(account) == []

    def test_the_trail_tells_the_change_and_nothing_of_the_person(self, account, owner):
        told = order_in(**SHIPPED)
        forgotten(account, owner, told)
        AuditEntry.objects.filter(verb="order.changed").delete()
        import_orders(account, [later(told, is_paid=True)])
        [entry] = AuditEntry.objects.filter(verb="order.changed")
        assert set(entry.changes) == {"is_paid"}

    def test_what_hangs_there_keeps_its_kind_and_the_way_to_the_invoice(self, account, owner):
        hung = (
            AttachmentIn("AWB Ioana", "https://x.ro/awb-tepes", "awb"),
            AttachmentIn("Factura Ioana", "https://x.ro/f1", "invoice"),
        )
        told = order_in(**SHIPPED, attachments=hung)
        forgotten(account, owner, told)
        rows = OrderAttachment.objects.order_by("position").values_list("kind", "name", "url")
        as_kept = [("awb", "", ""), ("invoice", "", "https://x.ro/f1")]
        assert list(rows) == as_kept
        import_orders(account, [later(told, is_paid=True)])
        assert list(rows.all()) == as_kept

    def test_an_old_order_that_was_not_here_is_stored_without_them(self, account, owner):
        forgotten(account, owner, order_in(**SHIPPED))
        import_orders(account, [order_in(**SHIPPED)])
        assert Order.objects.count() == 2
        assert left_of_them(account) == []

    def test_a_parcel_that_is_under_way_keeps_its_address_until_it_is_over(self, account, owner):
        customer = forgotten(account, owner, order_in(**SHIPPED))
        late = order_in()  # ordered before, read after
        import_orders(account, [late])
        assert OrderAddress.objects.filter(order__external_id=late.external_id, name="Ioana Țepeș")
        customer.refresh_from_db()
        assert customer.name == ""
        import_orders(account, [later(late, **SHIPPED)])
        assert left_of_them(account) == []

    def test_who_orders_again_is_known_again(self, account, owner):
        told = order_in(**SHIPPED)
        customer = forgotten(account, owner, told)
        after = timezone.now() + MINUTE
        import_orders(account, [order_in(ordered_at=after, read_at=after, changed_at=after)])
        settle(account)
        customer.refresh_from_db()
        assert customer.name == "Ioana Țepeș"
        assert not customer.is_forgotten
        before = Order.objects.get(external_id=told.external_id)
        assert (before.customer_name, before.city) == ("", "")
        import_orders(account, [later(told, is_paid=True)])
        before.refresh_from_db()
        assert (before.customer_name, before.city) == ("", "")
        customer.refresh_from_db()
        assert customer.name == "Ioana Țepeș"
        other = MarketplaceAccountFactory(country="BG")
        import_orders(other, [order_in()])
        link_customers(customer, Customer.objects.get(account=other), by=owner)

    def test_the_page_says_so(self, account, owner, viewer_client):
        customer = forgotten(account, owner, order_in(**SHIPPED))
        url = customer.get_absolute_url()
        assert "The personal data was erased" in viewer_client.get(url).content.decode()
        after = timezone.now() + MINUTE
        import_orders(account, [order_in(ordered_at=after, read_at=after, changed_at=after)])
        settle(account)
        page = viewer_client.get(url).content.decode()
        assert "They ordered again" in page
        assert "The personal data was erased" not in page

    def test_others_on_the_page_are_left_alone(self, account, owner):
        told = order_in(**SHIPPED)
        forgotten(account, owner, told)
        other = order_in(
            customer=customer_in(external_id="2", name="Radu Pop"),
            billing=address_in(name="Radu Pop"),
            **SHIPPED,
        )
        import_orders(account, [later(told, is_paid=True), other])
        assert Order.objects.get(external_id=other.external_id).customer_name == "Radu Pop"
        assert Customer.objects.get(external_id="2").name == "Radu Pop"

    def test_only_what_came_unchanged_costs_a_look(self, account, owner, monkeypatch):
        looks = []
        monkeypatch.setattr(importing, "forgotten_among", lambda pks: looks.append(1) or set())
        told = [order_in(**SHIPPED), order_in(**SHIPPED)]
        import_orders(account, told)
        import_orders(account, [later(one, is_paid=True) for one in told])
        assert looks == []
        paid = [later(one, is_paid=True) for one in told]
        import_orders(account, [later(one, changed_at=one.changed_at) for one in paid])
        assert len(looks) == 1

    def test_what_the_marketplace_sent_is_not_kept_again(self, owner):
        account = EmagAccountFactory()
        take(account, payload(status=4, payment_status=0))
        settle(account)
        forget_customer(Customer.objects.get(), reason="x", by=owner)
        kept = Snapshot.objects.get()
        assert take(account, payload(status=4, payment_status=1)).changed == 1
        kept.refresh_from_db()
        assert kept.text == ""
        # A field that means nothing to us: our own rows stay as they are, the payload is another.
        assert take(account, payload(status=4, payment_status=1, brand_new=1)).unchanged == 1
        kept.refresh_from_db()
        assert kept.text == ""
        assert not SnapshotVersion.objects.exists()
        assert take(account, payload(status=4, payment_status=1, brand_new=1)).unchanged == 1


def take(account, raw):
    page = SimpleNamespace(items=[raw], read_at=READ_AT, call_id="call-1")
    return storing.take_in(account, intake_for(account), page)


class TestDocuments:
    @pytest.fixture(autouse=True)
    def _files(self, settings, tmp_path):
        settings.MEDIA_ROOT = str(tmp_path)

    @pytest.fixture
    def order(self, account):
        import_orders(account, [order_in(**SHIPPED)])
        settle(account)
        return Order.objects.get()

    @pytest.fixture
    def forget(self, order, owner, django_capture_on_commit_callbacks):
        def forget():
            with django_capture_on_commit_callbacks(execute=True):
                forget_customer(order.customer, reason="x", by=owner)

        return forget

    def attach(self, order, kind, owner, **how):
        how = how or {"file": SimpleUploadedFile("a.pdf", PDF)}
        return documents.attach_document(order, kind, f"{kind} Ioana", by=owner, **how)

    def test_it_works(self, account, order, owner, client, forget):
        Order.objects.filter(pk=order.pk).update(hold_reason="Ioana asked to wait")
        awb = self.attach(order, AttachmentKind.AWB, owner)
        invoice = self.attach(order, AttachmentKind.INVOICE, owner)
        paths = {one: urlsplit(documents.public_url(one)).path for one in (awb, invoice)}
        assert client.get(paths[awb]).status_code == client.get(paths[invoice]).status_code == 200
        there = {one: Path(one.file.path) for one in (awb, invoice)}
        forget()
        assert client.get(paths[awb]).status_code == client.get(paths[invoice]).status_code == 404
        assert not there[awb].exists()
        assert there[invoice].exists()
        assert left_of_them(account) == []
        assert not DocumentVisit.objects.exclude(address=None, agent="").exists()
        assert Order.objects.get().hold_reason == ""

    def test_the_nightly_purge_leaves_the_invoice(self, order, owner, forget):
        self.attach(order, AttachmentKind.INVOICE, owner)
        forget()
        document_files.remove_over()
        assert Path(OrderDocument.objects.get().file.path).exists()

    def test_colleagues_still_read_the_invoice(self, order, owner, manager_client, forget):
        invoice = self.attach(order, AttachmentKind.INVOICE, owner)
        forget()
        file = manager_client.get(reverse("orders:order_document", args=[invoice.pk]))
        assert b"".join(file.streaming_content) == PDF
        page = manager_client.get(order.get_absolute_url())
        assert page.status_code == 200
        assert "Ioana" not in page.content.decode()

    def test_an_address_elsewhere_goes(self, order, owner, forget):
        self.attach(order, AttachmentKind.AWB, owner, url="https://x.ro/ioana.pdf")
        forget()
        left = OrderDocument.objects.get()
        assert (left.url, left.is_public) == ("", False)

    def test_those_of_others_stay(self, account, order, owner, forget):
        import_orders(account, [order_in(customer=customer_in(external_id="2"), **SHIPPED)])
        other = Order.objects.exclude(pk=order.pk).get()
        theirs = self.attach(other, AttachmentKind.AWB, owner)
        forget()
        theirs.refresh_from_db()
        assert theirs.is_public
        assert Path(theirs.file.path).exists()
