"""The example requests and replies of the interface's reference, letter by letter.

Each is asked for with the method of the client that means it; what went out must be what the
reference shows, and what comes back must be read as the reference says.
"""

import base64
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from emag.client import errors
from tests.emag_stage import Stage

pytestmark = pytest.mark.django_db

DOCUMENTED = Path(__file__).parent / "documented"
NOTHING = '{"isError":false,"messages":[],"errors":[],"results":[]}'
BUCHAREST = ZoneInfo("Europe/Bucharest")


@pytest.fixture(scope="module")
def theatre():
    made = Stage()
    yield made
    made.close()


@pytest.fixture
def stage(theatre):
    theatre.seen.clear()
    theatre.answers.clear()
    return theatre


def asked(stage, method="POST"):
    """The one request that arrived: its path below the address and what it said."""
    [seen] = stage.seen
    assert seen.method == method
    return seen.path, seen.json if seen.body else seen.query


def document(name):
    return (DOCUMENTED / name).read_text(encoding="utf-8")


def test_it_works(stage):
    """§21.7: new orders that the seller ships."""
    stage.will_answer(document("order.json"))
    rows = stage.client().read_orders(status=[1], type=3)
    assert asked(stage) == (
        "/api-3/order/read",
        {"currentPage": 1, "itemsPerPage": 100, "status": [1], "type": 3},
    )
    [order] = rows.items
    assert order["id"] == 512340077
    assert order["customer"]["name"] == "Ioana Țepeș"
    assert order["products"][0]["sale_price"] == "82.6364"
    assert Decimal(str(order["shipping_tax"])) == Decimal("14.99")
    assert order["details"]["locker_name"] == "easybox Model 10"
    assert rows.read_at.tzinfo is not None


def test_what_every_call_carries(stage):
    """§2, §3: Basic sign-in, JSON, no redirects followed."""
    stage.will_answer(NOTHING)
    stage.client().read_vat()
    [seen] = stage.seen
    user, _, password = base64.b64decode(seen.headers["Authorization"][6:]).decode().partition(":")
    assert (user, password) == ("ana", "zxcv-geheim-9")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Accept"] == "application/json"


def test_count(stage):
    """§5.3; the numbers may be texts."""
    stage.will_answer(
        '{"isError":false,"messages":[],"errors":[],'
        '"results":{"noOfItems":437,"noOfPages":5,"itemsPerPage":100}}'
    )
    count = stage.client().count_orders(status=1)
    assert (count.items, count.pages, count.per_page) == (437, 5, 100)
    assert asked(stage) == ("/api-3/order/count", {"status": 1, "itemsPerPage": 100})
    stage.answers.clear()
    stage.will_answer(
        '{"isError":false,"messages":[],'
        '"results":{"noOfItems":"3","noOfPages":"1","itemsPerPage":"100"}}'
    )
    assert stage.client().count_offers().items == 3


def test_category(stage):
    """§10: one category with its characteristics, values by the page."""
    stage.will_answer(
        r'{"isError":false,"messages":[],"errors":[],"results":[{"id":2735,"name":"Pantofi sport",'
        r'"is_allowed":1,"parent_id":2701,"is_ean_mandatory":1,"is_warranty_mandatory":0,'
        r'"characteristics":[{"id":6506,"name":"Marime","type_id":60,"display_order":1,'
        r'"is_mandatory":1,"is_filter":1,"allow_new_value":0,"values":["36 EU","37 EU"],'
        r'"tags":["original","converted"]}],"family_types":[{"id":95,"name":"Marime",'
        r'"characteristics":[{"characteristic_id":6506,"characteristic_family_type_id":2,'
        r'"is_foldable":1,"display_order":1}]}]}]}'
    )
    rows = stage.client().read_categories(id=2735, values_page=1, values_per_page=50)
    assert asked(stage) == (
        "/api-3/category/read",
        {"id": 2735, "valuesCurrentPage": 1, "valuesPerPage": 50},
    )
    assert rows.items[0]["characteristics"][0]["tags"] == ["original", "converted"]


def test_language_of_categories(stage):
    """§10: the language stands in the address."""
    stage.will_answer(NOTHING)
    stage.client().read_categories(2, language="en")
    [seen] = stage.seen
    assert seen.query == {"language": ["en"]}
    assert seen.json == {"currentPage": 2, "itemsPerPage": 100}


def test_vat_and_handling_times(stage):
    """§11."""
    stage.will_answer(
        '{"isError":false,"messages":[],"errors":[],"results":['
        '{"vat_id":9,"vat_rate":0.21,"is_default":1},{"vat_id":10,"vat_rate":0.11,"is_default":0}]}'
    )
    assert [one["vat_id"] for one in stage.client().read_vat().items] == [9, 10]
    assert asked(stage) == ("/api-3/vat/read", {})
    stage.answers.clear()
    stage.will_answer(
        '{"isError":false,"messages":[],"errors":[],"results":[{"id":0},{"id":1},{"id":90}]}'
    )
    assert [one["id"] for one in stage.client().read_handling_times().items] == [0, 1, 90]
    stage.answers.clear()
    stage.will_answer('{"isError":false,"messages":[],"results":[0,1,2]}')
    assert stage.client().read_handling_times().items[2] == {"value": 2}


NEW_PRODUCT = json.loads(
    '{"id":1041,"category_id":2735,"part_number":"ARX-36N",'
    '"name":"Pantofi sport Arvex Runner, Negru","brand":"Arvex",'
    '"characteristics":[{"id":6506,"tag":"original","value":"36 EU"},{"id":5401,"value":"Negru"}],'
    '"family":{"id":12,"name":"Arvex Runner","family_type_id":95},"ean":["5940000001041"],'
    '"status":1,"stock":[{"warehouse_id":1,"value":20}],"vat_id":9,"emag_club":0}'
)


def test_product_offer_save(stage):
    """§12.4: exact decimals, a list in "data"."""
    stage.will_answer(NOTHING)
    product = NEW_PRODUCT | {
        "sale_price": Decimal("165.2810"),
        "min_sale_price": Decimal("120.0000"),
    }
    saved = stage.client().save_product_offers([product])
    assert (saved.saved, saved.remarks, saved.must_check) == (True, [], False)
    path, body = asked(stage)
    assert path == "/api-3/product_offer/save"
    assert body == {"data": [NEW_PRODUCT | {"sale_price": 165.281, "min_sale_price": 120}]}


def test_offer_save(stage):
    """§14: each offer is judged by itself; the outer flag stays false."""
    stage.will_answer(
        '{"isError":false,"messages":[],"errors":[],"results":{'
        '"1041":{"isError":false,"messages":["Offer 1041 updated successfully"]},'
        '"1042":{"isError":true,"messages":["Stock should be 0 or more",'
        '"The stock field is mandatory. Its value must be a whole (integer) number. Decimals are '
        'not allowed. (ex: 5)"]}}}'
    )
    offers = [
        {"id": 1041, "sale_price": Decimal("149.9900")},
        {"id": 1042, "stock": [{"warehouse_id": 1, "value": -1}]},
    ]
    saved = stage.client().save_offers(offers)
    assert asked(stage) == (
        "/api-3/offer/save",
        {
            "data": [
                {"id": 1041, "sale_price": 149.99},
                {"id": 1042, "stock": [{"warehouse_id": 1, "value": -1}]},
            ]
        },
    )
    assert saved.by_id[1041].ok
    assert not saved.by_id[1042].ok
    assert saved.by_id[1042].messages[0] == "Stock should be 0 or more"
    assert set(saved.refused) == {1042}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (403, '{"isError":true,"messages":["You are not allowed to use this API."],"results":[]}',
         errors.WrongCredentials, None),
        (404, '{"message":"Invalid URL"}', errors.NotFound, "Invalid URL"),
        (404, '{"message":"This offer does not exist"}', errors.NotFound,
         "This offer does not exist"),
        (400, '{"message":"Invalid content"}', errors.Rejected, "Invalid content"),
        (400, '{"message":"Validation errors in your request","errors":[{"message":"The offer is '
              'included in the active campaign Summer, thus the stock has NOT been changed.",'
              '"field":"stock"}]}', errors.Invalid,
         "stock: The offer is included in the active campaign Summer, thus the stock has NOT been"
         " changed."),
    ],
)  # fmt: skip
def test_offer_stock_refused(stage, status, body, kind, words):
    """§15."""
    stage.will_answer(body, status)
    with pytest.raises(kind) as caught:
        stage.client().set_stock(1041, 21)
    if words:
        assert words in caught.value.messages


def test_offer_stock(stage):
    """§15: PATCH, the plain number, 204 without a body."""
    stage.will_answer(b"", 204)
    stage.client().set_stock(1041, 21)
    assert asked(stage, "PATCH") == ("/api-3/offer_stock/1041", {"stock": 21})


def test_measurements(stage):
    """§16."""
    stage.will_answer(NOTHING)
    one = {"id": 1041, "length": 320, "width": 210.5, "height": 120, "weight": 850.25}
    stage.client().save_measurements([one])
    assert asked(stage) == ("/api-3/measurements/save", {"data": [one]})


def test_offers(stage):
    """§17.3."""
    stage.will_answer(document("offer.json"))
    rows = stage.client().read_offers(1, 2, status=1)
    assert asked(stage) == (
        "/api-3/product_offer/read",
        {"currentPage": 1, "itemsPerPage": 2, "status": 1},
    )
    assert rows.items[0]["url"] == ""
    assert rows.items[0]["images"][0]["url"] == "https://marketplace-static.example/r/1.jpg"


def test_find_by_eans(stage):
    """§18: GET, eans[] in the address, results by EAN."""
    stage.will_answer(
        r'{"isError":false,"messages":[],"errors":[],"results":{"5940000001041":{"products":'
        r'[{"ean":"5940000001041","part_number_key":"DXK7T2BBM","product_name":"Pantofi",'
        r'"site_url":"http:\/\/emag.ro\/product_details\/pd\/DXK7T2BBM",'
        r'"allowed_to_add_offer":true,"vendor_has_offer":false,"hotness":"COLD"}]},'
        r'"5940000009999":{"products":[]}}}'
    )
    rows = stage.client().find_by_eans(["5940000001041", "5940000009999"])
    assert asked(stage, "GET") == (
        "/api-3/documentation/find_by_eans",
        {"eans[]": ["5940000001041", "5940000009999"]},
    )
    assert rows.result["5940000001041"]["products"][0]["part_number_key"] == "DXK7T2BBM"
    assert rows.result["5940000009999"]["products"] == []


def test_commission_and_search_by_ean(stage):
    """§19: beside /api-3, in an envelope of their own."""
    stage.will_answer(
        '{"code":200,"data":{"value":22.0000,"id":1041,"created":"2026-03-03 17:27:22",'
        '"end_date":null}}'
    )
    assert stage.client().commission_estimate(1041).result["value"] == 22
    assert asked(stage, "GET") == ("/api/v1/commission/estimate/1041", {})
    stage.seen.clear()
    stage.answers.clear()
    stage.will_answer('{"code":200,"data":{"ext_ids":[1041]}}')
    assert stage.client().search_by_ean("5940000001041").result == {"ext_ids": [1041]}
    assert asked(stage, "GET") == (
        "/api/v1/product/search-by-ean", {"ean": ["5940000001041"]},
    )  # fmt: skip


def test_campaigns_and_smart_deals(stage):
    """§20."""
    stage.will_answer(
        '{"isError":false,"messages":[],"results":["Campaign proposals successfully saved"]}'
    )
    one = {"id": 1041, "campaign_id": 5, "sale_price": Decimal("99.9"), "stock": 10}
    assert stage.client().save_campaign_proposals([one]).result == [
        "Campaign proposals successfully saved"
    ]
    stage.answers.clear()
    stage.will_answer('{"isError":true,"messages":["Campaign not found for id: 5"],"results":[]}')
    with pytest.raises(errors.Rejected) as caught:
        stage.client().save_campaign_proposals([one])
    assert caught.value.messages == ["Campaign not found for id: 5"]
    stage.answers.clear()
    stage.seen.clear()
    stage.will_answer('{"isError":false,"messages":[],"results":{"smart_deals_price":142.5}}')
    assert stage.client().check_smart_deal(1041).result["smart_deals_price"] == 142.5
    assert asked(stage, "GET") == ("/api-3/smart-deals-price-check", {"productId": ["1041"]})


def test_acknowledge(stage):
    """§22: an empty body; "already in progress" is a yes."""
    stage.will_answer('{"isError":false,"messages":[],"results":[]}')
    assert not stage.client().acknowledge_order(512340077).already
    assert asked(stage) == ("/api-3/order/acknowledge/512340077", {})
    stage.answers.clear()
    stage.will_answer(
        '{"isError":true,"messages":["ERROR: Order is already in progress."],"results":[]}', 400
    )
    assert stage.client().acknowledge_order(512340077).already


def test_unlock_courier(stage):
    """§22: the number stands in the middle of the address."""
    stage.will_answer(NOTHING)
    stage.client().unlock_courier(512340077)
    assert asked(stage) == ("/api-3/order/512340077/unlock-courier", {})


def test_order_save(stage):
    """§24.5: prices as the texts they were read as, all keys as they are."""
    order = {
        "id": 512340077, "status": 3, "type": 3, "payment_mode_id": 1, "payment_status": 0,
        "date": "2026-03-03 14:22:09", "customer": {"id": 20411873, "name": "Ioana Țepeș"},
        "products": [{"id": 315800001, "product_id": 1041, "quantity": 2,
                      "sale_price": "82.6364", "currency": "RON", "vat": "0.2100", "details": []}],
        "shipping_tax": "14.99", "vouchers": [], "details": [],
    }  # fmt: skip
    stage.will_answer(NOTHING)
    stage.client().save_orders([order])
    assert asked(stage) == ("/api-3/order/save", {"data": [order]})


def test_attachments(stage):
    """§25."""
    one = {
        "order_id": 512340077, "order_type": 3, "name": "Factura ARX 1001",
        "url": "https://docs.example.ro/f/1001.pdf", "type": 1, "force_download": 0,
    }  # fmt: skip
    stage.will_answer(NOTHING)
    stage.client().save_attachments([one])
    assert asked(stage) == ("/api-3/order/attachments/save", {"data": [one]})
    stage.seen.clear()
    stage.client().read_attachments(512340077)
    assert asked(stage) == ("/api-3/order/attachments/read", {"order_id": 512340077})


def test_volumetry(stage):
    """§26."""
    stage.will_answer(
        '{"isError":false,"messages":[],"results":{"order_id":512340077,"type":3,'
        '"volumetric_data":[{"product_id":1041,"weight":1.2,"length":32,"width":21,"height":12}]}}'
    )
    rows = stage.client().read_volumetry(512340077, type=3)
    assert asked(stage) == ("/api-3/order/volumetry/read", {"order_id": 512340077, "type": 3})
    assert rows.result["volumetric_data"][0]["weight"] == 1.2
    assert rows.items == [rows.result]


ISSUED = (
    '{"emag_id":910001,"order_id":"512340077","awb":[{"emag_id":920001,'
    '"awb_number":"4EMGLN000000001","awb_barcode":"4EMGLN000000001001","courier_name":"Sameday"}]}'
)


@pytest.mark.parametrize("results", [f"[{ISSUED}]", ISSUED])
def test_awb_save(stage, results):
    """§27.3: a list of one, or the object itself."""
    stage.will_answer(f'{{"isError":false,"messages":[],"errors":[],"results":{results}}}')
    awb = {"order_id": 512340077, "cod": Decimal("204.97"), "weight": Decimal("1.2")}
    saved = stage.client().save_awb(awb)
    assert asked(stage) == (
        "/api-3/awb/save", {"data": [{"order_id": 512340077, "cod": 204.97, "weight": 1.2}]},
    )  # fmt: skip
    assert saved.result["emag_id"] == 910001
    assert saved.result["awb"][0]["awb_number"] == "4EMGLN000000001"


READ_AWB = (
    '{"emag_id":910001,"reservation_id":481000001,"order_id":"512340077","rma_id":null,"type":3,'
    '"weight":1.2,"awb":[{"emag_id":920001,"awb_number":"4EMGLN000000001",'
    '"awb_barcode":"4EMGLN000000001001"}],"status":{"code":"DLV","name":"Delivered",'
    '"description":"AWB delivered"},"courier":{"courier_account_id":11001,'
    '"courier_name":"SAMEDAY"},"currency":"RON","cash_on_delivery":"204.9700"}'
)


@pytest.mark.parametrize("results", [READ_AWB, f"[{READ_AWB}]"])
def test_awb_read(stage, results):
    """§27.4."""
    stage.will_answer(f'{{"isError":false,"messages":[],"errors":[],"results":{results}}}')
    rows = stage.client().read_awb(reservation_id=481000001)
    assert asked(stage) == ("/api-3/awb/read", {"reservation_id": 481000001})
    assert rows.result["status"]["code"] == "DLV"


@pytest.mark.parametrize("results", ["[]", "{}"])
def test_no_such_awb(stage, results):
    stage.will_answer(f'{{"isError":false,"messages":[],"errors":[],"results":{results}}}')
    rows = stage.client().read_awb(emag_id=1)
    assert (rows.items, rows.result) == ([], {})


def test_labels(stage):
    """§27.5: bytes; the body says what it is, not the status."""
    stage.will_answer(b"%PDF-1.4 label", 200, Content_Type="application/pdf")
    assert stage.client().awb_pdf(920001) == b"%PDF-1.4 label"
    assert asked(stage, "GET") == (
        "/api-3/awb/read_pdf", {"emag_id": ["920001"], "awb_format": ["A4"]},
    )  # fmt: skip
    stage.answers.clear()
    stage.will_answer(
        '{"isError":false,"messages":[],"results":{"deliveries":{"20":{"awbs":{"content":'
        '["XlhBXkZPNTAsNTBeRkRURVNUXkZTXlha"]}}}}}'
    )
    assert stage.client().awb_zpl(920001) == [b"^XA^FO50,50^FDTEST^FS^XZ"]


def test_a_label_that_lies_beside_the_interface(stage):
    """§27.5: the examples leave /api-3 out; working clients do not."""
    stage.will_answer("<html>404</html>", 404, Content_Type="text/html")
    stage.will_answer(b"%PDF-1.4", 200)
    assert stage.client().awb_pdf(920001) == b"%PDF-1.4"
    assert [seen.path for seen in stage.seen] == ["/api-3/awb/read_pdf", "/awb/read_pdf"]


def test_couriers_places_addresses(stage):
    """§28."""
    stage.will_answer(
        '{"isError":false,"messages":[],"results":[{"account_id":11001,"account_display_name":'
        '"Sameday HD","courier_account_type":3,"courier_name":"Sameday",'
        '"courier_account_properties":[0,2],"created":"2024-02-01 10:00:00","status":1,'
        '"pickup_country_code":"RO"}]}'
    )
    assert stage.client().read_courier_accounts().items[0]["account_id"] == 11001
    stage.answers.clear()
    stage.seen.clear()
    stage.will_answer(
        '{"isError":false,"messages":[],"results":[{"emag_id":8801,"name":"Iași",'
        '"name_latin":"Iasi","zipcode":"700001","country_code":"RO","iso2":"RO-IS"}]}'
    )
    since = dt.datetime(2026, 1, 10, 7, 0, tzinfo=dt.UTC)
    rows = stage.client().read_localities(3, country_code="RO", modified=since)
    assert rows.items[0]["name"] == "Iași"
    assert asked(stage) == (
        "/api-3/locality/read",
        {
            "currentPage": 3,
            "itemsPerPage": 100,
            "country_code": "RO",
            "modified": "2026-01-10 09:00:00",
        },
    )
    stage.answers.clear()
    stage.will_answer(
        '{"isError":false,"messages":[],"results":[{"address_id":"70001","country_id":1,'
        '"address_type_id":2,"locality_id":5,"city":"Cluj-Napoca","is_default":true}]}'
    )
    assert stage.client().read_addresses().items[0]["address_id"] == "70001"


def test_rma_save_refused(stage):
    """§29.5: the refused input comes back, in a list in a list."""
    stage.will_answer(
        '{"isError":true,"messages":["ERROR: please provide the customer name - Rma id: 7000012"],'
        '"results":[[{"emag_id":7000012,"customer_name":"","…":"rest of the input echoed"}]]}'
    )
    with pytest.raises(errors.Rejected) as caught:
        stage.client().save_rmas([{"emag_id": 7000012, "customer_name": ""}])
    assert caught.value.messages == ["ERROR: please provide the customer name - Rma id: 7000012"]


def test_rma_read(stage):
    """§29.6."""
    stage.will_answer('{"isError":false,"messages":[],"results":[]}')
    assert stage.client().read_rmas(request_status=2, type=3).items == []
    assert asked(stage) == (
        "/api-3/rma/read",
        {"request_status": 2, "type": 3, "currentPage": 1, "itemsPerPage": 100},
    )


def test_invoices(stage):
    """§30."""
    stage.will_answer(
        r'{"isError":false,"messages":[],"results":{"total_results":1,"invoices":[{"category":"FC",'
        r'"name":"Commission","number":"C-TEST-100001","date":"2026-02-28","is_storno":0,'
        r'"supplier":{"name":"Supplier SA","register_number":"J40\/1\/2000"},'
        r'"lines":[{"product_name":"Comision vanzari","quantity":1,"unit_price":100}],'
        r'"total_with_vat":121,"currency":"RON"}]}}'
    )
    rows = stage.client().read_invoices(per_page=1000, category="FC")
    assert asked(stage) == (
        "/api-3/invoice/read",
        {"category": "FC", "currentPage": 1, "itemsPerPage": 1000},
    )
    assert rows.items[0]["supplier"]["register_number"] == "J40/1/2000"
    assert rows.result["total_results"] == 1


def test_too_many_elements(stage):
    """§6.2: nothing is saved; the key of the message is written both ways."""
    for key in ("messages", "message"):
        stage.answers.clear()
        told = ["Maximum input vars of 4000 exceeded"]
        stage.will_answer({"isError": True, key: told if key == "messages" else told[0]})
        with pytest.raises(errors.Invalid) as caught:
            stage.client().save_product_offers([{"id": 1}])
        assert caught.value.messages == told


def test_an_unregistered_address(stage):
    """§2: with 200 or with 403; the body decides."""
    for status in (200, 403):
        stage.answers.clear()
        stage.will_answer(
            '{"isError":true,"messages":["ERROR: Invalid vendor ip [203.0.113.9]"],"results":[]}',
            status,
        )
        with pytest.raises(errors.AddressNotAllowed) as caught:
            stage.client().read_vat()
        assert caught.value.address == "203.0.113.9"


def test_moments_are_wall_time_of_the_site(stage):
    """§5.2, §21.1: no T, no zone, no fraction; each site by its own clock."""
    stage.will_answer(NOTHING)
    since = dt.datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)
    for place, wall in (("emag-ro", "15:00:00"), ("emag-bg", "15:00:00"), ("emag-hu", "14:00:00")):
        stage.seen.clear()
        stage.client(place).read_orders(modified_after=since)
        assert stage.seen[0].json["modifiedAfter"] == f"2026-07-01 {wall}"
