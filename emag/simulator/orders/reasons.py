"""Why orders are cancelled: the official codes."""

REASONS = {
    1: "Out of stock",
    2: "Cancelled by the client",
    3: "Client cannot be contacted",
    15: "Courier delivery term too long",
    16: "Transport tax too high",
    17: "Long term until product reaches our warehouse",
    18: "Better offer in another store",
    19: "Payment order not paid",
    20: "Undelivered, courier reasons",
    21: "Others",
    22: "Order incomplete, automatic cancellation",
    23: "Customer changed their mind",
    24: "By customer request",
    25: "Failed delivery",
    26: "Late shipment",
    27: "Irrelevant order",
    28: "Cancelled by SuperAdmin on seller request",
    29: "Blacklisted customer",
    30: "No VAT invoice",
    31: "Marketplace partner requested cancellation",
    32: "Delivery estimate too long",
    33: "Product no longer in partner's stock",
    34: "Other reasons",
    35: "Delivery too expensive",
    36: "Better price elsewhere",
    37: "Customer has another eMAG order for a similar product",
    38: "Changed mind, no longer needs it",
    39: "Customer can buy only in instalments",
    40: "Other reasons EIS",
    41: "Out of stock – instalments",
    42: "Not in partner's stock – instalments",
    43: "Delivery estimate too long",
}


def reason(code: int | None) -> dict[str, object]:
    """A reason as the live interface gives it."""
    return {"id": code, "name": REASONS.get(code) if code is not None else None}
