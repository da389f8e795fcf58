"""Apps above orders add to its pages through slots: here one that exists only for this."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import registry
from core.list_slots import register_column
from core.preferences import save_columns
from orders.models import Order
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory
from tests.neighbour.models import Parcel
from tests.neighbour.slots import LIST, installed
from tests.orderpage import order_page

pytestmark = pytest.mark.django_db
URL = "/orders/"


@pytest.fixture(autouse=True)
def _neighbour():
    with installed():
        yield


@pytest.fixture
def account():
    return MarketplaceAccountFactory()


def an_order(account, grams=None):
    order = OrderFactory(account=account)
    Parcel.objects.create(order=order, grams=grams)
    return order


def shown(client, query=""):
    page = client.get(f"{URL}?{query}").context["listing"].page
    return [order.external_id for order in page.records]


def test_it_works(viewer_client, account):
    order = an_order(account, grams=4321)
    page = viewer_client.get(URL).content.decode()
    assert ">Weight<" in page or "Weight</a>" in page
    assert "4,321" in page
    assert "To weigh" in page
    detail = viewer_client.get(order.get_absolute_url()).content.decode()
    assert ": 4321</p>" in detail


def test_the_column_stands_where_it_was_put(viewer_client, account):
    an_order(account)
    headers = [head.name for head in viewer_client.get(URL).context["listing"].headers]
    assert headers[headers.index("status") + 1] == "grams"


def test_the_column_can_be_hidden_and_moved(viewer, account):
    an_order(account, grams=4321)
    client = signed_in(viewer)
    menu = client.get(f"{URL}?_panel=columns", headers={"HX-Request": "true"}).content.decode()
    assert 'value="grams" checked' in menu
    save_columns(viewer, LIST, ["external_id", "total"])
    assert "4,321" not in client.get(URL).content.decode()
    menu = client.get(f"{URL}?_panel=columns", headers={"HX-Request": "true"}).content.decode()
    assert 'value="grams">' in menu
    save_columns(viewer, LIST, ["grams", "external_id"])
    assert [h.name for h in client.get(URL).context["listing"].headers][-2:] == [
        "grams", "external_id",
    ]  # fmt: skip


def test_hidden_it_costs_nothing(viewer, account):
    an_order(account)
    save_columns(viewer, LIST, ["external_id"])
    client = signed_in(viewer)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        client.get(URL)
    [rows] = [q["sql"] for q in queries if "LIMIT 51" in q["sql"]]
    assert "neighbour_parcel" not in rows


def test_it_costs_no_statement_a_row(viewer_client, account):
    def statements():
        viewer_client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            viewer_client.get(URL)
        return len(queries)

    an_order(account)
    few = statements()
    for _ in range(7):
        an_order(account, grams=5)
    assert statements() == few


def test_the_column_sorts(viewer_client, account):
    heavy, light, unknown = (an_order(account, grams) for grams in (900, 100, None))
    up, down = [light, heavy, unknown], [heavy, light, unknown]
    assert shown(viewer_client, "sort=grams") == [str(order) for order in up]
    assert shown(viewer_client, "sort=-grams") == [str(order) for order in down]


def test_the_filter_knows_its_operators(viewer_client, account):
    light, heavy = an_order(account, grams=100), an_order(account, grams=900)
    for query, wanted in (
        ("grams=100", light),
        ("grams__gt=500", heavy),
        ("grams__lt=500", light),
        ("grams__between=800..1000", heavy),
    ):
        assert shown(viewer_client, query) == [str(wanted)], query
    panel = viewer_client.get(f"{URL}?_panel=filters", headers={"HX-Request": "true"})
    assert "<legend>Weight</legend>" in panel.content.decode()


def test_the_tab_counts_and_opens(viewer_client, account):
    waiting = an_order(account)
    an_order(account, grams=10)
    listing = viewer_client.get(URL).context["listing"]
    names = [tab.name or str(tab.label) for tab in listing.tabs]
    assert names[names.index("to_pack") + 1] == "To weigh"
    [(tab, query, is_open)] = [one for one in listing.tab_links if one[0].label == "To weigh"]
    assert (tab.count, is_open) == (1, False)
    assert shown(viewer_client, query) == [str(waiting)]
    opened = viewer_client.get(f"{URL}?{query}").context["listing"]
    assert [tab.label for tab, _query, is_open in opened.tab_links if is_open] == ["To weigh"]
    assert opened.count.number == 1


def test_the_file_has_the_column(viewer_client, account):
    an_order(account, grams=4321)
    data = b"".join(viewer_client.get(f"{URL}?export=csv").streaming_content)
    [row] = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    assert row["Weight"] == "4321"


def test_the_bulk_action(manager_client, account):
    with_parcel, without = an_order(account), OrderFactory(account=account)
    asked = {"action": "weigh", "_all": "1"}
    preview = manager_client.post(URL, asked).content.decode()
    assert f"{without} has no parcel." in preview
    manager_client.post(URL, {**asked, "step": "run"})
    assert with_parcel.neighbour_parcels.get().grams == 750
    detail = order_page(manager_client, with_parcel)
    assert "Weighed: 750 g" in detail


def test_who_may_not_see_it_does_not(account):
    order = an_order(account, grams=4321)
    client = signed_in(UserFactory(role="picker"))
    listing = client.get(URL).context["listing"]
    assert "grams" not in [head.name for head in listing.headers]
    assert ": 4321</p>" not in client.get(order.get_absolute_url()).content.decode()


def test_a_saved_column_of_an_app_that_is_gone_is_passed_over(viewer, account):
    an_order(account)
    save_columns(viewer, LIST, ["external_id", "long_gone"])
    names = [h.name for h in signed_in(viewer).get(URL).context["listing"].headers]
    assert names[-1] == "external_id"


def test_a_name_is_taken_once():
    with pytest.raises(registry.DuplicateRegistration):
        register_column(LIST, "grams", object())


def test_the_orders_are_untouched(account):
    an_order(account)
    assert Order.objects.get().status == "new"
