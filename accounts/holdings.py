"""Whether an account has anything yet that depends on its country and marketplace.

Apps that keep rows of an account say so once, in their AppConfig.ready():

    holdings.register("orders", lambda pk: Order.objects.filter(account=pk).exists())
"""

from collections.abc import Callable

# What is never changed once there is something.
FIXED = ("platform", "country")

_holders: dict[str, Callable[[int], bool]] = {}


def register(name: str, has_any: Callable[[int], bool]) -> None:
    if _holders.setdefault(name, has_any) is not has_any:
        raise ValueError(f"The holder {name!r} is registered twice")


def has_any(account_id: int) -> bool:
    """Whether an order, an offer or the like has been read for this account."""
    return any(ask(account_id) for ask in _holders.values())
