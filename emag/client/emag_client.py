"""EmagClient: every resource and action of the interface, one typed method each."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.ratelimit import PATIENCE
from emag.client.gates import Budgets
from emag.client.line import Line
from emag.client.log import Observer, keep_nothing
from emag.client.offer_calls import OfferCalls
from emag.client.order_calls import OrderCalls
from emag.client.other_calls import InvoiceCalls, MessageCalls, ReferenceCalls, ReturnCalls
from emag.client.shipping_calls import ShippingCalls
from emag.sites import Site


class EmagClient(
    OrderCalls,
    OfferCalls,
    ReferenceCalls,
    ShippingCalls,
    ReturnCalls,
    InvoiceCalls,
    MessageCalls,
):
    """The interface of eMAG for one account. Threads may share one client.

    A method returns what eMAG answered, raw, or raises an error of emag.client.errors. It waits
    for a place in the account's budget, `patience` seconds at most; `quick` is for calls a person
    waits for. Moments are passed with their zone and sent as wall time of the site.
    """

    def __init__(
        self,
        site: Site,
        base_url: str,
        username: str,
        password: str,
        gate_prefix: str,
        observe: Observer = keep_nothing,
        *,
        zone: ZoneInfo | None = None,
        patience: float = PATIENCE,
        quick: bool = False,
        line: Line | None = None,
    ) -> None:
        self.site = site
        line = line or Line(
            base_url=base_url or site.base_url,
            username=username,
            password=password,
            zone=zone or site.zone,
            budgets=Budgets(gate_prefix),
        )
        super().__init__(line, patience=patience, quick=quick, observe=observe)
