"""Which product an offer is of: by its SKU, then by its barcode, else a new one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import MarketplaceAccount
from catalog.intake import OfferIn
from catalog.models import Barcode, Offer, Product, ProductImage

MOST_IMAGES = 20


def products_for(account: MarketplaceAccount, offers: Sequence[OfferIn]) -> dict[str, Product]:
    """The product of each of these offers, which are new on the account, by external id.

    A barcode alone makes two things one only where the product is not on the account yet: there,
    two offers are two products, whatever is printed on them.
    """
    by_sku = _by_sku(account, [offer.sku for offer in offers if offer.sku])
    taken = {product.pk for product in by_sku.values()}
    unmatched = [offer for offer in offers if offer.sku not in by_sku]
    by_code = _by_barcode(account, unmatched)
    found: dict[str, Product] = {}
    new: dict[str, Product] = {}  # by SKU, or by the offer's number where it has none
    for offer in offers:
        product = by_sku.get(offer.sku)
        if product is None:
            matches = (by_code[code] for code in offer.barcodes if code in by_code)
            product = next((match for match in matches if match.pk not in taken), None)
            if product is not None:
                taken.add(product.pk)
        if product is None:
            key = offer.sku or f"\x00{offer.external_id}"
            product = new.setdefault(key, _new_product(account, offer))
        found[offer.external_id] = product
    Product.objects.bulk_create(new.values())
    return found


def _new_product(account: MarketplaceAccount, offer: OfferIn) -> Product:
    return Product(
        company_id=account.company_id,
        sku=offer.sku[:64],
        name=offer.name[:500],
        brand=offer.brand[:255],
    )


def _by_sku(account: MarketplaceAccount, skus: Iterable[str]) -> dict[str, Product]:
    found = Product.objects.filter(company_id=account.company_id, sku__in=set(skus))
    return {product.sku: product for product in found}


def _by_barcode(account: MarketplaceAccount, offers: Sequence[OfferIn]) -> dict[str, Product]:
    """Products of the company that are not on the account, by barcode; only where it is plain."""
    codes = {code for offer in offers for code in offer.barcodes}
    if not codes:
        return {}
    barcodes = Barcode.objects.filter(
        code__in=codes, product__company_id=account.company_id
    ).select_related("product")
    found: dict[str, Product] = {}
    doubtful: set[str] = set()
    for barcode in barcodes:
        if found.setdefault(barcode.code, barcode.product) != barcode.product:
            doubtful.add(barcode.code)
    # Asked the other way round, this would read every offer of the account for each page.
    there = Offer.objects.filter(account=account, product__in={p.pk for p in found.values()})
    taken = set(there.values_list("product", flat=True)) if found else set()
    return {
        code: product
        for code, product in found.items()
        if code not in doubtful and product.pk not in taken
    }


def complete_products(pairs: Sequence[tuple[int, OfferIn]]) -> None:
    """Give products the barcodes and pictures that their offers came with.

    Barcodes are only ever added: a sticker that is gone from a catalogue is still on the shelf.
    """
    Barcode.objects.bulk_create(
        (Barcode(product_id=pk, code=code[:64]) for pk, offer in pairs for code in offer.barcodes),
        ignore_conflicts=True,
    )
    pictured = {pk: offer.images for pk, offer in pairs if offer.images}
    stale = [pk for pk, first in _main_pictures(pictured).items() if pictured[pk][0] != first]
    ProductImage.objects.filter(product_id__in=stale).delete()
    ProductImage.objects.bulk_create(
        (
            ProductImage(product_id=pk, url=url[:2048], position=position)
            for pk, images in pictured.items()
            for position, url in enumerate(images[:MOST_IMAGES])
        ),
        ignore_conflicts=True,
    )


def _main_pictures(pks: Iterable[int]) -> dict[int, str]:
    rows = ProductImage.objects.filter(product_id__in=list(pks), position=0)
    return dict(rows.values_list("product_id", "url"))
