"""Fields that are not what the documentation says: null, drifted, unknown, strange, broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from emag.simulator.clock import WIRE_FORMAT
from emag.simulator.faults import declare_fault

declare_fault(
    "null_fields", "optional fields (`fields`, else any) are null, empty or missing at `rate` (0.1)"
)
declare_fault("type_drift", "numbers as text, text as numbers, flags as booleans at `rate` (0.1)")
declare_fault("unknown_fields", "keys nobody knows, at every level, at `rate` (0.2)")
declare_fault("unknown_enums", "values nobody knows in fields with a fixed set, at `rate` (0.1)")
declare_fault(
    "unicode",
    "names with both ș and ş, emoji, right-to-left marks, entities, 255 signs at `rate` (0.2)",
)
declare_fault("big_ids", "numbers of customers, catalogue and carts beyond 2^31")
declare_fault("clock_dst", "times before `before` shifted by `hours` (1)")
declare_fault(
    "mangle",
    "the body's text is changed: `set` {path: value}, `remove` [path], `replace` [[old, new]]",
)

Document = dict[str, Any]
#: What no drift may touch: without these nobody can say whose document it is.
KEYS = frozenset(
    {
        "id",
        "type",
        "status",
        "products",
        "sale_price",
        "quantity",
        "vat",
        "date",
        "customer",
        "value",
    }
)
ENUMS: dict[str, tuple[Any, ...]] = {
    "delivery_mode": ("Livrare 6H", "drone"),
    "status": (6,),
    "payment_mode_id": (4,),
    "request_status": (8,),
    "return_reason": (999,),
    "awb_status_code": ("XYZ",),
    "detailed_payment_method": ("CRYPTO",),
}
STRANGE = (
    "Șerban Țăndărică",
    "Şerban Ţăndărică",
    "Kőszegi Ödön",
    "Георги Петров",
    "Ana 🛒🎁",
    "\u202eanA\u202c",
    "Ana\u00a0Maria",
    "Linia 1\r\nLinia 2",
    "Ionescu &amp; Fiii &#537;i nepo&#355;ii",
    "Ă" * 255,
    "x'; DROP TABLE orders; --",
    "<script>alert(1)</script>",
)
TEXTS = ("name", "shipping_contact", "shipping_street", "billing_name", "observation", "company")
TIMES = ("date", "modified", "created", "finalization_date", "maximum_date_for_shipment")


def nested(document: Any) -> Iterator[Document]:
    """The document and every object inside it."""
    if isinstance(document, dict):
        yield document
        for value in list(document.values()):
            yield from nested(value)
    elif isinstance(document, list):
        for value in document:
            yield from nested(value)


def null_fields(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    rate, chosen = float(params.get("rate", 0.1)), params.get("fields")
    for document in documents:
        for part in nested(document):
            for key in list(part):
                if (key in chosen if chosen else key not in KEYS) and rng.random() < rate:
                    empty: Any = rng.choice((None, "", [], "missing"))
                    if empty == "missing":
                        del part[key]
                    else:
                        part[key] = empty


def type_drift(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    rate = float(params.get("rate", 0.1))
    for document in documents:
        for part in nested(document):
            for key, value in part.items():
                if rng.random() < rate:
                    part[key] = drifted(key, value)


def drifted(key: str, value: Any) -> Any:
    """The same value in another type that PHP might have given it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return (
            bool(value)
            if value in (0, 1) and key.startswith(("is_", "has_", "emag_", "weekend_"))
            else str(value)
        )
    if isinstance(value, str):
        try:
            return (
                int(value)
                if value.isascii() and value.isdecimal() and not value.startswith("0")
                else float(value)
                if "." in value
                else value
            )
        except ValueError:
            return value
    if key == "reason_cancellation" and isinstance(value, dict):
        return value.get("id")
    return value


def unknown_fields(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    rate = float(params.get("rate", 0.2))
    for document in documents:
        for part in nested(document):
            if rng.random() < rate:
                part[f"future_{rng.randint(1, 9)}"] = rng.choice(
                    (None, 1, "x", [1, 2], {"nested": {"deep": True}})
                )


def unknown_enums(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    rate, chosen = float(params.get("rate", 0.1)), params.get("fields")
    for document in documents:
        for key, values in ENUMS.items():
            if key in document and (not chosen or key in chosen) and rng.random() < rate:
                document[key] = rng.choice(values)
        if isinstance(document.get("reason_cancellation"), dict) and rng.random() < rate:
            document["reason_cancellation"] = {"id": 999, "name": "A reason of tomorrow"}


def strange_text(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    rate = float(params.get("rate", 0.2))
    for document in documents:
        for part in nested(document):
            for key in TEXTS:
                if isinstance(part.get(key), str) and rng.random() < rate:
                    part[key] = rng.choice(STRANGE)


def big_ids(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    for document in documents:
        for part in nested(document):
            for key in ("mkt_id", "parent_id"):
                if isinstance(part.get(key), int):
                    part[key] += 3_000_000_000
        if isinstance(document.get("customer"), dict) and isinstance(
            document["customer"].get("id"), int
        ):
            document["customer"]["id"] += 3_000_000_000


def shift_times(documents: list[Document], params: dict[str, Any], rng: Random) -> None:
    before, hours = str(params.get("before", "9999")), float(params.get("hours", 1))
    for document in documents:
        for part in nested(document):
            for key in TIMES:
                value = part.get(key)
                if isinstance(value, str) and len(value) == 19 and value < before:
                    moment = datetime.strptime(value, WIRE_FORMAT) + timedelta(hours=hours)  # noqa: DTZ007
                    part[key] = moment.strftime(WIRE_FORMAT)


# -- broken on purpose


def mangle(body: bytes, params: dict[str, Any]) -> bytes:
    """Change a reply's text. Paths are like `results.0.products.1.quantity`; `*` is every item."""
    text = body.decode("utf-8", "surrogatepass")
    if "set" in params or "remove" in params:
        payload = json.loads(text)
        for path, value in params.get("set", {}).items():
            for parent, key in reached(payload, path.split(".")):
                parent[key] = value
        for path in params.get("remove", ()):
            for parent, key in reached(payload, path.split(".")):
                if isinstance(parent, list) or key in parent:
                    del parent[key]
        text = json.dumps(payload)
    for old, new in params.get("replace", ()):
        text = text.replace(old, new)
    return text.encode("utf-8", "surrogatepass")


def reached(value: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """Parents and keys that a path leads to."""
    step, rest = path[0], path[1:]
    keys: list[Any] = [step]
    if isinstance(value, list):
        keys = list(range(len(value))) if step == "*" else [int(step)]
        keys = [key for key in keys if -len(value) <= key < len(value)]
    elif not isinstance(value, dict):
        return
    for key in keys:
        if not rest:
            yield value, key
        elif isinstance(value, list) or key in value:
            yield from reached(value[key], rest)


# -- wordings that cannot be relied upon

#: Beginnings of texts that the real marketplace uses; they are never rewritten.
REAL_TEXTS = [
    "ERROR: Order is already in progress",
    "ERROR: Invalid vendor ip",
    "You are not allowed",
    "ERROR: You are not allowed",
    "Maximum input vars",
]
FORMS = (
    "EROARE: {}",
    "Validation failed: {}",
    "Cererea nu a putut fi procesată ({})",
    "[E-{}] Invalid request",
)


def real_text(*beginnings: str) -> None:
    """Say that texts with these beginnings are the marketplace's own."""
    REAL_TEXTS.extend(beginnings)


def scrambled(text: Any, rng: Random) -> Any:
    """A text of the simulator's own in other words; the suffix that names the entity stays."""
    if (
        not isinstance(text, str)
        or not text.startswith("ERROR: ")
        or text.startswith(tuple(REAL_TEXTS))
    ):
        return text
    head, dash, suffix = text.removeprefix("ERROR: ").rpartition(" - ")
    words = (head or suffix).split()
    rng.shuffle(words)
    return rng.choice(FORMS).format(" ".join(words)) + (f"{dash}{suffix}" if head else "")
