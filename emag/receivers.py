"""What eMAG's copies have to follow when something happens to orders."""

from collections.abc import Sequence
from typing import Any

from accounts.models import MarketplaceAccount
from emag.services.forgetting import forget_orders
from orders import events


def forget_words(
    sender: object,
    *,
    account: MarketplaceAccount,
    orders: Sequence[tuple[str, str]],
    **kwargs: Any,
) -> None:
    forget_orders(account, orders)


def connect() -> None:
    events.customer_forgotten.connect(forget_words)
