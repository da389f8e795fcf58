"""Products and offers (§12–20)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from emag.client import errors, routes
from emag.client.answers import Count, ItemOutcome, ProductSave, Rows, Saved, SavedOffers
from emag.client.calls import PER_PAGE, Calls, _wrapped
from emag.client.decoding import Envelope, Reader

MOST_EANS = 100

# With these words nothing was saved of the product they speak of (§12.5). All others are remarks.
_REFUSALS = re.compile(
    r"^(?:ERROR:\s*)?(?:"
    r"You already hold (?:a Product|an offer) associated with this PNK?:"
    r"|The product you have tried to associate this offer to is a duplicated product"
    r"|\S+ is not a valid EAN"
    r"|Maximum input vars of \d+ exceeded)",
    re.I,
)
_DRAFT = re.compile(r"saved as a draft", re.I)
_PRODUCT = re.compile(r"\s-\s*Product id:\s*(\d+)\s*$", re.I)
_NO_SUCH_OFFER = re.compile(r"Offer (\d+) not found", re.I)


class OfferCalls(Calls):
    def read_offers(self, page: int = 1, per_page: int = PER_PAGE, **filters: Any) -> Rows:
        """A page of the account's products and offers. There is no "changed since"."""
        return self._read(routes.OFFER_READ, filters, page=page, per_page=per_page)

    def count_offers(self, *, per_page: int = PER_PAGE, **filters: Any) -> Count:
        return self._count(routes.OFFER_COUNT, filters, per_page)

    def save_product_offers(self, products: Sequence[Mapping[str, Any]]) -> ProductSave:
        """Create products and offers, or change them with their documentation.

        An "error" that is none of the known refusals is a remark: the offer is saved.
        """
        body = _wrapped(routes.PRODUCT_SAVE, products)
        return self._ask(routes.PRODUCT_SAVE, self._judge_products, body=body)

    def _judge_products(self, envelope: Envelope) -> ProductSave:
        if envelope.status >= 400 or "*" in envelope.fields:
            raise self.line.reader.refusal(envelope)
        return judge_products(envelope)

    def save_offers(self, offers: Sequence[Mapping[str, Any]]) -> SavedOffers:
        """Change prices, stock, status of offers there are; every one is judged by itself.

        eMAG may refuse a whole call because it does not know one number in it. Then the others
        are sent again without it: this changes nothing that is changed already.
        """
        gone: dict[int, ItemOutcome] = {}
        waiting = list(offers)
        while True:
            saved, unknown = self._save_offers(waiting)
            gone |= unknown
            waiting = [offer for offer in waiting if int(offer["id"]) not in unknown]
            if saved is not None or not waiting:
                break
        if saved is None:
            return SavedOffers([], "", gone)
        return SavedOffers(saved.messages, saved.call_id, gone | saved.by_id)

    def _save_offers(
        self, offers: Sequence[Mapping[str, Any]]
    ) -> tuple[SavedOffers | None, dict[int, ItemOutcome]]:
        sent = [int(offer["id"]) for offer in offers]
        try:
            saved = self._ask(
                routes.OFFER_SAVE,
                lambda envelope: judge_offers(envelope, sent, self.line.reader),
                body=_wrapped(routes.OFFER_SAVE, offers),
            )
        except errors.Rejected as refusal:
            found = {number for text in refusal.messages for number in _NO_SUCH_OFFER.findall(text)}
            unknown = {
                number: ItemOutcome(False, [t for t in refusal.messages if str(number) in t])
                for number in sent
                if str(number) in found
            }
            if not unknown:
                raise
            return None, unknown
        return saved, {}

    def set_stock(self, id: int, stock: int) -> Saved:
        """Set one offer's stock. For several, save_offers takes fifty in a call."""
        return self._ask(
            routes.OFFER_STOCK, self._saved, number=int(id), body={"stock": int(stock)}
        )

    def save_measurements(self, measurements: Sequence[Mapping[str, Any]]) -> Saved:
        """Sizes in millimetres and weights in grams."""
        return self._save(routes.MEASUREMENTS_SAVE, measurements)

    def find_by_eans(self, eans: Iterable[str]) -> Rows:
        """Products of the catalogue, `result` by EAN; a hundred at most, or the rest is ignored."""
        wanted = list(eans)
        if not 1 <= len(wanted) <= MOST_EANS:
            raise ValueError(f"1 to {MOST_EANS} EANs can be looked for at once.")
        return self._ask(routes.FIND_BY_EANS, self._keyed, query={"eans[]": wanted})

    def save_campaign_proposals(self, proposals: Sequence[Mapping[str, Any]]) -> Saved:
        return self._save(routes.CAMPAIGN_SAVE, proposals)

    def check_smart_deal(self, product_id: int) -> Rows:
        """`result["smart_deals_price"]`: the price that would carry the badge, or None."""
        return self._get(routes.SMART_DEALS, {"productId": int(product_id)})

    def commission_estimate(self, ext_id: int) -> Rows:
        """`result["value"]`, of the product that the seller calls `ext_id`."""
        return self._get(routes.COMMISSION, number=int(ext_id))

    def search_by_ean(self, ean: str) -> Rows:
        """`result["ext_ids"]`: the seller's own products with this EAN."""
        return self._get(routes.SEARCH_BY_EAN, {"ean": ean})


def judge_products(envelope: Envelope) -> ProductSave:
    """Remark or refusal, message by message."""
    refusals = [text for text in envelope.messages if _REFUSALS.match(text)]
    remarks = [text for text in envelope.messages if text not in refusals]
    by_id: dict[int, list[str]] = {}
    for text in envelope.messages:
        if named := _PRODUCT.search(text):
            by_id.setdefault(int(named[1]), []).append(text)
    return ProductSave(
        envelope.messages,
        envelope.call_id,
        saved=not refusals,
        remarks=remarks,
        refusals=refusals,
        by_id=by_id,
        is_draft=any(_DRAFT.search(text) for text in remarks),
    )


def judge_offers(envelope: Envelope, sent: Sequence[int], reader: Reader) -> SavedOffers:
    """The outer flag says nothing: what counts stands under each number."""
    results = envelope.results if isinstance(envelope.results, dict) else {}
    if envelope.is_error and not results:
        raise reader.refusal(envelope)
    by_id = {number: _item(results.get(str(number)), reader) for number in sent}
    return SavedOffers(envelope.messages, envelope.call_id, by_id)


def _item(told: Any, reader: Reader) -> ItemOutcome:
    if not isinstance(told, dict) or told.get("isError") is None:
        return ItemOutcome(False, [_("eMAG said nothing about this offer.")], is_answered=False)
    messages = reader.words(told)
    return ItemOutcome(ok=told["isError"] in (False, 0, "0", "false"), messages=messages)
