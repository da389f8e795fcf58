"""core.text.fold() inside the database, for columns that keep no folded text beside them."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django.db.models import CharField, TextField, Transform

from core.text import fold

LOOKUP = "folded"
# Latin with all its marks, Greek, Cyrillic. ASCII is left to lower().
LETTERS = chain(range(0xC0, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000))


def _tables() -> tuple[str, str, list[tuple[str, str]]]:
    """Letters that become another one, side by side, and those that become several."""
    before, after, several = [], [], []
    for letter in map(chr, LETTERS):
        folded = fold(letter)
        if len(folded) == 1 and folded != letter:
            before.append(letter)
            after.append(folded)
        elif len(folded) > 1 and letter.isalpha():
            several.append((letter, folded))
    return "".join(before), "".join(after), several


BEFORE, AFTER, _SEVERAL = _tables()
USUAL = "ăâîșşțţáéíóöőúüűĂÂÎȘŞȚŢÁÉÍÓÖŐÚÜŰ"  # of Romanian and Hungarian
PLAIN = fold(USUAL)
# Those that people write; each costs a pass over the text.
SEVERAL = [pair for pair in _SEVERAL if pair[0] in "ßÆæŒœÞþ"]


class Folded(Transform):
    """`name__folded__contains=fold(text)`: neither case, marks nor double spaces matter."""

    lookup_name = LOOKUP
    output_field = TextField()

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        bare, own = compiler.compile(self.lhs)
        sql, params = f"translate(lower(normalize({bare})), %s, %s)", (*own, BEFORE, AFTER)
        for letter, folded in SEVERAL:
            sql, params = f"replace({sql}, %s, %s)", (*params, letter, folded)
        # Most texts need only a little of that, which takes a tenth of the time.
        quick, few = f"translate(lower({bare}), %s, %s)", (*own, USUAL, PLAIN)
        is_plain = "octet_length({0}) = length({0})"  # ASCII
        sql = (
            f"CASE WHEN {is_plain.format(bare)} THEN lower({bare})"
            f" WHEN {is_plain.format(quick)} THEN {quick} ELSE {sql} END"
        )
        params = (*own * 3, *few * 3, *params)
        return f"regexp_replace({sql}, %s, ' ', 'g')", (*params, r"\s+")


CharField.register_lookup(Folded)
TextField.register_lookup(Folded)
