"""AWBs: issuing, reading, labels, and the sizes of parcels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emag.simulator import awb_life
from emag.simulator.answers import Answer, failed, ok, raw
from emag.simulator.awb_rules import CURRENCIES, SIZES, AwbRules
from emag.simulator.checks import flag, whole
from emag.simulator.decimals import amount, as_number, four
from emag.simulator.faults import declare_fault
from emag.simulator.labels import FORMATS, pdf, zpl, zpl_base64
from emag.simulator.listing import filter_checks
from emag.simulator.offer_docs import offers
from emag.simulator.orders import life
from emag.simulator.profiles import documented_awb, reshape
from emag.simulator.routing import Call, route
from emag.simulator.seeds.vat import country_of
from emag.simulator.store import Document
from emag.simulator.switches import declare

declare("awb.results", "list", "list", "object", about="form of what awb/save answers")
declare("awb.read_results", "object", "object", "list", about="form of what awb/read answers")
declare(
    "awb.read_by", "both", "both", "barcode", "outer", about="which id awb/read takes as emag_id"
)

declare_fault("label_json", "read_pdf answers a JSON error with status 200")
declare_fault("label_empty", "read_pdf answers nothing with status 200")
declare_fault("awb_duplicate", "one call of awb/save issues two AWBs, and answers one")

FIRST_OUTER, FIRST_BARCODE, FIRST_RESERVATION, FIRST_NUMBER = 910_001, 920_001, 481_000_001, 1
DELIVERY, PICKUP = 1, 2
_PREFIXES = {"Sameday": "4EMGLN", "FAN Courier": "2EMG", "Cargus": "1ONB"}


# -- issuing


@route("awb/save")
def awb_save(call: Call) -> Answer:
    messages: list[str] = []
    results: list[dict[str, Any]] = []
    is_error = False
    for sent in call.entities:
        if not isinstance(sent, Mapping):
            return failed("ERROR: Invalid content")
        currency = CURRENCIES[country_of(call.account.platform)]
        rules = AwbRules(call.world, call.account, sent, call.now)
        wrong = rules.run(currency)
        if call.switch("strict") == "off" and rules.order is not None:
            rules.checks.relax()
            wrong = rules.checks.messages
        if wrong:
            messages += wrong
            is_error = True
            continue
        if not sent.get("currency"):
            messages.append(
                f"WARNING: currency is missing, the default currency {currency} was used"
            )
        results.append(issue(call, rules, currency))
        if call.fault("awb_duplicate") is not None:
            issue(call, rules, currency)
    answer = failed(messages, results) if is_error else ok(results, messages)
    if call.switch("awb.results") == "object" and len(results) == 1:
        answer.results = results[0]
    return answer


def issue(call: Call, rules: AwbRules, currency: str) -> dict[str, Any]:
    """Issue the AWB, move the order to 4 with its first one, and start the tracking."""
    world, account, sent = call.world, call.account, rules.sent
    order = rules.order or {}
    courier = rules.courier or {"account_id": 0, "courier_name": "Sameday"}
    prefix = _PREFIXES.get(courier["courier_name"], "4EMGLN")
    number = f"{prefix}{world.store.next_number('awb_number', FIRST_NUMBER):09d}"
    reservation = world.store.next_number("awb_reservation", FIRST_RESERVATION)
    to_locker = rules.rma is None and rules.is_for_locker(order)
    pieces = whole(sent.get("parcel_number")) or 1
    awb: Document = {
        "emag_id": world.store.next_number("awb_outer", FIRST_OUTER),
        "reservation_id": reservation,
        "order_id": str(order["id"]),
        "rma_id": rules.rma["emag_id"] if rules.rma else None,
        "type": order.get("type", 3),
        "weight": as_number(amount(sent.get("weight", 1))),
        "awb": [
            {
                "emag_id": world.store.next_number("awb_barcode", FIRST_BARCODE),
                "awb_number": number,
                "awb_barcode": f"{number}{place:03d}",
            }
            for place in range(1, pieces + 1)
        ],
        "status": {},
        "courier": {
            "courier_account_id": courier["account_id"],
            "courier_name": courier["courier_name"].upper(),
        },
        "currency": currency,
        "cash_on_delivery": four(amount(sent.get("cod"))),
        "_to_locker": to_locker,
        "_receiver": str((sent.get("receiver") or {}).get("name", "")),
    }
    if rules.rma:
        # From the seller's stored address it goes out, from anywhere else it is fetched.
        out = bool((sent.get("sender") or {}).get("address_id"))
        awb["awb_type"] = DELIVERY if out else PICKUP
    is_first = not awb_life.awbs(world, account).count(order_id=awb["order_id"], rma_id=None)
    awb_life.start(world, account, awb, dropped_off=bool(flag(sent.get("dropoff_locker"))))
    awb_life.awbs(world, account).put(reservation, awb)
    barcodes = world.docs("awb_barcode", account)
    barcodes.put_many((one["emag_id"], {"reservation": reservation}) for one in awb["awb"])
    world.journal.effect(
        "awb.issued",
        account.key,
        reservation,
        {"order_id": order["id"], "rma_id": awb["rma_id"], "number": number, "is_first": is_first},
    )
    if rules.rma:
        rules.rma["awbs"].append({"reservation_id": reservation})
        world.docs("rma", account).put(rules.rma["emag_id"], rules.rma)
    elif is_first and order["status"] in (life.IN_PROGRESS, life.PREPARED):
        life.finalize(world, account, order, by="awb")
    _keep_volumetry(call, sent, order)
    return {"emag_id": awb["emag_id"], "order_id": awb["order_id"], "awb": awb["awb"]}


def _keep_volumetry(call: Call, sent: Mapping[str, Any], order: Document) -> None:
    """Sizes of a single piece in a single parcel are remembered for `order/volumetry/read`."""
    if not flag(sent.get("save_volumetric_awb_data")) or not sent.get("packages"):
        return
    line = next(line for line in order["products"] if int(line["status"]) == 1)
    number = whole(line["product_id"])
    offer = offers(call.world, call.account).get(number) if number is not None else None
    if offer is not None:
        # Kept as measurements/save writes them, in millimetres and grams.
        package = sent["packages"][0]
        offer["_measurements"] = {
            key: str(amount(package[key]) * (1000 if key == "weight" else 10)) for key in SIZES
        }
        offers(call.world, call.account).put(offer["id"], offer)


# -- reading


def _by_barcode(call: Call, id: int) -> Document | None:
    row = call.world.docs("awb_barcode", call.account).get(id)
    return awb_life.awbs(call.world, call.account).get(row["reservation"]) if row else None


def _by_outer(call: Call, id: int) -> Document | None:
    return awb_life.awbs(call.world, call.account).first(emag_id=id)


def find(call: Call, id: int | None) -> Document | None:
    """The AWB behind an `emag_id`, which the documentation and its users read differently."""
    how = call.switch("awb.read_by")
    if id is None:
        return None
    found = _by_barcode(call, id) if how != "outer" else None
    return found or (_by_outer(call, id) if how != "barcode" else None)


@route("awb/read")
def awb_read(call: Call) -> Answer:
    checks = filter_checks(call.body)
    if not checks.has("emag_id") and not checks.has("reservation_id"):
        return failed("ERROR: emag_id or reservation_id is mandatory")
    id = checks.whole("emag_id", 1, 2**53)
    reservation = checks.whole("reservation_id", 1, 2**53)
    if checks.messages:
        return failed(checks.messages)
    awb = find(call, id)
    if awb is None and reservation is not None:
        awb = awb_life.awbs(call.world, call.account).get(reservation) or _by_outer(
            call, reservation
        )
    if awb is None:
        return ok()
    served = {key: value for key, value in awb.items() if not key.startswith("_")}
    answer = ok([served] if call.switch("awb.read_results") == "list" else served)
    return reshape(call, answer, documented_awb)


# -- labels


def _label(call: Call) -> Answer | Document:
    awb = find(call, whole(call.args.get("id", call.query.get("emag_id"))))
    return awb if awb is not None else failed("ERROR: emag_id: AWB not found")


@route("awb/read_pdf", methods=("GET",))
def awb_read_pdf(call: Call) -> Answer:
    if call.fault("label_json") is not None:
        return failed("ERROR: The label is not available at this time")
    if call.fault("label_empty") is not None:
        return raw(200, b"", {"Content-Type": "application/pdf"})
    awb = _label(call)
    if isinstance(awb, Answer):
        return awb
    paper = str(call.query.get("awb_format") or "A4").upper()
    barcodes = [one["awb_barcode"] for one in awb["awb"]]
    if paper == "ZPL":
        text = "\n".join(zpl(barcode, awb["_receiver"]) for barcode in barcodes)
        return raw(200, text, {"Content-Type": "text/plain"})
    if paper not in FORMATS:
        return failed("ERROR: awb_format: has an invalid value")
    return raw(200, pdf(barcodes, awb["_receiver"], paper), {"Content-Type": "application/pdf"})


@route("awb/read_pdf/{id:int}", methods=("GET",))
def awb_read_pdf_of(call: Call) -> Answer:
    return awb_read_pdf(call)


@route("/awb/read_pdf", methods=("GET",))
def awb_read_pdf_at_root(call: Call) -> Answer:
    return awb_read_pdf(call)


@route("awb/read_zpl", methods=("GET", "POST"))
def awb_read_zpl(call: Call) -> Answer:
    awb = _label(call)
    if isinstance(awb, Answer):
        return awb
    content = [zpl_base64(one["awb_barcode"], awb["_receiver"]) for one in awb["awb"]]
    return ok({"deliveries": {str(awb["emag_id"] % 1000): {"awbs": {"content": content}}}})


# -- sizes of parcels


@route("awb/package/read")
def awb_package_read(call: Call) -> Answer:
    return ok(call.world.docs("parcel", call.account).texts())


@route("awb/package/save")
def awb_package_save(call: Call) -> Answer:
    """All of them or none; the labels are fixed, and one is the default."""
    docs = call.world.docs("parcel", call.account)
    stored = {
        parcel["label"]: (id, parcel) for id, parcel in zip(docs.ids(), docs.find(), strict=True)
    }
    sent = [one for one in call.entities if isinstance(one, Mapping)]
    labels = [one.get("label") for one in sent]
    if sorted(map(str, labels)) != sorted(stored):
        return failed("ERROR: label: all packages must be sent")
    messages = []
    for one in sent:
        checks = filter_checks(one)
        checks.mandatory("is_default", *SIZES)
        checks.flag("is_default")
        for key in SIZES:
            checks.decimal(key, low=0, high=99_999)
        messages += checks.messages
    if sum(bool(flag(one.get("is_default"))) for one in sent) > 1:
        # Choosing one takes the choice from the one before; two at once are a mistake.
        messages.append("ERROR: is_default: only one package can be the default")
    if messages:
        return failed(messages)
    for one in sent:
        id, parcel = stored[one["label"]]
        sizes = {key: as_number(amount(one[key])) for key in SIZES}
        docs.put(id, {**parcel, **sizes, "is_default": bool(flag(one["is_default"]))})
    call.world.journal.effect("awb.packages_saved", call.account.key, "all")
    return ok()
