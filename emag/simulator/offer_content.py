"""The documentation of a product: from what a seller sends to what is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emag.simulator.checks import whole
from emag.simulator.offer_rules import stripped
from emag.simulator.store import Document

CONTENT = (
    "category_id",
    "vendor_category_id",
    "name",
    "part_number",
    "brand",
    "description",
    "url",
    "images",
    "characteristics",
    "attachments",
    "family",
    "ean",
    "safety_information",
)


def texts(values: Any) -> list[str]:
    """Barcodes as text, however they were sent."""
    return [str(value) for value in values] if isinstance(values, list) else []


def content_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The documentation keys of a save in the form they are served."""
    content = {key: sent[key] for key in CONTENT if sent.get(key) is not None}
    if "part_number" in content:
        content["part_number"] = stripped(content["part_number"])
    if "ean" in content:
        content["ean"] = texts(content["ean"])
    for key in ("category_id", "vendor_category_id"):
        if key in content:
            content[key] = whole(content[key])
    if "family" in content and not whole(content["family"]["id"]):
        content["family"] = None  # 0 takes the product out of its family
    if "images" in content:
        content["images"] = [
            {"url": one["url"], "display_type": whole(one.get("display_type")) or 0}
            for one in content["images"]
        ]
    return content


def write_content(offer: Document, sent: Mapping[str, Any]) -> None:
    """Take over the documentation that was sent; lists are replaced, never merged."""
    offer.update(content_of(sent))
    for key in ("manufacturer", "eu_representative"):
        if sent.get(key) is not None:
            offer[f"_{key}"] = list(sent[key])
            offer[key] = bool(sent[key])
    if sent.get("source_language"):
        offer["_language"] = sent["source_language"]
