"""eMAG's codes and what they mean in words that fit any marketplace (emag-api, enumerations)."""

from typing import Final

from accounts.choices import Fulfilment

# A code that may turn up without our knowing it is a text here, as it is kept. The meanings are
# those of orders.choices and catalog.choices (a test compares them), as the plain texts that are
# stored: a mapping looks up some hundred thousand of them a second.

# order.type; without it nobody can say which of two orders with the same number is meant.
FULFILMENTS: Final = {2: str(Fulfilment.MARKETPLACE), 3: str(Fulfilment.OWN)}
ORDER_TYPES: Final = {fulfilment: number for number, fulfilment in FULFILMENTS.items()}

ORDER_STATES: Final = {
    "0": "cancelled",
    "1": "new",
    "2": "accepted",  # in progress
    "3": "packed",  # prepared
    "4": "shipped",  # finalized
    "5": "returned",
}
UNKNOWN_STATE: Final = "unknown"

PAYMENTS: Final = {"": "", "1": "cod", "2": "transfer", "3": "card"}  # it may say nothing
OTHER_PAYMENT: Final = "other"

DELIVERIES: Final = {"": "", "courier": "courier", "pickup": "pickup"}
OTHER_DELIVERY: Final = "other"

ATTACHMENTS: Final = {
    "": "invoice",  # what it takes for granted where nothing is said
    "1": "invoice",
    "3": "warranty",
    "4": "manual",
    "8": "guide",
    "10": "awb",
    "11": "proforma",
}
OTHER_ATTACHMENT: Final = "other"

# offer.status
OFFER_STATES: Final = {"0": "inactive", "1": "active", "2": "ended"}
OFFER_STATUS_CODES: Final = {state: int(code) for code, state in OFFER_STATES.items()}

# validation_status.value: whether an offer whose product stands so can be bought.
VALIDATIONS: Final = {
    "0": ("Draft", False),
    "1": ("In marketplace validation", False),
    "2": ("Awaiting brand validation", False),
    "3": ("Waiting for EAN approval", True),
    "4": ("New documentation validation pending", False),
    "5": ("Brand rejected", False),
    "6": ("EAN rejected", False),
    "8": ("Documentation rejected", False),
    "9": ("Approved documentation", True),
    "10": ("Blocked", False),
    "11": ("Update awaiting approval", True),
    "12": ("Update rejected", True),
}
# translation_validation_status.value has these beside the ones above.
TRANSLATIONS: Final = {
    **VALIDATIONS,
    "13": ("Waiting for saleable offer", False),
    "14": ("Unsuccessful translation", False),
    "15": ("Translation in progress", False),
    "16": ("Translation pending", False),
    "17": ("Partial translation", True),
}
# offer_validation_status.value
OFFER_VALIDATIONS: Final = {"1": ("Saleable", True), "2": ("Invalid price", False)}
