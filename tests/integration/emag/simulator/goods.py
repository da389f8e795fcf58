"""The examples of the documentation, and what these tests send in their place."""

NEW_PRODUCT = {
    "id": 1041,
    "category_id": 2735,
    "part_number": "ARX-36N",
    "name": "Pantofi sport Arvex Runner, Negru",
    "brand": "Arvex",
    "description": "<p>Pantofi sport usori.</p>",
    "images": [{"display_type": 1, "url": "https://img.example.ro/1041-1.jpg"}],
    "characteristics": [
        {"id": 6506, "tag": "original", "value": "36 EU"},
        {"id": 6506, "tag": "converted", "value": "36 intl"},
        {"id": 5401, "value": "Negru"},
    ],
    "family": {"id": 12, "name": "Arvex Runner", "family_type_id": 95},
    "ean": ["5940000001041"],
    "url": "https://shop.example.ro/1041",
    "warranty": 24,
    "status": 1,
    "sale_price": 165.2810,
    "recommended_price": 206.6033,
    "min_sale_price": 120.0000,
    "max_sale_price": 250.0000,
    "stock": [{"warehouse_id": 1, "value": 20}],
    "handling_time": [{"warehouse_id": 1, "value": 1}],
    "vat_id": 9,
    "emag_club": 0,
    "manufacturer": [
        {
            "name": "Arvex SRL",
            "address": "Str. Fabricii 1, Cluj-Napoca, RO",
            "email": "gpsr@arvex.example",
        }
    ],
}
UNKNOWN = {**NEW_PRODUCT, "ean": ["5941234567899"]}
ATTACHED = {
    "id": 1042,
    "name": "Pantofi sport Arvex",
    "part_number_key": "DXK7T2BBM",
    "status": 1,
    "sale_price": 150.0000,
    "min_sale_price": 100,
    "max_sale_price": 300,
    "vat_id": 9,
    "stock": [{"warehouse_id": 1, "value": 5}],
}
UPDATE = {
    "id": 1001,
    "status": 1,
    "sale_price": "150.0000",
    "min_sale_price": "100",
    "max_sale_price": "300",
    "vat_id": 9,
    "handling_time": [{"warehouse_id": 1, "value": 1}],
    "stock": [{"warehouse_id": 1, "value": 9}],
}
SENDER = {
    "name": "Arvex SRL",
    "contact": "Depozit",
    "phone1": "+40700000009",
    "locality_id": 5,
    "street": "Str. Fabricii 1",
    "address_id": "70001",
}
RECEIVER = {
    "name": "Ioana Țepeș",
    "contact": "Ioana Țepeș",
    "phone1": "0700000001",
    "legal_entity": 0,
    "locality_id": 8801,
    "street": "Str. Exemplu nr. 3",
    "zipcode": "",
}


def without(sent, *keys):
    return {key: value for key, value in sent.items() if key not in keys}


def parcel(order_id, **changes):
    """An AWB for an order, as the documentation's example has it."""
    return {
        "order_id": order_id,
        "courier_account_id": 11001,
        "sender": SENDER,
        "receiver": RECEIVER,
        "is_oversize": 0,
        "envelope_number": 0,
        "parcel_number": 1,
        "weight": 1.2,
        "cod": 204.97,
        "currency": "RON",
        "insured_value": 0,
        "packages": [{"weight": 1.2, "length": 32, "width": 21, "height": 12}],
        "observation": "",
        **changes,
    }


def save(caller, *sent):
    return caller.call("product_offer/save", {"data": list(sent)})


def offer(caller, id):
    """The offer as a list shows it."""
    page = 1
    while found := caller.call("product_offer/read", {"currentPage": page}).results:
        for one in found:
            if one["id"] == int(id):
                return one
        page += 1
    raise LookupError(id)


def order_of(sim, quantity, **fields):
    """A new order of one line with exactly so many pieces, among some others."""
    ids = sim.inject_orders(40, account="main", payment="cod", lines=1, **fields)
    orders = sim.truth("order", "main")
    return next(id for id in ids if int(orders[id]["products"][0]["quantity"]) == quantity)
