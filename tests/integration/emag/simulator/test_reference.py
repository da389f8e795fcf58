"""Categories, VAT, handling times, localities, couriers, addresses, and matching by barcode."""

import pytest

from .caller import Caller
from .goods import ATTACHED, save


def results(caller, path, **filters):
    return caller.call(path, filters).results


def test_it_works(main):
    assert results(main, "vat/read") == [
        {"vat_id": 9, "vat_rate": 0.21, "is_default": 1},
        {"vat_id": 10, "vat_rate": 0.11, "is_default": 0},
        {"vat_id": 11, "vat_rate": 0, "is_default": 0},
    ]


def test_vat_may_come_in_percent(sim, main):
    sim.config(vat_as="percent")

    assert [one["vat_rate"] for one in results(main, "vat/read")] == [21, 11, 0]


@pytest.mark.parametrize(
    ("platform", "rates"), [("bg", [0.2, 0.09, 0]), ("hu", [0.27, 0.18, 0.05, 0])]
)
def test_each_country_has_its_rates(sim, platform, rates):
    caller = Caller(sim, sim.add_account(platform, "abroad"))

    assert [one["vat_rate"] for one in results(caller, "vat/read")] == rates


def test_handling_times(main):
    assert results(main, "handling_time/read") == [
        {"id": days} for days in (0, 1, 2, 3, 6, 9, 30, 60, 90)
    ]


# -- categories


def test_a_list_of_categories_has_no_characteristics(main):
    found = results(main, "category/read")

    assert len(found) > 40
    assert all(one["characteristics"] == [] for one in found)
    assert {one["is_allowed"] for one in found} == {0, 1}
    assert results(main, "category/count")["noOfItems"] == len(found)
    assert len(results(main, "category/read", itemsPerPage=10, currentPage=2)) == 10


def test_one_category_as_documented(main):
    [found] = results(main, "category/read", id=2735, valuesCurrentPage=1, valuesPerPage=50)

    assert {**found, "characteristics": None, "family_types": None} == {
        "id": 2735,
        "name": "Pantofi sport",
        "is_allowed": 1,
        "parent_id": 2701,
        "is_ean_mandatory": 1,
        "is_warranty_mandatory": 0,
        "characteristics": None,
        "family_types": None,
    }
    size, colour = found["characteristics"]
    assert {**size, "values": []} == {
        "id": 6506,
        "name": "Mărime",
        "type_id": 60,
        "display_order": 1,
        "is_mandatory": 1,
        "is_filter": 1,
        "allow_new_value": 0,
        "values": [],
        "tags": ["original", "converted"],
    }
    assert "36 EU" in size["values"]
    assert (colour["id"], colour["tags"]) == (5401, [])
    assert found["family_types"] == [
        {
            "id": 95,
            "name": "Mărime",
            "characteristics": [
                {
                    "characteristic_id": 6506,
                    "characteristic_family_type_id": 2,
                    "is_foldable": 1,
                    "display_order": 1,
                }
            ],
        }
    ]


def test_values_come_in_pages(main):
    def phones(page, per_page=100):
        [found] = results(
            main, "category/read", id=2721, valuesCurrentPage=page, valuesPerPage=per_page
        )
        return found["characteristics"][0]["values"]

    [whole] = results(main, "category/read", id=2721)
    assert len(whole["characteristics"][0]["values"]) == 256
    pages = [phones(1), phones(2), phones(3), phones(4), phones(5)]
    assert [len(page) for page in pages[:2]] == [100, 100]
    assert pages[4] == []
    assert len({value for page in pages for value in page}) == sum(map(len, pages)) > 256


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "Sports shoes"), ("RO", "Pantofi sport"), ("hu", "Sportcipők"), ("pl", "Sports shoes")],
)
def test_names_come_in_a_language(main, language, name):
    assert main.call(f"category/read?language={language}", {"id": 2735}).results[0]["name"] == name


def test_the_language_of_the_platform_is_the_usual_one(sim):
    caller = Caller(sim, sim.add_account("bg", "abroad"))

    assert results(caller, "category/read", id=2735)[0]["name"] == "Спортни обувки"


def test_access_is_the_accounts_own(sim, main):
    sim.world.docs("category_access", "main").put(2831, {"is_allowed": True})

    assert results(main, "category/read", id=2831)[0]["is_allowed"] == 1


def test_filters_of_categories_are_checked(main):
    assert main.call("category/read", {"id": 0}).messages == ["ERROR: id has an invalid value"]


# -- places


def test_localities_of_the_own_country(main):
    [iasi] = results(main, "locality/read", emag_id=8801)

    assert iasi == {
        "emag_id": 8801,
        "name": "Iași",
        "name_latin": "Iasi",
        "region1": "",
        "region1_latin": "",
        "region2": "Iași",
        "region2_latin": "Iasi",
        "region3": "",
        "region3_latin": "",
        "region4": "",
        "region4_latin": "",
        "geoid": 95060,
        "modified": iasi["modified"],
        "zipcode": "700001",
        "country_code": "RO",
        "iso2": "RO-IS",
    }
    total = results(main, "locality/count")["noOfItems"]
    assert total > 240
    pages = [results(main, "locality/read", currentPage=page) for page in (1, 2, 3, 4)]
    assert len({one["emag_id"] for page in pages for one in page}) == total
    assert {one["country_code"] for page in pages for one in page} == {"RO"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"name": "Iași"}, {"Iași"}),
        ({"name": "Iasi"}, {"Iași"}),
        ({"region2": "Sălaj"}, {"Zalău", "Șimleu Silvaniei", "Jibou", "Cehu Silvaniei"}),
        ({"country_code": "PL"}, {"Warszawa", "Radom", "Kraków"}),
        ({"modified": "2026-01-01 00:00:00"}, set()),
    ],
)
def test_filters_of_localities(main, filters, names):
    assert {one["name"] for one in results(main, "locality/read", **filters)} == names


def test_localities_changed_since_then(main):
    some = results(main, "locality/count", modified="2025-06-15 00:00:00")["noOfItems"]

    assert 0 < some < results(main, "locality/count")["noOfItems"]


@pytest.mark.parametrize(
    "filters",
    [{"modified": "2025-01-10T09:00:00"}, {"name": "x" * 61}, {"country_code": "XX"}],
)
def test_filters_of_localities_are_checked(main, filters):
    [key] = filters

    reply = main.call("locality/read", filters)

    assert reply.messages == [f"ERROR: {key} has an invalid value"]


def test_couriers_and_addresses(main):
    couriers = results(main, "courier_accounts/read")
    addresses = results(main, "addresses/read")

    assert couriers[0] == {
        "account_id": 11001,
        "account_display_name": "Sameday HD",
        "courier_account_type": 3,
        "courier_name": "Sameday",
        "courier_account_properties": [0, 2],
        "created": "2024-02-01 10:00:00",
        "status": 1,
        "pickup_country_code": "RO",
    }
    assert {one["courier_account_type"] for one in couriers} == {1, 2, 3, 4}
    assert {one["status"] for one in couriers} == {0, 1}
    assert {one["address_type_id"] for one in addresses} == {1, 2, 3, 4}
    assert next(one for one in addresses if one["address_id"] == "70001")["locality_id"] == 5


@pytest.mark.parametrize("platform", ["ro", "bg", "hu", "fd-ro", "fd-bg"])
def test_stored_addresses_are_in_known_places(sim, platform):
    caller = Caller(sim, sim.add_account(platform, "abroad"))

    for address in results(caller, "addresses/read"):
        [place] = results(caller, "locality/read", emag_id=address["locality_id"])
        assert (place["name"], place["region2"]) == (address["city"], address["suburb"])


def test_the_callers_addresses_need_no_password(main):
    reply = main.call("public-ips.json", method="GET", root=True, password="wrong")

    assert (reply.status, len(reply.json["ips"])) == (200, 3)


# -- matching


def match(caller, *eans):
    query = "&".join(f"eans%5B%5D={ean}" for ean in eans)
    return caller.call(f"documentation/find_by_eans?{query}", method="GET")


def test_matching_as_documented(main):
    reply = match(main, "5940000001041", "5940000009999")

    assert reply.results == {
        "5940000001041": {
            "products": [
                {
                    "ean": "5940000001041",
                    "part_number_key": "DXK7T2BBM",
                    "product_name": "Pantofi sport Arvex Runner, Negru",
                    "brand_name": "Arvex",
                    "doc_category_id": 2735,
                    "site_url": "http://emag.ro/product_details/pd/DXK7T2BBM",
                    "category_name": "Pantofi sport",
                    "allowed_to_add_offer": True,
                    "vendor_has_offer": False,
                    "hotness": "COLD",
                    "product_image": "https://img.example/150/DXK7T2BBM.png",
                }
            ]
        },
        "5940000009999": {"products": []},
    }
    save(main, ATTACHED)
    [product] = match(main, "5940000001041").results["5940000001041"]["products"]
    assert product["vendor_has_offer"] is True


def test_only_the_first_hundred_are_looked_at(main):
    reply = match(main, *range(10**12, 10**12 + 130))

    assert len(reply.results) == 100
    assert reply.json["isError"] is False
    assert "first 100" in reply.messages[0]


def test_one_barcode_on_several_products(sim, main):
    sim.do(
        "product", account="main", name="X", brand="Y", category=2712, price="10",
        eans=["5940000001041"],
    )  # fmt: skip

    assert len(match(main, "5940000001041").results["5940000001041"]["products"]) == 2


def test_matching_has_a_bucket_of_its_own(sim, main):
    match(main, 5)

    assert sim.journal(route="documentation/find_by_eans")[0]["bucket"] == "ean"


def test_nothing_to_match(main):
    assert main.call("documentation/find_by_eans", method="GET").json["isError"] is True


def test_fashion_days_gives_no_address(sim):
    caller = Caller(sim, sim.add_account("fd-ro", "fashion"))

    [product] = match(caller, "5940000001041").results["5940000001041"]["products"]
    assert "site_url" not in product


# -- the corner at the root


def test_the_commission_of_a_product(main):
    save(main, ATTACHED)

    reply = main.call("api/v1/commission/estimate/1042", method="GET", root=True)

    assert reply.json == {
        "code": 200,
        "data": {"value": 13.0, "id": 1042, "created": "2026-03-03 12:00:00", "end_date": None},
    }
    assert main.call("api/v1/commission/estimate/7", method="GET", root=True).status == 404


def test_the_own_product_behind_a_barcode(main):
    def ids(ean):
        path = f"api/v1/product/search-by-ean?ean={ean}"
        return main.call(path, method="GET", root=True).json["data"]["ext_ids"]

    assert ids("5940000001041") == []
    save(main, ATTACHED)
    assert ids("5940000001041") == [1042]
