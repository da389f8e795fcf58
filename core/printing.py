"""Lists on paper: the rows of an export as a PDF, A4 across, with page numbers and totals.

Typst sets them, with the fonts that its package brings: Romanian, Hungarian and Bulgarian letters
need nothing from the system. It works in a process of its own, because the pages of a long list
take half a gigabyte that a web process would never give back.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.clock import Clock
from core.errors import MagFlowError, RuleViolation
from core.html import number
from core.money import Totals
from core.text import truncate

if TYPE_CHECKING:
    from core.export_rows import Content

MOST_ROWS = 5_000
MOST_COLUMNS = 24
MARKED_ROWS = 1_000
SECONDS = 60
LONGEST_CELL = 160  # letters; paper has no hover
SOURCE = Path(__file__).parent / "typst" / "list.typ"
# The line of a page and what stands empty in each column, in millimetres; sizes of letters, in
# points; how wide a letter is beside its size.
LINE, GAP = 277.0, 2.0
SIZES = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5)
LETTER = 0.52 * 25.4 / 72

_TYPESET = """
import sys, typst
data = sys.stdin.buffer.read().decode()
pdf = typst.compile(sys.argv[1], format="pdf", sys_inputs={"data": data}, ignore_system_fonts=True)
sys.stdout.buffer.write(pdf)
"""


class NotPrinted(MagFlowError):
    """The program that sets pages failed; the same list is there as CSV and as Excel file."""

    code = "not_printed"
    status = 500


def pdf(content: Content) -> bytes:
    """The whole file. RuleViolation where it would be too long or too wide for paper."""
    if len(content.head) > MOST_COLUMNS:
        raise RuleViolation(
            _(
                "A page is too narrow for %(n)s columns: it holds at most %(most)s."
                " Hide some, or choose CSV or Excel."
            )
            % {"n": len(content.head), "most": MOST_COLUMNS}
        )
    rows = list(islice(content.rows(), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise RuleViolation(
            _(
                "A PDF holds at most %(most)s rows, and there are more."
                " Choose fewer days, or CSV or Excel."
            )
            % {"most": number(MOST_ROWS)}
        )
    return typeset(laid_out(content, rows))


def typeset(data: dict[str, Any]) -> bytes:
    """Set the pages in another process."""
    command = [sys.executable, "-I", "-c", _TYPESET, str(SOURCE)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program; what is printed comes by its input
            command, input=json.dumps(data).encode(), capture_output=True, timeout=SECONDS,
            check=True,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError) as error:
        raise NotPrinted(
            _("The PDF could not be made. Choose CSV or Excel, or try again.")
        ) from error
    return done.stdout


def laid_out(content: Content, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Everything that core/typst/list.typ prints, as plain data."""
    say = _speaker()
    cells = [[say(value) for value in row] for row in rows]
    numeric = [
        any(_is_number(row[index]) for row in rows[:200]) for index in range(len(content.head))
    ]
    size, widths = _fitted(content.head, cells, numeric)
    counted = ngettext("%(n)s row", "%(n)s rows", len(rows)) % {"n": number(len(rows))}
    return {
        "title": content.title,
        "told": content.told,
        "made": Clock().exact(timezone.now()).rpartition(":")[0],
        "counted": counted,
        "page": _("Page {page} of {pages}"),
        "nothing": _("Nothing matches these filters"),
        "language": (get_language() or "en").partition("-")[0],
        "size": size,
        "is_marked": len(rows) <= MARKED_ROWS,
        "columns": [
            {"label": label, "width": width, "is_number": is_number}
            for label, width, is_number in zip(content.head, widths, numeric, strict=True)
        ],
        "rows": cells,
        "totals": totals(content, rows, say),
    }


def totals(
    content: Content, rows: Sequence[Sequence[Any]], say: Callable[[Any], str]
) -> list[dict[str, Any]]:
    """A line for each currency: its name over the first columns, then the sums of the amounts."""
    sums = {
        index: Totals.of(
            (row[currency], row[index])
            for row in rows
            if row[currency] and isinstance(row[index], Decimal)
        )
        for index, currency in content.amounts.items()
    }
    lines = []
    for code in sorted({code for found in sums.values() for code in found}):
        line = [""] * len(content.head)
        for index, found in sums.items():
            if code in found:
                line[index], line[content.amounts[index]] = say(found[code]), code
        span = next(place for place, cell in enumerate(line) if cell)
        label = _("Total %(currency)s") % {"currency": code}
        lines.append({"label": label, "span": span, "cells": line[span:]})
    return lines


def _fitted(
    head: Sequence[str], cells: Sequence[Sequence[str]], numeric: Sequence[bool]
) -> tuple[float, list[float]]:
    """The largest letters at which no word is cut, and how much of the line each column gets."""
    least, wanted = [], []
    for index, label in enumerate(head):
        column = [row[index] for row in cells[:500]]
        lengths = sorted(map(len, column)) or [0]
        words = max((len(w) for text in column for w in text.split()), default=0)
        title = max(map(_bold_letters, label.split()), default=0.0)
        usual = lengths[-1] if numeric[index] else min(lengths[len(lengths) * 9 // 10], 36)
        least.append(max(lengths[-1] if numeric[index] else min(words, 16), title, 2))
        wanted.append(max(usual, least[-1]))
    for size in SIZES:
        room = (LINE - GAP * len(head)) / (LETTER * size)
        if sum(least) + 0.55 * (sum(wanted) - sum(least)) <= room:
            break
    spare = max(room - sum(least), 0.0)
    share = min(1.0, spare / ((sum(wanted) - sum(least)) or 1))
    widths = [low + share * (high - low) for low, high in zip(least, wanted, strict=True)]
    return size, [round(letters * LETTER * size + GAP, 2) for letters in widths]


def _bold_letters(word: str) -> float:
    """How many ordinary letters wide a word is in bold; capitals are wider still."""
    return sum(1.4 if letter.isupper() else 1.12 for letter in word)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _speaker() -> Callable[[Any], str]:
    """What turns a value into what a person reads on paper."""
    clock, yes, no = Clock(), _("yes"), _("no")

    def say(value: Any) -> str:
        match value:
            case str():
                return truncate(" ".join(value.split()), LONGEST_CELL)
            case bool():
                return yes if value else no
            case int():
                return number(value)
            case float() | Decimal():
                return number(value, _places(value))
            case dt.datetime():
                return f"{formats.date_format(value, 'SHORT_DATE_FORMAT')} {value:%H:%M}"
            case dt.date():
                return clock.date(value)
        return str(value)

    return say


def _places(value: float | Decimal) -> int:
    """Two, as money has them; four where a price has more."""
    if not isinstance(value, Decimal):
        return 2
    exponent = value.normalize().as_tuple().exponent
    return 4 if isinstance(exponent, int) and exponent < -2 else 2
