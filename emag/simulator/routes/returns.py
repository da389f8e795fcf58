"""Returns: reading, counting, saving."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emag.simulator import rma_life
from emag.simulator.answers import Answer, failed, ok
from emag.simulator.checks import Checks, entity_checks, whole
from emag.simulator.drifting import real_text
from emag.simulator.listing import counted, filter_checks, page_of
from emag.simulator.offer_values import own_currency
from emag.simulator.orders import life
from emag.simulator.profiles import documented_rma, reshape
from emag.simulator.routing import Call, route
from emag.simulator.seeds.return_reasons import LAST_LEVEL, REASONS
from emag.simulator.store import Document
from emag.simulator.switches import declare

declare("rma.default_type", "3", "3", "all", about="what rma/read shows where no type is asked for")
declare("rma.fbe_save", "refused", "refused", "allowed", about="whether FBE returns may be saved")

# The one wording of this route that is known.
real_text("ERROR: please provide the customer name")

MOMENT = "%Y-%m-%d %H:%M:%S"
REQUIRED = (
    "order_id",
    "type",
    "customer_phone",
    "products",
    "pickup_country",
    "pickup_suburb",
    "pickup_city",
    "pickup_address",
    "pickup_locality_id",
    "pickup_method",
    "return_reason",
    "return_type",
    "date",
    "request_status",
)
# What a seller may change; the rest is echoed back and kept as it was.
EDITABLE = (
    "customer_name",
    "customer_company",
    "customer_phone",
    "pickup_suburb",
    "pickup_city",
    "pickup_address",
    "pickup_zipcode",
    "customer_account_iban",
    "customer_account_bank",
    "customer_account_beneficiary",
    "replacement_product_emag_id",
    "replacement_product_id",
    "replacement_product_name",
    "observations",
    "swap",
)


# -- reading


def _filters(call: Call) -> tuple[dict[str, Any], list[str]]:
    checks = filter_checks(call.body)
    index: dict[str, Any] = {}
    kind = checks.one_of("type", {2, 3})
    if kind is not None:
        index["type"] = kind
    elif call.switch("rma.default_type") == "3":
        index["type"] = 3
    if checks.has("emag_id"):
        index["id"] = checks.whole("emag_id", 1, 2**53)
    if checks.has("request_status"):
        index["request_status"] = checks.whole("request_status", 1, 7)
    if checks.has("order_id"):
        index["order_id"] = str(checks.whole("order_id", 1, 2**53))
    if checks.has("product_id"):
        index["_product_id"] = str(checks.whole("product_id", 1, 2**53))
    if checks.has("product_emag_id"):
        index["_product_emag_id"] = checks.whole("product_emag_id", 1, 2**53)
    for key, operator in (("date_start", "date__gte"), ("date_end", "date__lte")):
        if checks.has(key):
            if not _is_moment(call.body[key]):
                checks.invalid(key)
            index[operator] = str(call.body[key])
    return index, checks.messages


def _is_moment(value: Any) -> bool:
    try:
        datetime.strptime(str(value), MOMENT)  # noqa: DTZ007
    except ValueError:
        return False
    return True


@route("rma/read")
def rma_read(call: Call) -> Answer:
    index, wrong = _filters(call)
    if wrong:
        return failed(wrong)
    found = page_of(call, rma_life.rmas(call.world, call.account), index)
    return reshape(call, found, documented_rma)


@route("rma/count")
def rma_count(call: Call) -> Answer:
    index, wrong = _filters(call)
    return (
        failed(wrong)
        if wrong
        else counted(call, rma_life.rmas(call.world, call.account).count(**index))
    )


# -- saving


@route("rma/save")
def rma_save(call: Call) -> Answer:
    """A rejected return is echoed in a nested list; the others of the call are saved."""
    messages: list[str] = []
    rejected: list[Any] = []
    warnings: list[str] = []
    for sent in call.entities:
        wrong = save_one(call, sent)
        messages += wrong
        if wrong:
            rejected.append(sent)
        elif not sent.get("currency"):
            currency = own_currency(call.account, call.now)
            warnings.append(
                f"WARNING: currency is missing, the default currency {currency} was used"
            )
    return failed(messages, [rejected]) if rejected else ok(messages=warnings)


def save_one(call: Call, sent: Any) -> list[str]:
    if not isinstance(sent, Mapping):
        return ["ERROR: Invalid content"]
    id = whole(sent.get("emag_id"))
    checks = entity_checks(sent, "Rma", sent.get("emag_id"))
    rma = rma_life.rmas(call.world, call.account).get(id) if id is not None else None
    if rma is None:
        checks.say(f"ERROR: return not found - Rma id: {sent.get('emag_id')}")
        return checks.messages
    if not str(sent.get("customer_name") or "").strip():
        checks.say(f"ERROR: please provide the customer name - Rma id: {id}")
    checks.mandatory(*REQUIRED)
    if call.account.kind == "fbe" and call.switch("rma.fbe_save") == "refused":
        checks.say(f"ERROR: returns fulfilled by eMAG cannot be edited - Rma id: {id}")
    _check(call, checks, rma)
    status = whole(sent.get("request_status"))
    if status is not None and status not in rma_life.MAY_BECOME.get(rma["request_status"], ()):
        checks.say(f"ERROR: status change not permitted - Rma id: {id}")
    if checks.messages:
        return checks.messages
    _write(call, rma, sent)
    if status is not None and status != rma["request_status"]:
        rma_life.move(call.world, call.account, rma, status, by="seller")
    else:
        rma_life.rmas(call.world, call.account).put(rma["emag_id"], rma)
    call.world.journal.effect("rma.saved", call.account.key, rma["emag_id"], {"status": status})
    return []


def _check(call: Call, checks: Checks, rma: Document) -> None:
    checks.whole("request_status", 1, 7)
    checks.whole("return_type", 1, 5)
    checks.whole("pickup_method", 1, 3)
    checks.one_of("type", {2, 3})
    checks.decimal("return_tax_value", low=0)
    for key in ("order_id", "type"):
        if checks.has(key) and str(checks.sent[key]) != str(rma[key]):
            checks.invalid(key)
    if checks.has("date") and not _is_moment(checks.sent["date"]):
        checks.invalid("date")
    _check_reason(checks, checks.sent)
    order = life.orders(call.world, call.account).get(whole(rma["order_id"]) or 0)
    known = {line["id"]: line for line in rma["products"]}
    for line in checks.listed("products"):
        number = whole(line.get("id")) if isinstance(line, Mapping) else None
        stored = known.get(number) if number is not None else None
        if (
            stored is None
            or str(line.get("product_id")) != stored["product_id"]
            or not line.get("product_name")
        ):
            checks.invalid("products")
            continue
        units = whole(line.get("quantity"))
        if units is None or not 1 <= units <= _most(call, rma, stored, order):
            checks.invalid("quantity")
        if line.get("return_reason") is not None:
            _check_reason(checks, line)


def _most(call: Call, rma: Document, stored: dict[str, Any], order: Document | None) -> int:
    """What may be returned: what was bought, less what other returns already hold."""
    bought = next(
        (
            int(line["initial_qty"])
            for line in (order or {}).get("products", ())
            if line["id"] == rma["_line_id"]
        ),
        0,
    )
    others = rma_life.returned_units(call.world, call.account, rma["order_id"], rma["_line_id"])
    return max(int(stored["quantity"]), bought - others + int(stored["quantity"]))


def _check_reason(checks: Checks, sent: Mapping[str, Any]) -> None:
    reason = whole(sent.get("return_reason"))
    if reason is None or reason not in LAST_LEVEL:
        checks.invalid("return_reason")
    elif REASONS[reason].remark == 2 and not str(sent.get("observations") or "").strip():
        checks.missing("observations")


def _write(call: Call, rma: Document, sent: Mapping[str, Any]) -> None:
    for key in EDITABLE:
        if key in sent:
            rma[key] = sent[key]
    for key in (
        "pickup_method",
        "return_type",
        "return_reason",
        "pickup_locality_id",
        "return_address_id",
    ):
        if sent.get(key) is not None:
            rma[key] = whole(sent[key])
    lines = {line["id"]: line for line in rma["products"]}
    for line in sent["products"]:
        stored = lines[whole(line["id"])]
        stored["quantity"] = str(whole(line["quantity"]))
        for key in ("observations", "diagnostic", "reject_reason", "retained_amount"):
            if key in line:
                stored[key] = line[key]
