"""What a call is about: the numbers and SKUs by which people look for it in the log. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MOST = 2000
LONGEST = 60

# Numbers and codes of an entity, and of the lines inside it.
_KEYS = (
    "id", "order_id", "emag_id", "reservation_id", "rma_id", "product_id", "part_number",
    "ext_part_number", "part_number_key", "number", "awb_number", "awb_barcode", "campaign_id",
)  # fmt: skip
_LISTS = ("products", "awb", "awbs")
_OF_LINES = (
    "product_id", "part_number", "ext_part_number", "part_number_key", "awb_number",
    "awb_barcode", "reservation_id",
)  # fmt: skip
_CODES = ("ean", "eans")


def mentions(*sources: Any) -> list[str]:
    """The words, in capitals, of entities in requests and replies; each once.

    >>> mentions({"id": 512, "products": [{"product_id": "1041", "ext_part_number": "arx-36n"}]})
    ['1041', '512', 'ARX-36N']
    """
    found: set[str] = set()
    for source in sources:
        for entity in _entities(source):
            found.update(_words(entity))
            if len(found) >= MOST:
                return sorted(found)[:MOST]
    return sorted(found)


def _entities(source: Any) -> Iterator[Any]:
    """The things themselves, whichever way they are packed."""
    if isinstance(source, list):
        yield from source
    elif isinstance(source, Mapping):
        if isinstance(source.get("data"), list):
            yield from source["data"]
            return
        if source and all(key.isdigit() for key in source):  # keyed by number: offer/save, EANs
            for key, value in source.items():
                yield {"id": key, **value} if isinstance(value, Mapping) else {"id": key}
            return
        yield source
        if isinstance(source.get("invoices"), list):
            yield from source["invoices"]
    elif source is not None:
        yield {"id": source}


def _words(entity: Any) -> Iterator[str]:
    if not isinstance(entity, Mapping):
        return
    yield from _of(entity, _KEYS)
    for name in _LISTS:
        for line in _list(entity.get(name)):
            if isinstance(line, Mapping):
                yield from _of(line, _OF_LINES)
    for name in _CODES:
        for code in _list(entity.get(name)):
            yield from _word(code)


def _of(thing: Mapping[str, Any], keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        if key in thing:
            yield from _word(thing[key])


def _word(value: Any) -> Iterator[str]:
    if isinstance(value, int | str) and value not in ("", 0, "0", False, True):
        if word := storable(str(value)[:LONGEST]).upper()[:LONGEST]:  # "ß" grows to "SS"
            yield word


def storable(text: str) -> str:
    """The text without what no column can hold: NUL, and halves of surrogate pairs.

    >>> storable("a\\x00\\ud800b")
    'ab'
    """
    return text.encode("utf-8", "ignore").decode().replace("\x00", "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
