"""The list of orders: its columns, tabs, filters and search, and the look beside it."""

import datetime as dt
import re
from decimal import Decimal as D
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts import platforms
from core import hunting, paging, saved_views
from core.models import AuditEntry
from core.tabs import Tab, everywhere, link, open_tab
from orders import reasons, services
from orders.filters import OrderFilter
from orders.models import Order
from orders.phones import searched_digits
from orders.search import find_orders
from orders.tabs import PARTS
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory, address_in, customer_in, line_in

pytestmark = pytest.mark.django_db
URL = "/orders/"
NOW = timezone.now()


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


def listing(client, query=""):
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200
    return response.context["listing"]


def shown(client, query=""):
    return [order.external_id for order in listing(client, query).page.records]


def cell(client, name, query=""):
    """What the only order says in a column."""
    shown = listing(client, query)
    column = [head.name for head in shown.headers].index(name)
    return str(shown.rows).split("<td")[column + 1]


@pytest.mark.parametrize(
    "query", ["", "status=accepted", "has_problem=true", "q=husa", "q=husa&tag=gift", "sort=total"]
)
def test_it_asks_little(owner_client, owner, account, query, django_assert_max_num_queries):
    """Also with tags on the rows, forms in the bulk bar, a filter, a search."""
    services.create_tag(name="gift", colour="blue", by=owner)
    for order in OrderFactory.create_batch(3, account=account, status="accepted"):
        services.tag_order(order, ["gift"], by=owner)
    owner_client.get(f"{URL}?{query}")  # how large tables are is remembered for a while
    with django_assert_max_num_queries(8):
        owner_client.get(f"{URL}?{query}")


class TestColumns:
    def test_it_works(self, viewer_client, account):
        OrderFactory(account=account, lines=2)
        headers = [head.name for head in listing(viewer_client).headers]
        assert headers == [
            "external_id", "account", "customer_name", "first_item", "pieces", "status", "ship_by",
            "delivery", "total",
        ]  # fmt: skip

    def test_who_ships_is_said_in_the_words_of_the_platform(
        self, viewer_client, account, monkeypatch
    ):
        OrderFactory(account=account, fulfilment="marketplace")
        said = lambda slug, value: f"{slug}'s {value}"  # noqa: E731
        monkeypatch.setattr(platforms, "fulfilment_label", said)
        assert "bazaar&#x27;s marketplace" in cell(viewer_client, "account")
        assert '<span class="cc">RO</span>' in cell(viewer_client, "account")

    @pytest.mark.parametrize(("language", "words"), [("en", "Out of stock"), ("ro", "Fără stoc")])
    def test_a_cancelled_order_has_a_red_tag_with_code_and_reason(
        self, viewer, client, account, monkeypatch, language, words
    ):
        class Reason:
            def __str__(self):
                return "Fără stoc" if translation.get_language() == "ro" else "Out of stock"

        monkeypatch.setitem(reasons._labels, account.platform, {"2": Reason()})
        OrderFactory(account=account, status="cancelled", cancel_code="2")
        viewer.language = language
        viewer.save(update_fields=["language"])
        client.force_login(viewer, backend="accounts.backends.RoleBackend")
        html = client.get(URL).content.decode().partition(f'title="{words}"')[2][:200]
        assert "tone-red" in html
        assert "· 2<" in html

    def test_what_is_under_way_is_said(self, manager, manager_client, account):
        order = OrderFactory(account=account)
        services.accept_order(order, by=manager)
        assert "accepting…" in cell(manager_client, "status")

    def test_courier_and_parcel_stand_together(self, viewer_client, account):
        order = OrderFactory(account=account)
        assert "Courier" in cell(viewer_client, "delivery")
        services.note_shipment(order, courier="Sameday", awb="1ONB22", by=None)
        html = cell(viewer_client, "delivery")
        assert "Sameday" in html
        assert "1ONB22" in html

    def test_a_file_has_what_the_cells_show(self, viewer_client, account):
        order = OrderFactory(account=account)
        services.note_shipment(order, courier="GLS", awb="77", by=None)
        head, row = (
            b"".join(viewer_client.get(f"{URL}?export=csv").streaming_content)
            .decode("utf-8-sig")
            .splitlines()
        )
        assert {"Country", "Currency", "AWB", "Ordered"} <= set(head.split(","))
        assert {"RO", "GLS", "77", "RON"} <= set(row.split(","))

    def test_every_column_can_be_shown(self, viewer_client, viewer, account):
        from core.preferences import save_columns
        from orders.tables import OrderTable

        order = OrderFactory(account=account, cancel_requested="Nu mai vreau")
        Order.objects.filter(pk=order.pk).update(tags=["x"], hold_reason="Sună întâi")
        save_columns(viewer, "orders.order_list", list(OrderTable.choosable()))
        page = viewer_client.get(URL).content.decode()
        for words in ("Sună întâi", "Customer asks to cancel", "RO main"):
            assert words in page
        data = b"".join(viewer_client.get(f"{URL}?export=csv").streaming_content).decode()
        assert "Sună întâi" in data


class TestTabs:
    def test_it_works(self, viewer_client, account):
        OrderFactory(account=account)
        assert [tab.name for tab in listing(viewer_client).tabs] == [
            "new", "to_pick", "to_pack", "to_ship", "on_hold", "problems", "done", "all",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["new", "to_pick", "to_ship"])
    def test_what_must_leave_first_stands_first(self, viewer_client, account, name):
        status = {"new": "new", "to_pick": "accepted", "to_ship": "packed"}[name]
        hours = {"a": 30, "b": 2, "c": None, "d": 9}
        for number, left in hours.items():
            due = None if left is None else NOW + dt.timedelta(hours=left)
            OrderFactory(account=account, status=status, external_id=number, ship_by=due)
        query = next(part.query for part in PARTS if part.name == name)
        assert shown(viewer_client, query) == ["b", "d", "a", "c"]
        assert shown(viewer_client, f"{query}&sort=-ordered_at") != ["b", "d", "a", "c"]

    def test_minutes_left_put_open_orders_before_closed_ones(self, viewer_client, account):
        OrderFactory(account=account, external_id="old", status="shipped", ship_by=NOW)
        OrderFactory(account=account, external_id="open", ship_by=NOW + dt.timedelta(days=1))
        OrderFactory(account=account, external_id="theirs", ship_by=NOW, fulfilment="marketplace")
        assert shown(viewer_client, "sort=ship_by")[0] == "open"

    def test_a_search_and_filters_stay(self, viewer_client, account):
        OrderFactory(account=account, status="accepted")
        links = {
            tab.name: query
            for tab, query, _open in listing(viewer_client, "q=tepes&payment=cod").tab_links
        }
        assert links["to_pick"] == "status=accepted&fulfilment=own&q=tepes&payment=cod"
        assert links["all"] == "q=tepes&payment=cod"
        assert shown(viewer_client, links["to_pick"])
        opened = listing(viewer_client, links["to_pick"])
        assert [tab.name for tab, _query, is_open in opened.tab_links if is_open] == ["to_pick"]

    def test_numbers_follow_accounts_and_are_left_out_where_nobody_keeps_them(
        self, viewer_client, account
    ):
        other = MarketplaceAccountFactory(country="BG")
        OrderFactory(account=account)
        OrderFactory(account=other)
        counts = lambda query: [tab.count for tab in listing(viewer_client, query).tabs]  # noqa: E731
        assert counts("")[0] == 2
        assert counts(f"account={account.pk}")[0] == 1
        assert counts("country=BG")[-1] == 1
        assert counts(f"country=BG&account={account.pk}")[-1] == 0
        assert counts("account=nonsense")[-1] == 0
        assert set(counts("q=tepes")) == {None}

    def test_the_pager_knows_the_number_of_the_tab(self, viewer_client, account):
        for _ in range(51):
            OrderFactory(account=account)
        shown = listing(viewer_client, "status=new&fulfilment=own")
        assert (shown.count.number, shown.count.is_exact) == (51, True)

    def test_who_finds_nothing_in_a_tab_can_look_in_all(self, viewer_client, account):
        order = OrderFactory(account=account, status="shipped")
        page = viewer_client.get(f"{URL}?status=new&fulfilment=own&q={order}").content.decode()
        assert f'href="?q={order}"' in page
        assert shown(viewer_client, f"q={order}") == [str(order)]

    def test_the_pure_parts(self):
        from django.http import QueryDict

        tabs = [Tab("A", "x=1", name="a"), Tab("B", "", name="b")]
        here = QueryDict("x=1&q=abc&page=last&sort=z")
        assert open_tab(tabs, here).name == "a"
        assert link(tabs[1], tabs, here) == "q=abc"
        assert everywhere(tabs, here) == "q=abc"
        assert everywhere(tabs, QueryDict("q=abc")) == ""
        assert open_tab(tabs, QueryDict("x=2")) is None


class TestFilters:
    def test_it_works(self, viewer_client, account, manager):
        services.create_tag(name="gift", colour="blue", by=manager)
        one = OrderFactory(account=account, lines=(line_in(sku="AB-1", price=D(10)),), ship_by=NOW)
        two = OrderFactory(
            account=account, lines=(line_in(1, sku="CD-2", price=D(100)),), status="cancelled",
            cancel_code="31", shipping=address_in(city="Sibiu"),
            customer=customer_in(external_id="99", name="Nagy Eszter"),
            ship_by=NOW + dt.timedelta(days=5),
        )  # fmt: skip
        services.tag_order(one, ["gift"], by=manager)
        services.note_shipment(one, courier="GLS", awb="1ONB77", shipped_at=NOW, by=manager)
        services.note_invoice(one, number="MF 12", by=manager)
        services.hold_order(one, "Call first", by=manager)
        today = timezone.localdate(NOW)
        for query, wanted in {
            "tag=gift": one, "courier=GLS": one, "courier__contains=gl": one, "awb=1ONB77": one,
            "awb__contains=onb7": one, "invoice__contains=mf 1": one, "has_invoice=true": one,
            "has_invoice=false": two, "has_awb=true": one, "has_awb=false": two,
            f"shipped_at={today}": one, "held=true": one, "held=false": two, "late=true": one,
            "cancel_code=31": two, "sku__contains=d-2": two, "sku=AB-1": one,
            "product__contains=folie": two, "city=Sibiu": two, "city__contains=Iasi": one,
            "customer_name=Nagy Eszter": two, "customer_name__contains=tepes": one,
            "product__contains=HUSA": one, "invoice=MF 12": one, "customer_number=99": two,
            "city__contains=sib": two,
            "customer_name__contains=nagy": two, "total__gt=100": two, "total__lt=100": one,
            "total__between=20..30": one, f"external_id={one}": one, "pieces=2&held=true": one,
            f"external_id__contains={str(two)[-5:]}": two, f"ship_by={today}": one,
        }.items():  # fmt: skip
            assert shown(viewer_client, query) == [str(wanted)], query

    @pytest.mark.parametrize(
        "query",
        ["city=Sibiu", "customer_name=Nobody", "product=Husă", "product__contains=husa",
         "invoice=MF 12", "awb=1ONB77"],
    )  # fmt: skip
    def test_texts_are_found_by_an_index(self, account, viewer, query):
        """The column itself has none: the searched text that has it in it does."""
        OrderFactory(account=account)
        request = RequestFactory().get("/")
        found = OrderFilter(QueryDict(query), Order.objects.order_by(), request=request).qs
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
        assert re.search("order_(search|papers)", found.explain()), found.explain()

    def test_the_five_operators_are_offered(self, viewer_client, account):
        panel = viewer_client.get(f"{URL}?_panel=filters", headers={"HX-Request": "true"})
        page = panel.content.decode()
        for word in ("is", "greater than", "less than", "contains", "between"):
            assert f">{word}</option>" in page

    def test_no_tag_no_control(self, viewer_client, account, manager):
        OrderFactory(account=account)
        assert 'name="tag"' not in viewer_client.get(URL).content.decode()
        services.create_tag(name="gift", colour="blue", by=manager)
        assert 'name="tag"' in viewer_client.get(URL).content.decode()

    def test_a_view_keeps_filters_columns_and_tab(self, viewer_client, viewer, account):
        OrderFactory(account=account, payment="card")
        OrderFactory(account=account)
        view = saved_views.save_view(
            saved_views.ListState(
                page="orders.order_list", path=URL, query="payment=card",
                columns=["external_id", "awb"], view=None,
            ),
            name="Cards", is_shared=False, by=viewer,
        )  # fmt: skip
        opened = listing(viewer_client, saved_views.view_query(view))
        assert len(opened.page.records) == 1
        assert [head.name for head in opened.headers] == ["external_id", "awb"]


class TestSearch:
    @pytest.mark.parametrize(
        "words",
        ["1ONB2418893", "2418893", "mf 000123", "000123", "ȘTEFĂNESCU", "stefan", "0766 859",
         "+40 766-859-386", "(0766) 859 386", "859 386", "859386", "us-c"],
    )  # fmt: skip
    def test_it_works(self, viewer_client, account, words):
        wanted = OrderFactory(
            account=account,
            customer=customer_in(external_id="7", name="Dan Ștefănescu", phones=("+40766859386",)),
            lines=(line_in(sku="US-C-1"),),
        )
        OrderFactory(account=account)
        services.note_shipment(wanted, courier="Sameday", awb="1ONB2418893", by=None)
        services.note_invoice(wanted, number="MF 000123", by=None)
        assert shown(viewer_client, urlencode({"q": words})) == [str(wanted)]
        assert [hit.label for hit in find_orders(UserFactory(), words)] == [str(wanted)]

    @pytest.mark.parametrize(
        ("text", "digits"),
        [("0766859386", "766859386"), ("+40 766 859 386", "766859386"), ("512340077", ""),
         ("0040-766-859", "766859"), ("+359 88 123 4567", "881234567"), ("00776", ""),
         ("745 123", "745123"), ("12 34", ""), ("ana 0766", ""), ("", "")],
    )  # fmt: skip
    def test_a_phone_number_in_any_way_of_writing(self, text, digits):
        assert searched_digits(text) == digits


class TestHunting:
    """What is found by an index that does not know the order comes in the order of the list."""

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch):
        monkeypatch.setattr(hunting, "NEAR", 4)
        monkeypatch.setattr(hunting, "FAR", 8)
        monkeypatch.setattr(hunting, "FEW", 0)
        monkeypatch.setattr(hunting, "rows_of", lambda table: 1000)

    @pytest.fixture
    def orders(self, account):
        """Twelve of them; every fourth is of a rare customer, the three oldest of a common one."""
        names = {n: "Rara" if n % 4 == 1 else "Comun" if n > 8 else "Alt" for n in range(12)}
        return {
            n: OrderFactory(
                account=account, external_id=f"10{n:02}",
                ordered_at=NOW - dt.timedelta(hours=n),
                customer=customer_in(external_id=str(n), name=name, email="", phones=()),
                shipping=address_in(name=name), billing=address_in(name=name),
            )
            for n, name in names.items()
        }  # fmt: skip

    @pytest.mark.parametrize(("planned", "few"), [(1, 0), (10, 0), (1000, 0), (1, 2), (1, 50)])
    @pytest.mark.parametrize("sort", ["", "sort=ordered_at", "sort=-total", "sort=ship_by"])
    @pytest.mark.parametrize("words", ["rara", "comun", "10", "alt", "nobody"])
    def test_it_finds_what_a_plain_walk_finds(
        self, viewer_client, orders, monkeypatch, planned, few, sort, words
    ):
        monkeypatch.setattr(hunting, "FEW", few)
        monkeypatch.setattr(hunting, "planned_rows", lambda queryset: planned)
        query = urlencode({"customer_name__contains": words} if words != "10" else {"q": "100"})
        monkeypatch.setattr("core.tables.PER_PAGE", 2)
        found, at = [], ""
        while True:
            page = listing(viewer_client, f"{query}&{sort}{at}").page
            found += [order.pk for order in page.records]
            if not page.older:
                break
            at = f"&page={page.older}"
        from django.http import QueryDict

        from orders.filters import OrderFilter
        from orders.tables import OrderTable

        data = QueryDict(f"{query}&{sort}")
        rows = OrderTable(OrderFilter(data, Order.objects.all(), request=None).qs,
                          sort=data.get("sort", "")).data.data  # fmt: skip
        plain = paging.read(rows, size=100).records
        assert found == [order.pk for order in plain]
        assert (words == "nobody") == (not found)

    def test_the_last_page(self, viewer_client, orders, monkeypatch):
        monkeypatch.setattr(hunting, "planned_rows", lambda queryset: 10)
        monkeypatch.setattr("core.tables.PER_PAGE", 2)
        assert shown(viewer_client, "q=rara&page=last") == ["1005", "1009"]

    def test_what_is_rare_is_counted_and_what_is_common_estimated(
        self, viewer_client, orders, monkeypatch
    ):
        monkeypatch.setattr("core.tables.PER_PAGE", 2)
        monkeypatch.setattr(hunting, "planned_rows", lambda queryset: 1)
        monkeypatch.setattr(hunting, "FEW", 5)
        count = listing(viewer_client, "q=rara").count
        assert (count.number, count.is_exact) == (3, True)
        monkeypatch.setattr(hunting, "planned_rows", lambda queryset: 400)
        count = listing(viewer_client, "q=100").count
        assert (count.number, count.is_exact, count.is_estimate) == (400, False, True)

    def test_what_only_seemed_rare_is_walked_to(self, viewer_client, orders, monkeypatch):
        """PostgreSQL guessed two of ten: it is not taken at its word, and nor is the reader."""
        monkeypatch.setattr("core.tables.PER_PAGE", 2)
        monkeypatch.setattr(hunting, "planned_rows", lambda queryset: 2)
        monkeypatch.setattr(hunting, "FEW", 2)
        with CaptureQueriesContext(connection) as asked:
            page = listing(viewer_client, "q=100")
        assert [order.external_id for order in page.page.records] == ["1000", "1001"]
        sorts = [one["sql"] for one in asked if "COALESCE" in one["sql"].rpartition("ORDER BY")[2]]
        assert len(sorts) == 1, "a look at a few, and not all of them sorted after all"
        count = page.count
        assert (count.number, count.is_exact) == (10, True), "the wrong guess is not told"

    def test_a_small_table_is_left_alone(self, viewer_client, orders, monkeypatch):
        monkeypatch.setattr(hunting, "rows_of", lambda table: 3)

        def refuse(queryset):
            raise AssertionError("asked the planner")

        monkeypatch.setattr(hunting, "planned_rows", refuse)
        assert len(shown(viewer_client, "q=rara")) == 3


def test_a_product_is_looked_for_only_in_orders_that_name_it(account):
    """Folding the names of all lines there are took seconds at ten thousand orders."""
    OrderFactory.create_batch(3, account=account)
    lines = OrderFilter(
        QueryDict("product__contains=husa"), Order.objects.all(), request=None
    ).qs.explain()
    assert re.search(r"SubPlan.*orders_orderline", lines, re.DOTALL)
    assert "Join" not in lines.partition("SubPlan")[0]


class TestPeek:
    def test_it_works(self, manager_client, account):
        order = OrderFactory(
            account=account, lines=2, note="Sunați înainte", cancel_requested="M-am răzgândit"
        )
        page = manager_client.get(f"{URL}{order.pk}/peek/").content.decode()
        for words in (
            str(order), "Ioana Țepeș", "0700000001", "Str. Exemplu nr. 3", "Husă silicon",
            "Sunați înainte", "M-am răzgândit", "Customer pays", "Accept",
        ):  # fmt: skip
            assert words in page, words
        assert "<html" not in page

    def test_it_costs_the_same_with_many_lines(
        self, manager_client, account, django_assert_max_num_queries
    ):
        order = OrderFactory(account=account, lines=12)
        with django_assert_max_num_queries(9):
            page = manager_client.get(f"{URL}{order.pk}/peek/").content.decode()
        assert "All 12 products" in page

    def test_who_may_only_look_gets_no_buttons(self, viewer_client, account):
        order = OrderFactory(account=account)
        assert "<button" not in viewer_client.get(f"{URL}{order.pk}/peek/").content.decode()

    def test_what_is_pressed_there_leaves_the_list_alone(self, manager_client, account):
        order = OrderFactory(account=account)
        asked = {"HX-Request": "true", "HX-Target": "peek"}
        response = manager_client.post(f"{URL}{order.pk}/accept/", headers=asked)
        assert response.status_code == 204
        assert "HX-Redirect" not in response
        assert "toast" in response["HX-Trigger"]

    def test_the_list_says_where_it_is(self, viewer_client, account):
        OrderFactory(account=account)
        page = viewer_client.get(URL).content.decode()
        assert 'data-before="/orders/"' in page
        assert 'data-after="/peek/"' in page
        assert "data-peek" in page

    def test_nobody_there(self, viewer_client):
        assert viewer_client.get(f"{URL}1/peek/").status_code == 404


class TestPapers:
    def test_it_works(self, account, manager):
        order = OrderFactory(account=account)
        services.note_shipment(order, courier="GLS", awb="Ș-77", shipped_at=NOW, by=manager)
        services.note_invoice(order, number="MF 1", invoiced_at=NOW, by=None)
        order.refresh_from_db()
        assert (order.courier, order.awb, order.invoice_number) == ("GLS", "Ș-77", "MF 1")
        assert order.papers_text == "s-77 mf 1"
        assert order.status == "new"
        verbs = AuditEntry.objects.filter(subject_id=order.pk).values_list("verb", flat=True)
        assert {"order.shipment_noted", "order.invoice_noted"} <= set(verbs)

    def test_the_same_again_tells_nobody(self, account):
        order = OrderFactory(account=account)
        services.note_invoice(order, number="MF 1", by=None)
        told = AuditEntry.objects.count()
        services.note_invoice(order, number="MF 1", by=None)
        assert AuditEntry.objects.count() == told

    def test_it_can_be_taken_back(self, account):
        order = OrderFactory(account=account)
        services.note_shipment(order, courier="GLS", awb="77", by=None)
        services.note_shipment(order, courier="", awb="", by=None)
        order.refresh_from_db()
        assert (order.courier, order.awb, order.papers_text) == ("", "", "")

    def test_an_import_leaves_them_alone(self, account):
        from orders.services import import_orders
        from tests.factories.orders import later, order_in

        told = order_in(external_id="1")
        import_orders(account, [told])
        order = Order.objects.get()
        services.note_shipment(order, courier="GLS", awb="77", by=None)
        import_orders(account, [later(told, customer=customer_in(name="Altcineva"))])
        order.refresh_from_db()
        assert order.customer_name == "Altcineva"
        assert (order.courier, order.papers_text) == ("GLS", "77")

    def test_who_looked_before_is_told(self, account):
        order = OrderFactory(account=account)
        before = order.stamp
        services.note_shipment(order, courier="GLS", awb="77", by=None)
        order.refresh_from_db()
        assert order.stamp != before
