"""Whatever comes for an order or an offer: a sound neutral object or Unreadable, nothing else.

The 24 kinds of damage are those of the fault matrix; the fuzz then puts any of them anywhere.
"""

import dataclasses
import datetime as dt
import json
import random
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.intake import OfferIn
from emag.mapping.offers import offer_in
from emag.mapping.orders import order_in
from emag.reading import Unreadable
from emag.sites import site
from orders.intake import OrderIn
from orders.totals import totals_of
from tests.contract.payloads import OFFER_PAGE, ORDER_PAGE, READ_AT, account, line, offer, order

RATES = {9: Decimal("0.21")}
FITS_SUM = Decimal(10) ** 12
READERS = {
    "order": partial(order_in, site=site("emag-ro"), account=account(), read_at=READ_AT),
    "offer": partial(offer_in, account=account(), vat_rates=RATES, read_at=READ_AT),
}


def taken(kind, raw):
    """The neutral object, sound; or None where the payload was refused with a reason."""
    refusal = None
    try:
        found = READERS[kind](raw)
    except Unreadable as odd:
        refusal = odd
    if refusal is not None:
        assert refusal.why, "whoever refuses says why"
        str(refusal).encode()
        return None
    assert isinstance(found, OrderIn if kind == "order" else OfferIn)
    check_sound(found)
    if isinstance(found, OrderIn):
        totals = totals_of(found)
        assert all(abs(getattr(totals, f.name)) < FITS_SUM for f in dataclasses.fields(totals))
        ids = [one.external_id for one in found.lines]
        assert all(ids)
        assert len(ids) == len(set(ids)), "no line twice"
    return found


def check_sound(value, where=""):
    """Everything in it can be stored: no NaN, no NUL, no half characters, no naive time."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            check_sound(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, tuple):
        for part in value:
            check_sound(part, where)
    elif isinstance(value, str):
        assert "\x00" not in value, where
        value.encode()
        assert len(value) <= 4000, where
    elif isinstance(value, Decimal):
        assert value.is_finite(), where
        assert abs(value) < Decimal(10) ** 10, where
    elif isinstance(value, dt.datetime):
        assert value.tzinfo is dt.UTC, where
    else:
        assert value is None or isinstance(value, bool | int | dt.date), where
        assert not isinstance(value, int) or abs(value) < 2**31, where


def test_it_works():
    assert taken("order", order()).external_id == "512340077"
    assert taken("offer", offer()).external_id == "1041"


# --- The kinds of damage ----------------------------------------------------------------------

DEEP = None
for _level in range(900):  # what Python's own decoder still takes
    DEEP = [DEEP]

VALUES = {
    "null": None,
    "empty text": "",
    "1e308": 1e308,
    "NaN": float("nan"),
    "minus zero": -0.0,
    "40 digits": 10**39,
    "40 digits in quotes": "9" * 40,
    "NUL byte": "a\x00b",
    "lone surrogate": "a\ud83db",
    "10 MB text": "x" * 10_000_000,
    "deep nesting": DEEP,
    "list for an object": [1, 2],
    "object for a list": {"a": 1},
    "html": "<script>alert(1)</script>&nbsp;",
    "marks that turn text round": "‮gpj.exe‬",
    "wrong currency": "LEI",
    "VAT as a fraction": "0.19",
    "VAT in per cent": 19,
    "VAT with a sign": "19%",
    "no date": "0000-00-00 00:00:00",
    "less than nothing": -1,
    "true": True,
}


@pytest.mark.parametrize("damage", VALUES)
@pytest.mark.parametrize("kind", ["order", "offer"])
def test_any_damage_at_any_key(kind, damage):
    whole = {"order": order, "offer": offer}[kind]
    for key in whole():
        taken(kind, whole(**{key: VALUES[damage]}))
    if kind == "order":
        for key in line():
            taken(kind, order(products=[line(**{key: VALUES[damage]})]))
        for key in order()["customer"]:
            assert taken(kind, order(customer=order()["customer"] | {key: VALUES[damage]})), (
                f"{key}: what is known of a customer must never cost an order"
            )


@pytest.mark.parametrize("kind", ["order", "offer"])
def test_any_key_may_be_missing(kind):
    whole = {"order": order, "offer": offer}[kind]
    refused = {key for key in whole() if taken(kind, whole(**{key: ...})) is None}
    assert refused == {"order": {"id", "type", "products"}, "offer": {"id", "sale_price"}}[kind]
    if kind == "order":
        costs = {k for k in line() if taken(kind, order(products=[line(**{k: ...})])) is None}
        assert costs == {"id", "quantity", "sale_price", "vat"}


def test_one_key_twice_in_the_text():
    """The last one counts, as for everybody who decodes JSON; neither half is mixed."""
    text = ORDER_PAGE.replace(
        '"status":1,"payment_status"', '"status":9,"status":2,"payment_status"'
    )
    (raw,) = json.loads(text, parse_float=Decimal)["results"]
    assert taken("order", raw).status == "accepted"


def test_numbers_that_json_does_not_know():
    text = OFFER_PAGE.replace('"sale_price":"165.2810"', '"sale_price":NaN')
    (raw,) = json.loads(text, parse_float=Decimal)["results"]
    assert taken("offer", raw) is None


def test_4001_elements():
    many = order(products=[line(id=n + 1) for n in range(4001)])
    assert len(taken("order", many).lines) == 4001
    assert taken("order", order(products=[line(id=n + 1) for n in range(10_001)])) is None


def test_order_without_lines_and_with_none_left():
    assert taken("order", order(products=[])).remarks
    assert taken("order", order(products=None)) is None
    assert taken("order", order(products=[line(quantity=0)])).remarks
    assert taken("order", order(products=[line(quantity=-1)])) is None


def test_storno_flags_at_odds():
    found = taken("order", order(is_storno="yes", products=[line(storno_qty=9, initial_qty=1)]))
    assert found.is_storno
    assert found.lines[0].returned_quantity == 9


def test_lists_where_the_whole_should_be():
    for raw in (None, [], [order()], "text", 5, True, DEEP):
        assert taken("order", raw) is None
        assert taken("offer", raw) is None


# --- Anything, anywhere -----------------------------------------------------------------------

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
    st.decimals(), st.sampled_from([*VALUES.values()]),
    st.sampled_from(["1", "0", "-1", "1.5", "21", "2026-10-25 03:30:00", "RON", "ș", "1e400"]),
)  # fmt: skip
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "value", "voucher_id", "quantity", "0", "url", "name", "errors"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
fuzz = settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


@fuzz
@given(st.dictionaries(st.sampled_from(sorted(order())), anything, max_size=6))
def test_orders_with_anything_in_them(damage):
    taken("order", order() | damage)


@fuzz
@given(st.dictionaries(st.sampled_from(sorted(line())), anything, max_size=6))
def test_lines_with_anything_in_them(damage):
    taken("order", order(products=[line() | damage]))


@fuzz
@given(st.dictionaries(st.sampled_from(sorted(offer())), anything, max_size=6))
def test_offers_with_anything_in_them(damage):
    taken("offer", offer() | damage)


@pytest.mark.parametrize("seed", range(5))
def test_damage_at_any_depth(seed):
    """A seeded walk: somewhere in the documented payload, something is replaced or lost."""
    draw = random.Random(seed)
    for _round in range(150):
        for kind, raw in (("order", order()), ("offer", offer())):
            for _hit in range(draw.randint(1, 4)):
                _damage(raw, draw)
            taken(kind, raw)


def _damage(raw, draw):
    place = raw
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            return
        key = draw.choice(list(keys))
        if isinstance(place[key], dict | list) and place[key] and draw.random() < 0.8:
            place = place[key]
            continue
        if draw.random() < 0.3:
            del place[key]
        else:
            place[key] = draw.choice(list(VALUES.values()))
        return
