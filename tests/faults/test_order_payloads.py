"""F1: what eMAG sends cannot be read. The others come in, a person is told, and it heals."""

import random

import pytest

from emag.models import RejectedPayload
from tests.faults.world import PULL, READ

pytestmark = pytest.mark.slow

FIRST = "results.0"
LINE = f"{FIRST}.products.0"


def put(path, value):
    return {"set": {path: value}}


NESTED = None
for _level in range(200):
    NESTED = [NESTED]

DAMAGE = {
    "missing-key": {"remove": [f"{FIRST}.products"]},
    "null": put(f"{FIRST}.customer", None),
    "empty-number": put(f"{LINE}.quantity", ""),
    "1e308": put(f"{LINE}.sale_price", 1e308),
    "NaN": {"set": {f"{LINE}.sale_price": "@"}, "replace": [['"@"', "NaN"]]},
    "minus-zero": put(f"{FIRST}.shipping_tax", -0.0),
    "40-digits": put(f"{FIRST}.customer.id", 10**39),
    "NUL": put(f"{FIRST}.observation", "a\x00b"),
    "lone-surrogate": {"set": {f"{FIRST}.observation": "@"}, "replace": [['"@"', '"\\ud83d"']]},
    "10-MB": put(f"{FIRST}.observation", "x" * 10_000_000),
    "nested": put(f"{FIRST}.flags", NESTED),
    "nested-10000": {
        "set": {f"{FIRST}.flags": "@"},
        "replace": [['"@"', "[" * 10**4 + "]" * 10**4]],
    },
    "key-twice": {"replace": [['"vendor_name"', '"id": 7, "vendor_name"']]},
    "list-for-object": put(f"{FIRST}.customer", [1, 2]),
    "object-for-list": put(f"{FIRST}.products", {"a": 1}),
    "wrong-currency": put(f"{FIRST}.currency", "LEI"),
    "VAT-19": put(f"{LINE}.vat", 19),
    "VAT-19%": put(f"{LINE}.vat", "19%"),
    "no-date": put(f"{FIRST}.date", "0000-00-00 00:00:00"),
    "html": put(f"{FIRST}.customer.name", "<script>alert(1)</script>"),
    "RTL": put(f"{FIRST}.customer.name", "\u202egpj.exe\u202c"),
    "4001-elements": put(f"{FIRST}.flags", [{"name": str(n)} for n in range(4001)]),
    "no-lines": put(f"{FIRST}.products", []),
    "quantity-0": put(f"{LINE}.quantity", 0),
    "quantity-minus": put(f"{LINE}.quantity", -1),
    "storno-at-odds": put(f"{FIRST}.is_storno", "maybe"),
}


@pytest.mark.parametrize("kind", DAMAGE, ids=lambda kind: f"F1-payload-{kind}")
def test_one_order_of_a_page_is_damaged(world, kind):
    first = str(max(world.truth("order", world.main)))
    world.fault("mangle", READ, count=1, match={"page": 1}, **DAMAGE[kind])
    world.must(["job", PULL, world.main.pk])
    assert world.struck("mangle") == 1
    here = set(world.orders().values_list("external_id", flat=True))
    told = set(
        RejectedPayload.objects.filter(account=world.main).values_list("external_id", flat=True)
    )
    assert len(here - {first}) == 9, "the others of the page came in"
    assert first in here | told or told, "and of this one a person was told"
    world.settle()
    world.check()
    assert (
        not RejectedPayload.objects.open().filter(account=world.main, external_id__in=here).exists()
    ), "what can be read again is settled by itself"


@pytest.mark.parametrize("seed", range(12), ids=lambda seed: f"F1-payload-seed-{seed}")
def test_several_damages_anywhere(world, seed):
    """Drawn by a number: which orders, which keys, which damage."""
    draw = random.Random(seed)
    orders = list(world.truth("order", world.main).values())
    kinds = [
        None,
        "",
        -1,
        10**39,
        "9" * 40,
        "\x00",
        [],
        {},
        [[1]],
        "0000-00-00",
        True,
        1e308,
        "<b>",
    ]
    changes = {}
    for _n in range(draw.randint(1, 12)):
        key = draw.choice(sorted(key for key in orders[0] if not key.startswith("_")))
        path = f"results.{draw.randrange(10)}.{key}"
        if draw.random() < 0.4:
            line = draw.choice(sorted(orders[0]["products"][0]))
            path = f"results.{draw.randrange(10)}.products.{draw.randrange(3)}.{line}"
        changes[path] = draw.choice(kinds)
    world.fault("mangle", READ, count=2, match={"page": 1}, set=changes)
    world.must(["job", PULL, world.main.pk])
    assert world.struck("mangle")
    world.settle()
    if world.orders().count() > 10:  # an order under a number that does not exist there
        strange = world.orders().exclude(external_id__in=[str(order["id"]) for order in orders])
        strange.delete()
    world.check()
