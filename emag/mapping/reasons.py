"""Why an order was cancelled: every code of eMAG, in English and Romanian (emag-api §33.3)."""

from typing import Final, NamedTuple


class Reason(NamedTuple):
    """The text of a code. English is eMAG's own; Romanian is what sellers say."""

    en: str
    ro: str


CANCEL_REASONS: Final[dict[int, Reason]] = {
    1: Reason("Out of stock", "Lipsă stoc"),
    2: Reason("Cancelled by the client", "Anulat de client"),
    3: Reason("Client cannot be contacted", "Clientul nu poate fi contactat"),
    15: Reason("Courier delivery term too long", "Termen de livrare curier prea mare"),
    16: Reason("Transport tax too high", "Taxă de transport prea mare"),
    17: Reason(
        "Long term until product reaches our warehouse",
        "Termen mare până la intrarea produsului în depozit",
    ),
    18: Reason("Better offer in another store", "Ofertă mai bună în alt magazin"),
    19: Reason("Payment order not paid", "Ordinul de plată nu a fost achitat"),
    20: Reason("Undelivered, courier reasons", "Comandă nelivrată, motive curier"),
    21: Reason("Others", "Alte motive"),
    22: Reason("Order incomplete, automatic cancellation", "Comandă incompletă, anulare automată"),
    23: Reason("Customer changed their mind", "Clientul s-a răzgândit"),
    24: Reason("By customer request", "La cererea clientului"),
    25: Reason("Failed delivery", "Livrare eșuată"),
    26: Reason("Late shipment", "Expediere întârziată"),
    27: Reason("Irrelevant order", "Comandă irelevantă"),
    28: Reason(
        "Cancelled by SuperAdmin on seller request", "Anulată de SuperAdmin la cererea vânzătorului"
    ),
    29: Reason("Blacklisted customer", "Client pe lista neagră"),
    30: Reason("No VAT invoice", "Fără factură cu TVA"),
    31: Reason(
        "Marketplace partner requested cancellation", "Anulare cerută de partenerul Marketplace"
    ),
    32: Reason("Delivery estimate too long", "Estimare de livrare prea lungă"),
    33: Reason(
        "Product no longer in partner's stock", "Produsul nu mai este în stocul partenerului"
    ),
    34: Reason("Other reasons", "Alte motive (generic)"),
    35: Reason("Delivery too expensive", "Livrarea este prea scumpă"),
    36: Reason("Better price elsewhere", "Clientul a găsit un preț mai bun"),
    37: Reason(
        "Customer has another eMAG order for a similar product",
        "Clientul are altă comandă eMAG cu produs similar",
    ),
    38: Reason("Changed mind, no longer needs it", "S-a răzgândit, nu mai are nevoie de produs"),
    39: Reason("Customer can buy only in instalments", "Clientul poate cumpăra doar în rate"),
    40: Reason("Other reasons EIS", "Alte motive EIS"),
    41: Reason("Out of stock – instalments", "Lipsă stoc – rate"),
    42: Reason("Not in partner's stock – instalments", "Nu mai este în stocul partenerului – rate"),
    43: Reason("Delivery estimate too long", "Estimare de livrare prea lungă (rate)"),
}

# Whose doing it was, where it was the customer's: the parcel went out and was not taken, or they
# changed their mind before it did. The other codes say nothing of the customer.
REFUSED: Final = frozenset({3, 25})
CALLED_OFF: Final = frozenset({2, 18, 19, 23, 24, 36, 37, 38, 39})


def reason_text(code: str | int, language: str = "en", *, said: str = "") -> str:
    """The reason in words. For a code that is not in the table: what eMAG `said`, else the code.

    >>> reason_text(25, "ro")
    'Livrare eșuată'
    >>> reason_text("77", said="Something new")
    'Something new'
    >>> reason_text("77")
    '77'
    """
    written = str(code)
    known = CANCEL_REASONS.get(int(written)) if written.isdecimal() and len(written) < 6 else None
    if known is None:
        return said or written
    return known.ro if language.startswith("ro") else known.en
