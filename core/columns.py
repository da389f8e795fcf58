"""The kinds of column. Each says in `cell()` what its cell holds and in `plain()` what is exported.

They are django-tables2 columns, but rows are written by BaseTable in one tight loop, without an
attribute dictionary or a template a cell: the same page takes an eighth of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from typing import Any, ClassVar

import django_tables2 as tables
from django.conf import settings
from django.urls import get_urlconf, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import Clock
from core.html import badge, money, number, when

CUT_FROM = 28  # letters; anything longer may be cut on screen and gets a title


class Column(tables.Column):  # type: ignore[misc]
    """Plain text. `keep` columns remain on a phone; `start_hidden` ones must be asked for.

    `also_exports` are (header, path) pairs of what the cell shows besides its value, such as the
    currency of an amount: a file has a column of its own for each. `annotations` is what the rows
    get by name where the column is shown, exported or sorted by, and only there.
    """

    css: ClassVar[str] = ""

    def __init__(
        self,
        verbose_name: Any = None,
        *,
        keep: bool = False,
        start_hidden: bool = False,
        select_related: tuple[str, ...] = (),
        css: str = "",
        also_exports: tuple[tuple[Any, str], ...] = (),
        annotations: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("orderable", False)
        super().__init__(verbose_name, **options)
        self.keep = keep
        self.start_hidden = start_hidden
        self.select_related = select_related
        self.also_exports = also_exports
        self.annotations = dict(annotations or {})
        self.classes = " ".join(filter(None, (self.css, css, "keep" if keep else "")))

    def cell(self, value: Any, record: Any) -> str:
        """The HTML inside the cell; the value is never empty."""
        text = str(value)
        safe = escape(text)
        return safe if len(text) < CUT_FROM else f'<span class="cut" title="{safe}">{safe}</span>'

    def writer(self) -> Callable[[Any, Any], str]:
        """`cell`, made ready for a whole table; called once before its rows are written."""
        return self.cell

    def plain(self, value: Any) -> Any:
        """The value in an export: a number, a date or a text."""
        return value

    def exporter(self) -> Callable[[Any], Any]:
        """`plain`, made ready for a whole file; called once before its rows are read."""
        return self.plain

    @property
    def exports_as_is(self) -> bool:
        """Whether a file has the very value that the database has."""
        return type(self).plain is Column.plain and type(self).exporter is Column.exporter

    def render(self, value: Any, record: Any) -> str:
        return mark_safe(self.cell(value, record))  # noqa: S308 - cell() escapes

    def value(self, value: Any) -> Any:
        return self.plain(value)

    def __deepcopy__(self, memo: object) -> Column:
        """Columns hold no state of a page, so every table may share them."""
        return self


class TextColumn(Column):
    """Text that may be long: cut on screen, whole on hover."""


class LinkColumn(Column):
    """The identity of the row: `view` takes the primary key."""

    css = "id"

    def __init__(self, verbose_name: Any = None, *, view: str, **options: Any) -> None:
        options.setdefault("keep", True)
        super().__init__(verbose_name, **options)
        self.view = view

    def cell(self, value: Any, record: Any) -> str:
        return self.writer()(value, record)

    def text(self, value: Any) -> str:
        """What the link says, as HTML."""
        return super().cell(value, None)

    def writer(self) -> Callable[[Any, Any], str]:
        before, after = url_around(self.view)
        text = self.text
        return lambda value, record: f'<a href="{before}{record.pk}{after}">{text(value)}</a>'


class BadgeColumn(Column):
    """A choice as a word with its colour and icon: `badges` maps value → (colour, icon)."""

    def __init__(
        self,
        verbose_name: Any = None,
        *,
        choices: Mapping[str, Any] | list[tuple[str, Any]],
        badges: Mapping[str, tuple[str, str]],
        **options: Any,
    ) -> None:
        super().__init__(verbose_name, **options)
        self.labels = dict(choices)
        self.badges = badges

    def cell(self, value: Any, record: Any) -> str:
        colour, icon = self.badges.get(value, ("grey", ""))
        return str(badge(self.labels.get(value, value), colour, icon))

    def plain(self, value: Any) -> Any:
        return str(self.labels.get(value, value))

    def exporter(self) -> Callable[[Any], Any]:
        labels = {value: str(label) for value, label in self.labels.items()}
        return lambda value: labels.get(value, value)


class WhenColumn(Column):
    """A moment: how long ago, and exactly on hover."""

    css = "when"

    def cell(self, value: Any, record: Any) -> str:
        return str(when(value))

    def writer(self) -> Callable[[Any, Any], str]:
        tell = Clock().html
        return lambda value, record: tell(value)


class NumberColumn(Column):
    """A count or a quantity."""

    css = "num"

    def cell(self, value: Any, record: Any) -> str:
        return number(value) if isinstance(value, int) else number(value, 2)


class MoneyColumn(Column):
    """An amount with the currency that its row carries."""

    css = "num"

    def __init__(
        self, verbose_name: Any = None, *, currency: str = "currency", **options: Any
    ) -> None:
        super().__init__(
            verbose_name, also_exports=((gettext_lazy("Currency"), currency),), **options
        )
        self.currency = currency

    def cell(self, value: Any, record: Any) -> str:
        return str(money(value, getattr(record, self.currency)))


class CustomColumn(Column):
    """A cell of its own making: `html` gets the record and returns safe HTML."""

    def __init__(
        self,
        verbose_name: Any = None,
        *,
        html: Callable[[Any], str],
        plain: Callable[[Any], Any] | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("empty_values", ())
        super().__init__(verbose_name, **options)
        self.html = html
        self._plain = plain

    def cell(self, value: Any, record: Any) -> str:
        return self.html(record)

    def plain(self, value: Any) -> Any:
        return self._plain(value) if self._plain else value

    @property
    def exports_as_is(self) -> bool:
        return self._plain is None and type(self).plain is CustomColumn.plain


class SelectColumn(Column):
    """The tick box of a row."""

    css = "select"

    def __init__(self, **options: Any) -> None:
        super().__init__("", accessor="pk", exclude_from_export=True, **options)

    def cell(self, value: Any, record: Any) -> str:
        return (
            f'<input type="checkbox" class="form-check-input row-check" name="ids" value="{value}"'
            f' aria-label="{escape(_("Select"))} {escape(str(record))}">'
        )


def url_around(view: str) -> tuple[str, str]:
    """What stands before and after the number in the address of `view`."""
    return _url_around(view, get_urlconf() or settings.ROOT_URLCONF)


# A number that no address contains otherwise.
PLACEHOLDER = 9_007_199_254_740_993


@lru_cache(maxsize=512)
def _url_around(view: str, urlconf: str) -> tuple[str, str]:
    before, after = reverse(view, args=(PLACEHOLDER,)).split(str(PLACEHOLDER))
    return before, after
