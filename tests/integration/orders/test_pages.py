"""The list of orders and the page of one: for whom, what they show, what they offer."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal as D
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from core import jobs, palette
from core.errors import SetupNeeded
from core.models import AuditEntry, JobRun
from orders import reasons, refresh
from orders.counts import waiting_new
from orders.search import find_orders
from outbox.models import Command
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory, address_in, customer_in, line_in

pytestmark = pytest.mark.django_db
URL = "/orders/"


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


def shown(client, query=""):
    """The numbers on the list, in order."""
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200
    return [order.external_id for order in response.context["listing"].page.records]


class TestList:
    def test_it_works(self, viewer_client, account):
        order = OrderFactory(account=account, lines=2)
        page = viewer_client.get(URL).content.decode()
        assert order.external_id in page
        assert order.get_absolute_url() in page
        for text in ("RO main", "Ioana Țepeș", "Iași", "Husă silicon", "Cash on delivery"):
            assert text in page
        assert "live:orders" in page

    @pytest.mark.parametrize("role", Role)
    def test_every_role_may_look(self, role):
        assert signed_in(UserFactory(role=role)).get(URL).status_code == 200

    def test_a_part_of_it(self, viewer_client, account):
        OrderFactory(account=account)
        part = viewer_client.get(URL, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert 'id="results"' in part

    def test_an_empty_list_says_why(self, viewer_client):
        assert "No orders yet" in viewer_client.get(URL).content.decode()

    def test_the_number_of_statements(self, viewer_client, account, django_assert_num_queries):
        def read():
            assert viewer_client.get("/orders/").status_code == 200

        for _ in range(3):
            OrderFactory(account=account, lines=3)
        read()
        with django_assert_num_queries(6):
            read()
        for _ in range(9):
            OrderFactory(account=account, lines=3)
        with django_assert_num_queries(6):
            read()

    def test_tabs_count_what_waits(self, viewer_client, account):
        for status, times in (("new", 3), ("accepted", 2), ("packed", 1), ("shipped", 4)):
            for _ in range(times):
                OrderFactory(account=account, status=status)
        OrderFactory(account=account, fulfilment="marketplace")
        OrderFactory(account=account, status="unknown")
        tabs = {str(t.label): t for t in viewer_client.get(URL).context["listing"].tabs}
        counts = {label: tab.count for label, tab in tabs.items()}
        assert counts == {
            "New": 3, "To pick": 2, "To pack": 0, "To ship": 1, "On hold": 1, "Problems": 1,
            "Done": 4, "All": 12,
        }  # fmt: skip
        for tab in tabs.values():
            assert len(shown(viewer_client, tab.query)) == tab.count, tab.label

    @pytest.mark.parametrize(
        "words",
        [
            "512340077",
            "40077",
            "0745123118",
            "745 123",
            "tepes",
            "ȚEPEȘ",
            "ARX-36N",
            "pantofi sport",
        ],
    )
    def test_search(self, viewer_client, account, words):
        wanted = OrderFactory(
            account=account,
            external_id="512340077",
            customer=customer_in(phones=("0745 123 118",)),
            lines=(line_in(sku="ARX-36N", name="Pantofi sport Runner"),),
        )
        OrderFactory(
            account=account,
            external_id="6",
            customer=customer_in(external_id="2", name="Nagy", phones=()),
            shipping=address_in(name="Nagy", phone=""),
            billing=address_in(name="Nagy", phone=""),
        )
        assert shown(viewer_client, f"q={words}") == [wanted.external_id]

    @pytest.mark.parametrize(
        "words",
        [
            "+40766859386", "+40 766 859 386", "0040766859386", "0766.859.386", "D7Y5G4MBM",
            "RO14399840", "casa.noua@example.com", "Sighetu Marmației", "Ploiesti", "easybox Vitan",
        ],
    )  # fmt: skip
    def test_search_by_everything_people_have_at_hand(self, viewer_client, account, words):
        wanted = OrderFactory(
            account=account,
            customer=customer_in(
                external_id="7", name="Dan Pop", phones=("0766859386",), tax_id="RO14399840",
                email="casa.noua@example.com",
            ),
            shipping=address_in(name="Dan Pop", phone="", city="Sighetu Marmației"),
            billing=address_in(name="Dan Pop", phone="", city="Ploiești"),
            locker_name="easybox Vitan",
            lines=(line_in(catalogue_key="D7Y5G4MBM"),),
        )  # fmt: skip
        OrderFactory(account=account)
        assert shown(viewer_client, urlencode({"q": words})) == [wanted.external_id]
        assert [hit.label for hit in find_orders(UserFactory(), words)] == [wanted.external_id]

    def test_a_foreign_way_of_writing_finds_what_is_stored_so(self, viewer_client, account):
        wanted = OrderFactory(account=account, customer=customer_in(phones=("+40766859386",)))
        assert shown(viewer_client, "q=0766859386") == [wanted.external_id]

    def test_a_search_without_result_says_what_is_searched(self, viewer_client, account):
        OrderFactory(account=account)
        page = viewer_client.get(f"{URL}?q=nowhere").content.decode()
        assert "catalogue key" in page

    def test_an_order_of_many_products_says_so(self, viewer_client, account):
        names = ("Aspirator vertical", "Filtru HEPA", "Perie <rotativă>")
        lines = [line_in(name=name, external_id=str(n + 1)) for n, name in enumerate(names)]
        gone = line_in(name="Sac", external_id="9", is_cancelled=True)
        OrderFactory(account=account, lines=(*lines, gone))
        OrderFactory(account=account, lines=1)
        page = viewer_client.get(URL).content.decode()
        assert "Aspirator vertical; Filtru HEPA; Perie &lt;rotativă&gt;" in page
        assert page.count("+2 more") == 1
        assert "+0 more" not in page
        assert re.search(r'<td class="keep" data-label="Items">', page), "on a phone, too"

    def test_a_file_has_all_products_the_date_and_the_currency(self, viewer_client, account):
        lines = tuple(line_in(name=name, currency="EUR") for name in ("Filtru", "Sac"))
        order = OrderFactory(account=account, lines=lines, currency="EUR")
        data = b"".join(viewer_client.get(f"{URL}?export=csv").streaming_content).decode(
            "utf-8-sig"
        )
        [row] = csv.DictReader(io.StringIO(data))
        assert row["Items"] == "Filtru; Sac"
        assert row["Currency"] == "EUR"
        assert row["Ordered"].startswith(f"{timezone.localtime(order.ordered_at):%Y-%m-%d %H:%M}")

    def test_the_date_is_on_the_list(self, viewer_client, account):
        order = OrderFactory(account=account)
        cell = viewer_client.get(URL).content.decode().partition('<td class="id keep"')[2]
        assert f"{order.ordered_at:%Y-%m-%dT%H:%M}" in cell.partition("</td>")[0]

    def test_filters(self, viewer_client, account):
        card = OrderFactory(account=account, payment="card", delivery="pickup", is_paid=True)
        cod = OrderFactory(lines=(line_in(sku="X-1", price=D(1)),))
        by = {"card": card.external_id, "cod": cod.external_id}
        for query, name in (
            ("payment=card", "card"),
            ("payment=cod", "cod"),
            ("delivery=pickup", "card"),
            (f"account={account.pk}", "card"),
            ("sku=X-1", "cod"),
            ("total__lt=100", "cod"),
            ("total__gt=100", "card"),
            ("is_paid=true", "card"),
        ):
            assert shown(viewer_client, query) == [by[name]], query

    @pytest.mark.parametrize("column", ["external_id", "ordered_at", "ship_by", "total"])
    def test_sorting(self, viewer_client, account, column):
        now = timezone.now()
        for n in (2, 1, 3):
            OrderFactory(
                account=account,
                external_id=str(n),
                ordered_at=now + dt.timedelta(hours=n),
                ship_by=now + dt.timedelta(days=n),
                lines=(line_in(quantity=n),),
            )
        assert shown(viewer_client, f"sort={column}") == ["1", "2", "3"]
        assert shown(viewer_client, f"sort=-{column}") == ["3", "2", "1"]

    def test_how_long_there_is(self, viewer_client, account):
        now = timezone.now()
        OrderFactory(account=account, ship_by=now + dt.timedelta(minutes=41, seconds=30))
        OrderFactory(account=account, ship_by=now - dt.timedelta(minutes=125, seconds=30))
        OrderFactory(account=account, ship_by=now, status="shipped")
        page = viewer_client.get(URL).content.decode()
        assert "41 min</time>" in page
        assert "2 h 5 min late" in page
        assert page.count('class="due') == 2
        assert page.count('class="late"') == 1

    def test_a_cancelled_order_says_why(self, viewer_client, account, monkeypatch):
        monkeypatch.setitem(reasons._labels, account.platform, {"31": "Partner asked"})
        OrderFactory(account=account, status="cancelled", cancel_code="31")
        assert "Partner asked" in viewer_client.get(URL).content.decode()

    def test_export(self, viewer_client, account):
        order = OrderFactory(account=account, external_id="512340077")
        text = b"".join(viewer_client.get(f"{URL}?export=csv")).decode()
        assert order.external_id in text
        assert "New" in text

    def test_nav_counts_what_is_new(self, manager_client, account):
        OrderFactory(account=account)
        OrderFactory(account=account, status="shipped")
        assert waiting_new() == 1
        assert manager_client.get(URL).content.decode().count(">Orders<") >= 1


class TestAccept:
    def test_many(self, manager_client, account):
        orders = [OrderFactory(account=account) for _ in range(3)]
        shipped = OrderFactory(account=account, status="shipped")
        ids = [order.pk for order in (*orders, shipped)]
        manager_client.post(URL, {"action": "accept", "step": "run", "ids": ids})
        assert set(Command.objects.values_list("subject_id", flat=True)) == set(ids[:3])

    def test_the_preview_says_who_will_refuse(self, manager_client, account):
        OrderFactory(account=account)
        shipped = OrderFactory(account=account, status="shipped")
        page = manager_client.post(URL, {"action": "accept", "_all": "1"}).content.decode()
        assert "not new any more" in page
        assert shipped.get_absolute_url() in page
        assert not Command.objects.exists()

    def test_one(self, manager_client, account):
        order = OrderFactory(account=account)
        response = manager_client.post(f"{URL}{order.pk}/accept/")
        assert response.url == order.get_absolute_url()
        assert Command.objects.get().subject_id == order.pk
        page = manager_client.get(order.get_absolute_url()).content.decode()
        assert "accepting…" in page
        assert "accepting…" in manager_client.get(URL).content.decode()

    @pytest.mark.parametrize("status", ["cancelled", "failed"])
    def test_one_whose_acceptance_was_stopped_or_refused(self, manager_client, account, status):
        order = OrderFactory(account=account)
        manager_client.post(f"{URL}{order.pk}/accept/")
        ended_at = timezone.now() if status == "cancelled" else None
        Command.objects.update(status=status, ended_at=ended_at)
        page = manager_client.get(order.get_absolute_url()).content.decode()
        assert "accepting…" not in page
        assert f"{URL}{order.pk}/accept/" in page
        assert "accepting…" not in manager_client.get(URL).content.decode()
        manager_client.post(f"{URL}{order.pk}/accept/")
        page = manager_client.get(order.get_absolute_url()).content.decode()
        assert "accepting…" in page

    def test_one_that_is_not_known_completely(self, manager_client, account):
        order = OrderFactory(account=account, is_complete=False)
        page = manager_client.get(order.get_absolute_url()).content.decode()
        assert "/accept/" not in page

    def test_not_everybody(self, viewer_client, account):
        order = OrderFactory(account=account)
        assert viewer_client.post(f"{URL}{order.pk}/accept/").status_code == 403
        page = viewer_client.get(order.get_absolute_url()).content.decode()
        assert "/accept/" not in page

    def test_what_is_not_new_has_no_button(self, manager_client, account):
        order = OrderFactory(account=account, status="shipped")
        assert "/accept/" not in manager_client.get(order.get_absolute_url()).content.decode()
        assert manager_client.post(f"{URL}{order.pk}/accept/").status_code == 422


class TestReadAgain:
    def test_it_works(self, manager_client, account, monkeypatch):
        asked = []
        monkeypatch.setitem(refresh._readers, account.platform, lambda o, by: asked.append(o.pk))
        order = OrderFactory(account=account)
        assert (
            f"{URL}{order.pk}/refresh/"
            in manager_client.get(order.get_absolute_url()).content.decode()
        )
        manager_client.post(f"{URL}{order.pk}/refresh/")
        assert asked == [order.pk]
        assert AuditEntry.objects.latest("pk").verb == "order.refresh_requested"

    def test_without_an_adapter(self, manager_client, account):
        order = OrderFactory(account=account)
        assert "/refresh/" not in manager_client.get(order.get_absolute_url()).content.decode()
        with pytest.raises(SetupNeeded):
            refresh.read_again(order, None)
        answer = manager_client.post(f"{URL}{order.pk}/refresh/")
        assert answer.status_code == 422, "the rules say no, as the page does"
        assert not AuditEntry.objects.filter(verb="order.refresh_requested").exists()

    def test_all_of_them(self, manager_client, viewer_client, account, monkeypatch):
        def pull_orders(run, key):
            """Stands for the job of an adapter."""

        pull_orders.__module__ = "bazaar.jobs"
        known = dict(jobs.specs._jobs)
        monkeypatch.setattr(
            jobs.specs, "_jobs", {k: v for k, v in known.items() if not k.endswith(".pull_orders")}
        )
        assert f"{URL}sync/" not in manager_client.get(URL).content.decode()
        jobs.job(every="5m", per="account", title="Read")(pull_orders)
        assert f"{URL}sync/" in manager_client.get(URL).content.decode()
        assert f"{URL}sync/" not in viewer_client.get(URL).content.decode()
        assert viewer_client.post(f"{URL}sync/").status_code == 403
        manager_client.post(f"{URL}sync/")
        assert JobRun.objects.get(name="bazaar.pull_orders").key == str(account.pk)


class TestSearchEverywhere:
    def test_it_works(self, viewer, account):
        order = OrderFactory(account=account, external_id="512340077")
        [hit] = find_orders(viewer, "40077")
        assert hit.url == order.get_absolute_url()
        assert "<" not in hit.detail
        assert any(
            order.external_id == str(line.hit.label)
            for group in palette.search(viewer, "51234")
            for line in group.lines
        )

    def test_two_letters_are_too_few(self, viewer, account):
        OrderFactory(account=account)
        assert find_orders(viewer, "io") == ()

    def test_the_latest_first(self, viewer, account):
        now = timezone.now()
        for n in (1, 3, 2):
            OrderFactory(
                account=account, external_id=str(n), ordered_at=now + dt.timedelta(hours=n)
            )
        assert [hit.label for hit in find_orders(viewer, "tepes")] == ["3", "2", "1"]


def test_the_rule_of_an_account_is_on_its_form(owner_client, account):
    url = reverse("accounts:marketplace_account_edit", args=[account.pk])
    page = owner_client.get(url).content.decode()
    assert 'name="accept_after"' in page
    assert 'name="accepts_only_in_stock"' in page


def test_what_was_only_asked_for_is_not_called_done(owner_client):
    account = MarketplaceAccountFactory()
    pks = [OrderFactory(account=account).pk for _ in range(2)]
    asked = {"action": "accept", "ids": pks}
    headers = {"HX-Request": "true"}
    preview = owner_client.post(URL, {**asked, "step": "preview"}, headers=headers)
    token = preview.context["run"].token
    done = owner_client.post(
        URL, {"action": "accept", "step": "run", "token": token}, headers=headers
    )
    assert "Accept: 2 on their way" in done["HX-Trigger"]
    assert Command.objects.count() == 2
