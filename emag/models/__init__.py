from emag.models.calls import ApiCall, Outcome
from emag.models.credentials import Credential, Trouble
from emag.models.reference import (
    Category,
    Characteristic,
    CourierAccount,
    HandlingTime,
    Locality,
    PickupAddress,
    VatRate,
)
from emag.models.sync import (
    Cursor,
    Nudge,
    PayloadStatus,
    RejectedPayload,
    Snapshot,
    SnapshotVersion,
)

__all__ = [
    "ApiCall",
    "Category",
    "Characteristic",
    "CourierAccount",
    "Credential",
    "Cursor",
    "HandlingTime",
    "Locality",
    "Nudge",
    "Outcome",
    "PayloadStatus",
    "PickupAddress",
    "RejectedPayload",
    "Snapshot",
    "SnapshotVersion",
    "Trouble",
    "VatRate",
]
