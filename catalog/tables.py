"""The list of offers."""

from django.utils.html import escape
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from catalog.choices import STATUS_BADGES, OfferStatus
from catalog.models import Offer
from core.columns import (
    BadgeColumn,
    CustomColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    SelectColumn,
    TextColumn,
    WhenColumn,
)
from core.html import EMPTY, badge, icon, money, number
from core.tables import BaseTable
from core.text import truncate


def picture(offer: Offer) -> str:
    """A link: pages load nothing from elsewhere, and marketplaces count who looks."""
    if not offer.image_url:
        return str(EMPTY)
    label = escape(_now("Picture"))
    return (
        f'<a class="faint" href="{escape(offer.image_url)}" target="_blank"'
        f' rel="noopener noreferrer" title="{label}">{icon("photo", label=label)}</a>'
    )


def sku(offer: Offer) -> str:
    return f'{escape(offer.sku) or EMPTY}<div class="sub">{escape(offer.account.name)}</div>'


def barcodes(offer: Offer) -> str:
    first, _space, rest = offer.barcodes.partition(" ")
    if not first:
        return str(EMPTY)
    more = f' <span class="sub" title="{escape(offer.barcodes)}">+{rest.count(" ") + 1}</span>'
    return f'<span class="mono">{escape(first)}</span>{more if rest else ""}'


def price(offer: Offer) -> str:
    """What it costs there; below it what it shall cost, else between what it may lie."""
    now = money(offer.price, offer.currency)
    if offer.wanted_price is not None:
        return f"{now}{wanted(str(money(offer.wanted_price, offer.currency)))}"
    return f"{now}{limits(offer)}"


def stock(offer: Offer) -> str:
    now = number(offer.stock)
    return now if offer.wanted_stock is None else f"{now}{wanted(number(offer.wanted_stock))}"


def wanted(value: str) -> str:
    title = escape(_now("Waiting to be sent"))
    return f'<div class="sub" title="{title}">→ {value}</div>'


def limits(offer: Offer) -> str:
    if offer.price_min is None or offer.price_max is None:
        return ""
    title = escape(_now("Lowest and highest price"))
    least, most = number(offer.price_min, 2), number(offer.price_max, 2)
    return f'<div class="sub" title="{title}">{least} – {most}</div>'


def validation(offer: Offer) -> str:
    """Whether it can be bought; if not, why in the marketplace's words."""
    if offer.is_sellable:
        return str(badge(_now("Sells"), "green", "check"))
    if offer.status != OfferStatus.ACTIVE:
        return str(EMPTY)
    if offer.stock == 0 and not offer.problems:
        return str(badge(_now("Out of stock"), "grey", "package"))
    why = offer.problems.partition("\n")[0] or offer.validation_text or _now("Not sellable")
    shown = badge(truncate(why, 28), "red", "circle-x")
    return f'<span title="{escape(offer.problems)}">{shown}</span>'


def rank(offer: Offer) -> str:
    """First sells by the buy button; anybody else is found only by who looks for them."""
    if offer.rank is None:
        return str(EMPTY)
    tone, mark = ("green", "star") if offer.rank == 1 else ("amber", "trending-up")
    words = number(offer.rank) if offer.rivals is None else f"{offer.rank} / {offer.rivals}"
    return str(badge(words, tone, mark))


class OfferTable(BaseTable):
    select = SelectColumn()
    picture = CustomColumn(_("Picture"), html=picture, accessor="image_url")
    name = LinkColumn(_("Name"), view="catalog:offer_detail", orderable=True)
    sku = CustomColumn(_("SKU"), html=sku, orderable=True, keep=True)
    price = CustomColumn(
        _("Price"), html=price, orderable=True, css="num", keep=True,
        also_exports=((_("Currency"), "currency"),),
    )  # fmt: skip
    stock = CustomColumn(_("Stock"), html=stock, orderable=True, css="num", keep=True)
    status = BadgeColumn(_("Status"), choices=OfferStatus.choices, badges=STATUS_BADGES, keep=True)
    rank = CustomColumn(_("Rank"), html=rank, orderable=True)
    is_sellable = CustomColumn(_("Validation"), html=validation, keep=True)
    catalogue_key = TextColumn(_("Catalogue key"))
    barcodes = CustomColumn(_("EAN"), html=barcodes)
    account = TextColumn(_("Account"), accessor="account__name", start_hidden=True)
    price_min = MoneyColumn(_("Lowest price"), start_hidden=True)
    price_max = MoneyColumn(_("Highest price"), start_hidden=True)
    best_price = MoneyColumn(_("Best price there"), start_hidden=True)
    stock_free = NumberColumn(_("Free stock"), start_hidden=True)
    external_id = TextColumn(_("Number there"), start_hidden=True)
    brand = TextColumn(_("Brand"), start_hidden=True)
    problems = TextColumn(_("Problems"), start_hidden=True)
    read_at = WhenColumn(_("Changed there"), orderable=True, start_hidden=True)

    class Meta:
        model = Offer
        order_by = "-pk"
        fields: tuple[str, ...] = ()
