"""What a list can be filtered by: the kinds of criteria that core.filters puts together."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.constants import LOOKUP_SEP
from django.db.models.lookups import IsNull
from django.utils import formats, timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import folding
from core.text import fold

SEARCH_FROM = 3  # letters; a trigram index cannot help with fewer

IS, GREATER, LESS, CONTAINS, BETWEEN = "is", "gt", "lt", "contains", "between"
OPERATORS = {
    IS: pgettext_lazy("filter", "is"),
    GREATER: pgettext_lazy("filter", "greater than"),
    LESS: pgettext_lazy("filter", "less than"),
    CONTAINS: pgettext_lazy("filter", "contains"),
    BETWEEN: pgettext_lazy("filter", "between"),
}
SYMBOLS = {IS: "{}", GREATER: "> {}", LESS: "< {}", CONTAINS: "“{}”", BETWEEN: "{} – {}"}


class BetweenField(forms.Field):
    """ "10..20", "10.." or "..20": two values of the criterion's own kind."""

    def __init__(self, value: forms.Field, **options: Any) -> None:
        self.value = value
        super().__init__(**options)

    def to_python(self, value: Any) -> tuple[Any, Any] | None:
        if value in self.empty_values:
            return None
        low, dots, high = str(value).partition("..")
        if not dots:
            raise ValidationError(_("Write two values with two dots between them, as in 10..20."))
        pair = (
            self.value.clean(low.strip()) if low.strip() else None,
            self.value.clean(high.strip()) if high.strip() else None,
        )
        low_value, high_value = pair
        if low_value is not None and high_value is not None and low_value > high_value:
            raise ValidationError(_("The first value is greater than the second."))
        return pair


class Criterion(django_filters.Filter):  # type: ignore[misc]
    """What a list can be filtered by. Expands into one filter an operator."""

    operators: ClassVar[tuple[str, ...]] = (IS,)
    words: ClassVar[dict[str, Any]] = OPERATORS
    input_type = "text"
    operator = IS
    # Whether what matches may be rare in any order of the list: see core.paging.read().
    hunts: ClassVar[bool] = False

    def __init__(
        self, label: Any = "", *, field_name: str | None = None, is_main: bool = False, **extra: Any
    ) -> None:
        super().__init__(field_name=field_name, label=label, **extra)
        self.is_main = is_main
        self.name = ""

    def expand(self, name: str) -> Iterator[tuple[str, Criterion]]:
        for operator in self.operators:
            twin = copy.copy(self)
            twin.name, twin.operator = name, operator
            yield name if operator == IS else f"{name}__{operator}", twin

    def value_field(self) -> forms.Field:
        return forms.CharField(required=False)

    @property
    def field(self) -> forms.Field:
        if self.operator == BETWEEN:
            return BetweenField(self.value_field(), required=False, label=self.label)
        return self.value_field()

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value in (None, "", [], ()):
            return qs
        condition = self.condition(value)
        if self._may_meet_many(qs.model):  # a join would show a row once for each match
            found = qs.model._base_manager.filter(condition).values("pk")
            return qs.filter(pk__in=found)
        return qs.filter(condition)

    def _may_meet_many(self, model: type[Model]) -> bool:
        """Whether the path leads from one row to several, as from an order to its lines."""
        meta: Any = model._meta
        for name in str(self.field_name).split(LOOKUP_SEP):
            try:
                step = meta.get_field(name)
            except FieldDoesNotExist:
                return False  # a lookup or an annotation
            if step.one_to_many or step.many_to_many:
                return True
            if not step.is_relation:
                return False
            meta = step.related_model._meta
        return False

    def condition(self, value: Any) -> Q:
        path = self.field_name
        if self.operator == BETWEEN:
            low, high = value
            condition = Q() if low is None else Q((f"{path}__gte", low))
            return condition if high is None else condition & Q((f"{path}__lte", high))
        lookup = {IS: "exact", GREATER: "gt", LESS: "lt", CONTAINS: "icontains"}[self.operator]
        return Q((f"{path}__{lookup}", value))

    def show(self, value: Any) -> str:
        """The value as a chip shows it."""
        return str(value)

    def describe(self, value: Any) -> str:
        """What a chip says, such as "Total > 50"."""
        values = value if self.operator == BETWEEN else (value,)
        shown = ("…" if part is None else self.show(part) for part in values)
        return f"{self.label} {SYMBOLS[self.operator].format(*shown)}"


class Text(Criterion):
    """A text column, looked at as core.text.fold() writes it where it is to contain something.

    `within` names a searched text that has this one in it, folded. It is looked at first: that text
    has an index, this column has none. Of several rows, as the lines of an order are, only those
    are read whose order has it: PostgreSQL would take them all, since it thinks folding is cheap.
    """

    operators = (CONTAINS, IS)
    hunts = True

    def __init__(self, label: Any = "", *, within: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.within = within

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value or not self.within or not self._may_meet_many(qs.model):
            return super().filter(qs, value)
        one = qs.model._base_manager.filter(self._of_column(value), pk=OuterRef("pk"))
        # A value that is looked up row by row, where EXISTS would become a join of everything.
        return qs.filter(self._of_whole(value), IsNull(Subquery(one.values("pk")[:1]), False))

    def condition(self, value: Any) -> Q:
        of_column = self._of_column(value)
        return self._of_whole(value) & of_column if self.within else of_column

    def _of_whole(self, value: Any) -> Q:
        return Q((f"{self.within}__contains", fold(value)))

    def _of_column(self, value: Any) -> Q:
        if self.operator == CONTAINS:
            return Q((f"{self.field_name}__{folding.LOOKUP}__contains", fold(value)))
        return super().condition(value)


class Number(Criterion):
    """A number or an amount. An address writes 1234.5 in every language: people share links."""

    operators = (IS, GREATER, LESS, BETWEEN)
    input_type = "number"  # the browser shows it in its own language and sends it in this form

    def value_field(self) -> forms.Field:
        return forms.DecimalField(required=False, max_digits=20, decimal_places=6)

    def show(self, value: Decimal) -> str:
        return formats.number_format(value, use_l10n=True, force_grouping=True)


class Flag(Criterion):
    """Yes or no."""

    input_type = "select"
    choices: ClassVar = (("true", _("Yes")), ("false", _("No")))

    def value_field(self) -> forms.Field:
        return forms.TypedChoiceField(
            required=False,
            choices=[("", ""), *self.choices],
            coerce=lambda text: text == "true",
            empty_value=None,
        )

    def show(self, value: bool) -> str:
        return str(dict(self.choices)["true" if value else "false"])


class Choice(Criterion):
    """One or more of a few fixed values: ?status=new&status=packed."""

    input_type = "select"

    def __init__(
        self,
        label: Any = "",
        *,
        choices: Iterable[tuple[str, Any]] | Callable[[], Iterable[tuple[str, Any]]],
        **options: Any,
    ) -> None:
        super().__init__(label, **options)
        self._choices = choices
        self._read: list[tuple[str, Any]] | None = None

    @property
    def choices(self) -> list[tuple[str, Any]]:
        if self._read is not None:
            return self._read
        found = list(self._choices() if callable(self._choices) else self._choices)
        if getattr(self, "parent", None) is not None:  # it filters one list, for one request
            self._read = found
        return found

    def value_field(self) -> forms.Field:
        return forms.MultipleChoiceField(required=False, choices=self.choices)

    def condition(self, value: list[str]) -> Q:
        return (
            Q((f"{self.field_name}__in", value))
            if len(value) > 1
            else Q((self.field_name, value[0]))
        )

    def show(self, value: list[str]) -> str:
        labels = dict(self.choices)
        return ", ".join(str(labels[each]) for each in value)


class DayField(forms.DateField):
    """A day, or one of the words that stand for a span of days up to today."""

    def __init__(self, *, has_words: bool, **options: Any) -> None:
        super().__init__(**options)
        self.has_words = has_words

    def to_python(self, value: Any) -> Any:
        if self.has_words and value in When.PRESETS:
            return value
        day = super().to_python(value)
        if day is not None and not 1900 <= day.year < 2200:
            raise ValidationError(_("Enter a year between 1900 and 2199."))
        return day


class When(Criterion):
    """A moment, asked for by the day in the person's own zone."""

    PRESETS: ClassVar = {
        "today": _("today"),
        "yesterday": _("yesterday"),
        "7d": _("last 7 days"),
        "30d": _("last 30 days"),
    }
    operators = (IS, GREATER, LESS, BETWEEN)
    words = OPERATORS | {
        IS: pgettext_lazy("filter", "on"),
        GREATER: pgettext_lazy("filter", "after"),
        LESS: pgettext_lazy("filter", "before"),
    }
    input_type = "date"

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return list(self.PRESETS.items())

    def value_field(self) -> forms.Field:
        return DayField(required=False, has_words=self.operator == IS)

    def condition(self, value: Any) -> Q:
        if self.operator == IS:
            return self._span(*days_of(value, timezone.localdate()))
        if self.operator == BETWEEN:
            return self._span(*value)
        if self.operator == GREATER:
            return self._span(value + dt.timedelta(days=1), None)
        return self._span(None, value - dt.timedelta(days=1))

    def _span(self, first: dt.date | None, last: dt.date | None) -> Q:
        condition = Q()
        if first is not None:
            condition &= Q((f"{self.field_name}__gte", _midnight(first)))
        if last is not None:
            condition &= Q((f"{self.field_name}__lt", _midnight(last + dt.timedelta(days=1))))
        return condition

    def show(self, value: Any) -> str:
        if value in self.PRESETS:
            return str(self.PRESETS[value])
        return formats.date_format(value, "SHORT_DATE_FORMAT")


def days_of(value: dt.date | str, today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day that a value of When stands for."""
    if value == "today":
        return today, today
    if value == "yesterday":
        return today - dt.timedelta(days=1), today - dt.timedelta(days=1)
    if isinstance(value, str):
        return today - dt.timedelta(days=int(value.removesuffix("d")) - 1), today
    return value, value


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


class Search(Criterion):
    """The search field of a page: every word must occur, with or without diacritics.

    Big tables keep a folded search_text with an index; small ones may name plain columns instead.
    `told` says in a sentence what is searched, to who has found nothing.
    """

    hunts = True

    def __init__(self, placeholder: Any, *, columns: tuple[str, ...] = (), told: Any = "") -> None:
        super().__init__(placeholder, field_name="search_text")
        self.columns = columns
        self.told = told or format_lazy(_("Searched are: {what}"), what=placeholder)

    def value_field(self) -> forms.Field:
        return forms.CharField(required=False, max_length=200)

    def condition(self, value: str) -> Q:
        condition = Q()
        for word in (value if self.columns else fold(value)).split():
            condition &= self._occurs(word)
        return condition

    def describe(self, value: str) -> str:
        return str(_("Search “%(text)s”") % {"text": value})

    def _occurs(self, word: str) -> Q:
        if not self.columns:
            return Q((f"{self.field_name}__contains", word))
        anywhere = Q()
        for column in self.columns:
            anywhere |= Q((f"{column}__icontains", word))
        return anywhere
