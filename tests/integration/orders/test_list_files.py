"""Files of the list of orders: orders and their lines, by days and filters, on paper too."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal as D

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from accounts.choices import Role
from core import (
    export_delivery,
    export_rows,
    list_slots,
    preferences,
    printing,
    scheduled_exports,
)
from core.columns import Column
from core.models import ExportRun
from orders.export_source import LINES
from orders.models import Order
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory, address_in, customer_in, line_in

pytestmark = pytest.mark.django_db
URL = "/orders/"
PAGE = "orders.order_list"


@pytest.fixture
def account():
    return MarketplaceAccountFactory(name="RO main")


def body_of(response):
    assert response.status_code == 200, response.content[:300]
    return b"".join(response.streaming_content) if response.streaming else response.content


def csv_of(client, query):
    text = body_of(client.get(f"{URL}?{query}")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def sheet_of(client, query):
    book = openpyxl.load_workbook(io.BytesIO(body_of(client.get(f"{URL}?{query}"))))
    return list(book.active.iter_rows(values_only=True))


def show(user, *columns):
    preferences.save_columns(user, PAGE, columns)


class TestOrders:
    def test_it_works(self, viewer, account):
        show(viewer, "external_id", "customer_name", "total")
        order = OrderFactory(account=account, lines=2)
        [row] = csv_of(signed_in(viewer), "export=csv")
        assert row["Order"] == order.external_id
        assert D(row["Customer pays"]) == order.total
        assert row["Currency"] == "RON"
        assert row["Customer"] == "Ioana Țepeș"

    def test_days_replace_those_of_the_filter(self, viewer_client, account):
        days = [dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC) for day in (1, 2, 3)]
        first, second, third = (OrderFactory(account=account, ordered_at=day) for day in days)
        asked = "export=csv&export_from=2026-03-02&export_to=2026-03-03"
        found = csv_of(viewer_client, f"ordered_at=2026-03-01&{asked}")
        assert {row["Order"] for row in found} == {second.external_id, third.external_id}
        [row] = csv_of(viewer_client, "ordered_at=2026-03-01&export=csv")
        assert row["Order"] == first.external_id

    def test_other_filters_stay(self, viewer_client, account):
        other = MarketplaceAccountFactory(name="BG", currency="BGN")
        OrderFactory(account=account)
        order = OrderFactory(account=other)
        found = csv_of(viewer_client, f"account={other.pk}&export=csv&export_from=2026-01-01")
        assert [row["Order"] for row in found] == [order.external_id]

    @pytest.mark.parametrize(
        ("asked", "why"),
        [
            ("export_from=yesterday-ish", "Enter a valid date."),
            ("export_from=0001-01-01&export_to=2026-03-01", "Enter a year between"),
            ("export_from=2026-03-02&export_to=2026-03-01", "greater than the second"),
            ("export_rows=secrets", "no such rows"),
        ],
    )
    def test_what_cannot_be_read_makes_no_file(self, viewer_client, account, asked, why):
        """An empty one, or one of other rows, would be taken for the truth."""
        OrderFactory(account=account)
        page = viewer_client.get(f"{URL}?status=new&export=csv&{asked}", follow=True)
        assert page.redirect_chain == [(f"{URL}?status=new", 302)]
        assert "No file was made." in page.content.decode()
        assert why in page.content.decode()


class TestLines:
    def test_the_columns_of_the_order_stand_on_each_line(self, viewer, account):
        show(viewer, "external_id", "status", "total")
        order = OrderFactory(account=account, lines=2)
        rows = csv_of(signed_in(viewer), "export=csv&export_rows=lines")
        assert list(rows[0])[:5] == ["Order", "Status", "Customer pays", "Ordered", "Currency"]
        assert [row["Order"] for row in rows] == [order.external_id] * 2
        assert {row["Customer pays"] for row in rows} == {str(order.total)}
        for row, line in zip(rows, order.lines.all(), strict=True):
            assert (row["SKU"], row["Product"]) == (line.sku, line.name)
            assert D(row["Net price"]) == line.price
            assert D(row["Line value"]) == line.gross
            assert row["Quantity"] == str(line.quantity)
            assert row["Line status"] == "Active"

    def test_in_the_order_of_the_list(self, viewer, account):
        show(viewer, "external_id")
        cheap = OrderFactory(account=account, lines=(line_in(0, quantity=1),))
        dear = OrderFactory(account=account, lines=(line_in(1, quantity=9), line_in(2)))
        rows = csv_of(signed_in(viewer), "sort=-total&export=csv&export_rows=lines")
        assert [row["Order"] for row in rows] == [
            dear.external_id, dear.external_id, cheap.external_id,
        ]  # fmt: skip

    def test_no_line_can_start_a_formula(self, viewer_client, account):
        OrderFactory(account=account, lines=(line_in(name="=HYPERLINK(1)", sku="@SUM"),))
        [row] = csv_of(viewer_client, "export=csv&export_rows=lines")
        assert (row["Product"], row["SKU"]) == ("'=HYPERLINK(1)", "'@SUM")

    def test_a_sheet_has_numbers(self, viewer, account):
        show(viewer, "external_id")
        OrderFactory(account=account, lines=1)
        head, row = sheet_of(signed_in(viewer), "export=xlsx&export_rows=lines")
        values = dict(zip(head, row, strict=True))
        assert values["Quantity"] == 2
        assert values["Line value"] == pytest.approx(199.98)

    def test_many_orders_cost_two_statements_a_chunk(self, viewer, account, monkeypatch):
        show(viewer, "external_id")
        for _ in range(5):
            OrderFactory(account=account)
        monkeypatch.setattr(export_rows, "CHUNK_ROWS", 2)
        with CaptureQueriesContext(connection) as queries:
            rows = csv_of(signed_in(viewer), "export=csv&export_rows=lines")
        assert len(rows) == 5
        lines = [q["sql"] for q in queries if 'FROM "orders_orderline"' in q["sql"]]
        assert len(lines) == 3


# --- On paper -----------------------------------------------------------------------------------


def text_of(pdf: bytes) -> str:
    """What somebody reads on it."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


class TestPaper:
    def test_it_works(self, viewer, account):
        show(viewer, "external_id", "customer_name", "first_item", "total")
        bulgarian = MarketplaceAccountFactory(name="BG", country="BG", currency="BGN")
        OrderFactory(
            account=account, customer=customer_in(name="Ștefan Ăîț"),
            billing=address_in(name="Ștefan Ăîț"), shipping=address_in(name="Ștefan Ăîț"),
        )  # fmt: skip
        OrderFactory(
            account=bulgarian, currency="BGN", lines=(
                line_in(name="Хладилник Щайга", currency="BGN"),
                line_in(1, name="Hűtőszekrény árvíztűrő", currency="BGN"),
            ),
        )  # fmt: skip
        response = signed_in(viewer).get(f"{URL}?fulfilment=own&export=pdf")
        assert response["Content-Type"] == "application/pdf"
        assert ".pdf" in response["Content-Disposition"]
        text = text_of(body_of(response))
        for words in (
            "Orders", "Who ships", "Ștefan Ăîț", "Хладилник Щайга", "Hűtőszekrény árvíztűrő",
            "Page 1 of 1", "2 rows", "Total BGN", "Total RON", "199.98", "399.96",
        ):  # fmt: skip
            assert words in text, words

    def test_pages_are_numbered_and_the_head_is_on_each(self, account):
        OrderFactory(account=account)
        content = export_rows.Content(
            "Orders", ["Order", "Customer pays", "Currency"],
            lambda: iter([[str(n), D("1.10"), "RON"] for n in range(120)]), amounts={1: 2},
        )  # fmt: skip
        text = text_of(printing.pdf(content))
        assert "Page 3 of 3" in text or "Page 4 of 4" in text
        assert text.count("Customer pays") >= 3
        assert "132.00" in text

    def test_the_order_total_is_not_added_up_on_its_lines(self, account, viewer):
        show(viewer, "external_id", "total")
        order = OrderFactory(account=account, lines=3)
        text = text_of(body_of(signed_in(viewer).get(f"{URL}?export=pdf&export_rows=lines")))
        sums = text[text.index("Total RON") :]
        assert f"{sum(line.gross for line in order.lines.all()):.2f}" in sums
        assert f"{order.total * 3:.2f}" not in sums

    def test_too_long_for_paper_is_said_on_the_list(self, viewer_client, account, monkeypatch):
        monkeypatch.setattr(printing, "MOST_ROWS", 1)
        OrderFactory(account=account)
        OrderFactory(account=account)
        page = viewer_client.get(f"{URL}?status=new&export=pdf", follow=True)
        assert page.redirect_chain == [(f"{URL}?status=new", 302)]
        assert "A PDF holds at most 1 rows" in page.content.decode()

    def test_too_wide_for_paper_is_said_too(self, viewer, account, monkeypatch):
        monkeypatch.setattr(printing, "MOST_COLUMNS", 2)
        show(viewer, "external_id", "city", "total")
        page = signed_in(viewer).get(f"{URL}?export=pdf", follow=True)
        assert "A page is too narrow" in page.content.decode()

    def test_what_is_printed_is_never_code(self, account):
        hostile = '#panic("x") $a$ *b* <c> @d `e` \\ " ]'
        content = export_rows.Content("#1", ["A #2"], lambda: iter([[hostile]]), told="#filter")
        text = text_of(printing.pdf(content))
        assert '#panic("x")' in text
        assert "#filter" in text

    def test_an_empty_list_says_so(self, viewer_client):
        assert "Nothing matches" in text_of(body_of(viewer_client.get(f"{URL}?export=pdf")))

    def test_in_romanian(self, account):
        client = signed_in(UserFactory(role=Role.VIEWER, language="ro"))
        OrderFactory(account=account)
        text = text_of(body_of(client.get(f"{URL}?export=pdf")))
        assert "199,98" in text

    def test_a_printer_that_breaks_is_told(self, viewer_client, account, monkeypatch):
        OrderFactory(account=account)
        monkeypatch.setattr(printing, "_TYPESET", "raise SystemExit(3)")
        page = viewer_client.get(f"{URL}?export=pdf", follow=True)
        assert "The PDF could not be made" in page.content.decode()


GOLDEN = """\
Orders: Lines Status New · Ordered 03/01/2026 – 03/31/2026 3 Mar 2026, 14:22 \
Order Customer Customer pays Currency \
512340001 Ștefan Țepeș 199.98 RON \
512340002 Иван Щърбанов 1,234,567.80 RON \
512340003 Nagy Ödön Győző −12.50 HUF \
Total HUF −12.50 HUF \
Total RON 1,234,767.78 RON \
3 rows Page 1 of 1"""


@time_machine.travel("2026-03-03T12:22:09Z", tick=False)
def test_a_page_word_for_word():
    content = export_rows.Content(
        "Orders: Lines",
        ["Order", "Customer", "Customer pays", "Currency"],
        lambda: iter(
            [
                ["512340001", "Ștefan Țepeș", D("199.98"), "RON"],
                ["512340002", "Иван Щърбанов", D("1234567.80"), "RON"],
                ["512340003", "Nagy  Ödön\nGyőző", D("-12.50"), "HUF"],
            ]
        ),
        told="Status New · Ordered 03/01/2026 – 03/31/2026",
        amounts={2: 3},
    )
    with timezone.override("Europe/Bucharest"):
        assert text_of(printing.pdf(content)) == GOLDEN


# --- What neighbours add ------------------------------------------------------------------------


@pytest.fixture
def parcel_column():
    """A column of an app above, with a value that only it knows how to find."""
    column = Column("Parcel", annotations={"parcel": Concat(Value("P-"), "external_id")})
    list_slots.register_column(PAGE, "parcel", column, permission="orders.accept_order")
    yield
    list_slots.columns.forget(PAGE, "parcel")


class TestNeighbours:
    @pytest.mark.parametrize("rows", ["", "lines"])
    def test_their_columns_are_in_the_files(self, account, parcel_column, rows):
        packer = UserFactory(role=Role.PACKER)
        show(packer, "external_id", "parcel")
        order = OrderFactory(account=account)
        [row] = csv_of(signed_in(packer), f"export=csv&export_rows={rows}")
        assert row["Parcel"] == f"P-{order.external_id}"

    def test_for_whom_they_are_meant(self, viewer, account, parcel_column):
        show(viewer, "external_id", "parcel")
        OrderFactory(account=account)
        [row] = csv_of(signed_in(viewer), "export=csv")
        assert "Parcel" not in row

    def test_in_what_is_sent_at_set_times(self, manager, account, parcel_column):
        order = OrderFactory(account=account)
        plan = scheduled_exports.schedule(
            PAGE, by=manager, name="x", query="", columns=["parcel"], details="", kind="csv",
            covers="all", every="day", hour=6, weekday=0, month_day=1, emails=["a@shop.ro"],
            to_folder=False, folder="", file_name="x",
        )  # fmt: skip
        content = export_delivery.content_for(ExportRun(export=plan, query=""))
        assert [list(row) for row in content.rows()] == [[f"P-{order.external_id}"]]


# --- The menu -----------------------------------------------------------------------------------


class TestMenu:
    def test_it_offers_rows_days_and_kinds(self, viewer_client):
        page = viewer_client.get(f"{URL}?_panel=export&status=new").content.decode()
        assert 'name="status" value="new"' in page
        for words in ("CSV file", "Excel file", "PDF file", 'value="lines"', 'name="export_from"'):
            assert words in page
        assert "at set times" not in page

    def test_days_of_the_filter_are_filled_in(self, viewer_client):
        query = "ordered_at__between=2026-03-01..2026-03-31"
        page = viewer_client.get(f"{URL}?_panel=export&{query}").content.decode()
        assert 'name="export_from" value="2026-03-01"' in page
        assert 'name="export_to" value="2026-03-31"' in page

    @pytest.mark.parametrize(
        ("role", "may"),
        [
            (Role.OWNER, True), (Role.MANAGER, True), (Role.ACCOUNTANT, True),
            (Role.PICKER, False), (Role.PACKER, False), (Role.VIEWER, False),
        ],
    )  # fmt: skip
    def test_who_may_schedule(self, role, may):
        client = signed_in(UserFactory(role=role))
        page = client.get(f"{URL}?_panel=export").content.decode()
        assert ("at set times" in page) is may

    def test_a_list_that_is_no_source_offers_its_kinds(self, manager_client):
        page = manager_client.get("/audit/?_panel=export").content.decode()
        assert "PDF file" in page
        assert "export_rows" not in page


def test_the_columns_of_the_lines_exist():
    fields = {field.name for field in Order.lines.rel.related_model._meta.get_fields()}
    assert {column.path for column in LINES.columns} <= fields
    assert re.fullmatch(r"[a-z]+", LINES.name)
