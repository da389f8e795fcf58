"""Who may call: the sellers' accounts on the simulated platforms."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

#: Platform → (host, language, currency before, currency after, moment of the change).
PLATFORMS: dict[str, dict[str, Any]] = {
    "ro": {"host": "marketplace-api.emag.ro", "locale": "ro_RO", "currency": "RON"},
    "bg": {
        "host": "marketplace-api.emag.bg",
        "locale": "bg_BG",
        "currency": "BGN",
        "later": ("2026-01-01", "EUR"),
    },
    "hu": {"host": "marketplace-api.emag.hu", "locale": "hu_HU", "currency": "HUF"},
    "fd-ro": {"host": "marketplace-ro-api.fashiondays.com", "locale": "ro_RO", "currency": "RON"},
    "fd-bg": {
        "host": "marketplace-bg-api.fashiondays.com",
        "locale": "bg_BG",
        "currency": "BGN",
        "later": ("2026-01-01", "EUR"),
    },
}
PLATFORM_OF_HOST = {facts["host"]: name for name, facts in PLATFORMS.items()}


def currency_of(platform: str, day: str) -> str:
    """The platform's currency on a date written YYYY-MM-DD…; Bulgaria moved to the euro in 2026."""
    facts = PLATFORMS[platform]
    since, later = facts.get("later", ("9999", ""))
    return later if day >= since else str(facts["currency"])


@dataclass(slots=True)
class Account:
    """One seller's account on one platform. `kind`: "fbs" (ships itself) or "fbe" (eMAG does)."""

    platform: str
    username: str
    password: str = ""
    kind: str = "fbs"
    vendor_name: str = ""
    number: int = 0
    api_right: bool = True
    #: Addresses that may call; empty means any.
    ips: list[str] = field(default_factory=list)
    #: Kind of callback ("order", "cancel", "return", "awb", "documentation") → URL.
    callbacks: dict[str, str] = field(default_factory=dict)
    #: Orders a day by themselves, on top of the world's own pace; 0 is none.
    weight: float = 1.0

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.username}"

    @property
    def order_type(self) -> int:
        return 2 if self.kind == "fbe" else 3

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
