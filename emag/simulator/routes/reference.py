"""What a seller reads once a day: categories, VAT rates, handling times, localities, matching."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from emag.simulator import catalogue
from emag.simulator.accounts import PLATFORMS
from emag.simulator.answers import Answer, failed, ok, raw
from emag.simulator.checks import Checks, whole
from emag.simulator.decimals import as_number
from emag.simulator.invoices import commission_rate
from emag.simulator.listing import counted, filter_checks, page_of, window
from emag.simulator.offer_docs import eans_of_offers, offers
from emag.simulator.routing import Call, route
from emag.simulator.seeds import categories as tree
from emag.simulator.seeds.vat import country_of, rates
from emag.simulator.store import declare_kind
from emag.simulator.switches import declare

declare_kind(
    "locality",
    columns=("name", "name_latin", "region2", "region2_latin", "country_code", "modified"),
    order="id",
)
declare_kind("courier", columns=("status",), order="id")
declare_kind("address", columns=("address_type_id",), order="id")

declare("vat.as", "fraction", "fraction", "percent", about="vat_rate 0.21 or 21")

HANDLING_TIMES = (0, 1, 2, 3, 6, 9, 30, 60, 90)
LANGUAGES = frozenset({"en", "ro", "hu", "bg", "pl", "gr", "de"})
VALUES_PER_PAGE = 256
MOST_EANS = 100
MOMENT = "%Y-%m-%d %H:%M:%S"


# -- categories


def _language(call: Call) -> str:
    asked = str(call.query.get("language", "")).lower()
    return asked if asked in LANGUAGES else str(PLATFORMS[call.account.platform]["locale"])[:2]


def _is_allowed(call: Call, category: tree.Category) -> bool:
    access = call.world.docs("category_access", call.account).get(category.id)
    return bool(access["is_allowed"]) if access else category.is_allowed


def _wanted(call: Call) -> tuple[list[tree.Category], Checks]:
    checks = filter_checks(call.body)
    id = checks.whole("id", 1, 65_535)
    name = str(call.body.get("name") or "").casefold()
    language = _language(call)
    found = [
        category
        for category in tree.categories().values()
        if (id is None or category.id == id)
        and name in category.names.get(language, category.names["en"]).casefold()
    ]
    return found, checks


@route("category/read")
def category_read(call: Call) -> Answer:
    found, checks = _wanted(call)
    values_page = checks.whole("valuesCurrentPage", 1, 65_535) or 1
    per_page = checks.whole("valuesPerPage", 1, VALUES_PER_PAGE) or VALUES_PER_PAGE
    frame = window(call)
    if checks.messages:
        return failed(checks.messages)
    if isinstance(frame, Answer):
        return frame
    language = _language(call)
    offset, limit = frame
    results = [
        tree.shown(category, language, is_allowed=_is_allowed(call, category))
        for category in found[offset : offset + limit]
    ]
    if checks.has("id"):
        for category, result in zip(found, results, strict=False):
            result.update(tree.details(category, language, page=values_page, per_page=per_page))
    return ok(results)


@route("category/count")
def category_count(call: Call) -> Answer:
    found, checks = _wanted(call)
    return failed(checks.messages) if checks.messages else counted(call, len(found))


# -- short lists


@route("vat/read")
def vat_read(call: Call) -> Answer:
    factor = 100 if call.switch("vat.as") == "percent" else 1
    return ok(
        [
            {
                "vat_id": id,
                "vat_rate": as_number(Decimal(rate) * factor),
                "is_default": int(is_default),
            }
            for id, rate, is_default in rates(call.account.platform)
        ]
    )


@route("handling_time/read")
def handling_time_read(call: Call) -> Answer:
    return ok([{"id": days} for days in HANDLING_TIMES])


@route("courier_accounts/read")
def courier_accounts_read(call: Call) -> Answer:
    return page_of(call, call.world.docs("courier", call.account), {})


@route("addresses/read")
def addresses_read(call: Call) -> Answer:
    return page_of(call, call.world.docs("address", call.account), {})


@route("/public-ips.json", methods=("GET",), needs_sign_in=False)
def public_ips(call: Call) -> Answer:
    return raw(200, {"ips": ["43.131.5.30", "91.206.37.14", "46.174.144.128"]})


# -- localities


def _locality_filters(call: Call) -> tuple[dict[str, Any], list[str]]:
    checks = filter_checks(call.body)
    index: dict[str, Any] = {"country_code": country_of(call.account.platform)}
    if checks.has("country_code"):
        index["country_code"] = checks.one_of("country_code", {"RO", "BG", "HU", "PL", "EL", "DE"})
    if checks.has("emag_id"):
        index["id"] = checks.whole("emag_id", 1, 2**53)
    if checks.has("modified"):
        try:
            datetime.strptime(str(call.body["modified"]), MOMENT)  # noqa: DTZ007
            index["modified__gt"] = str(call.body["modified"])
        except ValueError:
            checks.invalid("modified")
    if checks.has("region2"):
        region = str(call.body["region2"])
        is_latin = region.isascii()
        index["region2_latin" if is_latin else "region2"] = region
    name = checks.text("name", 0, 60)
    if name:
        index["name_latin" if name.isascii() else "name"] = name
    return index, checks.messages


@route("locality/read")
def locality_read(call: Call) -> Answer:
    index, wrong = _locality_filters(call)
    return failed(wrong) if wrong else page_of(call, call.world.shared_docs("locality"), index)


@route("locality/count")
def locality_count(call: Call) -> Answer:
    index, wrong = _locality_filters(call)
    docs = call.world.shared_docs("locality")
    return failed(wrong) if wrong else counted(call, docs.count(**index))


# -- matching by barcode


@route("documentation/find_by_eans", bucket="ean", methods=("GET",))
def find_by_eans(call: Call) -> Answer:
    asked = call.query.get("eans")
    if not isinstance(asked, list):
        return failed("ERROR: eans is mandatory")
    messages = []
    if len(asked) > MOST_EANS:
        messages.append(f"Only the first {MOST_EANS} EANs were processed, the others were ignored")
    results = {
        str(ean): {
            "products": [_match(call, str(ean), product) for product in _carriers(call, ean)]
        }
        for ean in asked[:MOST_EANS]
    }
    return ok(results, messages)


def _carriers(call: Call, ean: Any) -> list[dict[str, Any]]:
    return catalogue.by_ean(call.world, call.account.platform, str(ean))


def _match(call: Call, ean: str, product: dict[str, Any]) -> dict[str, Any]:
    category = tree.categories()[product["category"]]
    match = {
        "ean": ean,
        "part_number_key": product["key"],
        "product_name": product["name"],
        "brand_name": product["brand"],
        "doc_category_id": category.id,
        "site_url": f"http://emag.ro/product_details/pd/{product['key']}",
        "category_name": category.names.get(_language(call), category.names["en"]),
        "allowed_to_add_offer": _is_allowed(call, category) and product["duplicate_of"] is None,
        "vendor_has_offer": offers(call.world, call.account).count(part_number_key=product["key"])
        > 0,
        "hotness": product["hotness"],
        "product_image": f"https://img.example/150/{product['key']}.png",
    }
    if call.account.platform.startswith("fd-"):
        del match["site_url"]  # Fashion Days has no address of the product here
    return match


# -- the REST corner at the root of the host


@route("/api/v1/product/search-by-ean", methods=("GET",))
def search_by_ean(call: Call) -> Answer:
    ean = str(call.query.get("ean") or "")
    if not ean.isdigit():
        return raw(400, {"code": 400, "message": "ean is mandatory"})
    row = eans_of_offers(call.world, call.account).get(ean)
    return raw(200, {"code": 200, "data": {"ext_ids": [row["offer"]] if row else []}})


@route("/api/v1/commission/estimate/{id:int}", methods=("GET",))
def commission_estimate(call: Call) -> Answer:
    offer = offers(call.world, call.account).get(call.args["id"])
    if offer is None:
        return raw(404, {"code": 404, "message": "Product not found"})
    rate = float(commission_rate(whole(offer["category_id"])))
    data = {"value": rate, "id": offer["id"], "created": call.world.now_text(), "end_date": None}
    return raw(200, {"code": 200, "data": data})
