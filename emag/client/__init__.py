"""The client of eMAG's interface: typed methods in front, one careful call behind them.

    orders = client_for(account).read_orders(page=1, type=3, status=[1])
    orders.items                      # raw objects, as eMAG sent them

A call waits for its place in the account's budget, goes out with an end to every wait, is read with
PHP's habits in mind, judged, and written into the call log. What comes out is an answer of
emag.client.answers or an error of emag.client.errors, nothing else.
"""

from emag.client.answers import Count, ItemOutcome, ProductSave, Rows, Saved, SavedOffers
from emag.client.emag_client import EmagClient
from emag.client.factory import client_for, client_of

__all__ = [
    "Count",
    "EmagClient",
    "ItemOutcome",
    "ProductSave",
    "Rows",
    "Saved",
    "SavedOffers",
    "client_for",
    "client_of",
]
